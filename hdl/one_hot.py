"""Choosing by a vector in which at most one bit is set: no priority, and no decoder before the choice."""

from amaranth import Cat, Value
from amaranth.utils import bits_for

__all__ = ["first_of", "number_of", "select"]


def select(one_hot: Value, choices: list) -> Value:
    """Give the chosen one of ``choices``, zero if none is chosen: an AND and an OR, no priority."""
    result = 0
    for i, choice in enumerate(choices):
        value = Value.cast(choice)
        result = result | (value & one_hot[i].replicate(len(value)))
    return result


#: From so many bits on a carry that goes up to the lowest one is shorter than to ask for each what is below it.
_MANY = 32


def first_of(bits: Value) -> Value:
    """Give the lowest bit that is set, and no other; none if none is set."""
    if len(bits) >= _MANY:
        return bits & (~bits + 1)[: len(bits)]
    return Cat(bits[i] & ~bits[:i].any() for i in range(len(bits)))


def number_of(one_hot: Value) -> Value:
    """Give the number of the bit that is set."""
    width = bits_for(len(one_hot) - 1)
    return Cat(Cat(one_hot[i] for i in range(len(one_hot)) if i >> bit & 1).any() for bit in range(width))
