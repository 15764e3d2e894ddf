"""What the host, the loader of snapshots and the market states say to each other."""

from amaranth import unsigned
from amaranth.lib import data, enum

from hdl.types import EventKind, Side

__all__ = ["HeldEvent", "LoadFailure", "LoadState", "SnapshotCommand", "SnapshotEnd", "SnapshotOrder", "SnapshotWord"]


class LoadState(enum.Enum, shape=3):
    """Where a load is; numbers as in register ``snapshot.status``."""

    IDLE = 0
    #: The slot's events are kept; its book is to be emptied.
    CLEARING = 1
    #: The book is empty: orders may come.
    LOADING = 2
    #: The host has said what follows the snapshot.
    ENDING = 3
    #: Kept events go to the book.
    DRAINING = 4
    #: All of them are on their way; the slot is whole when they have passed the book.
    FINISHING = 5


class LoadFailure(enum.Enum, shape=4):
    """Why a load failed; 1 to 6 are the numbers of :class:`hdl.feed.slot_state.StaleCause`."""

    NONE = 0
    GAP = 1
    TABLE_FULL = 2
    QUEUE_OVERFLOW = 3
    #: The host's word on the slot (``slot.join``), another symbol, or a second locate.
    HOST = 4
    SESSION = 5
    DIVERGENCE = 6
    #: ``snapshot.command.abort``.
    ABORTED = 8
    #: More of the slot's events came than can be kept.
    RING_FULL = 9
    #: An order or the end came when it could not be taken: before the book was empty, too fast, or after the end.
    OUT_OF_TURN = 10
    #: Events between the snapshot and the first one kept are not known.
    TOO_OLD = 11
    #: Not as many orders came as the snapshot has.
    WRONG_COUNT = 12
    KILLED = 13
    #: The slot is not bound, or its book is whole.
    NOT_STALE = 14


class SnapshotCommand(data.Struct):
    """Register ``snapshot.command``."""

    slot: unsigned(8)
    begin: unsigned(1)
    abort: unsigned(1)


class SnapshotOrder(data.Struct):
    """An order of the snapshot."""

    side: Side
    reference: unsigned(64)
    price: unsigned(32)
    shares: unsigned(32)


class SnapshotEnd(data.Struct):
    """Register ``snapshot.commit``: how many orders the snapshot has, and the states it names."""

    orders: unsigned(32)
    trading: unsigned(1)
    operating: unsigned(1)
    unrestricted: unsigned(1)
    opened: unsigned(1)
    market_known: unsigned(1)
    market_open: unsigned(1)


class SnapshotWord(data.Struct):
    """The loader's word to the market states.

    ``begun``, ``failed``, ``stated``, ``whole`` are pulses; from ``stated`` to the next snapshot's end the states are
    those of the snapshot, which are those before the message ``sequence``.
    """

    begun: unsigned(1)
    failed: unsigned(1)
    stated: unsigned(1)
    whole: unsigned(1)
    states: SnapshotEnd
    sequence: unsigned(64)


class HeldEvent(data.Struct):
    """A market event as it is kept. ``number`` is the new reference of a Replace, the match number of any other."""

    kind: EventKind
    side: Side
    printable: unsigned(1)
    reference: unsigned(64)
    number: unsigned(64)
    shares: unsigned(32)
    price: unsigned(32)
    exchange_time: unsigned(48)
    sequence: unsigned(64)
    card_time: unsigned(64)
