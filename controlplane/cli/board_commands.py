"""``card list``, ``build``, ``program``, ``check``: a board, from its design to the card that answers."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_to"]

_card = typer.Typer(help="Boards: their bitstreams, and the card on them.", no_args_is_help=True)

_Board = Annotated[str, typer.Option("--board", help="ecpix5, versa; `pennywire card list` has all.")]


@_card.command("list")
def list_boards() -> None:
    """Show the boards there are, and what each carries."""
    from controlplane.cli.board_list import show_boards

    show_boards()


@_card.command("build")
def build(
    board: _Board,
    config: Annotated[str | None, typer.Option(help="Of the card; without: the board's own.")] = None,
    seed: Annotated[int, typer.Option(help="Of the placer: the same one gives the same bitstream.", min=0)] = 1,
) -> None:
    """Build a bitstream into build/BOARD. Status 3: it is there, and a clock asked for was not reached.

    Takes many minutes; what has not changed since the last time is not done again.
    """
    from sim.bitstream.__main__ import build as build_bitstream

    raise typer.Exit(build_bitstream(board, config, [seed]))


@_card.command("program")
def program(
    board: _Board,
    file: Annotated[Path | None, typer.Argument(help="A bitstream; without: build/BOARD/card.bit.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also if its clock was not reached.")] = False,
) -> None:
    """Load a bitstream into a board's FPGA with openFPGALoader; it is gone when the board is switched off.

    Refused: a bitstream without the report that its build left beside it, of another board, with another digest, or
    (unless forced) whose clock was not reached.
    """
    from controlplane.cli.program import run_program

    raise typer.Exit(run_program(board, file, force))


@_card.command("check")
def check(
    device: Annotated[str, typer.Option(help="The card: udp:ADDRESS of a board, unix:PATH of a soft card.")],
    out: Annotated[Path, typer.Option(help="The checklist, to be sent back.")] = Path("build/bringup.json"),
    market: Annotated[
        Path | None, typer.Option(help="market.sock of a soft card: its session is played there.", exists=True)
    ] = None,
    feed_from: Annotated[
        str, typer.Option(help="Address of the host's interface to the feed's port, if hosts have another port.")
    ] = "",
) -> None:
    """Ask a card what the bring-up checklist wants of a program, and play it a stored session. Status 1: a step failed.

    Not while the card is in use: it is left alone where it is armed or follows a symbol.
    """
    from controlplane.cli.check_card import run_check

    raise typer.Exit(run_check(device, market, out, feed_from))


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_card, name="card")
