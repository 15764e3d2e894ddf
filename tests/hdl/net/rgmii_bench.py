"""A PHY at RGMII pins, by cocotbext-eth, with a clock of its own; and what a port makes of its frames."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, Timer
from cocotb.utils import get_sim_time
from cocotbext.eth import RgmiiSink, RgmiiSource

from hdl.net.crossing import OUTCOMES
from hdl.net.gigabit import PHY_COUNTERS

#: Picoseconds of ten cycles at 125 MHz: at this scale 100 ppm are 8 whole ps.
PERIOD = 80_000
PPM_100 = 8
#: Lowest bit of the pulses in PhyReport: ready, answered, link, identifier, in-band status.
PULSES = 1 + 34 + 4


class Phy:
    """One PHY on the pins of ``dut``; ``suffix`` is what its pins' names end with."""

    def __init__(self, dut, suffix=""):
        def pin(name):
            return getattr(dut, name + suffix)

        self.dut = dut
        self.rxd, self.rx_ctl, self.rx_clk = pin("rxd"), pin("rx_ctl"), pin("rx_clk")
        self.source = RgmiiSource(self.rxd, self.rx_ctl, self.rx_clk)
        self.sink = RgmiiSink(pin("txd"), pin("tx_ctl"), pin("tx_clk"))
        pin("mdio_i").value = 1

    async def start(self, *, rx_period=PERIOD, period=PERIOD, phase=0):
        """Start both clocks, the PHY's ``phase`` ps late, and reset the card."""
        dut = self.dut
        dut.rst.value = 1
        cocotb.start_soon(Clock(dut.clk, period, unit="ps").start())
        if phase:
            await Timer(phase, "ps")
        cocotb.start_soon(Clock(self.rx_clk, rx_period, unit="ps").start())
        await ClockCycles(self.rx_clk, 6)
        await RisingEdge(dut.clk)
        dut.rst.value = 0
        await ClockCycles(self.rx_clk, 6)

    async def idle(self, cycles=60):
        """Wait until all that was given to the source is through the card."""
        await self.source.wait()
        await ClockCycles(self.dut.clk, cycles)


class PortListener:
    """Hears what a GigabitPort gives to the card, and counts."""

    def __init__(self, dut):
        self.dut = dut
        self.frames, self.times, self._part = [], [], b""
        self.counts = dict.fromkeys(PHY_COUNTERS, 0)
        cocotb.start_soon(self._watch())

    async def _watch(self):
        dut = self.dut
        while True:
            await FallingEdge(dut.clk)
            report = int(dut.report.value)
            for i, name in enumerate(PHY_COUNTERS):
                self.counts[name] += report >> PULSES + i & 1
            if not dut.frames__valid.value:
                continue
            bits = int(dut.frames__payload.value)
            if not self._part:
                self.times.append(get_sim_time("ps"))
            self._part += bytes((bits & 0xFF,))
            if bits >> 9 & 1:
                self.frames.append((self._part, bits >> 10 & 1))
                self._part = b""
            else:
                assert not bits >> 10 & 1

    def outcomes(self):
        return {name: self.counts[name] for name in OUTCOMES}
