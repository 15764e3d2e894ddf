"""A card whose view tap tells what passes between its blocks, cycle by cycle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import Out, connect, flipped

from hdl.card import Card
from hdl.configs import CardConfig
from hdl.strategy.imbalance import Imbalance
from hdl.types import EventKind, OrderIntentKind, Role

__all__ = ["PROBE_RECORD", "ProbeCard", "Sample", "samples_of"]


#: What happened in one cycle.
PROBE_RECORD = data.StructLayout(
    {
        "now": 64,
        # The decoder gives an event of this kind and feed sequence; the card's own word on its last byte's cycle.
        "event": 1,
        "event_kind": EventKind,
        "event_sequence": 64,
        "event_time": 64,
        # The book could take an event, and took the one of this kind.
        "book_ready": 1,
        "book_takes": 1,
        "book_kind": EventKind,
        # A five-level view is there; its imbalance is.
        "view": 1,
        "imbalance": 1,
        # The gate takes an entry; it grants or refuses one.
        "gate_takes": 1,
        "gate_decides": 1,
        # An order is told of, the cycle after its first byte left, which was at this time.
        "sent": 1,
        "sent_time": 64,
        "sent_kind": OrderIntentKind,
        "sent_role": Role,
        "sent_cause": 64,
        # An order's bytes were leaving in the cycle before.
        "transmits": 1,
    }
)


class _TappedCard(Card):
    """The card as it is, and signals that say what passes between its blocks."""

    def __init__(self, config: CardConfig) -> None:
        super().__init__(config)
        self.record: Any = Signal(PROBE_RECORD)
        self.happens = Signal()

    def elaborate(self, platform: object) -> Module:
        """Build the card, then read the ports of its blocks."""
        m: Any = super().elaborate(platform)
        engine = m.submodules.engine
        m.submodules.probed_imbalance = imbalance = Imbalance()
        event, taken = engine.feed.events, engine.book.events
        entries, granted, refused = engine.gate.entries, engine.gate.granted, engine.gate.refusals
        sent, tx = engine.orders.sent, engine.orders.tx
        record = self.record
        decides = (granted.valid & (granted.payload.role == Role.ENTRY)) | (
            refused.valid & (refused.payload.role == Role.ENTRY)
        )
        m.d.comb += [
            imbalance.view.valid.eq(engine.view.valid),
            imbalance.view.payload.eq(engine.view.payload),
            record.now.eq(self.card_time),
            record.event.eq(event.valid),
            record.event_kind.eq(event.payload.kind),
            record.event_sequence.eq(event.payload.sequence),
            record.event_time.eq(event.payload.card_time),
            record.book_ready.eq(taken.ready),
            record.book_takes.eq(taken.valid & taken.ready),
            record.book_kind.eq(taken.payload.kind),
            record.view.eq(engine.view.valid),
            record.imbalance.eq(imbalance.valid),
            record.gate_takes.eq(entries.valid),
            record.gate_decides.eq(decides),
            record.sent.eq(sent.valid),
            record.sent_time.eq(sent.payload.card_time),
            record.sent_kind.eq(sent.payload.kind),
            record.sent_role.eq(sent.payload.role),
            record.sent_cause.eq(sent.payload.cause),
        ]
        m.d.sync += record.transmits.eq(tx.valid)
        took, was_ready, transmitted = Signal(), Signal(), Signal()
        m.d.sync += [
            took.eq(record.book_takes),  # whether the book can take the next at once is asked in every case
            was_ready.eq(record.book_ready),
            transmitted.eq(record.transmits),
        ]
        m.d.comb += self.happens.eq(
            event.valid
            | record.book_takes
            | took
            | (record.book_ready != was_ready)
            | record.view
            | record.imbalance
            | record.gate_takes
            | record.gate_decides
            | record.sent
            | (record.transmits != transmitted)
        )
        return m


class ProbeCard(wiring.Component):
    """The card as it is, and beside it a tap: ``view`` carries a :data:`PROBE_RECORD` in place of a depth view.

    Nothing of the card changes: the tap only reads the ports of its blocks. The imbalance is told inside the taker, so
    a second block of the same source sees the same views, and says when it has done.

    Parameters
    ----------
    config : CardConfig
        Sizes.

    Ports
    -----
    view : Out
        A record for every cycle in which something happens.
    others
        Those of :class:`hdl.card.Card`.
    """

    def __init__(self, config: CardConfig) -> None:
        self._card = _TappedCard(config)
        members = dict(self._card.signature.members)
        members["view"] = Out(stream.Signature(PROBE_RECORD, always_ready=True))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """Join the tapped card to the ports."""
        m = Module()
        m.submodules.card = card = self._card
        for name in ("rx", "rx_b", "ouch_rx", "host_rx"):
            connect(m, flipped(getattr(self, name)), getattr(card, name))
        for name in ("tx", "ouch_tx", "host_tx", "events_tx"):
            connect(m, getattr(card, name), flipped(getattr(self, name)))
        m.d.comb += [getattr(card, name).eq(getattr(self, name)) for name in ("time_step", "soft")]
        m.d.comb += [getattr(self, name).eq(getattr(card, name)) for name in ("card_time", "busy")]
        m.d.comb += [self.view.valid.eq(card.happens), self.view.payload.eq(card.record)]
        return m


_FIELDS = [(name, field.offset, (1 << field.width) - 1) for name, field in PROBE_RECORD]


@dataclass(frozen=True, slots=True)
class Sample:
    """A :data:`PROBE_RECORD` as numbers."""

    now: int
    event: int
    event_kind: int
    event_sequence: int
    event_time: int
    book_ready: int
    book_takes: int
    book_kind: int
    view: int
    imbalance: int
    gate_takes: int
    gate_decides: int
    sent: int
    sent_time: int
    sent_kind: int
    sent_role: int
    sent_cause: int
    transmits: int


def samples_of(views: list[bytes]) -> Iterator[Sample]:
    """Read what the tap of a :class:`ProbeCard` has given."""
    for raw in views:
        bits = int.from_bytes(raw, "little")
        yield Sample(**{name: bits >> offset & mask for name, offset, mask in _FIELDS})
