"""A product of two wide numbers in two cycles."""

from amaranth import Module, Signal, signed
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
        parts = []
        for place, x, y in ((0, low_a, low_b), (1, low_a, high_b), (1, high_a, low_b), (2, high_a, high_b)):
            part = Signal(signed(2 * _HALF + 2), name=f"part_{len(parts)}")
            m.d.sync += part.eq(x * y)
            parts.append(part << (_HALF * place))
        m.d.sync += self.result.eq(sum(parts))
        return m
