"""``make theory``: with made flow of known kind, strategies earn and lose where theory says; the table says if not.

What theory says of the imbalance taker, which crosses the spread on five-level imbalance:

* where the price follows the imbalance it earns, and its markouts rise with the horizon;
* where the imbalance is a trap it loses, and its markouts are below zero at once;
* where nothing leads anywhere it finds little to do, and what it does costs it spread and fees.

And of a market maker, which rests on both sides:

* where small orders hit both sides and the price stays it earns the spread and the rebate;
* where the flow knows where the price goes it is hit on the wrong side: its markouts are below zero after 10 s
  (adverse selection), and it loses.

And of the taker's guard against adverse selection: where the imbalance is a trap it loses less with it.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from controlplane.cli.cell import Cell, Session
from controlplane.cli.sweep import play_cells
from controlplane.report.words import cents_a_share, dollars

__all__ = ["CLAIMS", "Claim", "holds", "main", "summed", "write_table"]


_COLUMNS = ("strategy", "flow", "theory", "entries", "fills", "P&L $", "cents a share", "10 ms", "1 s", "10 s", "holds")
_WORDS = ("strategy", "flow", "theory")
_NOTE = (
    "Cents a share are of the P&L, over all shares traded; 10 ms to 10 s are markouts of entries, in cents a share. "
    "One venue, no national best bid and offer; fills are simulated."
)
#: Between these lines of a page is the table, as this command wrote it.
_BEGIN, _END = "<!-- theory: written by make theory -->", "<!-- theory: end -->"


@dataclass(frozen=True, slots=True)
class Claim:
    """What theory says of a strategy in a regime.

    ``pnl`` and ``markout`` (of entries, after 10 s): +1 above zero, -1 below, 0 not claimed. ``few``: it hardly trades,
    compared with the calm regime. ``settings`` are what differs from the demo's configuration; ``lessens``: it loses
    less with them, in all and for a share, than with these.
    """

    strategy: str
    regime: str
    pnl: int
    markout: int
    why: str
    few: bool = False
    settings: tuple[tuple[str, Any], ...] = ()
    lessens: tuple[tuple[str, Any], ...] = ()

    @property
    def kind(self) -> tuple[str, str, tuple[tuple[str, Any], ...]]:
        """What is played for it: strategy, regime, settings."""
        return self.strategy, self.regime, self.settings


#: A stop so far that the trap costs more, and a rest after a position, or who is out early is in the same trap again.
_FAR_STOP = (("taker.stop", 5), ("taker.cooldown_microseconds", 5_000_000))
#: Out at once if the near side is two ticks against the entry within half a second; one it always is, by the spread.
_GUARD = (*_FAR_STOP, ("taker.guard", 2), ("taker.guard_microseconds", 500_000))

CLAIMS = (
    Claim("imbalance", "calm", +1, +1, "the price follows the imbalance"),
    Claim("imbalance", "trending", +1, +1, "the price follows the imbalance"),
    Claim("imbalance", "toxic", -1, -1, "the imbalance is a trap"),
    Claim("imbalance", "toxic", -1, -1, "the stop is far (5 ticks), with a rest of 5 s", settings=_FAR_STOP),
    Claim("imbalance", "toxic", -1, -1, "the guard is out before that stop", settings=_GUARD, lessens=_FAR_STOP),
    Claim("imbalance", "quiet", 0, 0, "nothing leads anywhere", few=True),
    Claim("market_making", "quiet", +1, +1, "small orders hit both sides and the price stays"),
    Claim("market_making", "informed", -1, -1, "it is hit where the price is about to leave"),
)


def summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the figures of several sessions of one regime; markouts are weighed by entries filled."""
    names = ("pnl", "fees", "fills", "entries", "shares")
    total: dict[str, Any] = {name: sum(row[name] for row in rows) for name in names}
    for name in ("markout_10ms", "markout_1000ms", "markout_10000ms"):
        known = [(row[name], row["fills"]) for row in rows if row[name] is not None and row["fills"]]
        weight = sum(fills for _, fills in known)
        total[name] = sum(value * fills for value, fills in known) / weight if weight else None
    total["agree"] = all(row["agree"] for row in rows)
    return total


