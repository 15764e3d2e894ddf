"""A card in plain Python, written from docs/hostlink.md: what the driver's binding is tested against."""

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.card.register_table import REGISTERS

HEADER = struct.Struct("<HBBIHHI")
ITEM = struct.Struct("<IIQ")
MAGIC, VERSION, EVENTS = 0x5750, 1, 0xC0
COMMAND, STATUS, MARK, LEASE = 0x100, 0x108, 0x120, 0x110
ARMED, KILLED, LEASE_ALIVE, SESSION_UP = 1, 2, 4, 8


class FakeCard:
    """Serves the host link on a Unix socket from a thread of its own; ``registers`` is by address."""

    def __init__(self, path: Path, slots: int = 4) -> None:
        self.url = f"unix:{path}"
        self.registers: dict[int, int] = {}
        self.locked: set[int] = set()
        self.read_only: set[int] = set()
        self.stuck: set[int] = set()  # writes are answered as done and are not
        self.requests: list[tuple[int, list[tuple[int, int]]]] = []
        self.marks: list[int] = []
        self.sequence = 0
        for row in REGISTERS:
            for n in range(row.count or slots):
                address = row.address + row.stride * n
                self.registers[address] = row.reset
                if not row.writable:
                    self.read_only.add(address)
        self.registers[0x10] = int.from_bytes(b"python", "little")
        self.registers[0x20] = 0x0123456789ABCDEF
        self.registers[0x28] = slots | 8 << 8 | 32 << 16 | 16 << 32 | 4096 << 40
        self.registers[0x30] = 6400
        self.registers[0x38] = 0b1001  # soft, and trades
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(path))
        self._listener.listen()
        self._subscriber: socket.socket | None = None
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._stop.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.ExitStack() as open_sockets, selectors.DefaultSelector() as selector:
            open_sockets.enter_context(self._listener)
            open_sockets.enter_context(self._stopped)
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._stopped:
                        return
                    if key.fileobj is self._listener:
                        client = open_sockets.enter_context(self._listener.accept()[0])
                        selector.register(client, selectors.EVENT_READ)
                        continue
                    assert isinstance(key.fileobj, socket.socket)
                    request = key.fileobj.recv(65536)
                    if not request:
                        selector.unregister(key.fileobj)
                        continue
                    key.fileobj.send(self._answer(request, key.fileobj))

    def _answer(self, request: bytes, client: socket.socket) -> bytes:
        magic, version, kind, number, count, status, reserved = HEADER.unpack_from(request)
        assert (magic, version, status, reserved) == (MAGIC, VERSION, 0, 0)
        assert len(request) == HEADER.size + count * ITEM.size
        assert count <= 64
        items = list(ITEM.iter_unpack(request[HEADER.size :]))
        self.requests.append((kind, [(address, value) for address, _, value in items]))
        answers = b""
        for address, zero, value in items:
            assert zero == 0
            if kind == 1:
                known = address in self.registers
                answers += ITEM.pack(address, 0 if known else 1, self.registers.get(address, 0))
            else:
                answers += ITEM.pack(address, self._write(address, value), value)
        if kind == 3:
            self._subscriber = client
        return HEADER.pack(MAGIC, VERSION, kind | 0x80, number, count, 0, 0) + answers

    def _write(self, address: int, value: int) -> int:
        if address not in self.registers:
            return 1
        if address in self.read_only:
            return 2
        if address in self.locked:
            return 3
        if address == COMMAND:
            self._command(value)
        elif address == MARK:
            self.marks.append(value)
        elif address not in self.stuck:
            self.registers[address] = value
            if address == LEASE:
                self.registers[STATUS] |= LEASE_ALIVE
        return 0

    def _command(self, value: int) -> None:
        status = self.registers[STATUS]
        if value & 1 and status & (KILLED | LEASE_ALIVE | SESSION_UP) == LEASE_ALIVE | SESSION_UP:
            status |= ARMED
        if value & 2:
            status &= ~ARMED
        if value & 4:
            status = status & ~ARMED | KILLED | 1 << 8
        if value & 8:
            status &= ~KILLED
        self.registers[STATUS] = status

    def send_events(self, records: list[bytes]) -> None:
        """Send records of 64 bytes as one datagram; their sequence numbers are the caller's."""
        assert self._subscriber is not None
        first = int.from_bytes(records[0][4:8], "little")
        self._subscriber.send(HEADER.pack(MAGIC, VERSION, EVENTS, first, len(records), 0, 0) + b"".join(records))

    def hang_up(self) -> None:
        """Close the subscriber's connection, as a soft card does with one that is too slow."""
        assert self._subscriber is not None
        self._subscriber.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def fake_card(tmp_path: Path) -> Iterator[FakeCard]:
    card = FakeCard(tmp_path / "link.sock")
    yield card
    card.close()
