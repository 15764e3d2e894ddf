"""Depth samples: a DEPTH record and the five DEPTH_LEVEL records behind it, put together or said to be apart.

No sample has levels of two views: levels are taken for a sample's own by slot, cause and number, and a jump of the
records' numbers ends every sample that is not whole. See docs/blocks/telemetry.md for what the card sends when.
"""

import enum
from dataclasses import dataclass, field, replace

from controlplane.card.event_table import RecordType
from controlplane.store.record import Record

__all__ = ["LEVELS", "DepthSample", "DepthSamples", "Ladder"]

#: Price levels of a side.
LEVELS = 5
#: Flag bits of a DEPTH record.
_BID_INCOMPLETE, _ASK_INCOMPLETE, _LOCKED, _CROSSED, _LEVELS_FOLLOW = (1 << bit for bit in range(5))
#: Of a SYMBOL_STATE record.
_STALE = 2


class Ladder(enum.Enum):
    """What became of a sample's levels."""

    #: All ten are there.
    WHOLE = enum.auto()
    #: The card sent none with it, or a newer sample came before the last of them.
    UNTOLD = enum.auto()
    #: Event records were lost before the last of them had come.
    LOST = enum.auto()


@dataclass(frozen=True, slots=True)
class DepthSample:
    """Best prices (1/10,000 dollar) and five-level volumes (shares, saturated) of a slot at an exchange time in ns.

    ``bids`` and ``asks`` are five (price, shares) each, best first, with (0, 0) where the book has no such level; none
    unless ``ladder`` is whole. A side is incomplete where the book itself may miss one of its five best levels.
    """

    slot: int
    exchange_time: int
    card_time: int
    bid_price: int
    ask_price: int
    bid_volume: int
    ask_volume: int
    flags: int = 0
    stale: bool = False
    ladder: Ladder = Ladder.UNTOLD
    bids: tuple[tuple[int, int], ...] = ()
    asks: tuple[tuple[int, int], ...] = ()

    @property
    def bid_incomplete(self) -> bool:
        """One of the five best bids may be missing from the book."""
        return bool(self.flags & _BID_INCOMPLETE)

    @property
    def ask_incomplete(self) -> bool:
        """One of the five best asks may be missing from the book."""
        return bool(self.flags & _ASK_INCOMPLETE)

    @property
    def locked(self) -> bool:
        """Best bid and best ask are equal."""
        return bool(self.flags & _LOCKED)

    @property
    def crossed(self) -> bool:
        """The best bid is above the best ask."""
        return bool(self.flags & _CROSSED)


@dataclass(slots=True)
class _Slot:
    """What is known of a slot: the sample that waits for levels, and the last one that was given."""

    stale: bool = False
    waiting: DepthSample | None = None
    cause: int = 0
    levels: list[tuple[int, int, int, int]] = field(default_factory=list)
    given: DepthSample | None = None


class DepthSamples:
    """Puts samples together; used by one thread.

    Parameters
    ----------
    slots : int
        Slots followed; records of others are passed over.
    """

    def __init__(self, slots: int) -> None:
        self._slots = [_Slot() for _ in range(slots)]
        self._sequence: int | None = None

    def set_stale(self, slot: int, stale: bool) -> None:
        """Say how a slot's book stands, as the card's registers have it, before its records tell of changes."""
        self._slots[slot].stale = stale

    def take(self, record: Record) -> list[DepthSample]:
        """Take the card's next record in; give the samples that it makes whole, or leaves without levels for good."""
        done: list[DepthSample] = []
        if self._sequence is not None and record.sequence != (self._sequence + 1) & 0xFFFFFFFF:
            for slot in self._slots:
                done += self._give_up(slot, Ladder.LOST)
                # A card that was started anew may use a cause again.
                slot.cause = -1
        self._sequence = record.sequence
        if record.slot >= len(self._slots):
            return done
        slot = self._slots[record.slot]
        if record.type == RecordType.DEPTH:
            done += self._depth(slot, record)
        elif record.type == RecordType.DEPTH_LEVEL:
            done += self._level(slot, record)
        elif record.type == RecordType.SYMBOL_STATE:
            done += self._state(slot, bool(record.detail & _STALE))
        return done

    def _give_up(self, slot: _Slot, why: Ladder) -> list[DepthSample]:
        """Give the sample that waits for levels without them."""
        if slot.waiting is None:
            return []
        given = slot.given = replace(slot.waiting, ladder=why, stale=slot.stale)
        slot.waiting = None
        return [given]

    def _depth(self, slot: _Slot, record: Record) -> list[DepthSample]:
        bid_price, ask_price, bid_volume, ask_volume, flags = record.words
        sample = DepthSample(
            record.slot,
            record.exchange_time,
            record.card_time,
            bid_price,
            ask_price,
            bid_volume,
            ask_volume,
            flags,
            slot.stale,
        )
        same_cause = record.cause == slot.cause
        if slot.waiting is not None and same_cause and _shows_the_same(sample, slot.waiting):
            return []  # told again at a trigger: the levels that are on their way are its levels too
        done = self._give_up(slot, Ladder.UNTOLD)
        if flags & _LEVELS_FOLLOW:
            slot.waiting, slot.cause, slot.levels = sample, record.cause, []
            return done
        before = slot.given
        if before is not None and before.ladder is Ladder.WHOLE and same_cause and _shows_the_same(sample, before):
            sample = replace(sample, ladder=Ladder.WHOLE, bids=before.bids, asks=before.asks)
        slot.given, slot.cause = sample, record.cause
        return [*done, sample]

    def _level(self, slot: _Slot, record: Record) -> list[DepthSample]:
        waiting = slot.waiting
        if waiting is None or (record.cause, record.exchange_time) != (slot.cause, waiting.exchange_time):
            return []  # of a sample that a newer one has replaced
        if record.detail != len(slot.levels):
            return self._give_up(slot, Ladder.LOST)
        bid_price, bid_shares, ask_price, ask_shares = record.words[:4]
        slot.levels.append((bid_price, bid_shares, ask_price, ask_shares))
        if len(slot.levels) < LEVELS:
            return []
        bids = tuple(level[:2] for level in slot.levels)
        asks = tuple(level[2:] for level in slot.levels)
        given = slot.given = replace(waiting, ladder=Ladder.WHOLE, bids=bids, asks=asks, stale=slot.stale)
        slot.waiting = None
        return [given]

    def _state(self, slot: _Slot, stale: bool) -> list[DepthSample]:
        """Note a slot's state; say at once when what was shown last is no longer whole."""
        became, slot.stale = stale and not slot.stale, stale
        if not became or slot.given is None:
            return []
        slot.given = replace(slot.given, stale=True)
        return [slot.given]


def _shows_the_same(one: DepthSample, other: DepthSample) -> bool:
    """Tell whether two samples of one cause are of the same view."""
    return (one.exchange_time, one.bid_price, one.ask_price, one.bid_volume, one.ask_volume) == (
        other.exchange_time, other.bid_price, other.ask_price, other.bid_volume, other.ask_volume,
    )  # fmt: skip
