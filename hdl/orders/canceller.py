"""The kill's sweep: one Cancel for every open order."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Canceller"]


class Canceller(wiring.Component):
    """While killed and the session is up, asks for one Cancel of every live row, each once a kill.

    A row that was asked for and whose number changed back afterwards (its Replace was rejected, so the Cancel named a
    number that never lived) is asked for again. Releasing the kill forgets what was asked: the next kill starts anew.
    So does a session that goes down: what was sent last may not have arrived, and a Cancel said twice does no harm. A
    Cancel that the exchange refused is asked for again at the next ``again``: asking at once would go on as fast as the
    line allows.

    Parameters
    ----------
    rows : int
        Rows of the own order table.

    Ports
    -----
    killed, session_up : levels
    live : a bit a row
    freed : strobe a row, the row's order is dead
    number_back : strobe a row, a Replace was rejected
    refused : strobe a row, a Cancel was refused
    again : pulse from time to time
    cancels : row to cancel; taken when the transmitter can send at once
    sweeping : some live row is still to be asked for

    Latency: a row is offered at most ``rows`` + 1 cycles after it is the only one left. Rows taken one after the other
    are found while the transmitter is busy.
    """

    def __init__(self, rows: int) -> None:
        super().__init__(
            {
                "killed": In(1),
                "session_up": In(1),
                "live": In(rows),
                "freed": In(rows),
                "number_back": In(rows),
                "refused": In(rows),
                "again": In(1),
                "cancels": Out(stream.Signature(range(rows))),
                "sweeping": Out(1),
            }
        )
        self.rows = rows

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        asked = Signal(self.rows)
        due = Signal(self.rows)
        waits = Signal(self.rows)  # refused, to be asked for again
        row = Signal(range(self.rows))
        active = Signal()
        m.d.comb += [
            active.eq(self.killed & self.session_up),
            due.eq(self.live & ~asked & active.replicate(self.rows)),
            self.sweeping.eq(due.any()),
            self.cancels.valid.eq(due.bit_select(row, 1)),
            self.cancels.payload.eq(row),
        ]
        with m.If(self.cancels.valid & self.cancels.ready):
            m.d.sync += asked.bit_select(row, 1).eq(1)
        with m.If(~self.cancels.valid | self.cancels.ready):
            m.d.sync += row.eq(row + 1)
            with m.If(row == self.rows - 1):
                m.d.sync += row.eq(0)
        # Later statements win: what clears a mark goes before what sets it.
        with m.If(self.again):
            m.d.sync += [asked.eq(asked & ~waits), waits.eq(0)]
        for i in range(self.rows):
            with m.If(self.refused[i] & asked[i]):
                m.d.sync += waits[i].eq(1)
            with m.If(self.freed[i] | self.number_back[i]):
                m.d.sync += [asked[i].eq(0), waits[i].eq(0)]
        with m.If(~active):
            m.d.sync += [asked.eq(0), waits.eq(0)]
        return m
