"""A session from its file through the verilated feed half: :class:`Replay`."""

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cffi
import numpy as np
import numpy.typing as npt

from hdl.configs import CONFIGS
from hdl.types import DEPTH, DepthView
from sim.replay.feed_half import COUNTERS, FeedHalf
from sim.sessions.binaryfile import SessionFileError, consume_blocks
from sim.verilated.build import Compiling, build_from_sources, profile_tool

__all__ = ["ASK_INCOMPLETE", "BID_INCOMPLETE", "VIEW", "Replay", "build_feed_half", "compiling"]

_ABI = """
void *pw_replay_new(const char *symbols, uint32_t slots, uint64_t keep_every, uint32_t sequence_byte, int all_clocks);
void pw_replay_free(void *);
int pw_replay_play(void *, const uint8_t *in, uint64_t length, uint64_t *taken);
uint64_t pw_replay_messages(void *);
uint64_t pw_replay_cycles(void *);
uint64_t pw_replay_rest_cycles(void *);
uint64_t pw_replay_views(void *);
uint32_t pw_replay_view_bytes(void);
uint64_t pw_replay_kept_bytes(void *);
const uint8_t *pw_replay_kept(void *);
const uint8_t *pw_replay_latest(void *);
void pw_replay_counters(void *, uint64_t *into);
"""
_SHIM = Path(__file__).with_name("replay.cpp")
_SYMBOL_BYTES = 8