def holds(claim: Claim, here: Mapping[str, Any], beside: Mapping[str, Any]) -> bool:
    """Say whether figures are as a claim has them; a claim about what did not happen does not hold.

    ``beside`` is what they are compared with: for ``few`` the same in calm flow, for ``lessens`` with those settings.
    """
    markout = here["markout_10000ms"]
    if claim.few and here["entries"] > beside["entries"] / 10:
        return False
    if claim.markout and (markout is None or markout * claim.markout <= 0):
        return False
    if claim.lessens and not (here["pnl"] > beside["pnl"] and _a_share(here) > _a_share(beside)):
        return False
    return not claim.pnl or here["pnl"] * claim.pnl > 0


def _a_share(figures: Mapping[str, Any]) -> float:
    """Give what was made for a share that was traded; minus infinity where none was."""
    return figures["pnl"] / figures["shares"] if figures["shares"] else float("-inf")


def _beside(claim: Claim) -> tuple[str, str, tuple[tuple[str, Any], ...]]:
    """Give the kind whose figures a claim's are compared with."""
    return (claim.strategy, claim.regime if claim.lessens else "calm", claim.lessens)


def main(
    messages: Annotated[int, typer.Option(help="Of each session.", min=1000)] = 60_000,
    seeds: Annotated[int, typer.Option(help="Sessions of each regime.", min=1)] = 2,
    jobs: Annotated[int, typer.Option(help="Sessions at a time.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("build/theory"),
    docs: Annotated[Path | None, typer.Option(help="Page whose table is to be written anew.")] = None,
) -> None:
    """Play made flow of known kind through the gateware, and say whether theory holds."""
    # What a claim is compared with is played too, whether or not it is claimed of itself.
    compared = [_beside(claim) for claim in CLAIMS if claim.few or claim.lessens]
    kinds = list(dict.fromkeys([claim.kind for claim in CLAIMS] + compared))
    cells = {
        (kind, seed): _cell(kind, seed, messages, out / f"{number}-{kind[0]}-{kind[1]}-{seed}")
        for number, kind in enumerate(kinds)
        for seed in range(1, seeds + 1)
    }
    played = {cell.out: figures for cell, figures in play_cells(list(cells.values()), jobs, Console(stderr=True))}
    figures = {kind: summed([played[cells[kind, seed].out] for seed in range(1, seeds + 1)]) for kind in kinds}
    rows, wrong = [], []
    for claim in CLAIMS:
        here = figures[claim.kind]
        good = holds(claim, here, figures.get(_beside(claim), here)) and here["agree"]
        wrong += [] if good else [f"{claim.strategy} in {claim.regime} flow ({claim.why})"]
        sign = {1: "earns", -1: "loses", 0: "hardly trades"}[claim.pnl]
        marks = (cents_a_share(here[f"markout_{ms}ms"]) for ms in (10, 1_000, 10_000))
        per_share = f"{_a_share(here) / 10_000:+.3f}" if here["shares"] else "-"
        what = f"{'loses less' if claim.lessens else sign}: {claim.why}"
        counts = (str(here["entries"]), str(here["fills"]), dollars(here["pnl"]))
        rows.append((claim.strategy, claim.regime, what, *counts, per_share, *marks, "yes" if good else "NO"))
    title = f"{seeds} x {messages:,} messages a regime, after fees"
    table = Table(title=title, title_justify="left", box=None)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in _WORDS else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=150).print(table)
    print(_NOTE)
    if docs is not None:
        write_table(docs, title, rows)
        print(f"wrote the table into {docs}")
    if wrong:
        print(f"theory: it does not hold for {', '.join(wrong)}; the reports are in {out}", file=sys.stderr)
        raise typer.Exit(1)


def _cell(kind: tuple[str, str, tuple[tuple[str, Any], ...]], seed: int, messages: int, out: Path) -> Cell:
    strategy, regime, settings = kind
    return Cell(settings, Session(f"{regime}:{seed}:{messages}", regime, seed, messages), None, (strategy,), out)


def write_table(page: Path, title: str, rows: Sequence[Sequence[str]]) -> None:
    """Put the table between a page's two marks, in the place of what is there.

    Raises
    ------
    ValueError
        The page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    begin, end = text.find(_BEGIN), text.find(_END)
    if not 0 <= begin < end:
        raise ValueError(f"{page} has no lines {_BEGIN!r} and {_END!r} to put the table between")
    lines = [f"{title}. {_NOTE}", "", _line(_COLUMNS), _line(["---"] * len(_COLUMNS)), *map(_line, rows)]
    page.write_text(text[: begin + len(_BEGIN)] + "\n" + "\n".join(lines) + "\n" + text[end:], encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    typer.run(main)
