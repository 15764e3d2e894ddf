"""``pennywire serve``: one process that holds the card and answers on one socket a role.

Order of start: configuration, lock on the folder, card, subscription, configuration of the card, first lease, sockets.
On SIGTERM or SIGINT the heartbeat stops first; the card is neither disarmed nor killed by that, and kills itself when
its lease runs out.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from controlplane.card.device import Device, DeviceError
from controlplane.config.load import ConfigError, envelope_digest, load_config
from controlplane.config.models import ServiceConfig
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.card_link import CardDevice, CardLink
from controlplane.service.card_rpc import CardRpc, LeaseRpc
from controlplane.service.confirmation_rpc import ConfirmationRpc
from controlplane.service.confirmations import Confirmations
from controlplane.service.control_rpc import RiskRpc, StrategyRpc
from controlplane.service.heartbeat import Heartbeat
from controlplane.service.lease import WriterLease
from controlplane.service.reader import EventReader
from controlplane.service.refusal import RefusedError
from controlplane.service.report_rpc import AuditRpc, PerformanceRpc
from controlplane.service.restart import say_differences
from controlplane.service.roles import RoleInterceptor
from controlplane.service.startup import StartupError, configure_card
from controlplane.service.state import ServiceState
from controlplane.service.writes import WritePath
from controlplane.store.audit import AuditLog, anchor_of
from controlplane.store.audit_check import check_audit
from controlplane.store.event_log import EventLog
from controlplane.store.ledger import Ledger

__all__ = ["SOCKETS", "ControlService", "serve"]

#: Socket of each role, in the service's folder.
SOCKETS = {pb.ROLE_OPERATOR: "operator.sock", pb.ROLE_AGENT: "agent.sock", pb.ROLE_VIEWER: "viewer.sock"}
#: A Unix socket's path may not be longer.
_MOST_PATH = 107
#: Seconds that calls under way may take when the service stops.
_GRACE = 2.0


class ControlService:
    """The service around one open card.

    Parameters
    ----------
    device : CardDevice
        An open card whose events were subscribed to.
    config : ServiceConfig
        The checked configuration.
    directory : Path
        Folder of the sockets and the stores.
    """

    def __init__(self, device: CardDevice, config: ServiceConfig, directory: Path) -> None:
        self._log = structlog.get_logger()
        self._directory = directory
        self._device = device
        self._audit = AuditLog(directory / "pennywire.sqlite", envelope_digest(config))
        self._events = EventLog(directory / "events.sqlite")
        link, lease = CardLink(device), WriterLease(self._audit.next_lease_epoch)
        ledger = Ledger([symbol.name for symbol in config.symbols], config.fees)
        writes = WritePath(link, lease, self._audit, Confirmations(config.confirmation_seconds))
        self.state = ServiceState(link, config, lease, writes, ledger, self._audit)
        self.heartbeat = Heartbeat(link, config.heartbeat, lambda: self.reader.is_alive())
        loop = asyncio.get_running_loop()
        self.reader = EventReader(
            device,
            ledger,
            self._events,
            lambda token: self._from_thread(loop, self.heartbeat.mark_heard, token),
            lambda words: self._from_thread(loop, self._stream_ended, words),
        )
        self._health = HealthServicer()
        self._servers: list[grpc.aio.Server] = []
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
            self._health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        )

    async def start(self) -> None:
        """Set the card up, start to listen to it, and open the sockets.

        Raises
        ------
        StartupError, RefusedError
            The card cannot be used as configured.
        """
        differences = await say_differences(self.state.link, self._audit)
        if differences:
            self._log.warning("card_differs", settings=len(differences), words="; ".join(differences))
        for symbol, words in (await configure_card(self.state.link, self.state.config, self._audit)).items():
            self._log.warning("symbol_not_enabled", symbol=symbol, words="; ".join(words))
        self.reader.start()
        await self.heartbeat.vouch()
        self._renewing = asyncio.get_running_loop().create_task(self.heartbeat.run())
        for role, name in SOCKETS.items():
            server = self._server(role)
            path = self._directory / name
            with _private_files():
                path.unlink(missing_ok=True)
                server.add_insecure_port(f"unix:{path.absolute()}")
            await server.start()
            path.chmod(0o600)
            self._servers.append(server)
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    def _server(self, role: int) -> grpc.aio.Server:
        server = grpc.aio.server(interceptors=[RoleInterceptor(lambda _context: role, self.state.writes.note_refusal)])
        rpc.add_LeaseServiceServicer_to_server(LeaseRpc(self.state), server)
        rpc.add_CardServiceServicer_to_server(CardRpc(self.state, self.heartbeat), server)
        rpc.add_StrategyServiceServicer_to_server(StrategyRpc(self.state), server)
        rpc.add_RiskServiceServicer_to_server(RiskRpc(self.state), server)
        rpc.add_PerformanceServiceServicer_to_server(PerformanceRpc(self.state), server)
        rpc.add_AuditServiceServicer_to_server(AuditRpc(self.state), server)
        rpc.add_ConfirmationServiceServicer_to_server(ConfirmationRpc(self.state), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = [service.full_name for service in pb.DESCRIPTOR.services_by_name.values()]
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
        return server

    async def stop(self) -> None:
        """Stop the heartbeat, finish calls under way, close the stores. The card's state is left as it is."""
        if self._renewing:
            self._renewing.cancel()
        self.reader.stop()
        await asyncio.gather(*(server.stop(_GRACE) for server in self._servers))
        for name in SOCKETS.values():
            (self._directory / name).unlink(missing_ok=True)
        if self.reader.ident is not None:
            await asyncio.to_thread(self.reader.join)
        self.state.link.close()
        self._events.close()
        self._audit.close()


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    """Make files that nobody else may open, from their first moment on."""
    before = os.umask(0o177)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def _own_folder(directory: Path) -> Iterator[None]:
    """Hold the folder for this process alone, while it lives."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    longest = max(len(os.fsencode((directory / name).absolute())) for name in SOCKETS.values())
    if longest > _MOST_PATH:
        raise StartupError(f"{directory} is too long for a Unix socket ({longest} bytes, at most {_MOST_PATH})")
    with (directory / "service.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartupError(f"another service runs in {directory}: stop it, or give another --dir") from error
        yield


def _check_audit(directory: Path) -> None:
    """Refuse to write behind an audit log that is not what was written: the next row's anchor would hide a cut end."""
    path = directory / "pennywire.sqlite"
    if path.exists() and (found := check_audit(path).found):
        raise StartupError(
            f"the audit log {path} is not what was written: {found}. Keep it and {anchor_of(path).name} as evidence: "
            "move both out of the folder, and start again with a new log"
        )


async def _run(device: CardDevice, config: ServiceConfig, directory: Path) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = ControlService(device, config, directory)
    try:
        await service.start()
        print(f"serving {directory}: {', '.join(SOCKETS.values())}", flush=True)
        await stop.wait()
        structlog.get_logger().info(
            "stopping", words="the heartbeat stops; the card keeps its state until its lease ends"
        )
    finally:
        await service.stop()


def serve(url: str, config_file: Path, directory: Path) -> int:
    """Run the service until a signal.

    Parameters
    ----------
    url : str
        Device address as the driver takes it, for example ``unix:build/run/link.sock``.
    config_file : Path
        The configuration.
    directory : Path
        Folder for the sockets and the stores.

    Returns
    -------
    int
        Exit status: 0 after a signal, 2 when it could not start.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        config = load_config(config_file)
        with _own_folder(directory), Device.open(url) as device:
            _check_audit(directory)
            device.subscribe()
            asyncio.run(_run(device, config, directory))
    except (ConfigError, StartupError, DeviceError, RefusedError, sqlite3.Error, OSError) as error:
        print(f"pennywire serve: {error}", file=sys.stderr)
        return 2
    return 0
