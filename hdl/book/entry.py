"""What the order table keeps of an order, and what of it an operation is told."""

from amaranth import Cat, Value
from amaranth.lib import data
from amaranth.utils import bits_for

__all__ = ["GENERATION_BITS", "TOLD", "entry_layout", "told_of"]

#: A slot may be cleared 2**bits - 1 times before a sweep must have ended.
GENERATION_BITS = 3
#: What an operation is told of the order that it speaks of.
TOLD = data.StructLayout({"side": 1, "shares": 32, "price": 32})


def entry_layout(slots: int) -> data.StructLayout:
    """Give the layout of an order in the table."""
    return data.StructLayout(
        {
            "valid": 1,
            "side": 1,
            "slot": bits_for(slots - 1),
            "generation": GENERATION_BITS,
            "shares": 32,
            "price": 32,
            "reference": 64,
        }
    )


def told_of(entry: data.View) -> Value:
    """Give the fields of :data:`TOLD` of an order."""
    return Cat(entry[name] for name, _ in TOLD)
