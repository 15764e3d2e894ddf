"""Asks a card everything that the bring-up checklist wants of a program."""

import ipaddress
import secrets
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from controlplane.bringup.checklist import Checklist
from controlplane.bringup.listener import Listener
from controlplane.bringup.session import GROUP, PORT, Feed, StoredSession
from controlplane.card.device import Device, EventRecord

__all__ = ["check_card"]

_READS = 200
#: Seconds that a packet may take, times that it is sent again, seconds for what is on its way at the end.
_PATIENCE, _TRIES, _LAST = 2.0, 5, 10.0
_GIGABIT = 2
_FEED_COUNTERS = ("feed.packets", "feed.messages", "feed.gaps", "feed.frames_bad", "book.table_overflows")
#: Every view is told.
_DEPTH = {"telemetry.depth_interval": 1}
#: The taker in the test: it decides on any imbalance, and the card, disarmed, refuses its orders.
_TAKER = {
    "modules.taker.enable": 1,
    "slot[0].taker_ratio": 0x0180,
    "slot[0].taker_min_volume": 100,
    "slot[0].control.taker_buy": 1,
    "slot[0].control.taker_sell": 1,
    "slot[0].control.enable": 1,
}
_SWITCHED_OFF = {"slot[0].control": 0, "modules.taker.enable": 0}
_STALE = "slot[0].state.stale"


def check_card(device: Device, found: Checklist, session: StoredSession, feed: Feed | None) -> None:
    """Do the steps in order and keep what came of each; leave the card as it was found.

    Parameters
    ----------
    device : Device
        Open.
    found : Checklist
        Gets the outcome.
    session : StoredSession
        To be played.
    feed : Feed or None
        Brings it to the card; None: it is not played, and those steps are not done.

    Raises
    ------
    DeviceError
        The card stopped answering.
    """
    _identity(device, found)
    _link(device, found)
    quiet = _quiet(device, found)
    _answers(device, found)
    played = ("book", "feed", "depth", "triggers", "events")
    if not quiet:
        found.not_done(played, "the card is in use: load the bitstream anew, or switch it off and on")
    elif feed is None:
        found.not_done(played, "nothing here brings a session to this card: give --market for a soft card")
    else:
        _play(device, found, session, feed)


def _identity(device: Device, found: Checklist) -> None:
    card = device.identity
    found.about["soft"] = card.soft
    found.done(
        "identity",
        True,
        f"{card.config_name}, ABI {card.abi_version}{', a soft card' if card.soft else ''}",
        config=card.config_name,
        abi_version=card.abi_version,
        git_hash=card.git_hash,
    )
    found.done(
        "configuration",
        card.slots > 0 and card.clock_period_ps > 0,
        f"{card.slots} symbols, {card.table_orders} orders, {1e6 / max(card.clock_period_ps, 1):g} MHz",
        slots=card.slots,
        width=card.width,
        row_levels=card.row_levels,
        own_orders=card.own_orders,
        table_orders=card.table_orders,
        clock_period_ps=card.clock_period_ps,
    )


def _link(device: Device, found: Checklist) -> None:
    ports = {}
    for block in ("phy", "phy_b"):
        names = ("ready", "answered", "link", "band_link", "speed", "full_duplex")
        state = device.read([f"{block}.status.{name}" for name in names])
        counts = device.read([f"{block}.{name}" for name in ("identifier", "good", "bad_fcs", "link_losses")])
        numbers = {name.removeprefix(f"{block}.").removeprefix("status."): n for name, n in (state | counts).items()}
        # A block of zeros is a port that the card does not have.
        if any(numbers.values()) or block == "phy":
            ports[block] = numbers
    if device.identity.soft:
        found.not_done(["link"], "a soft card has no PHY")
        return
    good = all(p["ready"] and p["answered"] and p["link"] and p["speed"] == _GIGABIT for p in ports.values())
    words = "; ".join(
        f"{name}: {'link' if p['link'] else 'NO link'}, speed code {p['speed']}, identifier {p['identifier']:#010x}"
        for name, p in ports.items()
    )
    found.done("link", good, words, **ports)


def _quiet(device: Device, found: Checklist) -> bool:
    slots = range(device.identity.slots)
    state = device.read(["control.status.armed", "control.status.killed", *(f"slot[{i}].symbol" for i in slots)])
    armed, killed, *symbols = state.values()
    followed = [i for i, symbol in enumerate(symbols) if symbol]
    words = f"{'armed' if armed else 'disarmed'}, {'killed' if killed else 'not killed'}, "
    words += f"symbols set in slots {followed}" if followed else "no symbol set"
    return found.done("quiet", not (armed or killed or followed), words, armed=armed, killed=killed, slots=followed)


def _answers(device: Device, found: Checklist) -> None:
    took = []
    for _ in range(_READS):
        begun = time.perf_counter_ns()
        device.card_time()
        took.append(time.perf_counter_ns() - begun)
    words = f"median {statistics.median(took) / 1000:.0f} us, longest {max(took) / 1000:.0f} us of {_READS}"
    found.done("answers", True, words, **_spread(took))


