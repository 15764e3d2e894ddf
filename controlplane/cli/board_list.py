"""``pennywire card list``: the boards, and what each carries."""

from rich.console import Console
from rich.table import Table

from controlplane.cli.program import report_of

__all__ = ["show_boards"]

_LEAST_WIDTH = 120


def show_boards() -> None:
    """Print the boards that a bitstream can be built for."""
    from hdl.boards import BOARDS
    from hdl.configs import CONFIGS

    console = Console()
    console.width = max(console.width, _LEAST_WIDTH)
    table = Table(title="Boards; no board has measured anything yet")
    for column in ("board", "what it is", "part", "ports", "MHz asked", "card", "symbols", "built here"):
        table.add_column(column, overflow="fold")
    for board in BOARDS.values():
        config = CONFIGS[board.config]
        table.add_row(
            board.name,
            board.description,
            f"{board.device} {board.package} -{board.speed}",
            str(board.ports),
            f"{board.clock_mhz:g}",
            config.name,
            str(config.slots),
            _built(board.name),
        )
    console.print(table)
    console.print(f"`pennywire card build --board BOARD --config CONFIG` builds any of: {', '.join(CONFIGS)}")


def _built(board: str) -> str:
    from sim.bitstream.build import BUILD

    report = report_of(BUILD / board / "card.bit")
    if report is None:
        return "no"
    return f"{report['config']}: {report['clock_reached_mhz']} MHz{'' if report['timing_met'] else ', timing NOT met'}"
