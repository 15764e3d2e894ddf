"""The soft card on UDP: datagrams doubled, late and from hosts it does not know, sent by plain sockets."""

import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.address import parse_address
from sim.softcard.client import MarketClient
from sim.softcard.udp import MAX_HOSTS, HostTable

ROOT = Path(__file__).resolve().parents[3]
HEADER = struct.Struct("<HBBIHHI")
ITEM = struct.Struct("<IIQ")
READ, WRITE, SUBSCRIBE, HELLO = 1, 2, 3, 4
LEASE, MARK = 0x110, 0x120
UNKNOWN_HOST = 4


def request(kind, number, *items, version=1):
    body = b"".join(ITEM.pack(address, 0, value) for address, value in items)
    return HEADER.pack(0x5750, version, kind, number, len(items), 0, 0) + body


class Host:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(20)
        self.socket.connect(address)

    def ask(self, datagram):
        """Give the status of the header and the items' values."""
        self.socket.send(datagram)
        answer = self.socket.recv(8192)
        _, _, kind, number, _, status, _ = HEADER.unpack_from(answer)
        assert (kind, number) == (datagram[3] | 0x80, HEADER.unpack_from(datagram)[3])
        return status, [row[2] for row in ITEM.iter_unpack(answer[16:])]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    directory = tmp_path_factory.mktemp("card")
    command = [sys.executable, "-m", "sim.softcard", "--loopback", "--dir", directory, "--udp", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[-1]
            assert url.startswith("udp:127.0.0.1:")
            yield directory, ("127.0.0.1", int(url.rpartition(":")[2]))
        finally:
            process.terminate()
            assert process.wait(20) == 0


@pytest.fixture
def host(card):
    host = Host(card[1])
    with host.socket:
        assert host.ask(request(HELLO, 1000)) == (0, [])
        yield host


@pytest.fixture
def events(card):
    events = Host(card[1])
    with events.socket:
        assert events.ask(request(SUBSCRIBE, 1)) == (0, [])
        yield events.socket


def tokens(events, last):
    """Give the tokens of the HEARTBEAT records up to the last one."""
    found = []
    while not found or found[-1] != last:
        datagram = events.recv(8192)
        assert len(datagram) <= 1472
        found += [row[3] for row in struct.iter_unpack("<BxxBI36xI16x", datagram[16:]) if row[0] == 20]
    return found


def test_a_write_that_comes_twice_acts_once(host, events):
    mark = request(WRITE, 1001, (MARK, 7))
    assert host.ask(mark) == host.ask(mark) == host.ask(mark) == (0, [7])
    assert host.ask(request(WRITE, 1002, (MARK, 8))) == (0, [8])
    assert tokens(events, 8) == [7, 8]


def test_a_late_copy_does_not_undo_what_followed(host, events):
    early, later = request(WRITE, 1001, (LEASE, 11), (MARK, 1)), request(WRITE, 1002, (LEASE, 22), (MARK, 2))
    host.ask(early)
    host.ask(later)
    host.socket.send(early)
    # What is dropped is not answered: the next answer is the next request's.
    assert host.ask(request(READ, 1003, (LEASE, 0))) == (0, [22])
    host.ask(request(WRITE, 1004, (MARK, 3)))
    assert tokens(events, 3) == [1, 2, 3]


def test_a_number_used_again_for_something_else_is_not_believed(host):
    host.ask(request(WRITE, 1001, (LEASE, 5)))
    host.socket.send(request(WRITE, 1001, (LEASE, 6)))
    assert host.ask(request(READ, 1002, (LEASE, 0))) == (0, [5])


def test_a_new_host_at_an_old_port_counts_anew(host):
    for number in (1000 - (1 << 25), 1000):
        assert host.ask(request(HELLO, number & 0xFFFF_FFFF)) == (0, [])
        assert host.ask(request(WRITE, (number + 1) & 0xFFFF_FFFF, (LEASE, abs(number)))) == (0, [abs(number)])


def test_numbers_wrap(host):
    for number in (0x6000_0000, 0xC000_0000, 0xFFFF_FFFE):
        assert host.ask(request(HELLO, number)) == (0, [])
    assert host.ask(request(WRITE, 0xFFFF_FFFF, (LEASE, 5))) == (0, [5])
    assert host.ask(request(WRITE, 0, (LEASE, 6))) == (0, [6])
    host.socket.send(request(WRITE, 0xFFFF_FFFF, (LEASE, 5)))
    assert host.ask(request(READ, 1, (LEASE, 0))) == (0, [6])


def test_who_did_not_say_hello_changes_nothing(card, host):
    host.ask(request(WRITE, 1001, (LEASE, 5)))
    stranger = Host(card[1])
    with stranger.socket:
        assert stranger.ask(request(WRITE, 1, (LEASE, 99))) == (UNKNOWN_HOST, [])
        assert stranger.ask(request(READ, 2, (LEASE, 0))) == (UNKNOWN_HOST, [])
        assert stranger.ask(request(HELLO, 2, (LEASE, 0)))[0] == 3
    assert host.ask(request(READ, 1002, (LEASE, 0))) == (0, [5])


def test_nonsense_is_left_to_the_gateware(host):
    host.socket.send(b"")
    host.socket.send(b"nonsense")
    assert host.ask(request(HELLO, 1, version=2))[0] == 1
    assert host.ask(request(READ, 1001, (0, 0))) == (0, [int.from_bytes(b"PENNYWIR", "little")])


def test_a_lease_by_udp_ends_a_boundary_once(card, host, events):
    lease, mark = request(WRITE, 1001, (LEASE, 5)), 1 << 31
    with MarketClient(card[0] / "market.sock") as player, ThreadPoolExecutor(1) as other:
        first = other.submit(player.boundary, 5)
        assert tokens(events, mark | 5) == [mark | 5]
        assert host.ask(lease) == (0, [5])
        first.result(timeout=20)
        second = other.submit(player.boundary, 6)
        assert tokens(events, mark | 6) == [mark | 6]
        assert host.ask(lease) == (0, [5])  # a copy: the card's answer is old, and so is its meaning
        assert not second.done()
        assert host.ask(request(WRITE, 1002, (LEASE, 6))) == (0, [6])
        second.result(timeout=20)


def test_the_table_forgets_who_was_heard_longest_ago():
    table = HostTable()
    for sender in range(MAX_HOSTS + 1):
        table.admit(("host", sender), request(HELLO, 1))
    assert table.admit(("host", 1), request(READ, 2)) is None
    assert HEADER.unpack(table.admit(("host", 0), request(READ, 2)))[5] == UNKNOWN_HOST
    assert table.admit(("host", 1), request(HELLO, 1)) is not None
    assert table.copies == 1


@pytest.mark.parametrize("text", ["", "127.0.0.1", ":5", "host:", "host:x", "host:65536", "::1:5", "host:²"])
def test_addresses_that_are_none(text):
    with pytest.raises(ValueError, match="is no address"):
        parse_address(text)


def test_addresses():
    assert parse_address("localhost:0") == ("localhost", 0)
    assert parse_address("[::1]:22352") == ("::1", 22352)
