"""``pennywire card check``: the bring-up checklist, asked of a card, into one file."""

import contextlib
import sys
import urllib.parse
from pathlib import Path

from controlplane.bringup.check import check_card
from controlplane.bringup.checklist import PROGRAM_STEPS, Checklist
from controlplane.bringup.session import GROUP, PORT, UdpFeed, require_own, stored_session
from controlplane.card.device import Device
from controlplane.card.library import DeviceError

__all__ = ["run_check"]

#: Cycles between two packets at a soft card's market port.
_BETWEEN = 20_000


class _MarketFeed:
    """Plays packets at a soft card's market port, whose time it grants."""

    def __init__(self, market: Path) -> None:
        import ipaddress

        from sim.sessions.frames import FrameMaker
        from sim.softcard.client import MarketClient

        self._client = MarketClient(market)
        self._frames = FrameMaker(group=int(ipaddress.IPv4Address(GROUP)), port=PORT)

    def send(self, packet: bytes) -> None:
        """Let the card hear a packet, and let time go on until it has dealt with it."""
        from sim.card_port import Arrival, Port

        frame = self._frames.frame_of(packet, [])
        now = self._client.play([], 0).now
        self._client.play([Arrival(now + 1, Port.FEED, frame)], now + _BETWEEN, stop_on_order=False)

    def close(self) -> None:
        self._client.close()


def run_check(url: str, market: Path | None, out: Path, interface: str = "") -> int:
    """Ask a card, print the checklist, and write it.

    Parameters
    ----------
    url : str
        Of the card: ``udp:HOST``, or ``unix:PATH`` of a soft card.
    market : Path or None
        ``market.sock`` of a soft card whose time a player grants.
    out : Path
        The file a person sends back.
    interface : str
        Address of the host's interface that leads to the feed's port, where that is not the hosts'; or empty.

    Returns
    -------
    int
        Exit status: 0, or 1 where a step failed, or 2 where the session cannot be sent from ``interface``.
    """
    try:
        if interface:
            _require_use(interface, url, market)
    except ValueError as error:
        print(f"pennywire: --feed-from: {error}", file=sys.stderr)
        return 2
    found = Checklist(url)
    with contextlib.ExitStack() as stack:
        try:
            device = stack.enter_context(Device.open(url))
            feed = _feed(url, market, interface)
            if feed is not None:
                stack.callback(feed.close)
            check_card(device, found, stored_session(), feed)
        except (DeviceError, OSError, RuntimeError) as error:
            _broke_off(found, str(error))
    found.write(out)
    for step in found.steps:
        print(f"{step.state:>8}  {step.name}: {step.words}")
    print(f"written to {out}: fill in the steps by hand, and send it back")
    if found.failed:
        print(f"pennywire: failed: {', '.join(found.failed)}", file=sys.stderr)
        return 1
    return 0


def _require_use(interface: str, url: str, market: Path | None) -> None:
    if market is not None or urllib.parse.urlsplit(url).scheme != "udp":
        raise ValueError(f"the card at {url} hears no feed by UDP from {interface}: leave it out")
    require_own(interface)


def _broke_off(found: Checklist, words: str) -> None:
    """Let the first step that has no outcome fail, and say of those after it why they were not done."""
    open_steps = [name for name in PROGRAM_STEPS if found[name].state == "not done" and not found[name].words]
    found.done(open_steps[0], False, words)
    found.not_done(open_steps[1:], f"{open_steps[0]} failed")


def _feed(url: str, market: Path | None, interface: str) -> "UdpFeed | _MarketFeed | None":
    if market is not None:
        return _MarketFeed(market)
    parts = urllib.parse.urlsplit(url)
    host = parts.path.rpartition(":")[0] if ":" in parts.path else parts.path
    return UdpFeed(host, interface) if parts.scheme == "udp" and host else None
