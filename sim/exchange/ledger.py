"""Position, cash and P&L recomputed from the exchange's log alone, in whole numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

from sim.exchange.log import LogEntry

__all__ = ["Account", "accounts_of"]

#: 1/1,000,000 dollar in 1/10,000 dollar.
MICRO_PER_PRICE = 100


@dataclass(slots=True)
class Account:
    """What the fills of a symbol add up to, less those that were broken.

    Attributes
    ----------
    fills : int
        Number of fills.
    bought, sold : int
        Shares.
    cash : int
        1/1,000,000 dollar, after fees.
    fees : int
        1/1,000,000 dollar, paid; negative is earned. In ``cash`` already.
    """

    fills: int = 0
    bought: int = 0
    sold: int = 0
    cash: int = 0
    fees: int = 0

    @property
    def position(self) -> int:
        """Shares held; negative is short."""
        return self.bought - self.sold

    def pnl(self, mark: int = 0) -> int:
        """P&L after fees in 1/1,000,000 dollar, what is held valued at ``mark`` (1/10,000 dollar).

        Raises
        ------
        ValueError
            Shares are held and there is no mark to value them at.
        """
        if self.position and mark <= 0:
            raise ValueError(f"{self.position} shares are held: P&L needs a mark above 0, not {mark}")
        return self.cash + self.position * mark * MICRO_PER_PRICE


def accounts_of(entries: Iterable[LogEntry]) -> dict[str, Account]:
    """Add up the fills of a log, by symbol; a symbol without a fill is not there.

    Raises
    ------
    ValueError
        A match number comes twice: the log counts a fill twice; or one is broken that is not there.
    """
    accounts: dict[str, Account] = {}
    fills: dict[int, LogEntry] = {}
    broken: set[int] = set()
    for entry in entries:
        if entry.kind not in ("executed", "broken"):
            continue
        breaks = entry.kind == "broken"
        if breaks and (entry.match not in fills or entry.match in broken):
            raise ValueError(f"match {entry.match} is broken without being in the log, or twice")
        if not breaks and entry.match in fills:
            raise ValueError(f"match {entry.match} is in the log twice")
        if breaks:
            broken.add(entry.match)
        else:
            fills[entry.match] = entry
        account = accounts.setdefault(entry.symbol, Account())
        # A break takes back what the fill gave, its fee as well.
        sign = -1 if breaks else 1
        value = sign * entry.shares * entry.price * MICRO_PER_PRICE
        account.fills += sign
        account.fees += sign * entry.fee
        account.cash -= sign * entry.fee
        if entry.side == "B":
            account.bought += sign * entry.shares
            account.cash -= value
        else:
            account.sold += sign * entry.shares
            account.cash += value
    return accounts
