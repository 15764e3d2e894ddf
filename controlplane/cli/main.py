"""``pennywire``: the one entry point. Only typer is imported here, so that help answers at once."""

import typer

from controlplane.cli import (
    agent_commands,
    audit_commands,
    board_commands,
    card_commands,
    certs_commands,
    confirm_commands,
    flatten_command,
    history_commands,
    service_commands,
    setting_commands,
    simulation_commands,
    web_commands,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="pennywire",
    help="A trading appliance: an FPGA card that trades, and the control plane that supervises it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
simulation_commands.add_to(app)
service_commands.add_to(app)
card_commands.add_to(app)
board_commands.add_to(app)
flatten_command.add_to(app)
setting_commands.add_to(app)
agent_commands.add_to(app)
confirm_commands.add_to(app)
certs_commands.add_to(app)
audit_commands.add_to(app)
history_commands.add_to(app)
web_commands.add_to(app)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
