"""The five levels of one view, held while they are told to the host one after the other."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.types import DEPTH, DepthView, Level

__all__ = ["PACE", "DepthLevels", "LevelPair"]

#: Cycles from one level to the next. The host link carries a record in 10, so levels alone never fill its queue.
PACE = 16


class LevelPair(data.Struct):
    """A level of both sides; 0 is the best. A level that is not there has price and shares zero."""

    number: unsigned(3)
    bid: Level
    ask: Level


class DepthLevels(wiring.Component):
    """Holds the levels of the last view, and when told to begin, gives them best first.

    All five are of one view: from ``begin`` until the last one has been taken no other view is held. A view that comes
    meanwhile is passed by, and ``whole`` is low until one has come afterwards. The levels move up by one place as the
    best is taken, which costs no more than choosing among them.

    Latency: a view is held one cycle after it was valid; the first level is offered ``PACE`` cycles after ``begin``,
    each of the others ``PACE`` cycles after the one before was taken.

    Ports
    -----
    view : In
        Views that may be told.
    begin : In
        The view held is to be told; means nothing unless ``whole``.
    whole : Out
        The last view is held, and none is being told.
    busy : Out
        One is being told.
    slot, exchange_time, sequence : Out
        Of the view held.
    levels : Out
        The levels; wait until they are taken.
    """

    view: In(stream.Signature(DepthView, always_ready=True))
    begin: In(1)
    whole: Out(1)
    busy: Out(1)
    slot: Out(8)
    exchange_time: Out(48)
    sequence: Out(64)
    levels: Out(stream.Signature(LevelPair))

    def elaborate(self, platform):
        """Build the levels held and the pace."""
        m = Module()
        held = {side: Signal(data.ArrayLayout(Level, DEPTH), name=side) for side in ("bids", "asks")}
        wait, given = Signal(range(PACE)), Signal(range(DEPTH))
        holds, taken, load = Signal(), Signal(), Signal()
        starting = Signal()
        m.d.comb += [
            self.whole.eq(holds & ~self.busy),
            starting.eq(self.begin & self.whole),
            load.eq(self.view.valid & ~self.busy & ~starting),
            self.levels.valid.eq(self.busy & (wait == PACE - 1)),
            taken.eq(self.levels.valid & self.levels.ready),
            self.levels.payload.number.eq(given),
            self.levels.payload.bid.eq(held["bids"][0]),
            self.levels.payload.ask.eq(held["asks"][0]),
        ]
        with m.If(load | taken):
            for side, levels in held.items():
                coming = getattr(self.view.payload, side)
                m.d.sync += [levels[i].eq(Mux(self.busy, levels[i + 1], coming[i])) for i in range(DEPTH - 1)]
                m.d.sync += levels[DEPTH - 1].eq(coming[DEPTH - 1])
        with m.If(load):
            m.d.sync += [
                holds.eq(1),
                self.slot.eq(self.view.payload.slot),
                self.exchange_time.eq(self.view.payload.exchange_time),
                self.sequence.eq(self.view.payload.sequence),
            ]
        with m.If(starting):
            m.d.sync += [self.busy.eq(1), wait.eq(0), given.eq(0)]
        with m.If(self.busy & ~self.levels.valid):
            m.d.sync += wait.eq(wait + 1)
        with m.If(taken):
            m.d.sync += [wait.eq(0), given.eq(given + 1)]
            with m.If(given == DEPTH - 1):
                m.d.sync += [self.busy.eq(0), holds.eq(0)]
        return m
