"""Watches a session go by and keeps what a report wants of the market: mids over time, and the books at the end."""

from collections.abc import Iterable, Iterator

from sim.exchange.book import SessionBooks
from sim.sessions.encode import locate_of, time_of

__all__ = ["MarketWatch"]

_BOOK_TYPES = frozenset(b"AFECXDU")
_SYSTEM_EVENT = ord("S")


class MarketWatch:
    """Keeps the mids of some symbols.

    Parameters
    ----------
    symbols : iterable of str
        Symbols, without padding.

    Attributes
    ----------
    mids : dict
        For each symbol (ns since midnight, bid + ask in 1/10,000 dollar), an entry whenever the sum changed while both
        sides had orders.
    ended : int
        Exchange time of the market's close (System Event M), or of the last message so far while it has not closed.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self.mids: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in symbols}
        self.ended = 0
        self._books = SessionBooks()
        self._closed = False

    def watch(self, messages: Iterable[bytes]) -> Iterator[bytes]:
        """Pass messages on, watching each."""
        names: dict[int, str] = {}
        last: dict[int, int] = {}
        books = self._books
        for message in messages:
            books.apply(message)
            if not self._closed:
                self.ended = time_of(message)
                self._closed = message[0] == _SYSTEM_EVENT and message[11:12] == b"M"
            if message[0] in _BOOK_TYPES:
                locate = locate_of(message)
                book = books.of(locate)
                if book.bids and book.asks:
                    doubled = book.best_bid() + book.best_ask()
                    if last.get(locate) != doubled:
                        last[locate] = doubled
                        if locate not in names:
                            names = {number: stock.rstrip() for stock, number in books.locates.items()}
                        if (name := names.get(locate)) in self.mids:
                            self.mids[name].append((time_of(message), doubled))
            yield message

    def levels(self, symbol: str, buy: bool, count: int = 5) -> tuple[tuple[int, int], ...]:
        """Give (price, shares) of the best levels of a side as it stands, best first; none for an unknown symbol."""
        locate = self._books.locates.get(symbol.ljust(8))
        return () if locate is None else tuple(self._books.of(locate).levels(buy)[:count])
