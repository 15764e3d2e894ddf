"""The verilated card in this process: :class:`CardModel`."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import cffi

from hdl.configs import CONFIGS, CardConfig
from hdl.regs.hostlink import HEADER_WORDS, MAGIC, VERSION
from hdl.telemetry.records import RECORD_BYTES
from sim.card_port import Arrival, Played, SentFrame, SentOrder
from sim.verilated.batch import ArrivalBatch
from sim.verilated.build import build_card

__all__ = ["MARK_BIT", "PATIENCE", "CardBusyError", "CardModel", "RegisterError"]

#: Cycles a card may go on working with nothing coming in before that is an error.
PATIENCE = 2_000_000
#: Bit of a mark's token that says that the player waits for the host.
MARK_BIT = 1 << 31
MARK_ADDRESS = 0x0120
READ, WRITE = 1, 2
_HEADER = struct.Struct("<HBBIHHI")
_ITEM = struct.Struct("<IIQ")
_ITEM_STATUS = {1: "no register at this address", 2: "not writable", 3: "locked while armed"}

_ABI = """
void *pw_sim_new(int soft);
void pw_sim_delete(void *);
uint64_t pw_sim_now(void *);
uint64_t pw_sim_cycles(void *);
uint64_t pw_sim_consumed(void *);
int pw_sim_idle(void *);
void pw_sim_keep_views(void *, int keep);
uint32_t pw_sim_view_bytes(void *);
void pw_sim_push(void *, uint32_t n, const uint64_t *times, const uint8_t *ports, const uint32_t *lengths,
                 const char *bytes);
