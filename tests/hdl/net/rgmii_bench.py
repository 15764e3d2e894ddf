"""A PHY at RGMII pins, by cocotbext-eth, with a clock of its own; and what a port makes of its frames."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, Timer
from cocotb.utils import get_sim_time
from cocotbext.eth import RgmiiSink, RgmiiSource

from hdl.net.crossing import OUTCOMES
from hdl.net.gigabit import PHY_COUNTERS

#: Picoseconds of ten cycles of the line, at 125 MHz: at this scale 100 ppm are 8 whole ps.
PERIOD = 80_000
#: Bytes of a beat, and so cycles of the line in one of the card.
BEAT = 4
PPM_100 = 8
#: Lowest bit of the pulses in PhyReport: ready, answered, link, identifier, in-band status.
PULSES = 1 + 34 + 4


class Phy:
    """One PHY on the pins of ``dut``; ``suffix`` is what its pins' names end with.

    ``names`` has the names of pins, clocks and resets that are called otherwise there, or None for a reset that there
    is not.
    """

    def __init__(self, dut, suffix="", names=()):
        names = {"clk": "clk", "line_clk": "line_clk", "rst": "rst", "line_rst": "line_rst"} | dict(names)

        def pin(name):
            return getattr(dut, names.get(name, name + suffix))

        self.dut = dut
        self.clk, self.line_clk = pin("clk"), pin("line_clk")
        self._resets = [pin(name) for name in ("rst", "line_rst") if names[name] is not None]
        self.rxd, self.rx_ctl, self.rx_clk = pin("rxd"), pin("rx_ctl"), pin("rx_clk")
        self.source = RgmiiSource(self.rxd, self.rx_ctl, self.rx_clk)
        self.sink = RgmiiSink(pin("txd"), pin("tx_ctl"), pin("tx_clk"))
        pin("mdio_i").value = 1

    async def start(self, *, rx_period=PERIOD, period=PERIOD, phase=0):
        """Start the clocks, the PHY's ``phase`` ps late, and reset the card; ``period`` is the line's."""
        for reset in self._resets:
            reset.value = 1
        cocotb.start_soon(Clock(self.clk, BEAT * period, unit="ps").start())
        cocotb.start_soon(Clock(self.line_clk, period, unit="ps").start())
        if phase:
            await Timer(phase, "ps")
        cocotb.start_soon(Clock(self.rx_clk, rx_period, unit="ps").start())
        await ClockCycles(self.clk, 3)
        for reset in self._resets:
            reset.value = 0
        await ClockCycles(self.clk, 3)

    async def idle(self, cycles=60):
        """Wait until all that was given to the source is through the card."""
        await self.source.wait()
        await ClockCycles(self.clk, cycles)


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
            count, last, error = bits >> 8 * BEAT & 0b111, bits >> 8 * BEAT + 3 & 1, bits >> 8 * BEAT + 4 & 1
            self._part += (bits & (1 << 8 * BEAT) - 1).to_bytes(BEAT, "little")[:count]
            if last:
                self.frames.append((self._part, error))
                self._part = b""
            else:
                assert (count, error) == (BEAT, 0)

    def outcomes(self):
        return {name: self.counts[name] for name in OUTCOMES}
