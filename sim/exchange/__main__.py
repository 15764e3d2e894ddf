"""``python -m sim.exchange``: the simulated exchange in real time, for cards and relays on a network."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from sim.exchange.live import LiveExchange
from sim.exchange.multicast import FeedSettings, MulticastFeed
from sim.exchange.settings import venue_of
from sim.sessions.binaryfile import read_messages
from sim.sessions.make import make_messages

__all__ = ["main"]

#: Where the password of the order session is, unless a file has it.
PASSWORD_VARIABLE = "PENNYWIRE_SESSION_PASSWORD"


def _password(file: Path | None) -> str:
    if file is not None:
        return file.read_text(encoding="ascii").strip()
    password = os.environ.get(PASSWORD_VARIABLE)
    if not password:
        raise typer.BadParameter(f"set {PASSWORD_VARIABLE} or give --password-file: the order session needs a password")
    return password


def _settings(words: list[str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            settings[name] = json.loads(value)
        except json.JSONDecodeError:
            settings[name] = value
    return settings


def main(
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Order session: OUCH 5.0 over SoupBinTCP.")
    ] = "127.0.0.1:0",
    session: Annotated[Path | None, typer.Option(help="A BinaryFILE session; without: one is made.")] = None,
    seed: Annotated[int, typer.Option(help="Of the made session.", min=0)] = 1,
    messages: Annotated[int, typer.Option(help="Of the made session, at least.", min=1000)] = 220_000,
    regime: Annotated[str, typer.Option(help="Of the made session.")] = "calm",
    name: Annotated[str, typer.Option(help="Name of the order session.")] = "PW1",
    user: Annotated[str, typer.Option(help="Who may log in.")] = "user1",
    password_file: Annotated[Path | None, typer.Option(help=f"Its password; otherwise {PASSWORD_VARIABLE}.")] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="GROUP:PORT", help="Publish as MoldUDP64 there; without: no feed.")
    ] = None,
    feed_session: Annotated[str, typer.Option(help="MoldUDP64 session.")] = "PW00000001",
    interface: Annotated[str | None, typer.Option(metavar="IPV4", help="Interface by which multicast leaves.")] = None,
    ttl: Annotated[int, typer.Option(help="Networks that multicast may cross.")] = 1,
    requests: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where requests for missing messages are heard.")
    ] = None,
    packets_per_second: Annotated[float, typer.Option(help="Pace of the feed at most.")] = 10_000.0,
    speed: Annotated[float, typer.Option(help="Exchange seconds a second.")] = 1.0,
    longest_gap: Annotated[float, typer.Option(help="Longest silence of the session, in exchange seconds.")] = 1.0,
    start: Annotated[str, typer.Option(help="When the session begins: login or now.")] = "login",
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Setting of the exchange; again for more.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="Write the exchange's log there at the end.")] = None,
) -> None:
    """Run the exchange until SIGTERM; say ``exchange ready`` with its addresses, and ``session over``."""
    if start not in ("login", "now"):
        raise typer.BadParameter(f"--start is {start!r}; it must be login or now")
    # Latency is what the network has; the venue adds what it is told to.
    chosen = {"latency_in": 0, "latency_out": 0, **_settings(setting or [])}
    publisher = None
    try:
        venue = venue_of(chosen)
        told = read_messages(session) if session is not None else make_messages(seed, messages, regime).messages
        if feed is not None:
            publisher = MulticastFeed(
                FeedSettings(
                    feed, feed_session, interface, ttl, packets_per_second=packets_per_second, requests=requests
                )
            )
        exchange = LiveExchange(
            told,
            venue,
            name,
            user,
            _password(password_file),
            address=listen,
            feed=publisher,
            speed=speed,
            longest_gap_seconds=longest_gap,
            start_on_login=start == "login",
        )
    except (ValueError, OSError) as error:
        print(f"exchange: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    with exchange:
        _serve(exchange, publisher)
    if publisher is not None:
        publisher.close()
    if log is not None:
        venue.log.write(log)


def _serve(exchange: LiveExchange, publisher: MulticastFeed | None) -> None:
    """Run in a thread of its own, so that a signal finds this one waiting."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    runner = threading.Thread(target=_run, args=(exchange, stopped), name="exchange")
    runner.start()
    where = "" if publisher is None else f" feed {publisher.settings.group}"
    if publisher is not None and publisher.requests_at is not None:
        where += f" requests {publisher.requests_at}"
    print(f"exchange ready: orders {exchange.server.address}{where}", flush=True)
    over = False
    while not stopped.wait(0.1):
        if exchange.over and not over:
            over = True
            print("session over", flush=True)
    exchange.stop()
    runner.join()


def _run(exchange: LiveExchange, stopped: threading.Event) -> None:
    try:
        exchange.run()
    finally:
        stopped.set()


if __name__ == "__main__":
    typer.run(main)
