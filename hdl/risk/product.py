"""A product of two wide numbers in two cycles."""

from amaranth import Cat, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FACTOR_BITS", "Product"]

#: A multiplier of the ECP5 takes 18 bits with their sign: one half of a factor.
_HALF = 17
FACTOR_BITS = 2 * _HALF


class Product(wiring.Component):
    """Multiplies two numbers of up to 34 bits with their signs.

    One multiplier is as much as fits into a cycle, and so is the sum of four of their products: there is a register
    between the two.

    Ports
    -----
    a, b : In(signed 34)
        Factors.
    result : Out(signed 68)
        Product of the factors of two cycles ago.

    Latency: 2 cycles.
    """

    a: In(signed(FACTOR_BITS))
    b: In(signed(FACTOR_BITS))
    result: Out(signed(2 * FACTOR_BITS))

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        low_a, high_a = self.a[:_HALF], self.a[_HALF:].as_signed()
        low_b, high_b = self.b[:_HALF], self.b[_HALF:].as_signed()
        # A signal each, so that the factors' halves meet in a multiplier and its own register.
        low, high = Signal(2 * _HALF), Signal(signed(2 * _HALF))
        crossed = [Signal(signed(2 * _HALF + 1), name=f"crossed_{i}") for i in range(2)]
        m.d.sync += [
            low.eq(low_a * low_b),
            high.eq(high_a * high_b),
            crossed[0].eq(low_a * high_b),
            crossed[1].eq(high_a * low_b),
            # The lowest part is never negative and ends where the highest begins: they lie side by side, without a sum.
            self.result.eq(Cat(low, high).as_signed() + ((crossed[0] + crossed[1]) << _HALF)),
        ]
        return m
