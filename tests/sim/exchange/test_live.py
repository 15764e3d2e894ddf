"""The exchange in real time: what a socket of the system hears, and what a client over TCP is told."""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from sim.exchange.live import LiveExchange
from sim.exchange.multicast import FeedSettings, MulticastFeed
from sim.exchange.rules import Rules
from sim.exchange.venue import Venue
from sim.sessions.make import make_messages
from tests.sim.exchange.soup_client import SoupClient

GROUP = "239.255.7.7"


def hearer():
    """Give a socket that hears the group on the loopback interface."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((GROUP, 0))
    member = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.settimeout(20)
    return sock


def taken_apart(datagram):
    session, sequence, count = struct.unpack_from(">10sQH", datagram)
    at, messages = 20, []
    for _ in range(0 if count == 0xFFFF else count):
        (length,) = struct.unpack_from(">H", datagram, at)
        messages.append(datagram[at + 2 : at + 2 + length])
        at += 2 + length
    assert at == len(datagram)
    return session, sequence, count, messages


@contextmanager
def running(messages, venue, **options):
    with LiveExchange(messages, venue, "PW1", "user1", "secret", **options) as exchange:
        thread = threading.Thread(target=exchange.run)
        thread.start()
        try:
            yield exchange
        finally:
            exchange.stop()
            thread.join()


def enter(ref, side, shares, price, symbol, tif=b"3"):
    return struct.pack(">cIcI8sQccccc14sH", b"O", ref, side, shares, symbol.encode().ljust(8), price, tif, b"Y", b"P",
                       b"N", b"N", b"PW".ljust(14), 0)  # fmt: skip


def test_a_session_is_heard_whole_by_an_ordinary_socket():
    session = make_messages(3, 3_000, "bursts").messages
    with hearer() as sock:
        settings = FeedSettings(
            f"{GROUP}:{sock.getsockname()[1]}",
            "TESTSESS",
            "127.0.0.1",
            packets_per_second=5_000,
            requests="127.0.0.1:0",
        )
        feed = MulticastFeed(settings)
        heard = []
        with running(session, Venue(None, 0, 0), feed=feed, speed=1000.0, longest_gap_seconds=0.5):
            while True:
                name, sequence, count, messages = taken_apart(sock.recv(2048))
                assert name == b"TESTSESS  "
                assert sequence == len(heard) + 1
                if count == 0xFFFF:
                    break
                heard += messages
            assert heard == session
            assert 40 < feed.packets < len(session)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
                asker.settimeout(20)
                host, port = feed.requests_at.split(":")
                asker.connect((host, int(port)))
                asker.send(b"not a request")
                asker.send(struct.pack(">10sQH", b"OTHER     ", 5, 3))
                asker.send(struct.pack(">10sQH", b"TESTSESS  ", 100, 7))
                assert taken_apart(asker.recv(2048)) == (b"TESTSESS  ", 100, 7, session[99:106])
        feed.close()


def test_the_feed_keeps_to_its_pace():
    session = make_messages(3, 3_000, "bursts").messages
    with hearer() as sock:
        settings = FeedSettings(f"{GROUP}:{sock.getsockname()[1]}", interface="127.0.0.1", packets_per_second=100)
        feed = MulticastFeed(settings)
        for number in range(30):
            feed.publish(session[number : number + 1])
        assert feed.seconds_to_wait() > 0.2
        feed.close()


def open_market(seed=2):
    """Give a session up to its open, the symbol and its best offer."""
    session = make_messages(seed, 2_000, "calm").messages
    opened = next(i for i, m in enumerate(session) if m[:1] == b"S" and m[11:12] == b"Q")
    return session[: opened + 100]


def best_offer(session):
    """Give symbol and least price of the orders for sale in what was told, of the first symbol that has one."""
    stock = next(m for m in session if m[:1] == b"A" and m[19:20] == b"S")[24:32]
    gone = {m[11:19] for m in session if m[:1] in (b"D", b"E", b"C", b"X", b"U")}
    offers = [
        struct.unpack_from(">I", m, 32)[0]
        for m in session
        if m[:1] == b"A" and m[19:20] == b"S" and m[24:32] == stock and m[11:19] not in gone
    ]
    return stock.decode(), min(offers)


def test_orders_meet_the_book_that_was_told():
    session = open_market()
    symbol, offer = best_offer(session)
    venue = Venue(None, 0, 0, Rules(cancel_on_disconnect=True))
    with running(session, venue, speed=1000.0, longest_gap_seconds=0.1, start_on_login=True) as exchange:
        client = SoupClient(exchange.server.address)
        assert client.packet() == b"A" + b"PW1".rjust(10) + b"1".rjust(20)
        while not exchange.over:
            threading.Event().wait(0.01)
        client.say(b"U" + b"nonsense")
        client.say(b"U" + enter(7, b"B", 1, offer, symbol))
        accepted, executed = client.until(b"E")
        assert accepted[:1] == b"A"
        assert struct.unpack_from(">I", accepted, 9) == (7,)
        assert struct.unpack_from(">IIQ", executed, 9) == (7, 1, offer)
        assert exchange.malformed == 1
        # One that rests is canceled when the client is gone, and the next login is told of it.
        client.say(b"U" + enter(8, b"B", 100, 10_000, symbol, tif=b"0"))
        (resting,) = client.until(b"A")
        assert struct.unpack_from(">I", resting, 9) == (8,)
        client.close()
        again = SoupClient(exchange.server.address, session="PW1", sequence=4)
        assert again.packet() == b"A" + b"PW1".rjust(10) + b"4".rjust(20)
        (canceled,) = again.until(b"C")
        assert struct.unpack_from(">IIc", canceled, 9) == (8, 100, b"U")
        again.say(b"UQ")
        (query,) = again.until(b"Q")
        assert struct.unpack_from(">I", query, 9) == (9,)
        again.close()
    assert [entry.kind for entry in venue.log.entries] == ["accepted", "executed", "accepted", "canceled"]


def test_a_login_that_is_none_is_hung_up_on():
    with running(open_market(), Venue(None, 0, 0), start_on_login=True) as exchange:
        client = SoupClient(exchange.server.address, sequence="one")
        assert client.packet() == b""
        client.close()


@pytest.mark.parametrize(
    ("settings", "what"),
    [({"ttl": 256}, "TTL"), ({"packets_per_second": 0}, "above 0"), ({"max_bytes": 20}, "20 bytes")],
)
def test_a_feed_that_makes_no_sense_is_refused(settings, what):
    with pytest.raises(ValueError, match=what):
        FeedSettings(**settings)


def test_the_program_serves_and_writes_its_log(tmp_path):
    log = tmp_path / "exchange.jsonl"
    with hearer() as sock:
        command = [sys.executable, "-m", "sim.exchange", "--messages", "2000", "--speed", "1000", "--longest-gap",
                   "0.1", "--feed", f"{GROUP}:{sock.getsockname()[1]}", "--interface", "127.0.0.1",
                   "--log", log]  # fmt: skip
        environment = {**os.environ, "PENNYWIRE_SESSION_PASSWORD": "secret"}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            ready = child.stdout.readline()
            assert ready.startswith("exchange ready: orders 127.0.0.1:")
            client = SoupClient(ready.split()[3])
            assert client.packet()[:1] == b"A"
            assert child.stdout.readline() == "session over\n"
            client.say(b"U" + enter(1, b"B", 1, 10_000, "NONE"))
            assert client.until(b"J")
            client.close()
        finally:
            child.send_signal(signal.SIGTERM)
            assert child.wait(20) == 0
            child.stdout.close()
    assert '"kind":"rejected"' in log.read_text()


def test_the_program_wants_a_password():
    environment = {name: value for name, value in os.environ.items() if name != "PENNYWIRE_SESSION_PASSWORD"}
    command = [sys.executable, "-m", "sim.exchange", "--messages", "1000"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert run.returncode != 0
    assert "PENNYWIRE_SESSION_PASSWORD" in run.stderr
