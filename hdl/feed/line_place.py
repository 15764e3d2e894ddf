"""Where one line is in the sequence of both, for the arbiter."""

from amaranth import Module, Mux, Signal
from amaranth.utils import ceil_log2

from hdl.feed.blocks import ENDS
from hdl.feed.line import LineQueue

__all__ = ["LinePlace"]


class LinePlace:
    """What the arbiter knows of one line, and where its next item stands: signals of the arbiter's own module.

    Differences of 64-bit numbers are made once each, with their borrow, and everything else is told from them:
    ``offset`` of the item from the number expected, ``growth`` of the line's position by the item, ``lead`` of the
    position over the number expected. Blocks whose numbers would run past 2**64 - 1 are not taken for new ones.

    Parameters
    ----------
    m : Module
        The arbiter's.
    name : str
        ``a`` or ``b``.
    depth, window : int
        As of the arbiter.
    """

    def __init__(self, m: Module, name: str, depth: int, window: int) -> None:
        self._bits = ceil_log2(window)
        m.submodules[f"queue_{name}"] = self.queue = LineQueue(depth)
        self.item = self.queue.outgoing.payload
        self.valid, self.ready = self.queue.outgoing.valid, self.queue.outgoing.ready

        def signal(what, shape=1):
            return Signal(shape, name=f"{what}_{name}")

        # Kept.
        self.heard = signal("heard")
        self.session = signal("session", 80)  # of its last packet
        self.inside = signal("inside")  # which is the session followed
        self.position = signal("position", 64)  # it has told, or jumped over, everything below
        self.before = signal("before", 64)  # the same before its last packet
        self.first = signal("first", 64)  # sequence number of its last packet
        self.gave = signal("gave")  # that packet changed something that cannot be taken back
        self.joined = signal("joined")  # that packet's sequence was taken as it came
        self.part = signal("part", range(ENDS))  # blocks of the item that are in the window
        self.doubt = signal("doubt")  # the word that a packet was spoiled was lost
        # Of the item.
        self.name = self.item.detail.session
        self.opening = self.valid & self.item.opens
        self.blocks = self.valid & (self.item.blocks != 0)
        self.mine = self.blocks & self.inside
        self.end = signal("end", 65)
        self.offset = signal("offset", 65)
        self.growth = signal("growth", 65)
        self.lead = signal("lead", 65)
        self.same = signal("same")  # a packet of the session followed opens
        self.special = signal("special")  # one that begins or joins a session
        self.spoils = signal("spoils")
        self.exact = signal("exact")  # the item begins with the number expected
        self.current = signal("current")  # it has the number expected
        self.rest = signal("rest", range(ENDS + 1))  # so many of its blocks are from that number on
        self.ahead = signal("ahead")
        self.far = signal("far")  # and too far for the window
        self.leads = signal("leads")  # the line's position is above the number expected
        self.passes = signal("passes")  # by more than ``reorder``
        # What becomes of it.
        self.tells = signal("tells")  # its blocks are over
        self.falls = signal("falls")  # its packet is not believed
        self.opens_on = signal("opens_on")  # a packet of the session followed opens
        self.moves = signal("moves")  # its position changes

    def compare(self, m: Module, expected, reorder) -> None:
        """Place the item, and the line, against the number expected."""
        item, bits = self.item, self._bits
        rest = Signal(4, name=f"{self.rest.name}_signed")
        near = self.exact | self.offset[2:].all()  # at most four below
        m.d.comb += [
            self.end.eq(item.sequence + item.blocks),
            self.offset.eq(item.sequence - expected),
            self.growth.eq(self.end[:64] - self.position),
            self.lead.eq(self.position - expected),
            self.exact.eq(self.offset == 0),
            rest.eq(item.blocks + self.offset[:4]),
            self.rest.eq(rest),
            self.current.eq(self.mine & near & ~rest[3] & rest[:3].any() & ~self.end[64]),
            self.ahead.eq(self.mine & ~self.offset[64] & ~self.exact),
            self.far.eq(self.ahead & (self.offset[bits:64].any() | (self.offset[:bits] + self.part)[bits])),
            self.leads.eq(self.inside & ~self.lead[64] & self.lead[:64].any()),
            self.passes.eq(self.inside & ~self.lead[64] & (self.lead[8:64].any() | (self.lead[:8] > reorder))),
        ]

    def follow(self, m: Module, begins, other_begins, joining, base) -> None:
        """Move the position: at a session's or a packet's start, by what it tells, and back if that is spoiled.

        ``begins``: this line's item begins or joins a session at ``base``; ``other_begins``: the other line's does.
        """
        anew = begins | other_begins
        grown = ~self.growth[64]
        zero = begins & ~joining & (self.item.sequence == 0)  # sessions begin at 1
        m.d.comb += self.moves.eq(anew | self.falls | ((self.opens_on | self.tells) & grown))
        with m.If(self.moves):
            m.d.sync += self.position.eq(Mux(other_begins, base, Mux(self.falls, self.before, self.end[:64] | zero)))
        with m.If(anew | self.opens_on):
            m.d.sync += self.before.eq(Mux(anew, base, self.position))
        with m.If(begins | self.opens_on):
            m.d.sync += self.first.eq(self.item.sequence)
