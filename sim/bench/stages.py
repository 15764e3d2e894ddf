"""How many cycles each stage of the fast path takes, counted at the tap of a :class:`~sim.bench.probe.ProbeCard`."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdl.configs import CONFIGS
from hdl.types import EventKind, OrderIntentKind, Role
from sim.bench.figures import Figure
from sim.bench.line_rate import FRAME_BYTES, TRAFFIC, play_line_rate
from sim.bench.probe import ProbeCard, Sample, samples_of
from sim.bench.steer import SteeredCard
from sim.bench.wire_time import WireClock
from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.frames import Packing
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.verilated.build import build_component

__all__ = ["StageCounts", "build_probe", "count_stages", "stages"]


def _number(member: Any) -> int:
    """Give the number of a member of the gateware's enumerations, whose types no checker can follow."""
    return int(member.value)


#: Cause bit of what the exchange's answers set off: no feed message decided it.
_ANSWERED = 1 << 63
#: Events that no message of the feed is.
_NOT_OF_THE_FEED = (_number(EventKind.NONE), _number(EventKind.CLEAR), _number(EventKind.REFRESH))


@dataclass
class StageCounts:
    """Every count of cycles that was made, stage by stage.

    Attributes
    ----------
    decode : list of int
        From the beat with a message's last byte to its event.
    book : list of int
        From an event taken by the book to its five-level view.
    imbalance : list of int
        From an event taken by the book to its imbalance.
    interval, interval_replace : list of int
        From an event taken, other than a Replace or a Replace, to the first cycle in which the book can take another.
    gate : list of int
        From an entry taken by the gate to its verdict.
    trigger_to_order : list of int
        From the beat with the deciding message's last byte to the first byte of the entry, the transmitter idle.
    trigger_to_order_unqueued : list of int
        Those of them whose message did not wait before the book.
    """

    decode: list[int] = field(default_factory=list)
    book: list[int] = field(default_factory=list)
    imbalance: list[int] = field(default_factory=list)
    interval: list[int] = field(default_factory=list)
    interval_replace: list[int] = field(default_factory=list)
    gate: list[int] = field(default_factory=list)
    trigger_to_order: list[int] = field(default_factory=list)
    trigger_to_order_unqueued: list[int] = field(default_factory=list)

    def add(self, other: "StageCounts") -> None:
        """Take in the counts of another run."""
        for name, counts in vars(other).items():
            getattr(self, name).extend(counts)


def build_probe(config: str) -> Path:
    """Build the card with the tap, or find it built."""
    return build_component(ProbeCard(CONFIGS[config]))


def count_stages(samples: Iterable[Sample], last_byte: Mapping[int, int]) -> StageCounts:
    """Count the cycles of each stage.

    Parameters
    ----------
    samples : iterable of Sample
        What the tap gave, in order.
    last_byte : mapping of int to int
        Card time of the beat with a message's last byte, by feed sequence, as counted on the wire.
    """
    counts = StageCounts()
    views: deque[int] = deque()
    imbalances: deque[int] = deque()
    entries: deque[int] = deque()
    queued: deque[tuple[int, int]] = deque()  # events that the book has not taken, in order
    waited: dict[int, int] = {}  # cycles in the queue, by feed sequence
    taken: tuple[int, bool] | None = None  # when an event was taken, and whether it was a Replace
    transmits = False
    for sample in samples:
        now = sample.now
        # There is a sample in the cycle after an event is taken, and whenever `ready` changes.
        if taken is not None and sample.book_ready:
            (counts.interval_replace if taken[1] else counts.interval).append(now - taken[0])
            taken = None
        if sample.event and sample.event_kind not in _NOT_OF_THE_FEED and sample.event_sequence in last_byte:
            counts.decode.append(now - last_byte[sample.event_sequence])
        if sample.event:
            queued.append((now, sample.event_sequence))
        if sample.view and views:
            counts.book.append(now - views.popleft())
        if sample.imbalance and imbalances:
            counts.imbalance.append(now - imbalances.popleft())
        if sample.book_takes:  # every event gives one view, in order
            views.append(now)
            imbalances.append(now)
            came, sequence = queued.popleft() if queued else (now, 0)
            waited[sequence] = now - came
            taken = now, sample.book_kind == _number(EventKind.REPLACE)
        if sample.gate_takes:  # it may decide in the same cycle
            entries.append(now)
        if sample.gate_decides and entries:
            counts.gate.append(now - entries.popleft())
        entry = sample.sent_kind == _number(OrderIntentKind.ENTER) and sample.sent_role == _number(Role.ENTRY)
        if sample.sent and entry and not transmits and not sample.sent_cause & _ANSWERED:
            cycles = sample.sent_time - last_byte[sample.sent_cause]
            counts.trigger_to_order.append(cycles)
            if waited[sample.sent_cause] == 0:
                counts.trigger_to_order_unqueued.append(cycles)
        transmits = bool(sample.transmits)
    return counts


