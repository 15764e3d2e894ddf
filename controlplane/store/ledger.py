"""The performance ledger: what the event records say of fills, positions, money and the market.

Whole numbers only: prices in 1/10,000 dollar, money in 1/1,000,000 dollar, sizes in shares, times in ns of exchange
time since midnight. Cash is reckoned here from the executions and the fees of the configuration, apart from the card's
own reckoning; :meth:`Ledger.settle` compares the two at every mark, when nothing is on its way.
"""

import threading
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from controlplane.card.event_table import RecordType
from controlplane.config.models import Fees
from controlplane.store.bars import Bars
from controlplane.store.record import ENTRY_ROLE, Record, flags_role, signed, two_words

__all__ = ["Disagreement", "Fill", "Ledger", "Sent", "SlotBook"]


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. ``fee`` in micro-dollars, ``side`` 0 buy, 1 sell; ``entry``: it opened a position."""

    time: int
    slot: int
    side: int
    price: int
    shares: int
    fee: int
    order: int
    entry: bool

    @property
    def signed_shares(self) -> int:
        """Shares as they change a position: negative for a sale."""
        return -self.shares if self.side else self.shares

    @property
    def cash(self) -> int:
        """What it does to cash after its fee, in micro-dollars."""
        return -self.signed_shares * self.price * 100 - self.fee


@dataclass(frozen=True, slots=True)
class Sent:
    """An order that left the card. ``latency`` in cycles from the deciding message's last byte."""

    time: int
    slot: int
    entry: bool
    latency: int


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A position opened and closed: when it closed, and what it made after fees, in micro-dollars."""

    time: int
    slot: int
    made: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The card's position or cash is not the ledger's.

    ``time``: exchange time of the mark. ``after_loss``: event records had been lost since the mark before, so the
    card's word was taken.
    """

    time: int
    slot: int
    card_position: int
    card_cash: int
    position: int
    cash: int
    after_loss: bool


@dataclass(slots=True)
class SlotBook:
    """What is known of one symbol: running sums, and its mids (bid + ask) by the exchange time of each change.

    Only changes are kept, 16 bytes each: memory grows with how often the price moves, not with the records.
    """

    position: int = 0
    cash: int = 0
    cash_when_flat: int = 0
    card_position: int | None = None
    card_cash: int = 0
    #: Exchange time of the newest depth record with both sides.
    told: int = 0
    mid_times: array = field(default_factory=lambda: array("q"))
    mids: array = field(default_factory=lambda: array("q"))

    def mid_at(self, time: int) -> int:
        """Give bid + ask of the last depth record at or before a time; 0 when there was none."""
        index = bisect_right(self.mid_times, time)
        return self.mids[index - 1] if index else 0


