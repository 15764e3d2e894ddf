"""``pennywire web``: the page's process, a client of the service at its sockets."""

import asyncio
import socket
import sys
from pathlib import Path

import grpc
import uvicorn

from controlplane.service.certificates import CertificateError
from controlplane.service.remote import open_channel, remote_service
from controlplane.web.feed import PageFeed
from controlplane.web.page import make_page
from controlplane.web.writes import PageWrites

__all__ = ["run_page"]

_HOST = "127.0.0.1"
#: Seconds that streams may take to end when the process is told to stop: they never end by themselves.
_GRACE = 1


def _operator(directory: Path) -> grpc.aio.Channel | None:
    """Give a channel as an operator, where this process may have one."""
    try:
        remote_service(["operator"])
    except CertificateError:
        return None
    return open_channel(directory, ["operator"])


async def _serve(directory: Path, bound: socket.socket, read_only: bool) -> None:
    port = bound.getsockname()[1]
    viewer = open_channel(directory, ["viewer", "operator"])
    operator = None if read_only else _operator(directory)
    feed = PageFeed(viewer, directory)
    page = make_page(feed, PageWrites(viewer, operator), port)
    config = uvicorn.Config(
        page,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    print(f"the page is at http://{_HOST}:{port}/; `pennywire web login` prints a code to log in with", flush=True)
    server, feeding = uvicorn.Server(config), asyncio.create_task(feed.run())
    # It never ends by itself: if it breaks, the page ends with it and says why, and shows nothing that is old.
    feeding.add_done_callback(lambda _feeding: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[bound])
        if feeding.done():
            feeding.result()
    finally:
        feeding.cancel()
        await viewer.close()
        if operator is not None:
            await operator.close()


def run_page(directory: Path, port: int, *, read_only: bool) -> int:
    """Serve the page until a signal.

    Parameters
    ----------
    directory : Path
        Folder of the service's sockets.
    port : int
        Port of the loopback address; 0: any that is free, said on standard output.
    read_only : bool
        Never act as an operator, whoever logs in.

    Returns
    -------
    int
        Exit status: 0 after a signal, 2 when the port or the certificates cannot be had.
    """
    try:
        with socket.create_server((_HOST, port)) as bound:
            asyncio.run(_serve(directory, bound, read_only))
    except (OSError, CertificateError) as error:
        print(f"pennywire web: cannot serve on {_HOST}:{port}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass  # uvicorn hands the signal on once it has stopped
    return 0
