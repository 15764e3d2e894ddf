"""Reading a PHY's registers over its management bus."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["MdioReader"]

_PREAMBLE, _HEADER, _TURNAROUND, _DATA = 32, 14, 2, 16
_START, _READ = 0b01, 0b10


class MdioReader(wiring.Component):
    """Reads one register at a time. Writing is not built: the PHYs of the boards come up by themselves.

    Parameters
    ----------
    half_period : int
        Cycles that ``mdc`` is low, and high: at least 25 at 125 MHz, as clause 22 allows 2.5 MHz.

    Ports
    -----
    start : In
        Reads register ``register`` of PHY ``phy``, while not ``busy``.
    phy, register : In(5)
        Which one; taken with ``start``.
    busy : Out
        A register is being read.
    done : Out
        Pulse: ``value`` is what was read, if ``answered``.
    value : Out(16)
        What was read.
    answered : Out
        The PHY pulled the line low where it must: someone is there.
    mdc, mdio_o, mdio_oe, mdio_i : Out, Out, Out, In
        Pins. ``mdio`` changes when ``mdc`` falls; what the PHY says is sampled before it rises.

    Latency: 64 periods of ``mdc`` and 2 cycles.

    Source: IEEE 802.3 clause 22.2.4.5.
    """

    start: In(1)
    phy: In(5)
    register: In(5)
    busy: Out(1)
    done: Out(1)
    value: Out(16)
    answered: Out(1)
    mdc: Out(1)
    mdio_o: Out(1)
    mdio_oe: Out(1)
    mdio_i: In(1)

    def __init__(self, half_period: int) -> None:
        self._half_period = half_period
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        total = _PREAMBLE + _HEADER + _TURNAROUND + _DATA
        heard = Signal()
        m.submodules.synchronizer = FFSynchronizer(self.mdio_i, heard)
        timer = Signal(range(self._half_period))
        bit = Signal(range(total))
        out = Signal(_HEADER)
        ours = bit < _PREAMBLE + _HEADER
        m.d.sync += self.done.eq(0)
        # An idle line is nobody's: the board pulls it up.
        m.d.comb += [self.mdio_oe.eq(self.busy & ours), self.mdio_o.eq((bit < _PREAMBLE) | out[-1])]
        with m.If(~self.busy), m.If(self.start):
            # Sent from the highest bit on.
            m.d.sync += [
                self.busy.eq(1),
                out.eq(Cat(self.register, self.phy, Const(_READ, 2), Const(_START, 2))),
                timer.eq(0),
                bit.eq(0),
            ]
        with m.Elif(timer != self._half_period - 1):
            m.d.sync += timer.eq(timer + 1)
        with m.Else():
            m.d.sync += [timer.eq(0), self.mdc.eq(~self.mdc)]
            with m.If(~self.mdc):
                m.d.sync += self.value.eq(Cat(heard, self.value))
                with m.If(bit == _PREAMBLE + _HEADER + 1):
                    m.d.sync += self.answered.eq(~heard)
            with m.Else():
                m.d.sync += bit.eq(bit + 1)
                with m.If(bit >= _PREAMBLE):
                    m.d.sync += out.eq(Cat(Const(0, 1), out))
                with m.If(bit == total - 1):
                    m.d.sync += [self.busy.eq(0), self.done.eq(1)]
        return m
