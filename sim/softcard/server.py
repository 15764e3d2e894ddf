"""The soft card: a verilated card behind two Unix sockets, and a UDP socket or a network interface if wanted."""

import contextlib
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

from sim.softcard import link, protocol
from sim.softcard.link import LinkClient
from sim.softcard.protocol import ErrorCode, Kind, ProtocolError
from sim.softcard.relay_desk import RelayDesk
from sim.softcard.udp import UdpLink
from sim.softcard.wire import TICK_SECONDS, Wire
from sim.verilated.batch import ArrivalBatch
from sim.verilated.model import CardBusyError, CardModel

__all__ = ["BOUNDARY_SECONDS", "RELAY_SECONDS", "SLOW_SECONDS", "SoftCard", "SoftCardStartError"]

#: How long a boundary waits for the host's lease, in seconds.
BOUNDARY_SECONDS = 30.0
#: How long a client may take nothing of what it is sent, in seconds.
SLOW_SECONDS = 10.0
#: How long the relay that holds the order session may say nothing, in seconds.
RELAY_SECONDS = 2.0
#: Longest path of a Unix socket.
_PATH_BYTES = 107


class SoftCardStartError(RuntimeError):
    """The soft card could not take its sockets; the message says why and what to do."""


class SoftCard:
    """Serves hosts on ``link.sock`` and on UDP, and one player on ``market.sock``, in one thread.

    With a wire there is no player: the interface is the market, the wall clock grants the time, and ``market.sock``
    turns whoever comes away.

    Requests of hosts take effect between two stretches of play, with card time standing still, and only while nothing
    moves in the card: so it makes no difference to a session when and how often a host asks. A stretch of play starts
    when every subscriber has been sent what came before it.

    Parameters
    ----------
    model : CardModel
        The card; the caller closes it.
    directory : Path
        Where the sockets are made; they are removed by :meth:`close`.
    udp : UdpLink, optional
        A socket for hosts on a network; :meth:`close` closes it. Events sent there may be lost: nobody is waited for.
    wire : Wire, optional
        The interface that the card hears and sends on; the caller closes it.
    boundary_seconds, slow_seconds, relay_seconds : float
        See :data:`BOUNDARY_SECONDS`, :data:`SLOW_SECONDS` and :data:`RELAY_SECONDS`.

    Raises
    ------
    SoftCardStartError
        A socket's path is too long, or another soft card listens there.
    """

    def __init__(
        self,
        model: CardModel,
        directory: Path,
        *,
        udp: UdpLink | None = None,
        wire: Wire | None = None,
        boundary_seconds: float = BOUNDARY_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        relay_seconds: float = RELAY_SECONDS,
    ) -> None:
        self._model = model
        self._udp, self._wire = udp, wire
        self._relay = RelayDesk(model, self._send_relayed, relay_seconds)
        self._boundary_seconds = boundary_seconds
        self._slow_seconds = slow_seconds
        self._clients: list[LinkClient] = []
        self._made = 0
        self._player: socket.socket | None = None
        self._reader = protocol.Reader()
        self._request: tuple[Kind, memoryview] | None = None
        self._boundary_until: float | None = None
        self._stopping = False
        self._paths: list[Path] = []
        self._link = self._listen(directory / "link.sock", socket.SOCK_SEQPACKET)
        try:
            self._market = self._listen(directory / "market.sock", socket.SOCK_STREAM)
        except SoftCardStartError:
            self._link.close()
            self._paths.pop().unlink()
            raise
        self._waker, self._wake = socket.socketpair()
        self._waker.setblocking(False)
        self._wake.setblocking(False)

    def _listen(self, path: Path, kind: int) -> socket.socket:
        if len(str(path).encode()) > _PATH_BYTES:
            raise SoftCardStartError(f"{path} is longer than a Unix socket's path may be: choose a shorter --dir")
        sock = socket.socket(socket.AF_UNIX, kind)
        if path.exists():
            try:
                sock.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()  # left behind by a process that was killed
            except OSError as error:
                raise SoftCardStartError(f"{path} is there and is not a soft card's socket: {error}") from error
            else:
                sock.close()
                raise SoftCardStartError(f"another soft card listens at {path}: stop it or choose another --dir")
            sock.close()
            sock = socket.socket(socket.AF_UNIX, kind)
        sock.bind(str(path))
        path.chmod(0o600)
        self._paths.append(path)
        sock.listen()
        sock.setblocking(False)
        return sock

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end :meth:`serve` after the request in hand."""

        def stop(number: int, frame: FrameType | None) -> None:
            self._stopping = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        signal.set_wakeup_fd(self._wake.fileno())

    def close(self) -> None:
        """Close every socket and remove the paths."""
        for client in self._clients:
            client.socket.close()
        network = None if self._udp is None else self._udp.socket
        for sock in (self._player, self._link, self._market, self._waker, self._wake, network):
            if sock is not None:
                sock.close()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def serve(self) -> None:
        """Serve until a signal.

        Raises
        ------
        CardBusyError
            The card does not come to rest: it is of no more use. The player has been told.
        """
        while not self._stopping:
            for sock in self._wait():
                self._serve_socket(sock)
            if self._model.idle and self._relay.look_at_the_clock():
                self._pass_events()
            self._flush()
            if self._wire is None:
                self._serve_player()
            else:
                self._serve_wire(self._wire)

    def _serve_wire(self, wire: Wire) -> None:
        """Let the wire play, once every subscriber has been sent what came before."""
        if any(client.waiting for client in self._clients):
            return
        wire.turn()
        self._pass_events()

    def _wait(self) -> list[socket.socket]:
        """Give the sockets that want something."""
        hosts_served = self._model.idle
        timeout = None if self._wire is None else TICK_SECONDS
        with selectors.DefaultSelector() as selector:
            for sock in (self._link, self._market, self._waker):
                selector.register(sock, selectors.EVENT_READ)
            if self._wire is not None:
                selector.register(self._wire.interface.waker, selectors.EVENT_READ)
            if self._udp is not None and hosts_served:
                selector.register(self._udp.socket, selectors.EVENT_READ)
            for client in self._clients:
                # Who does not take what he is sent is not heard until he has: so nothing piles up.
                events = selectors.EVENT_WRITE if client.waiting else selectors.EVENT_READ if hosts_served else 0
                if events:
                    selector.register(client.socket, events)
                if client.waiting:
                    left = max(0.0, self._slow_seconds - client.stuck_for())
                    timeout = left if timeout is None else min(timeout, left)
            if self._player is not None and (self._request is None or self._boundary_until is not None):
                selector.register(self._player, selectors.EVENT_READ)
            relay_left = self._relay.seconds_left() if hosts_served else None
            boundary_left = None
            if self._boundary_until is not None:
                boundary_left = max(0.0, self._boundary_until - time.monotonic())
            timeout = min((t for t in (timeout, relay_left, boundary_left) if t is not None), default=None)
            ready = [key.fileobj for key, _ in selector.select(timeout)]
        return [sock for sock in ready if isinstance(sock, socket.socket)]

    def _serve_socket(self, sock: socket.socket) -> None:
        if sock is self._waker:
            with contextlib.suppress(BlockingIOError):
                self._waker.recv(4096)
        elif sock is self._link:
            self._made += 1
            self._clients.append(LinkClient(self._link.accept()[0], self._made))
        elif sock is self._market:
            self._welcome(self._market.accept()[0])
        elif sock is self._player:
            self._hear_player()
        elif self._udp is not None and sock is self._udp.socket:
            self._answer_udp(self._udp)
        elif self._wire is not None and sock is self._wire.interface.waker:
            pass  # it has its turn every round
        else:
            for client in [c for c in self._clients if c.socket is sock and not c.waiting]:
                self._answer(client)

    def _answer(self, client: LinkClient) -> None:
        request = client.receive()
        if request is None:
            self._drop(client)
        elif link.is_subscribe(request):
            answer, good = link.subscribed(request)
            client.queue([answer])
            client.subscribed |= good
        elif link.is_relay(request):
            self._relay.request(client, request)
            self._pass_events()
        elif request:
            answer = self._model.host(request)
            if answer:
                client.queue([answer])
            self._after(request, answer)

    def _answer_udp(self, udp: UdpLink) -> None:
        received = udp.receive()
        if received is None:
            return
        request, sender = received
        if link.is_subscribe(request):
            udp.subscribe(request, sender)
            return
        if link.is_relay(request):
            self._relay.request(sender, request)
            self._pass_events()
            return
        known = udp.hosts.admit(sender, request)
        if known is not None:
            udp.send(known, sender)
            return
        answer = self._model.host(request)
        udp.hosts.remember(sender, request, answer)
        udp.send(answer, sender)
        self._after(request, answer)

    def _after(self, request: bytes, answer: bytes) -> None:
        self._pass_events()
        if self._boundary_until is not None and link.renews_lease(request, answer):
            self._end_boundary()

    def _send_relayed(self, owner: object, datagram: bytes) -> None:
        if isinstance(owner, LinkClient):
            owner.queue([datagram])
        elif self._udp is not None:
            self._udp.send(datagram, owner)

    def _drop(self, client: LinkClient) -> None:
        client.socket.close()
        self._clients.remove(client)
        self._relay.gone(client)

    def _pass_events(self) -> None:
        """Send what the card has said by itself: its orders to the relay, its events to subscribers."""
        self._relay.pass_messages()
        single = self._model.event_datagrams()
        if self._udp is not None:
            self._udp.publish(single)
        datagrams = link.event_datagrams(single)
        for client in self._clients:
            if client.subscribed:
                client.queue(datagrams)

    def _flush(self) -> None:
        for client in list(self._clients):
            if not client.flush():
                self._drop(client)
            elif client.stuck_for() >= self._slow_seconds:
                print(
                    f"soft card: host {client.number} took nothing for {self._slow_seconds:g} s and was hung up on",
                    file=sys.stderr,
                    flush=True,
                )
                self._drop(client)

    def _welcome(self, player: socket.socket) -> None:
        if self._player is not None or self._wire is not None:
            hears = "another player holds this card" if self._wire is None else "this card hears a network interface"
            self._tell(player, ErrorCode.OTHER, hears)
            player.close()
            return
        self._player = player
        self._reader = protocol.Reader()

    def _hear_player(self) -> None:
        assert self._player is not None
        try:
            received = self._player.recv(1 << 20)
            if received:
                self._reader.feed(received)
                self._request = self._request or self._reader.next()
                return
        except ProtocolError as error:
            self._tell(self._player, ErrorCode.OTHER, str(error))
        except OSError:
            received = b""
        self._part()

    def _part(self) -> None:
        """Let the player go. What an order had interrupted comes to rest, so that hosts are served again."""
        assert self._player is not None
        self._player.close()
        self._player = self._request = self._boundary_until = None
        self._model.come_to_rest()
        self._pass_events()

    def _serve_player(self) -> None:
        if self._boundary_until is not None and time.monotonic() >= self._boundary_until:
            self._boundary_until = None
            self._reply_error(ErrorCode.TIMEOUT, f"no host wrote control.lease within {self._boundary_seconds:g} s")
        if self._player is None or self._request is None or any(c.waiting for c in self._clients):
            return
        if self._boundary_until is not None:
            return
        kind, body = self._request
        try:
            if kind is Kind.PLAY:
                self._play(body)
            elif kind is Kind.BOUNDARY:
                self._mark(body)
            else:
                raise ProtocolError(f"{kind.name} is not a request")
        except (ProtocolError, ValueError) as error:
            self._reply_error(ErrorCode.OTHER, str(error))
        except CardBusyError as error:
            self._reply_error(ErrorCode.OTHER, str(error))
            raise

    def _play(self, body: memoryview) -> None:
        if len(body) < protocol.PLAY.size:
            raise ProtocolError(f"PLAY of {len(body)} bytes is too short")
        until, stop_on_order, count = protocol.PLAY.unpack_from(body)
        self._model.queue(ArrivalBatch.unpack(count, body[protocol.PLAY.size :]))
        played = self._model.play([], until, stop_on_order=bool(stop_on_order))
        self._pass_events()
        self._reply(Kind.PLAYED, protocol.pack_played(played, self._model.cycles))

    def _mark(self, body: memoryview) -> None:
        if len(body) != protocol.BOUNDARY.size:
            raise ProtocolError(f"BOUNDARY has {protocol.BOUNDARY.size} bytes of fields, not {len(body)}")
        token, wait_for_host = protocol.BOUNDARY.unpack(body)
        self._model.come_to_rest()
        self._model.boundary(token, wait_for_host=False)
        self._pass_events()
        if wait_for_host:
            self._boundary_until = time.monotonic() + self._boundary_seconds
        else:
            self._end_boundary()

    def _end_boundary(self) -> None:
        self._boundary_until = None
        self._reply(Kind.BOUNDARY_DONE, b"")

    def _reply(self, kind: Kind, fields: bytes) -> None:
        """Answer the request in hand, and take up the next one if it has come already."""
        self._request = None
        if self._player is None:
            return
        try:
            protocol.send(self._player, kind, fields)
            self._request = self._reader.next()
        except ProtocolError as error:
            self._tell(self._player, ErrorCode.OTHER, str(error))
            self._part()
        except OSError:
            self._part()

    def _reply_error(self, code: ErrorCode, text: str) -> None:
        self._reply(Kind.ERROR, bytes((code,)) + text.encode())

    @staticmethod
    def _tell(player: socket.socket, code: ErrorCode, text: str) -> None:
        with contextlib.suppress(OSError):  # he has gone: there is nobody to tell
            protocol.send(player, Kind.ERROR, bytes((code,)) + text.encode())