def _trade(config: str, library: Path, seed: int, messages: int) -> StageCounts:
    """Play a made session that is traded, its messages packed at random."""
    with SteeredCard(config, library=library, keep_views=True) as card:
        card.follow(symbol.symbol for symbol in MADE_SYMBOLS)
        card.arm()
        card.model.views()
        clock = WireClock(card.model)
        settings = PlayerSettings(
            clock_period_ps=card.config.clock_period_ps,
            packing=Packing(window_ns=1_000_000_000, seed=seed),
            wait_for_host=False,
        )
        Player(clock, Venue(Fees()), settings).play(make_messages(seed, messages).messages)
        return count_stages(samples_of(card.model.views()), clock.last_byte)


def _burst(config: str, library: Path, name: str, packet_bytes: int, count: int) -> StageCounts:
    """Play one kind of traffic at line rate."""
    with SteeredCard(config, library=library, keep_views=True) as card:
        last_byte = play_line_rate(card, TRAFFIC[name], count, packet_bytes)
        return count_stages(samples_of(card.model.views()), last_byte)


def stages(config: str, library: Path, *, seeds: Iterable[int], messages: int, burst: int) -> dict[str, Figure]:
    """Count the stages over made sessions that are traded, and over bursts at line rate.

    Parameters
    ----------
    config : str
        Name of the configuration.
    library : Path
        From :func:`build_probe`.
    seeds : iterable of int
        A made session for each.
    messages : int
        Length of each.
    burst : int
        Messages of each burst.
    """
    seeds = list(seeds)
    traded, loaded = StageCounts(), StageCounts()
    for seed in seeds:
        traded.add(_trade(config, library, seed, messages))
    for name in TRAFFIC:
        for packet_bytes in FRAME_BYTES:
            loaded.add(_burst(config, library, name, packet_bytes, burst))
    both = StageCounts()
    both.add(traded)
    both.add(loaded)
    sessions = f"{len(seeds)} made sessions of {messages} messages, packed at random"
    runs = f"{sessions}, and {len(TRAFFIC) * len(FRAME_BYTES)} bursts at 10 Gb/s of {burst} messages"

    def figure(pick: Callable[[list[int]], int], counts: list[int], what: str, run: str) -> Figure:
        return Figure(pick(counts) if counts else None, "cycles", f"{what}; {len(counts)} counted in {run}")

    latency = (
        "from the beat with the last byte of the deciding message to the first byte of the entry, transmitter idle"
    )
    unqueued = f"{latency}, and the message did not wait before the book"
    interval = "from an event taken by the book to the first cycle in which it can take another"
    view = "from an event taken by the book to its five-level view"
    return {
        "decode_cycles_max": figure(max, both.decode, "from the beat with a message's last byte to its event", runs),
        "book_cycles_min": figure(min, both.book, view, runs),
        "book_cycles_max": figure(max, both.book, view, runs),
        "imbalance_cycles_max": figure(max, both.imbalance, "from an event taken by the book to its imbalance", runs),
        "ii_cycles_max": figure(max, both.interval, f"{interval}, all kinds but Replace", runs),
        "ii_replace_cycles_max": figure(max, both.interval_replace, f"{interval}, Replace", runs),
        "gate_cycles": figure(max, both.gate, "from an entry taken by the gate to its verdict, the most", sessions),
        "trigger_to_order_cycles_min": figure(min, traded.trigger_to_order, latency, sessions),
        "trigger_to_order_cycles_max": figure(max, traded.trigger_to_order, latency, sessions),
        "trigger_to_order_unqueued_cycles_min": figure(min, traded.trigger_to_order_unqueued, unqueued, sessions),
        "trigger_to_order_unqueued_cycles_max": figure(max, traded.trigger_to_order_unqueued, unqueued, sessions),
    }
