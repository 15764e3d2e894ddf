"""Of a day of every symbol, the part that concerns a few: their own messages and those that speak of the whole market.

A day is some hundreds of millions of messages, so the choice is made in C (``filter.c``). Sequence numbers belong to
packets and are given out by the player after this, so the card sees no gap: message ``n`` of what is kept has number
``n``, and a record's ``cause`` counts the messages kept.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from sim.native import build_library
from sim.sessions.binaryfile import END_MARK, consume_blocks

__all__ = ["Tracked"]

_ABI = """
void *pw_filter_new(const char *names, uint32_t symbols);
void pw_filter_free(void *);
void pw_filter_know(void *, uint16_t locate);
int pw_filter_run(void *, const uint8_t *in, uint64_t length, uint8_t *out, uint64_t *taken, uint64_t *made);
uint64_t pw_filter_passed(void *);
uint64_t pw_filter_skipped(void *);
uint32_t pw_filter_locate(void *, uint32_t symbol);
"""
_SYMBOL_BYTES = 8
_LOCATES = 1 << 16


@cache
def _library() -> tuple[cffi.FFI, Any]:
    ffi = cffi.FFI()
    ffi.cdef(_ABI)
    return ffi, ffi.dlopen(str(build_library(Path(__file__).with_name("filter.c"))))


class Tracked:
    """Filters sessions by symbol.

    Parameters
    ----------
    symbols : iterable of str
        Symbols to keep; each one's locate number is learned from the day's Stock Directory message.
    locates : mapping of str to int, optional
        Locate numbers known beforehand, for a file that starts in the middle of a day.

    Raises
    ------
    ValueError
        No symbol is given, or one is longer than 8 characters, or a locate number is none.
    BuildError
        The filter could not be compiled.
    MemoryError
        There is no memory for it.
    """

    def __init__(self, symbols: Iterable[str], locates: Mapping[str, int] | None = None) -> None:
        self._symbols = list(dict.fromkeys(symbols))
        for symbol in self._symbols:
            if not 0 < len(symbol) <= _SYMBOL_BYTES or not symbol.isascii():
                raise ValueError(f"{symbol!r} is no symbol: 1 to 8 ASCII characters")
        if not self._symbols:
            raise ValueError("no symbol is given: say which ones to follow")
        self._given = dict(locates or {})
        for symbol, locate in self._given.items():
            if not 0 < locate < _LOCATES:
                raise ValueError(f"locate {locate} of {symbol} is none: 1 to {_LOCATES - 1}")
        self._ffi, self._lib = _library()
        names = b"".join(symbol.encode("ascii").ljust(_SYMBOL_BYTES) for symbol in self._symbols)
        new = self._lib.pw_filter_new(names, len(self._symbols))
        if new == self._ffi.NULL:
            raise MemoryError("no memory for a filter of symbols")
        self._filter = self._ffi.gc(new, self._lib.pw_filter_free)
        self._out = bytearray()
        for locate in self._given.values():
            self._lib.pw_filter_know(self._filter, locate)

    @property
    def locates(self) -> dict[str, int]:
        """Locate number of each symbol met so far, or given."""
        learnt = {symbol: self._lib.pw_filter_locate(self._filter, i) for i, symbol in enumerate(self._symbols)}
        return self._given | {symbol: locate for symbol, locate in learnt.items() if locate < _LOCATES}

    @property
    def passed(self) -> int:
        """Messages kept so far."""
        return int(self._lib.pw_filter_passed(self._filter))

    @property
    def skipped(self) -> int:
        """Messages left out so far."""
        return int(self._lib.pw_filter_skipped(self._filter))

    def take(self, blocks: memoryview, put: Callable[[memoryview], object]) -> tuple[int, bool]:
        """Filter the whole blocks at the beginning of some bytes.

        Parameters
        ----------
        blocks : memoryview
            Bytes of a session from the beginning of a block on.
        put : callable
            Given the blocks to keep, if there are any; the memory is reused after it returns.

        Returns
        -------
        tuple of int and bool
            Bytes of ``blocks`` that were dealt with, and whether the session's end mark was among them.
        """
        ffi = self._ffi
        if len(blocks) > len(self._out):
            self._out = bytearray(len(blocks))
        out, counts = ffi.from_buffer("uint8_t[]", self._out), ffi.new("uint64_t[2]")
        ended = self._lib.pw_filter_run(
            self._filter, ffi.from_buffer("uint8_t[]", blocks), len(blocks), out, counts, counts + 1
        )
        if counts[1]:
            put(memoryview(self._out)[: counts[1]])
        return int(counts[0]), bool(ended)

    def filter_file(self, source: Path, target: Path, progress: Callable[[int, int], object] | None = None) -> None:
        """Write the session of the symbols tracked.

        Parameters
        ----------
        source : Path
            A session of any symbols, plain or gzip.
        target : Path
            Written as BinaryFILE, not packed, with an end mark.
        progress : callable, optional
            Called now and then with the bytes read of ``source`` and its size.

        Raises
        ------
        SessionFileError
            ``source`` ends inside a message or is damaged. What came before that place has been filtered, and
            ``target`` is a whole session of it.
        OSError
            One of them cannot be read or written.
        """
        with target.open("wb") as out:
            try:
                consume_blocks(source, lambda blocks: self.take(blocks, out.write), progress=progress)
            finally:
                out.write(END_MARK)
