"""All that a report is made from, as plain data, whoever gathered it.

Times are exchange times in ns since midnight, prices 1/10,000 dollar, money 1/1,000,000 dollar, sizes shares.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "BookRow",
    "CardRow",
    "DecisionRow",
    "DifferenceRow",
    "FillRow",
    "LedgerRow",
    "MinuteRow",
    "RunData",
    "SentRow",
    "ToolCall",
]


@dataclass(frozen=True, slots=True)
class FillRow:
    """One line of the exchange's log. ``buy``: the card bought; ``liquidity``: ``A`` added, ``R`` removed."""

    time: int
    symbol: str
    user_ref: int
    buy: bool
    shares: int
    price: int
    liquidity: str
    match: int
    fee: int


@dataclass(frozen=True, slots=True)
class SentRow:
    """An order that left the card, from its event record.

    Attributes
    ----------
    time : int
        Exchange time of what it was sent for.
    symbol : str
        Symbol.
    user_ref, chain : int
        Its number, and the number of the first order of its chain.
    kind : str
        ``enter``, ``replace`` or ``cancel``.
    strategy : str
        ``imbalance``, ``market_making`` or ``host``.
    role : str
        ``entry``, ``exit``, ``quote`` or ``flatten``.
    buy : bool
        Whether it buys.
    price, shares : int
        As sent; shares of a Replace are the whole chain's.
    latency : int
        Cycles from the last byte of the deciding message to the order's first byte.
    """

    time: int
    symbol: str
    user_ref: int
    chain: int
    kind: str
    strategy: str
    role: str
    buy: bool
    price: int
    shares: int
    latency: int


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """A minute of a symbol's printed trades; ``incomplete``: event records were lost in it."""

    symbol: str
    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    incomplete: bool


@dataclass(frozen=True, slots=True)
class BookRow:
    """The best five levels of a symbol at the end: (price, shares), best first."""

    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CardRow:
    """What the card's registers say of a symbol at the end."""

    position: int
    cash: int
    bid: int
    ask: int
    triggers: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the control plane's ledger says of a symbol at the end; ``pnl`` is after fees, at its last mid."""

    position: int
    fills: int
    shares: int
    fees: int
    pnl: int
    mid_times_two: int


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """Where the control plane's ledger and the card differed at a mark, in the middle of the run."""

    time: int
    symbol: str
    card_position: int
    card_cash: int
    ledger_position: int
    ledger_cash: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the agent called, what it was given and what came back."""

    tool: str
    args: Mapping[str, Any]
    result: Any


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision of the agent: when, what it said, and what it called."""

    time: int
    said: str
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class RunData:
    """A run.

    Attributes
    ----------
    title : str
        Heading of the page.
    session : mapping
        What was played: seed, regime or file name.
    symbols : sequence of str
        In the order of the card's slots.
    first_time, last_time : int
        Exchange times of the first message and of the end of play.
    market_ended : int
        Exchange time of the market's close, or of the session's last message where it does not close. No mid is known
        after it.
    messages : mapping of str to int
        Messages played, by type letter.
    play : mapping of str to int
        Lengths of the run: frames, orders, answers, cycles, grants.
    config_name : str
        Configuration of the card.
    clock_period_ps : int
        Its clock.
    fills : sequence of FillRow
        The exchange's log, in its order: the truth.
    mids : mapping of str to sequence of (int, int)
        For each symbol, time and bid + ask whenever that changed, from the session.
    books : mapping of str to BookRow
        The session's book at the end.
    card : mapping of str to CardRow
        The card's registers at the end.
    ledger : mapping of str to LedgerRow
        The control plane's ledger at the end.
    sent : sequence of SentRow
        Every order that left the card, from the event log.
    counters : mapping of str to int
        Counters of the card worth showing, by register name.
    refusals : mapping of str to int
        What the gate refused, by reason.
    bars : sequence of MinuteRow
        One-minute bars from the card's trade prints.
    records_lost : int
        Event records that never reached the control plane.
    differences : sequence of DifferenceRow
        Where card and ledger differed on the way.
    decisions : sequence of DecisionRow
        What the agent did and why.
    wall_clock : mapping
        The only part that differs from run to run.
    """

    title: str
    session: Mapping[str, Any]
    symbols: Sequence[str]
    first_time: int
    last_time: int
    market_ended: int
    messages: Mapping[str, int]
    play: Mapping[str, int]
    config_name: str
    clock_period_ps: int
    fills: Sequence[FillRow]
    mids: Mapping[str, Sequence[tuple[int, int]]]
    books: Mapping[str, BookRow]
    card: Mapping[str, CardRow]
    ledger: Mapping[str, LedgerRow]
    sent: Sequence[SentRow]
    counters: Mapping[str, int] = field(default_factory=dict)
    refusals: Mapping[str, int] = field(default_factory=dict)
    bars: Sequence[MinuteRow] = ()
    records_lost: int = 0
    differences: Sequence[DifferenceRow] = ()
    decisions: Sequence[DecisionRow] = ()
    wall_clock: Mapping[str, Any] = field(default_factory=dict)