int64_t pw_sim_run(void *, uint64_t until, int stop_on_order, uint64_t patience);
int64_t pw_sim_rest(void *, uint64_t patience);
int64_t pw_sim_host(void *, const char *request, uint32_t length, uint64_t patience);
int64_t pw_sim_relay(void *, const char *request, uint32_t length, uint64_t patience);
const char *pw_sim_answer(void *);
uint32_t pw_sim_order_count(void *);
uint64_t pw_sim_order_time(void *, uint32_t);
uint32_t pw_sim_order_length(void *, uint32_t);
const char *pw_sim_order_data(void *, uint32_t);
void pw_sim_clear_orders(void *);
uint32_t pw_sim_frame_count(void *);
uint64_t pw_sim_frame_time(void *, uint32_t);
uint32_t pw_sim_frame_length(void *, uint32_t);
const char *pw_sim_frame_data(void *, uint32_t);
void pw_sim_clear_frames(void *);
uint32_t pw_sim_relayed_count(void *);
uint64_t pw_sim_relayed_time(void *, uint32_t);
uint32_t pw_sim_relayed_length(void *, uint32_t);
const char *pw_sim_relayed_data(void *, uint32_t);
void pw_sim_clear_relayeds(void *);
uint64_t pw_sim_events_length(void *);
const char *pw_sim_events(void *);
void pw_sim_clear_events(void *);
uint64_t pw_sim_views_length(void *);
const char *pw_sim_views(void *);
void pw_sim_clear_views(void *);
"""


class CardBusyError(RuntimeError):
    """The card went on working, or did not answer, for longer than :data:`PATIENCE` cycles."""


class RegisterError(RuntimeError):
    """The card refused a register access."""


class CardModel:
    """A verilated card whose time the caller grants; implements :class:`sim.card_port.CardPort`.

    Time runs only inside :meth:`play`. Everything the host link does happens between two calls, with card time
    standing still, and comes to rest before the call returns.

    Parameters
    ----------
    config : CardConfig or str
        Which card; built if it is not in the cache.
    library : Path or None
        A library of :func:`sim.verilated.build.build_component` in place of the card's own.
    on_mark : callable or None
        What answers a boundary in place of a host process: called with the token (bit 31 set), it is to write
        ``control.lease`` by :meth:`write`.
    keep_views : bool
        Keep every depth view for :meth:`views`.
    granted : bool
        Card time is granted by a player, and the card says so (``identity.flags.soft``): a host then answers marks.
    """

    def __init__(
        self,
        config: CardConfig | str = "demo",
        *,
        library: Path | None = None,
        on_mark: Callable[[int], None] | None = None,
        keep_views: bool = False,
        granted: bool = True,
    ) -> None:
        self.config = CONFIGS[config] if isinstance(config, str) else config
        self.on_mark = on_mark
        self._ffi = cffi.FFI()
        self._ffi.cdef(_ABI)
        self._lib: Any = self._ffi.dlopen(str(library or build_card(self.config)))
        self._card: Any = self._lib.pw_sim_new(granted)
        self._lib.pw_sim_keep_views(self._card, keep_views)
        self._request = 0
        #: Beginning of an event datagram that has not left the card whole.
        self._begun = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the model; closing twice does nothing."""
        if self._card is not None:
            self._lib.pw_sim_delete(self._card)
            self._card = None

    @property
    def now(self) -> int:
        """Card time in cycles."""
        return int(self._lib.pw_sim_now(self._card))

    @property
    def cycles(self) -> int:
        """Cycles that were simulated while time was granted."""
        return int(self._lib.pw_sim_cycles(self._card))

    @property
    def idle(self) -> bool:
        """Whether nothing moves in the card: false after a stretch of play that an order ended."""
        return bool(self._lib.pw_sim_idle(self._card))

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        """Queue arrivals and run, as :meth:`sim.card_port.CardPort.play` says.

        A run that no order ends goes on beyond ``until`` until nothing moves in the card, so ``now`` may be some
        cycles later than ``until``; arrivals later than ``until`` do not enter meanwhile.

        Raises
        ------
        CardBusyError
            The card was still working :data:`PATIENCE` cycles after ``until``.
        ValueError
            An arrival has no bytes.
        """
        self.queue(ArrivalBatch.of(arrivals))
        if self._lib.pw_sim_run(self._card, until, stop_on_order, PATIENCE) < 0:
            raise CardBusyError(f"the card still works {PATIENCE} cycles after card time {until}")
        orders = [SentOrder(*sent) for sent in self._sent("order")]
        frames = [SentFrame(*sent) for sent in self._sent("frame")]
        return Played(self.now, int(self._lib.pw_sim_consumed(self._card)), orders, frames)

    def _sent(self, what: str) -> list[tuple[int, bytes]]:
        """Take out what has left the card, ``order``, ``frame`` or ``relayed``, with its times."""
        count, time, length, data, clear = (
            getattr(self._lib, f"pw_sim_{name}")
            for name in (f"{what}_count", f"{what}_time", f"{what}_length", f"{what}_data", f"clear_{what}s")
        )
        card = self._card
        out = [
            (int(time(card, i)), bytes(self._ffi.buffer(data(card, i), length(card, i)))) for i in range(count(card))
        ]
        clear(card)
        return out

    def queue(self, batch: ArrivalBatch) -> None:
        """Queue arrivals for the next stretch of play."""
        if len(batch):
            from_buffer = self._ffi.from_buffer
            times, lengths = from_buffer("uint64_t[]", batch.times), from_buffer("uint32_t[]", batch.lengths)
            ports = from_buffer("uint8_t[]", batch.ports)
            self._lib.pw_sim_push(self._card, len(batch), times, ports, lengths, batch.data)

    def come_to_rest(self) -> None:
        """Run until nothing moves, letting nothing in; orders that leave are given by the next stretch of play.

        Raises
        ------
        CardBusyError
            The card was still working after :data:`PATIENCE` cycles.
        """
        if self._lib.pw_sim_rest(self._card, PATIENCE) < 0:
            raise CardBusyError(f"the card works on for {PATIENCE} cycles with nothing coming in")

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        """Mark the card, then let ``on_mark`` answer; without ``on_mark`` nobody is waited for."""
        token |= MARK_BIT
        self.write(MARK_ADDRESS, token)
        if wait_for_host and self.on_mark is not None:
            self.on_mark(token)

    def host(self, datagram: bytes) -> bytes:
        """Carry a host-link datagram to the card and give its answer; empty if it is not to be answered.

        Raises
        ------
        CardBusyError
            The card did not answer, or what the request set in motion did not come to rest.
        """
        if not datagram:
            return b""
        length = int(self._lib.pw_sim_host(self._card, datagram, len(datagram), PATIENCE))
        if length < 0:
            what = "does not come to rest after" if length == -1 else "does not answer"
            raise CardBusyError(f"the card {what} a host-link request of {len(datagram)} bytes")
        return bytes(self._ffi.buffer(self._lib.pw_sim_answer(self._card), length))

    def relay(self, datagram: bytes) -> None:
        """Carry a datagram to the order relay; what it says is given by :meth:`relayed`.

        Raises
        ------
        CardBusyError
            What the datagram set in motion did not come to rest.
        """
        if datagram and self._lib.pw_sim_relay(self._card, datagram, len(datagram), PATIENCE) < 0:
            raise CardBusyError(f"the card does not come to rest after a relay's datagram of {len(datagram)} bytes")

    def relayed(self) -> list[bytes]:
        """Give the order relay's datagrams since the last call."""
        return [data for _, data in self._sent("relayed")]

    def read(self, address: int) -> int:
        """Read a register by byte address.

        Raises
        ------
        RegisterError
            There is none.
        """
        return self._access(READ, address, 0)

    def write(self, address: int, value: int) -> None:
        """Write a register by byte address; a negative value is taken as two's complement of 64 bits.

        Raises
        ------
        RegisterError
            There is none, it is not writable, or it is locked.
        """
        self._access(WRITE, address, value & (1 << 64) - 1)

    def _access(self, kind: int, address: int, value: int) -> int:
        self._request += 1
        header = _HEADER.pack(MAGIC, VERSION, kind, self._request & 0xFFFF_FFFF, 1, 0, 0)
        answer = self.host(header + _ITEM.pack(address, 0, value))
        _, status, result = _ITEM.unpack_from(answer, _HEADER.size)
        if status:
            raise RegisterError(
                f"{'write' if kind == WRITE else 'read'} of register {address:#06x}: {_ITEM_STATUS[status]}"
            )
        return int(result)

    def event_datagrams(self) -> bytes:
        """Give the EVENTS datagrams since the last call, one record each, one behind the other.

        A stretch of play that an order ends may end inside a datagram: its beginning is kept for the next call.
        """
        lib, card = self._lib, self._card
        taken = self._begun + bytes(self._ffi.buffer(lib.pw_sim_events(card), lib.pw_sim_events_length(card)))
        lib.pw_sim_clear_events(card)
        whole = len(taken) - len(taken) % (8 * HEADER_WORDS + RECORD_BYTES)
        self._begun = taken[whole:]
        return taken[:whole]

    def events(self) -> bytes:
        """Give the event records since the last call, 64 bytes each."""
        taken = self.event_datagrams()
        step = 8 * HEADER_WORDS + RECORD_BYTES
        return b"".join(taken[at + step - RECORD_BYTES : at + step] for at in range(0, len(taken), step))

    def views(self) -> list[bytes]:
        """Give the packed depth views since the last call, each a whole number of 32-bit words."""
        lib, card = self._lib, self._card
        taken = bytes(self._ffi.buffer(lib.pw_sim_views(card), lib.pw_sim_views_length(card)))
        lib.pw_sim_clear_views(card)
        step = int(lib.pw_sim_view_bytes(card))
        return [taken[at : at + step] for at in range(0, len(taken), step)]
