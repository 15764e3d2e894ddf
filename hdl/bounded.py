"""Unsigned numbers held within bounds: differences that end at zero, the smaller of two."""

from amaranth import Mux, Signal

__all__ = ["less", "smaller"]


def less(m, a, b):
    """``a - b``, or zero where that would be negative: one difference, whose sign says which.

    Parameters
    ----------
    m : Module
        Where it is built.
    a, b : value
        Unsigned.

    Returns
    -------
    value
        As wide as ``a``.
    """
    difference = Signal(max(len(a), len(b)) + 1)
    m.d.comb += difference.eq(a - b)
    return Mux(difference[-1], 0, difference[: len(a)])


def smaller(a, b):
    """The smaller of two unsigned numbers."""
    return Mux(a < b, a, b)
