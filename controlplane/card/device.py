"""The card from Python: libpennywire by cffi in ABI mode, typed, in batches.

Registers and fields go by the names of ``docs/registers.md``; event records come decoded by
``controlplane/card/event_table.py``.

Threads: a :class:`Device` may be used by any threads. Requests wait for one another, and so do polls for events;
a request never waits for a poll.
"""

import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

from controlplane.card.event_table import RECORD_BYTES, RECORDS, STRUCT_FORMAT
from controlplane.card.library import DeviceError, check, ffi, load_library

__all__ = ["Device", "DeviceError", "EventRecord", "Identity", "RegisterInfo"]

_RECORD = struct.Struct(STRUCT_FORMAT)
_OPERATION_READ, _OPERATION_WRITE = 1, 2


class EventRecord(NamedTuple):
    """An event record; ``words`` mean by type what ``event_table.RECORDS`` says.

    ``card_time`` is in cycles, ``exchange_time`` in ns since midnight; ``slot`` and ``side`` are 255 for none.
    """

    type: int
    slot: int
    side: int
    detail: int
    sequence: int
    card_time: int
    exchange_time: int
    order: int
    chain: int
    cause: int
    epoch: int
    words: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the type, e.g. ``ORDER_SENT``; ``TYPE_n`` for one this program does not know."""
        row = RECORDS.get(self.type)
        return row.name if row else f"TYPE_{self.type}"

    def word(self, name: str) -> int:
        """Give a word by the name it has in records of this type.

        Raises
        ------
        KeyError
            Records of this type have no such word.
        """
        row = RECORDS.get(self.type)
        if row is None or name not in row.words:
            raise KeyError(f"a record {self.name} has no word {name!r}")
        return self.words[row.words.index(name)]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a card says it is. ``git_hash``: 16 hexadecimal digits, zeros if unknown."""

    config_name: str
    abi_version: int
    git_hash: str
    clock_period_ps: int
    slots: int
    width: int
    row_levels: int
    own_orders: int
    table_orders: int
    soft: bool
    market_maker: bool
    trades: bool


@dataclass(frozen=True, slots=True)
class RegisterInfo:
    """A register or a field of one card; ``accept``, ``check``: bits that may be written, that read back."""

    name: str
    address: int
    low: int
    width: int
    is_field: bool
    readable: bool
    writable: bool
    locked: bool
    signed: bool
    accept: int
    check: int

    def extract(self, raw: int) -> int:
        """Take the value out of the register's 64 bits, signed if the field is."""
        value = raw >> self.low & ((1 << self.width) - 1)
        return value - (1 << self.width) if self.signed and value >> (self.width - 1) else value

    def insert(self, raw: int, value: int) -> int:
        """Put a value into the register's 64 bits.

        Raises
        ------
        DeviceError
            The value does not fit.
        """
        low, high = (-(1 << self.width - 1), 1 << self.width - 1) if self.signed else (0, 1 << self.width)
        if not low <= value < high:
            raise DeviceError(f"{self.name} holds {low} to {high - 1}, not {value}")
        mask = ((1 << self.width) - 1) << self.low
        if not self.is_field and value & ~self.accept:
            raise DeviceError(
                f"value {value:#x} has bits outside the writable fields of {self.name} ({self.accept:#x})"
            )
        return raw & ~mask | (value << self.low) & mask