@contextmanager
def _lent(device: Device, session: StoredSession) -> Iterator[None]:
    """Set the card for the test, and set it back."""
    kept = ("feed.destination", "feed.arbitration", "slot[0].taker_ratio", "slot[0].taker_min_volume", *_DEPTH)
    before = device.read(kept)
    try:
        device.write(
            {
                "feed.destination": int(ipaddress.IPv4Address(GROUP)) | PORT << 32,
                "feed.arbitration.two_lines": 0,
                "slot[0].symbol": int.from_bytes(session.symbol.ljust(8).encode(), "little"),
                **_DEPTH,
                **(_TAKER if device.identity.trades else {}),
            }
        )
        yield
    finally:
        device.write(_SWITCHED_OFF | before | {"slot[0].symbol": 0})


def _play(device: Device, found: Checklist, session: StoredSession, feed: Feed) -> None:
    counted = device.read(_FEED_COUNTERS)
    name = session.name()
    sent: list[tuple[int, int]] = []
    repeats = 0
    with Listener(device) as listener, _lent(device, session):
        for packet in session.packets:
            tries = _send(device, feed, name + packet.body, packet.following, sent)
            if tries is None:
                words = (
                    f"message {packet.first} was not heard after {_TRIES} tries: is the host's interface the card's?"
                )
                found.done("feed", False, words, **_since(device, counted))
                found.not_done(("book", "depth", "triggers", "events"), "the session was not heard to its end")
                return
            repeats += tries - 1
        token = secrets.randbits(30)
        device.mark(token)
        heard_all = listener.wait_for_mark(token, _LAST)
        _feed_counts(device, found, session, counted, repeats)
        _book(device, found, session)
        _latency(found, "depth", listener.heard("DEPTH"), sent, soft=device.identity.soft)
        if device.identity.trades:
            _latency(found, "triggers", listener.heard("TRIGGER"), sent, soft=device.identity.soft)
        else:
            found.not_done(["triggers"], f"a card of configuration {device.identity.config_name} decides on nothing")
        lost, words = device.lost, f"{device.received} records, {device.lost} lost"
        if not heard_all:
            words += f"; the mark behind them did not come in {_LAST:g} s"
        found.done("events", heard_all and lost == 0, words, received=device.received, lost=lost)


def _send(device: Device, feed: Feed, data: bytes, following: int, sent: list[tuple[int, int]]) -> int | None:
    """Send a packet until the card has it; gives how often it was sent, None where the card never had it."""
    for tries in range(1, _TRIES + 1):
        sent.append((following, time.perf_counter_ns()))
        feed.send(data)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if device.read(["feed.next_sequence"])["feed.next_sequence"] == following:
                return tries
    return None


def _since(device: Device, before: dict[str, int]) -> dict[str, int]:
    return {name: now - before[name] for name, now in device.read(list(before)).items()}


def _feed_counts(
    device: Device, found: Checklist, session: StoredSession, before: dict[str, int], repeats: int
) -> None:
    counts = _since(device, before)
    whole = counts["feed.messages"] == session.messages and not counts["feed.gaps"] + counts["feed.frames_bad"]
    words = f"{counts['feed.messages']} of {session.messages} messages, {repeats} packets sent again"
    found.done("feed", whole, words, repeats=repeats, **counts)


def _book(device: Device, found: Checklist, session: StoredSession) -> None:
    state = device.read([f"slot[0].{n}" for n in ("bbo.bid", "bbo.ask", "volumes.bid", "volumes.ask")] + [_STALE])
    shown = {
        "bid": state["slot[0].bbo.bid"],
        "ask": state["slot[0].bbo.ask"],
        "bid_volume": state["slot[0].volumes.bid"],
        "ask_volume": state["slot[0].volumes.ask"],
    }
    same = shown == session.book and not state[_STALE]
    words = f"{session.symbol} {shown['bid'] / 1e4:.4f} x {shown['ask'] / 1e4:.4f}, "
    words += "as it must be" if same else f"stale {state[_STALE]}; it must be {session.book}"
    found.done("book", same, words, shown=shown, expected=session.book, stale=state[_STALE])


def _latency(
    found: Checklist, step: str, told: Iterable[tuple[int, EventRecord]], sent: list[tuple[int, int]], *, soft: bool
) -> None:
    took = []
    for heard, record in told:
        # From the last time that the packet with the message behind it was sent before the event was heard.
        packet = min((following for following, _ in sent if record.cause < following), default=None)
        times = [when for following, when in sent if following == packet and when < heard]
        if times:
            took.append(heard - times[-1])
    words = f"{len(took)} events"
    if took:
        words += f", median {statistics.median(took) / 1000:.0f} us from packet to event by the host's clock"
        words += ": a simulation's, not a card's" if soft else ""
    found.done(step, bool(took), words, **_spread(took))


def _spread(took: list[int]) -> dict[str, object]:
    """Give a histogram by powers of two of microseconds, and its quantiles, in us."""
    if not took:
        return {}
    ordered = sorted(took)
    histogram: dict[str, int] = {}
    for ns in ordered:
        bucket = f"<{1 << max(0, (ns // 1000).bit_length())}"
        histogram[bucket] = histogram.get(bucket, 0) + 1
    at = {
        name: ordered[min(len(ordered) - 1, len(ordered) * p // 100)] / 1000 for name, p in (("p50", 50), ("p99", 99))
    }
    return {"count": len(ordered), "unit": "us", "min": ordered[0] / 1000, **at, "max": ordered[-1] / 1000} | {
        "histogram": histogram
    }
