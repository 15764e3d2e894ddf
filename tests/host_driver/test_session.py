"""The driver's order session against a session server over TCP, under every sanitizer."""

import queue
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from sim.exchange.session_server import SessionServer

BUILD = Path(__file__).parents[2] / "build" / "host-driver" / "tests"
DOWN, CONNECTING, LOGIN, UP, FINISHED = range(5)
REJECTED, ENDED, PROTOCOL, SESSION_DOWN = -16, -17, -5, -15


class Client:
    def __init__(self, variant, address, *, password="secret", session="", sequence=1):
        command = [BUILD / f"session_client_{variant}", address, "user1", password, session, str(sequence)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))

    def tell(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()

    def wait_for(self, beginning):
        """Give the first line to come with this beginning; those before it are gone."""
        while True:
            line = self.lines.get(timeout=20)
            if line.startswith(beginning):
                return line

    def up(self):
        self.wait_for(f"state {UP}")

    def messages(self, last):
        """Give the numbers and bodies of the messages up to the last."""
        found = []
        while not found or found[-1][0] != last:
            _, number, *body = self.wait_for("message ").split()
            found.append((int(number), bytes.fromhex(body[0] if body else "")))
        return found

    def end(self):
        """Give the last line's status, once the program has ended well (so: with nothing for a sanitizer to say)."""
        line = self.wait_for("end ")
        assert self.child.wait(20) == 0
        return int(line.split()[1])


@pytest.fixture(params=["plain", "address_undefined", "thread"])
def connect(request):
    clients = []
    program = BUILD / f"session_client_{request.param}"
    assert program.exists(), f"{program} is not built: run `make driver`"

    def make(server, **options):
        clients.append(Client(request.param, server if isinstance(server, str) else server.address, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.child.kill()
        client.child.stdin.close()
        client.child.wait()
        client.reader.join()
        client.child.stdout.close()


@contextmanager
def exchange(**options):
    with SessionServer("SESS1", "user1", "secret", heartbeat_seconds=0.2, silence_seconds=2.0, **options) as server:
        yield server


@pytest.mark.parametrize("padding", ["left", "right"])
def test_messages_go_both_ways(connect, padding):
    with exchange(padding=padding, on_message=lambda message: [message[::-1], b""]) as server:
        server.publish(b"before")
        client = connect(server)
        client.up()
        client.tell("send 414243")
        server_side = [(1, b"before"), (2, b"CBA"), (3, b"")]
        assert client.messages(3) == server_side
        assert server.received == [b"ABC"]
        server.debug(b"hello")
        assert client.wait_for("debug ") == f"debug {b'hello'.hex()}"
        client.tell("quit")
        assert client.end() == 0


def test_a_lost_connection_is_resumed_from_the_next_message(connect):
    with exchange() as server:
        client = connect(server)
        client.up()
        for number in range(1, 6):
            server.publish(bytes([number]))
        assert client.messages(5) == [(n, bytes([n])) for n in range(1, 6)]
        server.disconnect()
        assert "closed the connection" in client.wait_for(f"state {DOWN}")
        server.publish(b"while it was away")
        client.up()
        server.publish(b"after")
        assert client.messages(7) == [(6, b"while it was away"), (7, b"after")]
        assert server.logins == [("", 1), ("SESS1", 6)]
        client.tell("logout")
        assert client.end() == ENDED


def test_heartbeats_keep_both_ends_from_hanging_up(connect):
    with exchange() as server:
        client = connect(server)
        client.up()
        # Longer than either end waits for a silent one.
        with pytest.raises(queue.Empty):
            client.lines.get(timeout=3.5)
        assert server.heartbeats >= 5
        assert len(server.logins) == 1
        client.tell("quit")
        assert client.end() == 0


def test_a_silent_exchange_is_left(connect):
    with exchange() as server:
        server._heartbeat_seconds = 3600.0
        client = connect(server)
        client.up()
        assert "silent for 2000 ms" in client.wait_for(f"state {DOWN}")


def test_nothing_is_sent_while_the_session_is_down(connect):
    with exchange() as server:
        address = server.address
        client = connect(server)
        client.up()
    client.wait_for(f"state {DOWN}")
    client.tell("send 41")
    assert client.wait_for("failed").split()[1] == str(SESSION_DOWN)
    assert "Connection refused" in client.wait_for(f"state {DOWN}")
    assert address.startswith("127.0.0.1:")


def test_the_end_of_the_session_is_final(connect):
    with exchange() as server:
        server.publish(b"last")
        client = connect(server)
        assert client.messages(1) == [(1, b"last")]
        server.end()
        assert client.end() == ENDED


@pytest.mark.parametrize("options", [{"password": "wrong"}, {"session": "OTHER"}])
def test_a_rejected_login_is_final(connect, options):
    with exchange() as server:
        assert connect(server, **options).end() == REJECTED
        assert server.logins == []


def test_an_exchange_with_another_history_is_not_believed(connect):
    with exchange() as server:
        server.publish(b"only one")
        assert connect(server, session="SESS1", sequence=9).end() == PROTOCOL


def test_from_now_on(connect):
    with exchange() as server:
        server.publish(b"old")
        client = connect(server, sequence=0)
        client.up()
        server.publish(b"new")
        assert client.messages(2) == [(2, b"new")]
