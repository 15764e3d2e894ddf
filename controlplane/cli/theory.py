"""``make theory``: with made flow of known kind, strategies earn and lose where theory says; the table says if not.

What theory says of the imbalance taker, which crosses the spread on five-level imbalance:

* where the price follows the imbalance it earns, and its markouts rise with the horizon;
* where the imbalance is a trap it loses, and its markouts are below zero at once;
* where nothing leads anywhere it finds little to do, and what it does costs it spread and fees.

And of a market maker, which rests on both sides:

* where small orders hit both sides and the price stays it earns the spread and the rebate;
* where the flow knows where the price goes it is hit on the wrong side: its markouts fall with the horizon (adverse
  selection), and it loses.
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

__all__ = ["CLAIMS", "Claim", "holds", "main", "summed"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What theory says of a strategy in a regime.

    ``pnl`` and ``markout`` (of entries, after 10 s): +1 above zero, -1 below, 0 not claimed. ``few``: it hardly trades,
    compared with the calm regime.
    """

    strategy: str
    regime: str
    pnl: int
    markout: int
    why: str
    few: bool = False


CLAIMS = (
    Claim("imbalance", "calm", +1, +1, "the price follows the imbalance"),
    Claim("imbalance", "trending", +1, +1, "the price follows the imbalance"),
    Claim("imbalance", "toxic", -1, -1, "the imbalance is a trap"),
    Claim("imbalance", "quiet", 0, 0, "nothing leads anywhere", few=True),
)


def summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up the figures of several sessions of one regime; markouts are weighed by entries filled."""
    total: dict[str, Any] = {name: sum(row[name] for row in rows) for name in ("pnl", "fees", "fills", "entries")}
    for name in ("markout_10ms", "markout_1000ms", "markout_10000ms"):
        known = [(row[name], row["fills"]) for row in rows if row[name] is not None and row["fills"]]
        weight = sum(fills for _, fills in known)
        total[name] = sum(value * fills for value, fills in known) / weight if weight else None
    total["agree"] = all(row["agree"] for row in rows)
    return total


def holds(claim: Claim, here: Mapping[str, Any], calm: Mapping[str, Any]) -> bool:
    """Say whether figures are as a claim has them; a claim about what did not happen does not hold."""
    markout = here["markout_10000ms"]
    if claim.few and here["entries"] > calm["entries"] / 10:
        return False
    if claim.markout and (markout is None or markout * claim.markout <= 0):
        return False
    return not claim.pnl or here["pnl"] * claim.pnl > 0


def main(
    messages: Annotated[int, typer.Option(help="Of each session.", min=1000)] = 60_000,
    seeds: Annotated[int, typer.Option(help="Sessions of each regime.", min=1)] = 2,
    jobs: Annotated[int, typer.Option(help="Sessions at a time.", min=1)] = 2,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("build/theory"),
) -> None:
    """Play made flow of known kind through the gateware, and say whether theory holds."""
    kinds = list(dict.fromkeys((claim.strategy, claim.regime) for claim in CLAIMS))
    cells = {
        (strategy, regime, seed): Cell(
            (),
            Session(f"{regime}:{seed}:{messages}", regime, seed, messages),
            None,
            (strategy,),
            out / f"{strategy}-{regime}-{seed}",
        )
        for strategy, regime in kinds
        for seed in range(1, seeds + 1)
    }
    played = {cell.out: figures for cell, figures in play_cells(list(cells.values()), jobs, Console(stderr=True))}
    figures = {
        kind: summed([played[cells[*kind, seed].out] for seed in range(1, seeds + 1)]) for kind in kinds
    }  # fmt: skip
    table = Table(title=f"{seeds} x {messages:,} messages a regime, after fees", title_justify="left", box=None)
    for name in ("strategy", "flow", "theory", "entries", "fills", "P&L", "10 ms", "1 s", "10 s", "holds"):
        table.add_column(name, justify="left" if name in ("strategy", "flow", "theory") else "right")
    wrong = []
    for claim in CLAIMS:
        here = figures[claim.strategy, claim.regime]
        good = holds(claim, here, figures[claim.strategy, "calm"]) and here["agree"]
        wrong += [] if good else [f"{claim.strategy} in {claim.regime} flow"]
        sign = {1: "earns", -1: "loses", 0: "hardly trades"}[claim.pnl]
        marks = (cents_a_share(here[f"markout_{ms}ms"]) for ms in (10, 1_000, 10_000))
        table.add_row(
            claim.strategy, claim.regime, f"{sign}: {claim.why}", str(here["entries"]), str(here["fills"]),
            dollars(here["pnl"]), *marks, "yes" if good else "NO",
        )  # fmt: skip
    Console(width=140).print(table)
    print("Markouts in cents a share, of entries. One venue, no national best bid and offer; fills are simulated.")
    if wrong:
        print(f"theory: it does not hold for {', '.join(wrong)}; the reports are in {out}", file=sys.stderr)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
