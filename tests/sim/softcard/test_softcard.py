"""The soft card as a process: two hosts, a subscriber, a player, boundaries, and hosts that misbehave."""

import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from hdl.regs.description import describe
from sim.card_port import Arrival, Port
from sim.softcard import protocol
from sim.softcard.client import MarketClient, SoftCardError
from sim.softcard.link import event_datagrams
from sim.softcard.protocol import Kind

ROOT = Path(__file__).resolve().parents[3]
HEADER = struct.Struct("<HBBIHHI")
ITEM = struct.Struct("<IIQ")
READ, WRITE, SUBSCRIBE = 1, 2, 3
LEASE, TIME, FRAMES = 0x110, 0x118, 0x230
MARK_BIT = 1 << 31
ABI = describe(4).constant("identity.abi")


class Process:
    """A soft card in a directory of its own, with a path short enough for Unix sockets."""

    def __init__(self, *options):
        self.dir = Path(tempfile.mkdtemp(prefix="pw-"))
        self.opened = []
        self.child = self.start(*options)
        line = self.child.stdout.readline()
        if not line.startswith("soft card ready:"):
            self.child.wait()
            raise AssertionError(f"{line!r}, standard error: {self.child.stderr.read()}")

    def start(self, *options):
        command = [sys.executable, "-m", "sim.softcard", "--loopback", "--dir", str(self.dir), *options]
        return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        for end in self.opened:
            end.close()
        out, err = self.child.communicate(timeout=20)
        left = list(self.dir.iterdir())
        shutil.rmtree(self.dir)
        return self.child.returncode, out, err, left

    def player(self):
        player = MarketClient(self.dir / "market.sock")
        self.opened.append(player)
        return player


class Host:
    def __init__(self, process):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process.opened.append(self.socket)
        self.socket.settimeout(20)
        self.socket.connect(str(process.dir / "link.sock"))

    def ask(self, kind, *items, request=1):
        data = HEADER.pack(0x5750, 1, kind, request, len(items), 0, 0) + b"".join(ITEM.pack(a, 0, v) for a, v in items)
        self.socket.send(data)
        answer = self.socket.recv(4096)
        assert HEADER.unpack_from(answer)[2:4] == (kind | 0x80, request)
        return HEADER.unpack_from(answer)[5], list(ITEM.iter_unpack(answer[16:]))

    def read(self, address):
        return self.ask(READ, (address, 0))[1][0][2]

    def records(self):
        """Give (number, type, detail, first word) of the records of one datagram."""
        datagram = self.socket.recv(8192)
        _, _, kind, first, count, _, _ = HEADER.unpack_from(datagram)
        assert (kind, len(datagram)) == (0xC0, 16 + 64 * count)
        rows = [(r[2], r[0], r[1], r[3]) for r in struct.iter_unpack("<BxxBI36xI16x", datagram[16:])]
        assert [row[0] for row in rows] == list(range(first, first + count))
        return rows


@pytest.fixture
def process():
    card = Process("--boundary-seconds", "1.5", "--slow-seconds", "1")
    yield card
    code, _, err, left = card.end()
    assert (code, left) == (0, []), err


def test_a_host_a_player_and_a_subscriber(process):
    host, events, player = Host(process), Host(process), process.player()
    assert events.ask(SUBSCRIBE) == (0, [])
    assert host.read(0) == int.from_bytes(b"PENNYWIR", "little")
    played = player.play([Arrival(100 * n, Port.FEED, bytes([n]) * 9) for n in (1, 2, 3)], 1000, stop_on_order=False)
    assert [o.data[0] for o in played.orders] == [1, 2, 3]
    assert (played.now, played.consumed) == (1000, 3)
    assert player.cycles > 0
    assert host.read(TIME) == 1000
    assert events.records() == [(1, 23, 1, 0), (2, 23, 2, 0), (3, 23, 3, 0)]
    host.socket.close()
    assert Host(process).read(FRAMES) == 3


def test_asking_does_not_change_time_or_outcome(process):
    host, player = Host(process), process.player()
    for n in range(1, 6):
        played = player.play([Arrival(1000 * n, Port.FEED, bytes([n]))], 1000 * n + 500)
        for _ in range(n * 7):
            # After a stretch that an order ended, hosts wait for the next: so ask only where one has come to rest.
            if played.orders:
                played = player.play([], 1000 * n + 500)
            assert host.read(TIME) == played.now == 1000 * n + 500


def test_a_boundary_waits_for_the_lease(process):
    host, events, player = Host(process), Host(process), process.player()
    events.ask(SUBSCRIBE)
    player.play([Arrival(5, Port.FEED, b"A")], 500, stop_on_order=False)
    done = threading.Event()

    def play():
        player.boundary(7)
        done.set()

    thread = threading.Thread(target=play)
    thread.start()
    rows = events.records()
    while rows[-1][1] != 20:
        rows += events.records()
    assert [row[1:] for row in rows] == [(23, 65, 0), (20, 0, MARK_BIT | 7)]
    assert not done.is_set()
    assert host.read(TIME) == 500
    host.ask(WRITE, (0x40, 1))  # not the lease, and not even a register
    assert not done.is_set()
    host.ask(WRITE, (LEASE, 9000))
    thread.join(20)
    assert done.is_set()
    assert host.read(TIME) == 500


