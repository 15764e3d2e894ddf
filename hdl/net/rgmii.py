"""RGMII: a gigabit PHY's four bits on both edges, and the eight bits of GMII that the MAC knows."""

from amaranth import Cat, Const, Module, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.ddr import DdrInput, DdrOutput

__all__ = ["InBandStatus", "RgmiiReceiver", "RgmiiTransmitter"]


class InBandStatus(data.Struct):
    """What a PHY says between frames: ``speed`` is 0, 1 and 2 for 10, 100 and 1,000 Mb/s."""

    link: unsigned(1)
    speed: unsigned(2)
    full_duplex: unsigned(1)


class RgmiiReceiver(wiring.Component):
    """Puts the two halves of each byte together.

    Its clock is the PHY's. Only a gigabit link's bytes are right: at slower speeds, where a cycle carries four bits,
    frames come out as no frames, and ``status`` says why.

    Parameters
    ----------
    delay_ps : int
        Delay of the data against the clock, for a PHY that does not delay its clock itself.

    Ports
    -----
    rxd, rx_ctl : In
        Pins.
    data, valid, error : Out
        GMII.
    status : Out
        What the PHY said in the last pause; all 0 after reset. A PHY without in-band status says nothing or zeros.

    Latency: a byte is out two cycles after the rising edge that sampled its lower half.

    Source: RGMII 1.3, tables 1 and 4.
    """

    def __init__(self, *, delay_ps: int = 0) -> None:
        self._delay_ps = delay_ps
        super().__init__(
            {
                "rxd": In(4),
                "rx_ctl": In(1),
                "data": Out(8),
                "valid": Out(1),
                "error": Out(1),
                "status": Out(InBandStatus),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.pins = pins = DdrInput(5, delay_ps=self._delay_ps)
        m.d.comb += pins.pins.eq(Cat(self.rxd, self.rx_ctl))
        valid, second = pins.rise[4], pins.fall[4]
        m.d.sync += [
            self.data.eq(Cat(pins.rise[:4], pins.fall[:4])),
            self.valid.eq(valid),
            self.error.eq(valid ^ second),
        ]
        # A pause whose control says "error" is something else: false carrier, a sleeping line.
        with m.If(~valid & ~second):
            m.d.sync += self.status.eq(pins.rise[:4])
        return m


class RgmiiTransmitter(wiring.Component):
    """Takes each byte apart, and sends its clock along.

    Parameters
    ----------
    clock_delay_ps : int
        Delay of the clock against the data, for a PHY that does not delay it itself: 2 ns puts its edges between the
        data's.

    Ports
    -----
    data, enable, error : In
        GMII.
    tx_clk, txd, tx_ctl : Out
        Pins; ``tx_clk`` is this clock.

    Latency: a cycle in a simulation; the ECP5's cells have two registers more.

    Source: RGMII 1.3, table 1.
    """

    def __init__(self, *, clock_delay_ps: int = 0) -> None:
        self._clock_delay_ps = clock_delay_ps
        super().__init__(
            {"data": In(8), "enable": In(1), "error": In(1), "tx_clk": Out(1), "txd": Out(4), "tx_ctl": Out(1)}
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.pins = pins = DdrOutput(5)
        m.submodules.clock = clock = DdrOutput(1, delay_ps=self._clock_delay_ps)
        m.d.comb += [
            pins.high.eq(Cat(self.data[:4], self.enable)),
            pins.low.eq(Cat(self.data[4:], self.enable ^ self.error)),
            Cat(self.txd, self.tx_ctl).eq(pins.pins),
            clock.high.eq(Const(1)),
            clock.low.eq(Const(0)),
            self.tx_clk.eq(clock.pins),
        ]
        return m
