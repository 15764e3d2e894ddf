"""One pass over a day of every symbol: volume, and the part of continuous time during which the spread was one tick.

Written for days of hundreds of millions of messages: one loop, plain dictionaries, nothing kept but what lives.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

__all__ = ["DayScreen", "SymbolDay", "screen_day"]

_HEAD = struct.Struct(">HHHI")  # locate, tracking number, time's high and low word; from byte 1
_ADD = struct.Struct(">QcI8sI")
_REFERENCE = struct.Struct(">Q")
_EXECUTE = struct.Struct(">QI")
_REPLACE = struct.Struct(">QQII")
_SHARES_P = struct.Struct(">I")
_SHARES_Q = struct.Struct(">Q")
_BODY = 11
#: From a dollar on (1/10,000 dollar) a tick is a cent, below it a hundredth of one.
_DOLLAR, _CENT, _SUB_PENNY = 10_000, 100, 1
_TOLD_EVERY = 200_000


@dataclass(slots=True)
class SymbolDay:
    """A symbol's day at this venue.

    Attributes
    ----------
    symbol : str
        Without padding.
    volume : int
        Shares executed, printed off the book, and crossed. Not taken back where a trade is broken later.
    continuous_ns : int
        Time in which the market was open and the symbol traded: not halted, paused or in quotation only.
    one_tick_ns : int
        Of that, while both sides were quoted and one tick apart.
    """

    symbol: str
    volume: int = 0
    continuous_ns: int = 0
    one_tick_ns: int = 0

    @property
    def at_one_tick(self) -> float | None:
        """Part of continuous time at one tick; ``None`` where there was none to measure."""
        return self.one_tick_ns / self.continuous_ns if self.continuous_ns else None


@dataclass(slots=True)
class _Book:
    day: SymbolDay
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    bid: int = 0
    ask: int = 0
    trading: bool = False
    since: int = 0


@dataclass
class DayScreen:
    """What a day came to.

    Attributes
    ----------
    symbols : dict
        By symbol.
    messages, unknown : int
        Messages read, and those about orders that are not there.
    opened, closed : int
        Exchange times between which the market was open, ns since midnight; 0 for never.
    """

    symbols: dict[str, SymbolDay] = field(default_factory=dict)
    messages: int = 0
    unknown: int = 0
    opened: int = 0
    closed: int = 0


def screen_day(
    messages: Iterable[bytes],
    hours: tuple[int, int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DayScreen:
    """Read a day of ITCH 5.0 messages.

    Parameters
    ----------
    messages : iterable of bytes
        In order.
    hours : tuple of int, optional
        Exchange times between which the market counts as open, for a file without its System Events; without it the
        market is open from System Event ``Q`` to ``M``. A file that ends while it is open is measured to its end.
    progress : callable, optional
        Called now and then with messages read and exchange time.

    Returns
    -------
    DayScreen
        The day.
    """
    return _Reader(hours, progress).read(messages)


class _Reader:
    def __init__(self, hours: tuple[int, int] | None, progress: Callable[[int, int], None] | None) -> None:
        self._day = DayScreen()
        self._hours = hours
        self._progress = progress
        self._books: dict[int, _Book] = {}
        #: Order by reference: book, whether it buys, price, shares.
        self._orders: dict[int, tuple[_Book, bool, int, int]] = {}
        self._open = False

    def read(self, messages: Iterable[bytes]) -> DayScreen:
        day, hours, books = self._day, self._hours, self._books
        head = _HEAD.unpack_from
        time = count = 0
        for message in messages:
            count += 1
            locate, _, high, low = head(message, 1)
            time = high << 32 | low
            if hours is not None:
                # The ends lie between messages: what stood before an end stood until it.
                if not day.opened and time >= hours[0]:
                    self._switch(hours[0])
                if self._open and time >= hours[1]:
                    self._switch(hours[1])
            kind = message[0]
            if kind in b"AF":
                self._add(message, locate, time)
            elif kind in b"DXEC":
                self._reduce(message, kind, time)
            elif kind == 85:  # U
                self._replace(message, time)
            elif kind in b"PQ" and locate in books:
                form, at = (_SHARES_P, 20) if kind == 80 else (_SHARES_Q, 11)
                books[locate].day.volume += form.unpack_from(message, at)[0]
            elif kind in b"RH":
                book = self._book(locate, message[11:19])
                if kind == 72:  # H
                    self._mark(book, time)
                    book.trading = message[19:20] == b"T"
            elif kind == 83 and hours is None and message[11:12] == (b"M" if self._open else b"Q"):  # S
                self._switch(time)
            if count % _TOLD_EVERY == 0 and self._progress is not None:
                self._progress(count, time)
        if self._open:
            self._switch(time)
        day.messages = count
        return day

    def _switch(self, time: int) -> None:
        """Open or close the market."""
        if not self._open:
            self._day.opened = self._day.opened or time
        for book in self._books.values():
            self._mark(book, time)
        self._open = not self._open
        if not self._open:
            self._day.closed = time

    def _mark(self, book: _Book, time: int) -> None:
        """Count the time since the symbol was last looked at, in the state that it had."""
        if self._open and book.trading:
            gone = time - book.since
            book.day.continuous_ns += gone
            tick = _CENT if book.bid >= _DOLLAR else _SUB_PENNY
            if book.bid and book.ask and book.ask - book.bid == tick:
                book.day.one_tick_ns += gone
        book.since = time

    def _book(self, locate: int, stock: bytes) -> _Book:
        book = self._books.get(locate)
        if book is None:
            symbol = stock.decode("latin-1").rstrip()
            book = self._books[locate] = _Book(self._day.symbols.setdefault(symbol, SymbolDay(symbol)))
        return book

    def _add(self, message: bytes, locate: int, time: int) -> None:
        reference, side, shares, stock, price = _ADD.unpack_from(message, _BODY)
        book = self._books.get(locate) or self._book(locate, stock)
        if shares and reference not in self._orders:
            self._insert(reference, book, side == b"B", price, shares, time)

    def _insert(self, reference: int, book: _Book, buy: bool, price: int, shares: int, time: int) -> None:
        self._orders[reference] = (book, buy, price, shares)
        side = book.bids if buy else book.asks
        side[price] = side.get(price, 0) + shares
        if buy and price > book.bid:
            self._mark(book, time)
            book.bid = price
        elif not buy and (price < book.ask or not book.ask):
            self._mark(book, time)
            book.ask = price

    def _reduce(self, message: bytes, kind: int, time: int) -> None:
        if kind == 68:  # D
            self._take(_REFERENCE.unpack_from(message, _BODY)[0], None, time)
            return
        reference, shares = _EXECUTE.unpack_from(message, _BODY)
        book = self._take(reference, shares, time)
        if book is not None and (kind == 69 or (kind == 67 and message[31:32] == b"Y")):
            book.day.volume += shares

    def _take(self, reference: int, shares: int | None, time: int) -> _Book | None:
        order = self._orders.get(reference)
        if order is None:
            self._day.unknown += 1
            return None
        book, buy, price, left = order
        taken = left if shares is None or shares >= left else shares
        if taken == left:
            del self._orders[reference]
        else:
            self._orders[reference] = (book, buy, price, left - taken)
        side = book.bids if buy else book.asks
        side[price] -= taken
        if not side[price]:
            del side[price]
            if price == (book.bid if buy else book.ask):
                self._mark(book, time)
                if buy:
                    book.bid = max(side, default=0)
                else:
                    book.ask = min(side, default=0)
        return book

    def _replace(self, message: bytes, time: int) -> None:
        old, new, shares, price = _REPLACE.unpack_from(message, _BODY)
        order = self._orders.get(old)
        self._take(old, None, time)
        if order is not None and shares and new not in self._orders:
            self._insert(new, order[0], order[1], price, shares, time)
