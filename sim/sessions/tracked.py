"""Of a day of every symbol, the part that concerns a few: their own messages and those that speak of the whole market.

Sequence numbers belong to packets and are given out by the player after this, so the card sees no gap.
"""

from collections.abc import Iterable, Iterator, Mapping

from sim.sessions.encode import locate_of

__all__ = ["Tracked"]

_DIRECTORY = ord("R")
_MARKET = b"\0\0"


class Tracked:
    """Filters messages by symbol.

    Parameters
    ----------
    symbols : iterable of str
        Symbols to keep; each one's locate number is learned from the day's Stock Directory message.
    locates : mapping of str to int, optional
        Locate numbers known beforehand, for a file that starts in the middle of a day.

    Attributes
    ----------
    locates : dict
        Locate number of each symbol met so far.
    passed, skipped : int
        Messages kept and left out so far.

    Raises
    ------
    ValueError
        No symbol is given, or one is longer than 8 characters.
    """

    def __init__(self, symbols: Iterable[str], locates: Mapping[str, int] | None = None) -> None:
        self._symbols: dict[bytes, str] = {}
        for symbol in symbols:
            if not 0 < len(symbol) <= 8 or not symbol.isascii():
                raise ValueError(f"{symbol!r} is no symbol: 1 to 8 ASCII characters")
            self._symbols[symbol.encode("ascii").ljust(8)] = symbol
        if not self._symbols:
            raise ValueError("no symbol is given: say which ones to follow")
        self.locates: dict[str, int] = dict(locates or {})
        self._kept = {_MARKET} | {number.to_bytes(2, "big") for number in self.locates.values()}
        self.passed = 0
        self.skipped = 0

    def filter(self, messages: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the messages to keep, in order."""
        kept = self._kept
        for message in messages:
            if message[1:3] in kept:
                self.passed += 1
                yield message
            elif message[0] == _DIRECTORY and message[11:19] in self._symbols:
                self.locates[self._symbols[message[11:19]]] = locate_of(message)
                kept.add(message[1:3])
                self.passed += 1
                yield message
            else:
                self.skipped += 1
