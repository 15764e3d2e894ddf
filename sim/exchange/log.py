"""The exchange's own log: every answer it gave, and every fill with its fee. Reports take fills from here."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["ExchangeLog", "Fees", "LogEntry", "LogError", "read_log"]


class LogError(ValueError):
    """A line that is no entry of the exchange's log."""


@dataclass(frozen=True, slots=True)
class Fees:
    """What a share costs, in 1/1,000,000 dollar; a negative fee is a rebate.

    Attributes
    ----------
    fee_remove : int
        A share that removes liquidity.
    fee_add : int
        A share that adds liquidity.
    commission : int
        Any share, beside the fee.
    """

    fee_remove: int = 3_000
    fee_add: int = -2_000
    commission: int = 0

    def of(self, shares: int, liquidity: str) -> int:
        """Fee of a fill, 1/1,000,000 dollar. Liquidity flag ``A`` adds; every other flag removes."""
        return shares * ((self.fee_add if liquidity == "A" else self.fee_remove) + self.commission)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that the exchange did.

    Attributes
    ----------
    kind : str
        ``accepted``, ``replaced``, ``executed``, ``broken``, ``canceled``, ``modified``, ``rejected``,
        ``cancel_pending``, ``cancel_rejected``, ``self_matched``, ``restated``, ``reprioritized``, or ``ignored`` (a
        request that OUCH passes over without a word).
    time_ns : int
        Exchange time, ns since midnight.
    symbol : str
        Without padding; empty where the request named no order that lives.
    user_ref, chain : int
        The order's number, and the number of the first order of its chain.
    side : str
        ``B``, ``S``, ``T`` or ``E``.
    shares, price : int
        Of the fill (again where it is broken) or the decrement, of a cancel or of self-match prevention; the open
        shares and the limit after accepted, replaced, modified, restated and reprioritized.
    liquidity : str
        ``A`` added, ``R`` removed; of fills and breaks only.
    match : int
        Match number, 0 but for fills and breaks.
    fee : int
        1/1,000,000 dollar; of fills only, and given back where one is broken.
    reason : str
        Letter or number of a cancel or a reject; ``D`` where an order was accepted or replaced dead; words of an
        ignored request.
    """

    kind: str
    time_ns: int
    symbol: str
    user_ref: int
    chain: int = 0
    side: str = ""
    shares: int = 0
    price: int = 0
    liquidity: str = ""
    match: int = 0
    fee: int = 0
    reason: str = ""

    def line(self) -> str:
        """Give the entry as a line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))


@dataclass
class ExchangeLog:
    """Entries in the order they happened."""

    entries: list[LogEntry] = field(default_factory=list)

    def append(self, entry: LogEntry) -> None:
        """Note one more entry."""
        self.entries.append(entry)

    def fills(self) -> list[LogEntry]:
        """Give the fills that stand, in order: what was broken later is not there."""
        broken = {entry.match for entry in self.entries if entry.kind == "broken"}
        return [entry for entry in self.entries if entry.kind == "executed" and entry.match not in broken]

    def write(self, path: Path) -> None:
        """Write the log as JSON lines."""
        path.write_text("".join(entry.line() + "\n" for entry in self.entries), encoding="ascii")


def read_log(lines: Iterable[str]) -> list[LogEntry]:
    """Read entries from JSON lines.

    Raises
    ------
    LogError
        A line is no JSON, or lacks a field, or has one too many.
    """
    entries = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(LogEntry(**json.loads(line)))
        except (json.JSONDecodeError, TypeError) as error:
            raise LogError(f"line {number} of the exchange's log: {error}") from error
    return entries