class Ledger:
    """Applies event records and keeps what reports are made from.

    Parameters
    ----------
    symbols : sequence of str
        Symbol of each slot.
    fees : Fees
        Fees a share, as the card has them.
    """

    def __init__(self, symbols: Sequence[str], fees: Fees) -> None:
        self.symbols = tuple(symbols)
        self.lock = threading.Lock()
        self.records = 0
        self._fees = fees
        self._last_sequence: int | None = None
        self._last_card_time = 0
        self._begin()

    def _begin(self) -> None:
        self.clock = 0
        self.lost = 0
        self.fills: list[Fill] = []
        self.sent: list[Sent] = []
        self.triggers: list[tuple[int, int]] = []
        self.refusals: list[tuple[int, int]] = []
        self.round_trips: list[RoundTrip] = []
        self.bars = Bars()
        #: What :meth:`settle` found, each difference once however many marks it lasts.
        self.disagreements: list[Disagreement] = []
        self.slots = [SlotBook() for _ in self.symbols]
        self._entry_orders: set[int] = set()
        self._lost_since_settled = False
        #: By slot, how far position and cash were apart at the last mark.
        self._differs: dict[int, tuple[int, int]] = {}

    def begin_day(self) -> None:
        """Forget the day; the card's word on what is held is taken at the next mark."""
        with self.lock:
            held = [(book.card_position, book.card_cash) for book in self.slots]
            self._begin()
            for book, (position, cash) in zip(self.slots, held, strict=True):
                book.card_position, book.card_cash = position, cash
            self._lost_since_settled = True

    def apply(self, records: Sequence[Record]) -> None:
        """Take records in, in the order the card sent them."""
        with self.lock:
            for record in records:
                self._apply(record)

    def _apply(self, record: Record) -> None:
        before = self.clock
        self.clock = max(self.clock, record.exchange_time)
        self.records += 1
        if self._last_sequence is not None and record.sequence != (self._last_sequence + 1) & 0xFFFFFFFF:
            missing = (record.sequence - self._last_sequence - 1) & 0xFFFFFFFF
            if record.card_time < self._last_card_time or missing >> 31:
                # The card was started anew, and numbers its records from 1.
                missing = record.sequence - 1
            # What an old card still said before it was reset nobody knows: one at least, so that it shows.
            self.lost += max(missing, 1)
            self._lost_since_settled = True
            self.bars.mark_lost(before or self.clock, self.clock)
        self._last_sequence, self._last_card_time = record.sequence, record.card_time
        if record.slot >= len(self.slots):
            return
        time = record.exchange_time or self.clock
        words = record.words
        match record.type:
            case RecordType.DEPTH:
                self._depth(record.slot, time, words[0], words[1])
            case RecordType.TRADE_PRINT:
                self.bars.trade(record.slot, time, words[0], words[1])
            case RecordType.TRIGGER:
                self.triggers.append((time, record.slot))
            case RecordType.ORDER_SENT if record.detail == 0:
                entry = flags_role(words[4]) == ENTRY_ROLE
                if entry:
                    self._entry_orders.add(record.order)
                self.sent.append(Sent(time, record.slot, entry, words[2]))
            case RecordType.ORDER_EXECUTED:
                self._executed(record, time)
            case RecordType.GATE_REFUSED:
                self.refusals.append((time, record.detail))
            case RecordType.POSITION:
                book = self.slots[record.slot]
                book.card_position = signed(words[0], 32)
                book.card_cash = signed(two_words(words[1], words[2]), 64)

    def _depth(self, slot: int, time: int, bid: int, ask: int) -> None:
        book = self.slots[slot]
        if not (bid and ask) or time < book.told:
            return
        book.told = time
        if not book.mids or bid + ask != book.mids[-1]:
            book.mid_times.append(time)
            book.mids.append(bid + ask)

    def _executed(self, record: Record, time: int) -> None:
        price, shares = record.words[0], record.words[1]
        a_share = self._fees.add if record.detail == ord("A") else self._fees.remove
        fee = (a_share + self._fees.commission) * shares
        entry = record.chain in self._entry_orders or record.order in self._entry_orders
        fill = Fill(time, record.slot, record.side, price, shares, fee, record.order, entry)
        self.fills.append(fill)
        book = self.slots[record.slot]
        book.position += fill.signed_shares
        book.cash += fill.cash
        if book.position == 0:
            self.round_trips.append(RoundTrip(time, record.slot, book.cash - book.cash_when_flat))
            book.cash_when_flat = book.cash

    def settle(self) -> list[Disagreement]:
        """Compare with the card's own position and cash; to be called at a mark, when nothing is on its way.

        After a loss of records the card's word is taken. Otherwise the ledger stands. What differs is returned,
        and kept in :attr:`disagreements`.
        """
        found = []
        with self.lock:
            for slot, book in enumerate(self.slots):
                card = book.card_position, book.card_cash
                if card[0] is None or card == (book.position, book.cash):
                    self._differs.pop(slot, None)
                    continue
                differs = Disagreement(
                    self.clock, slot, card[0], card[1], book.position, book.cash, self._lost_since_settled
                )
                found.append(differs)
                gap = card[0] - book.position, card[1] - book.cash
                if self._differs.get(slot) != gap:
                    self.disagreements.append(differs)
                self._differs[slot] = gap
                if self._lost_since_settled:
                    book.position, book.cash = card[0], card[1]
            self._lost_since_settled = False
        return found
