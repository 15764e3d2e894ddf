"""The service around one open card: its parts, its order of start, and its sockets and port."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection
from prometheus_client import CollectorRegistry

from controlplane.config.load import envelope_digest
from controlplane.config.models import ServiceConfig
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.card_link import CardDevice, CardLink
from controlplane.service.card_rpc import CardRpc, LeaseRpc
from controlplane.service.confirmation_rpc import ConfirmationRpc
from controlplane.service.confirmations import Confirmations
from controlplane.service.control_rpc import RiskRpc, StrategyRpc
from controlplane.service.fields import unpack
from controlplane.service.heartbeat import Heartbeat
from controlplane.service.lease import WriterLease
from controlplane.service.login_rpc import LoginRpc
from controlplane.service.market_rpc import MarketRpc
from controlplane.service.market_view import MarketView
from controlplane.service.metrics import CallTimes, MetricsServer, ServiceCollector
from controlplane.service.reader import EventReader
from controlplane.service.report_rpc import AuditRpc, PerformanceRpc
from controlplane.service.restart import say_differences
from controlplane.service.roles import RoleInterceptor
from controlplane.service.startup import StartupError, configure_card
from controlplane.service.state import ServiceState
from controlplane.service.tls import role_by_certificate, server_credentials
from controlplane.service.writes import WritePath
from controlplane.store.audit import AuditLog
from controlplane.store.journal import Journal
from controlplane.store.ledger import Ledger

__all__ = ["SOCKETS", "ControlService", "Listen"]

#: Socket of each role, in the service's folder.
SOCKETS = {pb.ROLE_OPERATOR: "operator.sock", pb.ROLE_AGENT: "agent.sock", pb.ROLE_VIEWER: "viewer.sock"}
#: Seconds that calls under way may take when the service stops.
_GRACE = 2.0
#: Of the control API, by full name.
_SERVICES = tuple(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())

_RoleOf = Callable[[grpc.aio.ServicerContext], int]


@dataclass(frozen=True, slots=True)
class Listen:
    """A TCP port, always with mutual TLS: ``HOST:PORT``, and the folder of the certificates."""

    address: str
    certificates: Path


class ControlService:
    """The service around one open card.

    Parameters
    ----------
    device : CardDevice
        An open card.
    config : ServiceConfig
        The checked configuration.
    directory : Path
        Folder of the sockets and the stores.
    listen : Listen, optional
        A TCP port to serve on besides the sockets.
    metrics : str
        Loopback HOST:PORT to serve metrics on; empty: none.
    fresh : bool
        Take up no setting of earlier starts: limits at zero, modules off, thresholds as the file has them.
    clock : callable
        Monotonic seconds, by which the writer's lease and the requests to a person run out.
    """

    def __init__(
        self,
        device: CardDevice,
        config: ServiceConfig,
        directory: Path,
        listen: Listen | None = None,
        metrics: str = "",
        fresh: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics_address = metrics
        self._fresh = fresh
        self._log = structlog.get_logger()
        self._directory = directory
        self._device = device
        self._audit = AuditLog(directory / "pennywire.sqlite", envelope_digest(config))
        link = CardLink(device)
        lease = WriterLease(lambda: asyncio.wrap_future(self._audit.next_lease_epoch()), clock)
        ledger = Ledger([symbol.name for symbol in config.symbols], config.fees)
        writes = WritePath(link, lease, self._audit, Confirmations(config.confirmation_seconds, clock))
        self.state = ServiceState(link, config, lease, writes, ledger, self._audit)
        # One for all sockets: a code is made at one and spent at another.
        self._logins = LoginRpc(self.state, clock)
        self.heartbeat = Heartbeat(link, config.heartbeat, lambda: self.reader.is_alive())
        loop = asyncio.get_running_loop()
        self.market = MarketView(config.symbols, loop)
        self.journal = Journal(directory / "events.sqlite", ledger, self.market)
        self.reader = EventReader(
            device,
            self.journal,
            lambda token: self._from_thread(loop, self.heartbeat.mark_heard, token),
            lambda words: self._from_thread(loop, self._stream_ended, words),
        )
        self._registry = CollectorRegistry()
        self._calls = CallTimes(self._registry)
        self._registry.register(ServiceCollector(self.state, self.market, loop))
        self.metrics: MetricsServer | None = None
        self._health = HealthServicer()
        self._servers: list[grpc.aio.Server] = []
        self._listen = listen
        #: Number of the TCP port once it is open; 0: none.
        self.port = 0
        self._renewing: asyncio.Task[None] | None = None
        self._unhealthy: asyncio.Task[None] | None = None

    @staticmethod
    def _from_thread(loop: asyncio.AbstractEventLoop, call, argument) -> None:  # noqa: ANN001
        # The loop may be gone while the service stops: then nobody is left who should hear of it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(call, argument)

    def _stream_ended(self, words: str) -> None:
        self._log.error("not_serving", words=f"the event stream ended: {words}; the lease is not renewed any more")
        self._unhealthy = asyncio.get_running_loop().create_task(
            self._tell_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        )

    async def _tell_health(self, status: "health_pb2.HealthCheckResponse.ServingStatus.ValueType") -> None:
        """Tell it of the whole, whose name is empty, and of each service: clients ask for either."""
        for name in ("", *_SERVICES):
            await self._health.set(name, status)

    async def start(self) -> None:
        """Set the card up, start to listen to it, and open the sockets.

        Raises
        ------
        StartupError, RefusedError
            The card cannot be used as configured, or the TCP port cannot be opened.
        CertificateError
            The certificates of the TCP port cannot be read.
        """
        # Before the card is touched: without its certificates nothing starts.
        credentials = server_credentials(self._listen.certificates) if self._listen else None
        if self._metrics_address:
            self.metrics = MetricsServer(self._metrics_address, self._registry)
        committed, differences = await say_differences(self.state.link, self._audit)
        if differences:
            self._log.warning("card_differs", settings=len(differences), words="; ".join(differences))
        taken = await configure_card(self.state.link, self.state.config, self._audit, {} if self._fresh else committed)
        self.state.writes.held.update(taken.held)
        if taken.held or taken.dropped:
            held = f"{', '.join(taken.held)} would be bolder than found: `pennywire resume` takes them up"
            words = "; ".join([*([held] if taken.held else []), *taken.dropped])
            self._log.warning("settings_not_taken_up", held=len(taken.held), dropped=len(taken.dropped), words=words)
        for symbol in self.state.config.symbols:
            if symbol.failures():
                self._log.warning("symbol_not_enabled", symbol=symbol.name, words="; ".join(symbol.failures()))
        # Before the card's records come: reading the day back may take longer than they can wait.
        records = await asyncio.to_thread(self.journal.read_back)
        if records:
            self._log.info("day_read_back", records=records)
        await self.state.link.subscribe()
        # What a record of before says of a state may be old by now; of every change from here on one comes.
        states = await self.state.link.read(self.state.slot_names("state"))
        for slot, (name, value) in enumerate(states.items()):
            self.market.set_stale(slot, bool(unpack(name, value)["stale"]))
        self.reader.start()
        await self.heartbeat.vouch()
        self._renewing = asyncio.get_running_loop().create_task(self.heartbeat.run())
        for role, name in SOCKETS.items():
            server = self._server(_always(role))
            path = self._directory / name
            with _private_files():
                path.unlink(missing_ok=True)
                server.add_insecure_port(f"unix:{path.absolute()}")
            await server.start()
            path.chmod(0o600)
            self._servers.append(server)
        if self._listen and credentials:
            await self._open_port(self._listen.address, credentials)
        await self._tell_health(health_pb2.HealthCheckResponse.SERVING)

    async def _open_port(self, address: str, credentials: grpc.ServerCredentials) -> None:
        server = self._server(role_by_certificate)
        try:
            self.port = server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise StartupError(f"cannot listen on {address}: {error}") from error
        await server.start()
        self._servers.append(server)

    def _server(self, role_of: _RoleOf) -> grpc.aio.Server:
        # Two services on one port would share the callers between them.
        alone = [("grpc.so_reuseport", 0)]
        judge = RoleInterceptor(role_of, self.state.writes.note_refusal, self._calls.count)
        server = grpc.aio.server(interceptors=[judge], options=alone)
        rpc.add_LeaseServiceServicer_to_server(LeaseRpc(self.state), server)
        rpc.add_CardServiceServicer_to_server(CardRpc(self.state, self.heartbeat), server)
        rpc.add_StrategyServiceServicer_to_server(StrategyRpc(self.state), server)
        rpc.add_RiskServiceServicer_to_server(RiskRpc(self.state), server)
        rpc.add_PerformanceServiceServicer_to_server(PerformanceRpc(self.state), server)
        rpc.add_MarketServiceServicer_to_server(MarketRpc(self.state, self.market), server)
        rpc.add_AuditServiceServicer_to_server(AuditRpc(self.state), server)
        rpc.add_ConfirmationServiceServicer_to_server(ConfirmationRpc(self.state), server)
        rpc.add_LoginServiceServicer_to_server(self._logins, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection([*_SERVICES, reflection.SERVICE_NAME], server)
        return server

    async def stop(self) -> None:
        """Stop the heartbeat, finish calls under way, close the stores. The card's state is left as it is."""
        if self._renewing:
            self._renewing.cancel()
        self.reader.stop()
        if self.metrics:
            # A scrape asks the card by this loop: it must go on meanwhile.
            await asyncio.to_thread(self.metrics.close)
        await asyncio.gather(*(server.stop(_GRACE) for server in self._servers))
        for name in SOCKETS.values():
            (self._directory / name).unlink(missing_ok=True)
        if self.reader.ident is not None:
            await asyncio.to_thread(self.reader.join)
        self.state.link.close()
        await asyncio.to_thread(self.journal.close)
        # Rows of calls that were cancelled may wait still: they are written before the end.
        await asyncio.to_thread(self._audit.close)


def _always(role: int) -> _RoleOf:
    """Give the role of everybody who comes by one socket."""
    return lambda _context: role


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """Make files that nobody else may open, from their first moment on."""
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)