class Device:
    """An open card. Make one with :meth:`open`; it is a context manager that closes itself."""

    def __init__(self, library: Any, card: Any) -> None:
        self._library = library
        self._card = card
        # The driver has locks of its own; these keep close() from taking the handle away under a call.
        self._requests = threading.Lock()
        self._events = threading.Lock()
        self._looking = threading.Lock()
        self._records = ffi.new("struct pw_record[]", 0)
        self._infos: dict[str, RegisterInfo] = {}
        raw = library.pw_identity(card)
        names = set(Identity.__dataclass_fields__) - {"config_name", "git_hash"}
        self.identity = Identity(
            config_name=ffi.string(raw.config_name).decode(),
            git_hash=f"{raw.git_hash:016x}",
            **{name: getattr(raw, name) for name in names},
        )

    @classmethod
    def open(cls, url: str, *, timeout_ms: int = 0, attempts: int = 0) -> Self:
        """Open a card and check that its magic and ABI version are known.

        Parameters
        ----------
        url : str
            ``unix:PATH`` of a soft card.
        timeout_ms, attempts : int
            Wait for an answer, and times that a request is sent; 0: the transport's default.

        Raises
        ------
        DeviceError
            No library, no card, or a card that the driver does not know.
        """
        library = load_library()
        options = ffi.new("struct pw_options *", {"timeout_ms": timeout_ms, "attempts": attempts})
        card = ffi.new("struct pw_card **")
        check(library, library.pw_open(url.encode(), options, card))
        return cls(library, card[0])

    def close(self) -> None:
        """Close the card; calls still running end first. The lease is left to run out."""
        with self._requests, self._events, self._looking:
            self._library.pw_close(self._card)
            self._card = ffi.NULL

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _handle(self) -> Any:
        if self._card == ffi.NULL:
            raise DeviceError("the card is closed")
        return self._card

    def info(self, name: str) -> RegisterInfo:
        """Find a register or a field by name, e.g. ``slot[3].position`` or ``control.status.armed``.

        Raises
        ------
        DeviceError
            This card has none of this name.
        """
        found = self._infos.get(name)
        if found is None:
            raw = ffi.new("struct pw_register_info *")
            check(self._library, self._library.pw_register_find(self._handle(), name.encode(), raw))
            found = RegisterInfo(
                name=name, address=raw.address, low=raw.low, width=raw.width, is_field=raw.is_field,
                readable=raw.readable, writable=raw.writable, locked=raw.locked, signed=raw.is_signed,
                accept=raw.accept, check=raw.check,
            )  # fmt: skip
            self._infos[name] = found
        return found

    def _read(self, addresses: Sequence[int]) -> dict[int, int]:
        """Read registers by address, in one batch; called with the requests lock held."""
        items = ffi.new("struct pw_item[]", len(addresses))
        for item, address in zip(items, addresses, strict=True):
            item.address, item.operation = address, _OPERATION_READ
        check(self._library, self._library.pw_transfer(self._handle(), items, len(addresses)))
        return {item.address: item.value for item in items}

    def read(self, names: Sequence[str]) -> dict[str, int]:
        """Read registers (their 64 bits) and fields (their values) in one batch.

        Raises
        ------
        DeviceError
            A name is unknown or write-only, or the card does not answer.
        """
        with self._requests:
            infos = {name: self.info(name) for name in names}
            for name, info in infos.items():
                if not info.readable:
                    raise DeviceError(f"{name} is write-only", "PW_ERROR_NOT_READABLE")
            values = self._read(list({info.address: None for info in infos.values()}))
            return {name: info.extract(values[info.address]) for name, info in infos.items()}

    def write(self, items: Mapping[str, int]) -> None:
        """Write registers and fields in order, in one batch, then read back those that can be.

        The other fields of a register keep their values, or are written as 0 where it is write-only.

        Raises
        ------
        DeviceError
            A name is unknown or read-only, a value does not fit (then nothing was written), a register is locked or
            reads back differently (the others were written), or the card does not answer.
        """
        with self._requests:
            infos = {name: self.info(name) for name in items}
            for name, info in infos.items():
                if not info.writable:
                    raise DeviceError(f"{name} is read-only", "PW_ERROR_NOT_WRITABLE")
                info.insert(0, items[name])
            kept = {info.address: info.check for info in infos.values() if info.is_field and info.check}
            values = {address: raw & kept[address] for address, raw in self._read(list(kept)).items()}
            for name, info in infos.items():
                values[info.address] = info.insert(values.get(info.address, 0), items[name])
            batch = ffi.new("struct pw_item[]", len(values))
            order = dict.fromkeys(info.address for info in infos.values())
            for item, address in zip(batch, order, strict=True):
                item.address, item.operation, item.value = address, _OPERATION_WRITE, values[address]
            check(self._library, self._library.pw_transfer_checked(self._handle(), batch, len(batch)))

    def _request(self, function: str, *arguments: Any) -> None:
        with self._requests:
            check(self._library, getattr(self._library, function)(self._handle(), *arguments))

    def heartbeat(self, until: int) -> None:
        """Vouch for the card up to a card time in cycles."""
        self._request("pw_heartbeat", until)

    def heartbeat_for(self, duration_ns: int) -> None:
        """Vouch for the card for so many ns from its present time."""
        self._request("pw_heartbeat_for", duration_ns)

    def mark(self, token: int) -> None:
        """Have the card send a HEARTBEAT record with this token, below 2**31, behind everything sent before."""
        self._request("pw_mark", token)

    def arm(self) -> None:
        """Arm; a refusal says why."""
        self._request("pw_arm")

    def disarm(self) -> None:
        """Disarm: no new order; open orders are left as they are."""
        self._request("pw_disarm")

    def kill(self) -> None:
        """Kill: no new order, and a Cancel for every open one."""
        self._request("pw_kill")

    def release(self) -> None:
        """Release the kill; the card stays disarmed."""
        self._request("pw_release")

    def card_time(self) -> int:
        """Card time in cycles."""
        return self.read(["control.time"])["control.time"]

    def cycles_to_ns(self, cycles: int) -> int:
        """Cycles of this card in ns, rounded down."""
        return cycles * self.identity.clock_period_ps // 1000

    def subscribe(self) -> None:
        """Have the card send its events from now on.

        Raises
        ------
        DeviceError
            The card does not answer.
        """
        with self._events:
            check(self._library, self._library.pw_events_subscribe(self._handle()))

    def poll_events(self, maximum: int = 4096, timeout_ms: int = 200) -> list[EventRecord]:
        """Take up to ``maximum`` records; empty when none came in time, and at once when there is one.

        Raises
        ------
        DeviceError
            Not subscribed, or the card closed the connection or was reset.
        """
        with self._events:
            if len(self._records) < maximum:
                self._records = ffi.new("struct pw_record[]", maximum)
            got = self._library.pw_events_poll(self._handle(), self._records, maximum, timeout_ms)
            check(self._library, got)
            raw = ffi.buffer(self._records, got * RECORD_BYTES)
            return [EventRecord._make((*row[:11], row[11:])) for row in _RECORD.iter_unpack(raw)]

    def _count(self, name: str) -> int:
        counts = ffi.new("struct pw_event_counts *")
        with self._looking:
            self._library.pw_events_counts(self._handle(), counts)
        return int(getattr(counts, name))

    @property
    def received(self) -> int:
        """Event records handed out since the subscription. Never waits."""
        return self._count("received")

    @property
    def lost(self) -> int:
        """Event records missing since the subscription, by their sequence numbers. Never waits."""
        return self._count("lost")
