"""Pins with a bit on each edge of a clock: the ECP5's cells, and what stands for them in a simulation."""

from amaranth import ClockDomain, ClockSignal, Const, Instance, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["DELAY_STEP_PS", "DdrInput", "DdrOutput", "delay_steps"]

#: One step of an ECP5 pin's delay line (FPGA-DS-02012, ECP5 family data sheet).
DELAY_STEP_PS = 25
_STEPS = 128


def delay_steps(delay_ps: int) -> int:
    """Give the steps of the delay line that are so many picoseconds.

    Raises
    ------
    ValueError
        The line has no such delay.
    """
    steps, rest = divmod(delay_ps, DELAY_STEP_PS)
    if rest or not 0 <= steps < _STEPS:
        top = (_STEPS - 1) * DELAY_STEP_PS
        raise ValueError(f"a pin can be delayed by 0 to {top} ps in steps of {DELAY_STEP_PS}, not by {delay_ps}")
    return steps


def _delayed(m: Module, name: str, steps: int, a, z) -> None:
    """Put a pin's delay line between two signals; its fixed part makes up for the clock's way to the cells."""
    m.submodules[name] = Instance("DELAYG", p_DEL_MODE="SCLK_ALIGNED", p_DEL_VALUE=steps, i_A=a, o_Z=z)


class DdrInput(wiring.Component):
    """Samples pins on both edges.

    Parameters
    ----------
    width : int
        Pins.
    delay_ps : int
        By how much the pins are delayed against the clock; a simulation knows no such delay.

    Ports
    -----
    pins : In
        The pins.
    rise, fall : Out
        What they were at the rising edge, and at the falling edge half a cycle after it, together.

    Latency: both are there from the rising edge on that follows the falling one: a cycle after ``rise`` was sampled.

    Source: Lattice FPGA-TN-02035, ECP5 high-speed I/O interface (IDDRX1F).
    """

    def __init__(self, width: int, *, delay_ps: int = 0) -> None:
        self._width, self._steps = width, delay_steps(delay_ps)
        super().__init__({"pins": In(width), "rise": Out(width), "fall": Out(width)})

    def elaborate(self, platform: object) -> Module:
        """Build the cells; without a platform, what behaves as they do."""
        m = Module()
        if platform is None:
            m.domains.falling = ClockDomain(local=True, reset_less=True, clk_edge="neg")
            early, late = Signal(self._width), Signal(self._width)
            m.d.comb += ClockSignal("falling").eq(ClockSignal("sync"))
            m.d.falling += late.eq(self.pins)
            m.d.sync += [early.eq(self.pins), self.rise.eq(early), self.fall.eq(late)]
            return m
        for i in range(self._width):
            delayed = Signal(name=f"delayed_{i}")
            _delayed(m, f"delay_{i}", self._steps, self.pins[i], delayed)
            m.submodules[f"ddr_{i}"] = Instance(
                "IDDRX1F",
                i_SCLK=ClockSignal("sync"),
                i_RST=Const(0),
                i_D=delayed,
                o_Q0=self.rise[i],
                o_Q1=self.fall[i],
            )
        return m


class DdrOutput(wiring.Component):
    """Drives pins on both edges.

    Parameters
    ----------
    width : int
        Pins.
    delay_ps : int
        By how much the pins are delayed against the clock; a simulation knows no such delay.

    Ports
    -----
    high, low : In
        What is on the pins while the clock is high, and in the half cycle after.
    pins : Out
        The pins.

    Latency: on the pins from the next rising edge on in a simulation; the cell has two registers more.

    Source: Lattice FPGA-TN-02035, ECP5 high-speed I/O interface (ODDRX1F).
    """

    def __init__(self, width: int, *, delay_ps: int = 0) -> None:
        self._width, self._steps = width, delay_steps(delay_ps)
        super().__init__({"high": In(width), "low": In(width), "pins": Out(width)})

    def elaborate(self, platform: object) -> Module:
        """Build the cells; without a platform, what behaves as they do."""
        m = Module()
        if platform is None:
            first, second = Signal(self._width), Signal(self._width)
            m.d.sync += [first.eq(self.high), second.eq(self.low)]
            m.d.comb += self.pins.eq(Mux(ClockSignal("sync"), first, second))
            return m
        for i in range(self._width):
            pin = Signal(name=f"pin_{i}")
            m.submodules[f"ddr_{i}"] = Instance(
                "ODDRX1F",
                i_SCLK=ClockSignal("sync"),
                i_RST=Const(0),
                i_D0=self.high[i],
                i_D1=self.low[i],
                o_Q=pin,
            )
            _delayed(m, f"delay_{i}", self._steps, pin, self.pins[i])
        return m
