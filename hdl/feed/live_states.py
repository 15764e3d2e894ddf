"""Which of a symbol's states the feed has spoken of since a snapshot was taken."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.itch import ItchMessage

__all__ = ["LiveStates"]


class LiveStates(wiring.Component):
    """Keeps the sequence number of the last message on each state while a snapshot loads.

    A snapshot's states are those before a sequence number. What the feed has said from that number on is newer and
    stands; what it said before it is in the snapshot. Messages that come after the host has named the number need no
    comparison: the feed's word is taken as it comes.

    Ports
    -----
    message_valid, message
        A decoded message.
    about
        It is about the symbol that is being loaded.
    begun
        Pulse: forget what was said before.
    sequence
        The first number that the snapshot does not know.
    trading, operating, short_sale, market
        The feed has spoken of this state since: trading action or breaker; operational halt of this market; Reg SHO;
        system events Q and M.

    Latency: one cycle.
    """

    message_valid: In(1)
    message: In(ItchMessage)
    about: In(1)
    begun: In(1)
    sequence: In(64)
    trading: Out(1)
    operating: Out(1)
    short_sale: Out(1)
    market: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        message = self.message

        def says(letter):
            return message.type == ord(letter)

        for name, speaks in (
            ("trading", (self.about & says("H")) | says("W")),
            ("operating", self.about & says("h") & (message.market == ord("Q"))),
            ("short_sale", self.about & says("Y")),
            ("market", says("S") & ((message.code == ord("Q")) | (message.code == ord("M")))),
        ):
            last = Signal(64, name=f"last_{name}")
            spoken = Signal(name=f"spoken_{name}")
            with m.If(self.begun):
                m.d.sync += spoken.eq(0)
            with m.If(self.message_valid & speaks):
                m.d.sync += [last.eq(message.source.sequence), spoken.eq(1)]
            m.d.comb += getattr(self, name).eq(spoken & (last >= self.sequence))
        return m
