"""What one feed line tells the arbiter, in order, and the queue it waits in."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from hdl.feed.blocks import ENDS
from hdl.feed.capture import SHELVES
from hdl.feed.mold import MoldReceiver

__all__ = ["LineItem", "LineQueue", "line_item"]


class LineDetail(data.Union):
    """What only some items have: of a packet that opens its session, of a message what is not in its bytes."""

    #: First character lowest.
    session: unsigned(80)
    message: data.StructLayout({"length": 16, "card_time": 64})


class LineItem(data.Struct):
    """What came of one beat of a line.

    Either a packet opens, or ``blocks`` sequence numbers from ``sequence`` on are used up (the first of them by a
    message if ``has_message``, whose bytes are on a shelf of the receiver), or a packet was ``spoiled``: what it gave
    before is in doubt. ``ends``: the packet is over and good.
    """

    opens: unsigned(1)
    ends: unsigned(1)
    spoiled: unsigned(1)
    has_message: unsigned(1)
    blocks: range(ENDS + 1)
    sequence: unsigned(64)
    detail: LineDetail


def line_item(m: Module, mold: MoldReceiver, enable, items) -> None:
    """Make the items of a receiver that runs ``free``. It never has two in one cycle."""
    item = items.payload
    m.d.comb += [
        items.valid.eq(enable & (mold.packets | (mold.blocks != 0) | mold.packet_ended | mold.packet_spoiled)),
        item.opens.eq(mold.packets),
        item.ends.eq(mold.packet_ended),
        item.spoiled.eq(mold.packet_spoiled),
        item.has_message.eq(mold.message_valid),
        item.blocks.eq(mold.blocks),
        item.sequence.eq(mold.block_sequence),
        item.detail.message.length.eq(mold.message.length),
        item.detail.message.card_time.eq(mold.message.card_time),
    ]
    with m.If(mold.packets):
        m.d.comb += [item.sequence.eq(mold.next_sequence), item.detail.session.eq(mold.session)]


class LineQueue(wiring.Component):
    """Holds a line's items while the arbiter is at another; the line is never held up.

    An item that finds the queue empty passes in the same cycle. One that finds it full is lost and counted, and so is
    what follows it up to the next packet. The bytes of messages do not come by: the queue says on which shelf of
    :class:`hdl.feed.capture.MessageCapture` the next one belongs, and on which the one of ``outgoing`` is.

    Parameters
    ----------
    depth : int
        Items that can wait; fewer than there are shelves.

    Ports
    -----
    incoming
        Items, always taken.
    outgoing
        Items for the arbiter.
    overflow
        Pulse: an item was lost.
    doubt
        Pulse: the item that was lost said that a packet was spoiled.
    level
        Items waiting.
    write_shelf, read_shelf
        Where the receiver puts the bytes that come in this cycle; where those of the item in ``outgoing`` are.
    """

    def __init__(self, depth: int = SHELVES - 1) -> None:
        if not 1 <= depth < SHELVES:
            raise ValueError(f"1 to {SHELVES - 1} items of a line can wait, not {depth!r}")
        self._depth = depth
        super().__init__(
            {
                "incoming": In(stream.Signature(LineItem, always_ready=True)),
                "outgoing": Out(stream.Signature(LineItem)),
                "overflow": Out(1),
                "doubt": Out(1),
                "level": Out(range(depth + 1)),
                "write_shelf": Out(range(SHELVES)),
                "read_shelf": Out(range(SHELVES)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.fifo = fifo = SyncFIFO(width=LineItem.as_shape().size, depth=self._depth)
        incoming = self.incoming.payload
        blind = Signal()  # an item was lost: the packet it belonged to is not believed any more
        shelf, shelved = Signal(range(SHELVES)), Signal()
        empty, fits, taken = Signal(), Signal(), Signal()
        m.d.comb += [
            empty.eq(fifo.level == 0),
            fits.eq(self.incoming.valid & (~blind | incoming.opens)),
            self.outgoing.valid.eq(fifo.r_rdy | (empty & fits)),
            fifo.r_en.eq(self.outgoing.ready),
            fifo.w_data.eq(incoming),
            fifo.w_en.eq(fits & ~(empty & self.outgoing.ready)),
            taken.eq(fits & fifo.w_rdy),
            self.overflow.eq(self.incoming.valid & ~taken),
            self.doubt.eq(self.overflow & incoming.spoiled),
            self.level.eq(fifo.level),
            self.write_shelf.eq(shelf + shelved),
        ]
        m.d.comb += shelved.eq(taken & incoming.has_message)
        m.d.sync += shelf.eq(self.write_shelf)
        with m.If(self.outgoing.valid & self.outgoing.ready & self.outgoing.payload.has_message):
            m.d.sync += self.read_shelf.eq(self.read_shelf + 1)
        with m.If(self.incoming.valid):
            m.d.sync += blind.eq(~taken)
        with m.If(empty):
            m.d.comb += self.outgoing.payload.eq(incoming)
        with m.Else():
            m.d.comb += self.outgoing.payload.eq(fifo.r_data)
        return m
