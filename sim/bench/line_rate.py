"""The feed at 10 Gb/s: frames of nothing but one kind of traffic, back to back, and what the card lost of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.bench.figures import Figure
from sim.bench.steer import SteeredCard
from sim.bench.wire_time import WireClock, back_to_back
from sim.card_port import Arrival, Port
from sim.sessions.encode import add, delete, replace
from sim.sessions.frames import FrameMaker

__all__ = ["FRAME_BYTES", "TRAFFIC", "Traffic", "line_rate", "make_frames", "play_line_rate"]

#: Sizes of the IPv4 packets that fill the wire.
FRAME_BYTES = (1500, 9000)
_HEADERS = 20 + 8 + 20  # IPv4, UDP, MoldUDP64
_SYMBOL, _LOCATE = "PWLR", 77
_STOCK = _SYMBOL.ljust(8).encode()
_BID, _ASK, _TICK = 500_000, 500_100, 100
#: Levels that lie on each side before the traffic begins, and orders that wait to be deleted.
_LEVELS = 8
#: Cycles between two messages of the preparation: the book is at rest before each.
_APART = 200


@dataclass(frozen=True)
class Traffic:
    """One kind of traffic.

    Attributes
    ----------
    what : str
        In words.
    before : callable
        For a number of messages: what must have been heard before them.
    messages : callable
        For a number of messages: the messages.
    """

    what: str
    before: Callable[[int], Iterator[bytes]]
    messages: Callable[[int], Iterator[bytes]]


def _ladder() -> Iterator[bytes]:
    for level in range(_LEVELS):
        yield add(_LOCATE, 1, 1 + 2 * level, b"B", 100, _STOCK, _BID - _TICK * level)
        yield add(_LOCATE, 1, 2 + 2 * level, b"S", 100, _STOCK, _ASK + _TICK * level)


def _orders(count: int) -> Iterator[bytes]:
    """Orders to be deleted, four a level on 64 levels a side, so that levels empty all the while."""
    yield from _ladder()
    for i in range(count):
        away = _TICK * (i // 4 % 64)
        side, price = (b"B", _BID - away) if i % 2 else (b"S", _ASK + away)
        yield add(_LOCATE, 1, 1000 + i, side, 100, _STOCK, price)


def _deletes(count: int) -> Iterator[bytes]:
    return (delete(_LOCATE, 2, 1000 + i) for i in range(count))


def _pairs(count: int) -> Iterator[bytes]:
    for i in range(count // 2):
        side, price = (b"B", _BID + _TICK // 2) if i % 2 else (b"S", _ASK - _TICK // 4)
        yield add(_LOCATE, 2, 1000 + i, side, 100, _STOCK, price)
        yield delete(_LOCATE, 2, 1000 + i)


def _replaces(count: int) -> Iterator[bytes]:
    for i in range(count):
        yield replace(_LOCATE, 2, 1000 + i, 1001 + i, 100 + i % 50, _BID - _TICK * (i % 5))


def _one_order(_: int) -> Iterator[bytes]:
    yield from _ladder()
    yield add(_LOCATE, 1, 1000, b"B", 100, _STOCK, _BID)


TRAFFIC = {
    "delete": Traffic("nothing but Delete of live orders", _orders, _deletes),
    "pairs": Traffic("pairs of Add and Delete that empty the best level each time", lambda _: _ladder(), _pairs),
    "replace": Traffic("nothing but Replace of one live order", _one_order, _replaces),
}


def make_frames(maker: FrameMaker, sequence: int, messages: Iterator[bytes], packet_bytes: int) -> Iterator[bytes]:
    """Fill packets of ``packet_bytes`` with messages, as many as fit; the first one has number ``sequence``."""
    waiting: list[bytes] = []
    size = _HEADERS
    for message in messages:
        if size + 2 + len(message) > packet_bytes:
            yield maker.frame(sequence, waiting)
            sequence += len(waiting)
            waiting, size = [], _HEADERS
        waiting.append(message)
        size += 2 + len(message)
    if waiting:
        yield maker.frame(sequence, waiting)


def play_line_rate(card: SteeredCard, kind: Traffic, count: int, packet_bytes: int) -> dict[int, int]:
    """Prepare a fresh card at leisure, then play ``count`` messages into it at line rate.

    Returns
    -------
    dict of int to int
        Card time of the beat with a message's last byte, by feed sequence, of the messages at line rate.
    """
    card.follow([_SYMBOL])
    card.join([_LOCATE])
    maker = FrameMaker()
    before = list(kind.before(count))
    start = card.model.now + 100
    slow = [Arrival(start + i * _APART, Port.FEED, maker.frame(1 + i, [m])) for i, m in enumerate(before)]
    card.model.play(slow, slow[-1].time + _APART, stop_on_order=False)
    card.model.views()  # of the preparation: not what is asked about
    fast = back_to_back(make_frames(maker, 1 + len(before), kind.messages(count), packet_bytes), card.model.now + 100)
    clock = WireClock(card.model)
    clock.play(fast, fast[-1].time + _APART, stop_on_order=False)
    return clock.last_byte


def line_rate(config: str, count: int) -> dict[str, Figure]:
    """Play every traffic in every size into a fresh card each, ``count`` messages long.

    Raises
    ------
    RuntimeError
        The card heard another number of messages than were played: what was counted means nothing.
    """
    figures: dict[str, Figure] = {}
    dropped, deepest = [], []
    for name, kind in TRAFFIC.items():
        for packet_bytes in FRAME_BYTES:
            with SteeredCard(config) as card:
                play_line_rate(card, kind, count, packet_bytes)
                lost, deep = card.get("book.queue_overflows"), card.get("book.queue_max")
                played = len(list(kind.before(count))) + len(list(kind.messages(count)))
                heard = card.get("feed.messages") + card.get("feed.frames_bad") + card.get("feed.gaps")
            if heard != played:
                raise RuntimeError(f"{name} at {packet_bytes} bytes: {played} messages played, {heard} heard")
            dropped.append(lost)
            deepest.append(deep)
            run = f"{count} messages, {kind.what}, in {packet_bytes}-byte packets back to back at 10 Gb/s"
            figures[f"line_rate_10g_dropped_{name}_{packet_bytes}"] = Figure(lost, "events", f"events lost; {run}")
            figures[f"line_rate_10g_queue_max_{name}_{packet_bytes}"] = Figure(
                deep, "events", f"most events waiting before the book; {run}"
            )
    every = f"all {len(dropped)} line-rate runs of {count} messages"
    figures["line_rate_10g_dropped"] = Figure(sum(dropped), "events", f"events lost before the book in {every}")
    figures["line_rate_10g_queue_max"] = Figure(
        max(deepest), "events", f"most events waiting before the book in {every}"
    )
    return figures