def test_a_boundary_that_nobody_answers(process):
    host, player = Host(process), process.player()
    with pytest.raises(TimeoutError, match=r"no host wrote control\.lease within 1\.5 s"):
        player.boundary(1)
    player.boundary(2, wait_for_host=False)
    assert player.play([], 100).now == 100
    assert host.read(TIME) == 100


def test_a_slow_subscriber_is_hung_up_on(process):
    slow, player = Host(process), process.player()
    slow.ask(SUBSCRIBE)
    for n in range(40):
        player.play([Arrival(0, Port.FEED, b"x")] * 400, 4000 * 2 * (n + 1), stop_on_order=False)
    assert Host(process).read(FRAMES) == 16000
    with pytest.raises((ConnectionError, TimeoutError, AssertionError)):  # noqa: PT012 - the stream ends somewhere
        while slow.socket.recv(8192):
            pass
        raise ConnectionResetError
    process.child.send_signal(signal.SIGTERM)
    assert "host 1 took nothing for 1 s and was hung up on" in process.child.stderr.read()


def test_bad_requests_of_hosts(process):
    host = Host(process)
    host.socket.send(HEADER.pack(0x5750, 1, SUBSCRIBE, 5, 1, 0, 0))
    assert HEADER.unpack(host.socket.recv(100))[2:6] == (0x83, 5, 0, 3)
    host.socket.send(b"short")  # not answered
    host.socket.send(bytes(60_000))
    assert HEADER.unpack(host.socket.recv(100))[5] == 1
    assert host.read(0x138) == 2


def test_one_player_at_a_time(process):
    first, second = process.player(), process.player()
    first.play([], 10)
    with pytest.raises(SoftCardError, match="another player"):
        second.play([], 20)
    first.close()
    second.close()
    host = Host(process)
    deadline = time.monotonic() + 10
    reached = 0
    while not reached and time.monotonic() < deadline:
        host.read(TIME)  # answered behind what the card had to do before: by then it has seen the first one go
        with contextlib.suppress(SoftCardError), process.player() as third:
            reached = third.play([], 40).now
    assert reached == 40


def test_a_player_that_leaves_in_mid_air_does_not_block_hosts(process):
    player = process.player()
    player.play([Arrival(1, Port.FEED, bytes(100))] * 3, 1000)  # an order ended it: something still moves
    player.close()
    assert Host(process).read(TIME) < 1000


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (struct.pack("<IB", 1, 0x55), "unknown kind"),
        (struct.pack("<I", 0), "a message of 0 bytes"),
        (struct.pack("<I", 0xFFFFFFFF), "is this a player"),
        (struct.pack("<IB", 1, Kind.PLAY), "too short"),
        (struct.pack("<IBQBI", 14, Kind.PLAY, 5, 1, 9), "9 arrivals have 0 bytes"),
        (struct.pack("<IB", 1, Kind.PLAYED), "PLAYED is not a request"),
        (struct.pack("<IBI", 5, Kind.BOUNDARY, 1), "BOUNDARY has 5 bytes"),
    ],
)
def test_a_player_that_speaks_nonsense(process, message, complaint):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(20)
        sock.connect(str(process.dir / "market.sock"))
        sock.sendall(message)
        reader = protocol.Reader()
        while (answer := reader.next()) is None:
            reader.feed(sock.recv(4096))
    assert answer[0] is Kind.ERROR
    assert complaint in bytes(answer[1][1:]).decode()
    assert Host(process).read(0x8) == ABI


def test_a_directory_has_one_card(process):
    second = process.start()
    out, err = second.communicate(timeout=60)
    assert (second.returncode, out) == (1, "")
    assert "another soft card listens" in err
    assert Host(process).read(0x8) == ABI


def test_sockets_left_behind_are_replaced(process):
    process.child.kill()
    process.child.communicate()
    assert (process.dir / "link.sock").exists()
    process.child = process.start()
    assert process.child.stdout.readline().startswith("soft card ready")
    assert Host(process).read(0x8) == ABI


def test_a_path_too_long_is_refused(tmp_path):
    deep = tmp_path / ("x" * 100)
    command = [sys.executable, "-m", "sim.softcard", "--loopback", "--dir", str(deep)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "longer than a Unix socket's path" in done.stderr


def test_no_card_there(tmp_path):
    with pytest.raises(SoftCardError, match="no soft card listens"):
        MarketClient(tmp_path / "market.sock")


def test_records_are_joined_while_their_numbers_follow():
    def single(number):
        return HEADER.pack(0x5750, 1, 0xC0, number, 1, 0, 0) + struct.pack("<II56x", 0, number)

    numbers = [*range(1, 71), 80, 81, 0xFFFFFFFF, 0]
    joined = event_datagrams(b"".join(map(single, numbers)))
    assert [HEADER.unpack_from(d)[3:5] for d in joined] == [(1, 64), (65, 6), (80, 2), (0xFFFFFFFF, 2)]
    assert [n for d in joined for _, n in struct.iter_unpack("<II56x", d[16:])] == numbers
