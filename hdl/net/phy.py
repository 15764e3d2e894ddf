"""A PHY's reset, who it is, and whether it has a link."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.mdio import MdioReader

__all__ = ["PhyState", "PhyWatch"]

#: Clause 22: basic status, and the two halves of the identifier, in the order in which they are read.
_REGISTERS = _BASIC_STATUS, _IDENTIFIER_HIGH, _IDENTIFIER_LOW = (1, 2, 3)
_LINK_BIT = 2


class PhyState(data.Struct):
    """What a PHY says over its management bus. Where nobody answers, all is 0."""

    answered: unsigned(1)
    link: unsigned(1)
    identifier: unsigned(32)


class PhyWatch(wiring.Component):
    """Resets a PHY once, waits until it may be spoken to, and then asks it without end.

    The standard's link bit stays 0 after a loss until it is read, so that no loss between two readings is missed.

    Parameters
    ----------
    reset_cycles, settle_cycles : int
        How long the reset is held, and how long the PHY is left alone after it.
    address : int
        The PHY's address on the bus.
    half_period : int
        Half a period of ``mdc`` in cycles, see :class:`hdl.net.mdio.MdioReader`.

    Ports
    -----
    reset : Out
        The PHY is to be in reset.
    ready : Out
        It is out of reset, and may be spoken to.
    state : Out
        What it said last.
    link_lost : Out
        Pulse: there was a link, and it is gone.
    mdc, mdio_o, mdio_oe, mdio_i : Out, Out, Out, In
        The management bus.

    Latency: the link is read every third transfer of 64 periods of ``mdc``: about 100 microseconds at 2 MHz.

    Source: IEEE 802.3 clause 22.2.4.
    """

    reset: Out(1, init=1)
    ready: Out(1)
    state: Out(PhyState)
    link_lost: Out(1)
    mdc: Out(1)
    mdio_o: Out(1)
    mdio_oe: Out(1)
    mdio_i: In(1)

    def __init__(self, *, reset_cycles: int, settle_cycles: int, address: int, half_period: int = 32) -> None:
        self._reset, self._settle = reset_cycles, settle_cycles
        self._address, self._half_period = address, half_period
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.mdio = mdio = MdioReader(self._half_period)
        timer = Signal(range(self._reset + self._settle + 1))
        turn = Signal(range(len(_REGISTERS)))
        m.d.comb += [
            mdio.phy.eq(self._address),
            mdio.register.eq(turn + _REGISTERS[0]),
            mdio.start.eq(self.ready & ~mdio.busy & ~mdio.done),
            self.mdc.eq(mdio.mdc),
            self.mdio_o.eq(mdio.mdio_o),
            self.mdio_oe.eq(mdio.mdio_oe),
            mdio.mdio_i.eq(self.mdio_i),
        ]
        with m.If(~self.ready):
            m.d.sync += [
                timer.eq(timer + 1),
                self.reset.eq(timer < self._reset),
                self.ready.eq(timer == self._reset + self._settle),
            ]
        link = mdio.answered & mdio.value[_LINK_BIT]
        with m.If(mdio.done):
            m.d.sync += [turn.eq(turn + 1), self.state.answered.eq(mdio.answered)]
            with m.If(turn == len(_REGISTERS) - 1):
                m.d.sync += turn.eq(0)
            with m.If(~mdio.answered):
                m.d.sync += self.state.eq(0)
            with m.Elif(turn == _REGISTERS.index(_BASIC_STATUS)):
                m.d.sync += self.state.link.eq(link)
            with m.Elif(turn == _REGISTERS.index(_IDENTIFIER_HIGH)):
                m.d.sync += self.state.identifier[16:].eq(mdio.value)
            with m.Else():
                m.d.sync += self.state.identifier[:16].eq(mdio.value)
        asked = (turn == _REGISTERS.index(_BASIC_STATUS)) | ~mdio.answered
        m.d.comb += self.link_lost.eq(mdio.done & asked & self.state.link & ~link)
        return m