def _view_type() -> np.dtype[np.void]:
    """Lay a numpy record over a packed view: its fields begin at whole bytes, but for the flags."""
    layout = DepthView.as_shape()

    def at(name: str) -> int:
        byte, bit = divmod(layout[name].offset, 8)
        if bit:
            raise AssertionError(f"{name} does not begin at a whole byte of a depth view: numpy cannot read it")
        return byte

    fields = {
        "slot": "u1",
        "bids": ("<u4", (DEPTH, 2)),
        "asks": ("<u4", (DEPTH, 2)),
        "bid_incomplete": "u1",  # the byte of the flags; see BID_INCOMPLETE
        "trade_shares": "<u4",
        "trade_price": "<u4",
        "trade_match": "<u8",
        "sequence": "<u8",
    }
    names = list(fields)
    return np.dtype(
        {
            "names": ["flags" if name == "bid_incomplete" else name for name in names],
            "formats": list(fields.values()),
            "offsets": [at(name) for name in names],
            "itemsize": 4 * -(-layout.size // 32),
        }
    )


#: A depth view: ``slot``, ``bids`` and ``asks`` of (price in 1/10,000 dollar, shares), ``flags``, print, ``sequence``.
VIEW = _view_type()
BID_INCOMPLETE = 1
ASK_INCOMPLETE = 2


def build_feed_half(
    config: str, progress: Callable[[str], None] | None = None, *, compiled: Compiling | None = None
) -> Path:
    """Build the verilated feed half of a configuration, or find it built; compiled as told, or by :func:`compiling`.

    Raises
    ------
    KeyError
        There is no such configuration.
    BuildError
        A tool failed or is missing.
    """
    sizes = replace(CONFIGS[config], lines=1)  # a file is one line
    sources = [Path(__file__).with_name(name) for name in ("feed_half.py", "training.py")]
    return build_from_sources(
        lambda: FeedHalf(sizes),
        ("feed half", sizes),
        sources,
        shim=_SHIM,
        flags=["--flatten"],
        compiling=compiled or compiling(config),
        progress=progress,
    )


def compiling(config: str) -> Compiling:
    """Say how the feed half of a configuration is compiled.

    By clang where there is one, since what it makes runs faster, else by GCC; by clang twice where it can count what
    runs how often (:mod:`sim.replay.training`).
    """
    clang = shutil.which("clang++") is not None
    training = ("-m", "sim.replay.training", config) if clang and profile_tool("clang++") else ()
    often = ("-O3", "-march=native")
    return Compiling("clang++" if clang else "g++", often, _processor(), at_the_edge=True, training=training)


def _processor() -> str:
    """Tell processors apart whose instructions are not the same: a library is for the one that it was built on."""
    said = Path("/proc/cpuinfo").read_text()
    lines = set(re.findall(r"^(?:model name|flags|Features)\s*:.*$", said, re.MULTILINE))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


class Replay:
    """The feed half of one engine, and sessions played into it from their files.

    Messages are packed into frames of 9,000 bytes that follow each other without a pause, but that the book is let come
    to rest when it asks for that: it refills its rows only while no event passes. Message ``n`` of all that is
    played has feed sequence number ``n``. A market day's own times do not matter here; for these there is the player.

    Parameters
    ----------
    symbols : sequence of str
        Symbol of each slot.
    config : str
        Name of the configuration.
    keep_every : int
        Views of messages whose number this divides are kept: 1 keeps all, 0 none.
    all_clocks : bool
        Work out in every cycle what stands still in it too: slower, and no view or count is another.
    library : Path or None
        The configuration's feed half compiled another way, in place of that of :func:`build_feed_half`.

    Raises
    ------
    KeyError
        There is no such configuration.
    BuildError
        The model could not be built.
    ValueError
        More symbols than slots, or a symbol that is none.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        config: str = "demo",
        *,
        keep_every: int = 0,
        all_clocks: bool = False,
        library: Path | None = None,
    ) -> None:
        slots = CONFIGS[config].slots
        if len(symbols) > slots:
            raise ValueError(f"{len(symbols)} symbols; the configuration {config!r} has {slots} slots")
        for symbol in symbols:
            if not 0 < len(symbol) <= _SYMBOL_BYTES or not symbol.isascii():
                raise ValueError(f"{symbol!r} is no symbol: 1 to 8 ASCII characters")
        names = b"".join(s.encode("ascii").ljust(_SYMBOL_BYTES) for s in symbols).ljust(slots * _SYMBOL_BYTES, b"\0")
        self._slots = slots
        self._ffi = cffi.FFI()
        self._ffi.cdef(_ABI)
        self._lib: Any = self._ffi.dlopen(str(library or build_feed_half(config)))
        if self._lib.pw_replay_view_bytes() != VIEW.itemsize:
            raise AssertionError(f"a view has {self._lib.pw_replay_view_bytes()} bytes, not {VIEW.itemsize}")
        sequence_byte = VIEW.fields["sequence"][1] if VIEW.fields else 0
        self._model = self._lib.pw_replay_new(names, slots, keep_every, sequence_byte, all_clocks)
        if self._model == self._ffi.NULL:
            raise RuntimeError("the feed half does not come to rest after its start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the model; nothing else may be asked of it."""
        self._lib.pw_replay_free(self._model)
        self._model = self._ffi.NULL

    def play(self, path: Path, progress: Callable[[int, int], object] | None = None) -> None:
        """Play a session, plain or gzip; one that goes on where the last one ended.

        Parameters
        ----------
        path : Path
            BinaryFILE.
        progress : callable, optional
            Called now and then with the bytes of the file played and its size.

        Raises
        ------
        SessionFileError
            The file ends inside a message or is damaged, or has a message that fits no packet; all before it was
            played.
        RuntimeError
            The book does not come to rest.
        """
        taken = self._ffi.new("uint64_t *")

        def take(blocks: memoryview) -> tuple[int, bool]:
            result = self._lib.pw_replay_play(
                self._model, self._ffi.from_buffer("uint8_t[]", blocks), len(blocks), taken
            )
            if result == -2:
                raise SessionFileError(f"{path}: message {self.messages + 1} is longer than a packet can be")
            if result < 0:
                raise RuntimeError(f"the book does not come to rest after message {self.messages} of {path.name}")
            return int(taken[0]), bool(result)

        consume_blocks(path, take, progress=progress)

    @property
    def messages(self) -> int:
        """Messages played."""
        return int(self._lib.pw_replay_messages(self._model))

    @property
    def cycles(self) -> int:
        """Cycles simulated, those of the start not among them."""
        return int(self._lib.pw_replay_cycles(self._model))

    @property
    def rest_cycles(self) -> int:
        """Of these, cycles in which nothing entered: the book came to rest."""
        return int(self._lib.pw_replay_rest_cycles(self._model))

    @property
    def views_seen(self) -> int:
        """Views that the book gave, kept or not."""
        return int(self._lib.pw_replay_views(self._model))

    @property
    def counters(self) -> dict[str, int]:
        """Counters of :data:`sim.replay.feed_half.COUNTERS`, ``live_orders``, and ``stale``, a bit a slot."""
        names = (*COUNTERS, "live_orders", "stale")
        into = self._ffi.new("uint64_t[]", len(names))
        self._lib.pw_replay_counters(self._model, into)
        return dict(zip(names, map(int, into), strict=True))

    def views(self) -> npt.NDArray[np.void]:
        """Views kept, in order, as records of :data:`VIEW`."""
        return self._records(self._lib.pw_replay_kept(self._model), self._lib.pw_replay_kept_bytes(self._model))

    def latest(self) -> npt.NDArray[np.void]:
        """Latest view of each slot; zeros where there was none."""
        return self._records(self._lib.pw_replay_latest(self._model), self._slots * VIEW.itemsize)

    def _records(self, data: Any, length: int) -> npt.NDArray[np.void]:
        raw = bytes(self._ffi.buffer(data, length)) if length else b""
        return np.frombuffer(raw, dtype=VIEW)
