"""The exchange's end of an order session: SoupBinTCP 3.00 over TCP, one session, one client at a time."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Self

from sim.address import parse_address

__all__ = ["SessionServer"]

_LENGTH = struct.Struct(">H")
_LOGIN = struct.Struct(">6s10s10s20s")


class SessionServer:
    """Listens, keeps every message of the session, and serves them from any number on.

    Parameters
    ----------
    session : str
        Its name, 1 to 10 characters.
    username, password : str
        Whom it lets in.
    on_message : callable, optional
        Called with each message of the client and giving the answers, which are published. It runs in the server's
        thread.
    on_state : callable, optional
        Called in the server's thread with True before a login is accepted, with False when that client has gone.
    address : str
        ``HOST:PORT`` to listen at; port 0 takes a free one.
    padding : {"left", "right"}
        On which side the login's answer is padded: the specification pads on the left, some software on the right.
    heartbeat_seconds, silence_seconds : float
        After how long without a message a heartbeat is sent, and a silent client is hung up on.

    Attributes
    ----------
    received : list of bytes
        Messages of the client, as they came.
    heartbeats : int
        Heartbeats of the client.
    logins : list of tuple of (str, int)
        Session and sequence number of each login that was accepted, as they were asked for.
    """

    def __init__(
        self,
        session: str,
        username: str,
        password: str,
        on_message: Callable[[bytes], Sequence[bytes]] | None = None,
        *,
        on_state: Callable[[bool], None] | None = None,
        address: str = "127.0.0.1:0",
        padding: Literal["left", "right"] = "left",
        heartbeat_seconds: float = 1.0,
        silence_seconds: float = 15.0,
    ) -> None:
        if not 1 <= len(session) <= 10:
            raise ValueError(f"a session's name has 1 to 10 characters, not {session!r}")
        self.received: list[bytes] = []
        self.heartbeats = 0
        self.logins: list[tuple[str, int]] = []
        self._name, self._credentials = session, (username, password)
        self._on_message = on_message
        self._on_state = on_state
        self._padding = padding
        self._heartbeat_seconds, self._silence_seconds = heartbeat_seconds, silence_seconds
        self._sequenced: list[bytes] = []
        self._lock = threading.RLock()  # of what follows, and of sending
        self._client: socket.socket | None = None
        self._served = False  # the client has logged in
        self._said = 0.0
        self._ended = False
        host, port = parse_address(address)
        self._listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="session server")
        self._thread.start()

    @property
    def address(self) -> str:
        """``HOST:PORT`` of the server."""
        host, port = self._listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up and stop."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self.disconnect()
        self._thread.join()
        self._listener.close()

    def publish(self, message: bytes) -> None:
        """Add a message to the session, and send it if a client is logged in."""
        with self._lock:
            self._sequenced.append(message)
            self._say(b"S" + message)

    def debug(self, text: bytes) -> None:
        """Send a debug packet."""
        with self._lock:
            self._say(b"+" + text)

    def disconnect(self) -> None:
        """Hang up on the client without a word."""
        with self._lock:
            if self._client is not None:
                with contextlib.suppress(OSError):
                    self._client.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """End the session for good: nobody is let in any more."""
        with self._lock:
            self._ended = True
            self._say(b"Z")
        self.disconnect()

    def _say(self, packet: bytes) -> None:
        if self._client is None or not self._served:
            return
        self._said = time.monotonic()
        try:
            self._client.sendall(_LENGTH.pack(len(packet)) + packet)
        except OSError:
            # Gone, or taking nothing: perhaps half a packet was sent, so no other may follow. He will ask for it again.
            self.disconnect()

    def _serve(self) -> None:
        while not self._stopping:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            with client:
                with self._lock:
                    self._client, self._served = client, False
                    if self._stopping:
                        client.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    self._converse(client)
                with self._lock:
                    served = self._served
                    self._client, self._served = None, False
                if served and self._on_state is not None:
                    self._on_state(False)

    def _converse(self, client: socket.socket) -> None:
        pending = b""
        heard = time.monotonic()
        client.settimeout(self._heartbeat_seconds / 4)
        while time.monotonic() - heard < self._silence_seconds:
            with self._lock:
                if time.monotonic() - self._said >= self._heartbeat_seconds:
                    self._say(b"H")
            try:
                received = client.recv(65536)
            except TimeoutError:
                continue
            if not received:
                return
            heard = time.monotonic()
            pending += received
            while len(pending) >= 2 and len(pending) >= 2 + _LENGTH.unpack_from(pending)[0]:
                end = 2 + _LENGTH.unpack_from(pending)[0]
                packet, pending = pending[2:end], pending[end:]
                if not self._take(client, packet):
                    return

    def _take(self, client: socket.socket, packet: bytes) -> bool:
        """Deal with a packet; give whether the connection stays."""
        kind, body = packet[:1], packet[1:]
        if kind == b"L":
            return not self._served and self._log_in(client, body)
        if not self._served:
            return False
        if kind == b"R":
            self.heartbeats += 1
        elif kind == b"U":
            self.received.append(body)
            for answer in self._on_message(body) if self._on_message is not None else ():
                self.publish(answer)
        return kind in (b"R", b"U", b"+")

    def _log_in(self, client: socket.socket, body: bytes) -> bool:
        try:
            username, password, session, number = (field.decode("ascii").strip() for field in _LOGIN.unpack(body))
            wanted = int(number)
        except (struct.error, ValueError):
            return False  # no login: hang up
        if (username, password) != self._credentials or self._ended:
            client.sendall(_LENGTH.pack(2) + (b"JS" if self._ended else b"JA"))
            return False
        if session not in ("", self._name):
            client.sendall(_LENGTH.pack(2) + b"JS")
            return False
        if self._on_state is not None:
            self._on_state(True)
        with self._lock:
            following = len(self._sequenced) + 1
            first = following if wanted == 0 else min(wanted, following)
            pad = str.rjust if self._padding == "left" else str.ljust
            accepted = b"A" + pad(self._name, 10).encode() + pad(str(first), 20).encode()
            self._served = True
            self.logins.append((session, wanted))
            self._say(accepted)
            for message in self._sequenced[first - 1 :]:
                self._say(b"S" + message)
        return True
