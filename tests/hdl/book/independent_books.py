"""Two order books that nobody here wrote, asked for five levels after every message: ``itch-book`` and ``meatpy``.

Both are given ITCH 5.0 messages as bytes and decode them themselves. Both answer with (price, shares), best first, and
shares saturated as a view shows them.
"""

import datetime
import struct

import itch_book
from meatpy.itch50 import ITCH50MarketProcessor
from meatpy.itch50.itch50_market_message import ITCH50MarketMessage

DEPTH = 5
MASK32 = 2**32 - 1
Side = list[tuple[int, int]]
#: Bids and asks of a symbol nobody has spoken of.
EMPTY: tuple[Side, Side] = ([], [])


class ItchBook:
    """``itch-book``: a C++ book with a hash table of orders; it tells the levels that changed."""

    def __init__(self) -> None:
        self._session = itch_book.Session([], DEPTH, [])
        self._tops: dict[int, tuple[Side, Side]] = {}

    def apply(self, message: bytes) -> None:
        """Take one message."""
        self._session.feed(struct.pack(">H", len(message)) + message)
        rows = self._session.take_depth()
        for row, locate in enumerate(rows["locate"]):
            self._tops[int(locate)] = (self._side(rows, "bid", row), self._side(rows, "ask", row))

    @staticmethod
    def _side(rows: dict, name: str, row: int) -> Side:
        levels = [(int(rows[f"{name}_px_{k:02d}"][row]), int(rows[f"{name}_sz_{k:02d}"][row])) for k in range(DEPTH)]
        return [level for level in levels if level != (0, 0)]

    def top(self, locate: int) -> tuple[Side, Side]:
        """Give the best five bids and asks of a symbol."""
        return self._tops.get(locate, EMPTY)

    def stats(self) -> dict[str, int]:
        """Give what it counted, ``missing_ref``, ``rejected``, ``clamped``, ``dup_ref``, ``live_orders`` among it."""
        return self._session.stats()


class Meatpy:
    """``meatpy``: a book in Python that keeps the queue of every level. One processor a symbol.

    It minds the order in which a level is executed and raises when that is not first come, first served; the streams
    here are not, so its own hook to skip that is used. The levels are the same either way.
    """

    def __init__(self, symbols: dict[int, bytes]) -> None:
        day = datetime.datetime(2020, 1, 30)
        self._processors = {locate: ITCH50MarketProcessor(symbol, day) for locate, symbol in symbols.items()}

    def apply(self, message: bytes) -> None:
        """Take one message: every symbol's processor finds out itself whether it concerns it."""
        if message[:1] not in b"AFECXDU":
            return  # session, halts and prints do not change a book, and it insists on a whole day's frame of them
        decoded = ITCH50MarketMessage.from_bytes(message)
        for processor in self._processors.values():
            processor.process_message(decoded)
            if processor.current_lob is not None:
                processor.current_lob.skip_exception = lambda _: True

    def top(self, locate: int) -> tuple[Side, Side]:
        """Give the best five bids and asks of a symbol."""
        book = self._processors[locate].current_lob
        if book is None:
            return EMPTY
        bids, asks = (
            [(level.price, min(level.volume, MASK32)) for level in levels[:DEPTH]]
            for levels in (book.bid_levels, book.ask_levels)
        )
        return bids, asks

    def orders(self, locate: int) -> list[tuple[int, bytes, int, int]]:
        """Give every live order of a symbol: reference, side, shares, price; best level first, oldest first."""
        book = self._processors[locate].current_lob
        if book is None:
            return []
        return [
            (order.order_id, side, order.volume, level.price)
            for side, levels in ((b"B", book.bid_levels), (b"S", book.ask_levels))
            for level in levels
            for order in level.queue
        ]
