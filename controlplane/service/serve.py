"""``pennywire serve``: one process that holds the card and answers on one socket a role.

Order of start: configuration, lock on the folder, card, its settings, the day so far, events, first lease, sockets.
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

import structlog

from controlplane.card.device import Device, DeviceError
from controlplane.config.load import ConfigError, load_config
from controlplane.config.models import ServiceConfig
from controlplane.service.card_link import CardDevice
from controlplane.service.certificates import CertificateError
from controlplane.service.control_service import SOCKETS, ControlService, Listen
from controlplane.service.refusal import RefusedError
from controlplane.service.startup import StartupError
from controlplane.service.watchdog import Watchdog
from controlplane.store.audit import AuditError, anchor_of
from controlplane.store.audit_check import check_audit

__all__ = ["serve"]

#: A Unix socket's path may not be longer.
_MOST_PATH = 107


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


def _configure_log(json_log: bool) -> None:
    """Log to standard error, for people, or one JSON object a line with its time in UTC."""
    for_programs: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ]
    factory = structlog.PrintLoggerFactory(sys.stderr)
    if json_log:
        structlog.configure(processors=for_programs, logger_factory=factory)
    else:
        structlog.configure(logger_factory=factory)


def _check_audit(directory: Path) -> None:
    """Refuse to write behind an audit log that is not what was written: the next row's anchor would hide a cut end."""
    path = directory / "pennywire.sqlite"
    if path.exists() and (found := check_audit(path).found):
        raise StartupError(
            f"the audit log {path} is not what was written: {found}. Keep it and {anchor_of(path).name} as evidence: "
            "move both out of the folder, and start again with a new log"
        )


async def _run(
    device: CardDevice, config: ServiceConfig, directory: Path, listen: Listen | None, metrics: str, fresh: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    service = ControlService(device, config, directory, listen, metrics, fresh)
    watchdog = Watchdog(service.reader.is_alive)
    try:
        await service.start()
        port = f", TLS port {service.port}" if listen else ""
        port += f", metrics port {service.metrics.port}" if service.metrics else ""
        print(f"serving {directory}: {', '.join(SOCKETS.values())}{port}", flush=True)
        watchdog.say("READY=1")
        saying = loop.create_task(watchdog.run())
        await stop.wait()
        saying.cancel()
        watchdog.say("STOPPING=1")
        structlog.get_logger().info(
            "stopping", words="the heartbeat stops; the card keeps its state until its lease ends"
        )
    finally:
        await service.stop()


def serve(
    url: str,
    config_file: Path,
    directory: Path,
    listen: Listen | None = None,
    metrics: str = "",
    *,
    fresh: bool = False,
    json_log: bool = False,
) -> int:
    """Run the service until a signal.

    Parameters
    ----------
    url : str
        Device address as the driver takes it, for example ``unix:build/run/link.sock``.
    config_file : Path
        The configuration.
    directory : Path
        Folder for the sockets and the stores.
    listen : Listen, optional
        A TCP port with mutual TLS to serve on besides the sockets.
    metrics : str
        Loopback HOST:PORT to serve metrics on; empty: none.
    fresh : bool
        Take up no setting of earlier starts.
    json_log : bool
        Log one JSON object a line.

    Returns
    -------
    int
        Exit status: 0 after a signal, 2 when it could not start.
    """
    _configure_log(json_log)
    try:
        config = load_config(config_file)
        with _own_folder(directory), Device.open(url) as device:
            _check_audit(directory)
            asyncio.run(_run(device, config, directory, listen, metrics, fresh))
    except (
        ConfigError,
        CertificateError,
        StartupError,
        DeviceError,
        RefusedError,
        AuditError,
        sqlite3.Error,
        OSError,
    ) as error:
        print(f"pennywire serve: {error}", file=sys.stderr)
        return 2
    return 0
