"""A value that may be anything but stays what it is: the solver chooses it, so what holds of it holds of each."""

from amaranth import Module, Signal
from amaranth.hdl import Assume


def stays(m: Module, *values: Signal) -> None:
    """Let free inputs keep their first value for the whole trace, through resets too."""
    first = Signal(init=1, reset_less=True)
    m.d.sync += first.eq(0)
    for value in values:
        past = Signal.like(value, name=f"{value.name}_past", reset_less=True)
        m.d.sync += past.eq(value)
        with m.If(~first):
            m.d.comb += Assume(value == past)
