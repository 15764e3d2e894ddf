"""Fields of registers: taking a register's 64 bits apart and putting them together, by the register table."""

import functools
import re

from controlplane.card.register_table import REGISTERS, FieldRow

__all__ = ["pack", "symbol_name", "symbol_value", "unpack"]

_FIELDS: dict[str, dict[str, FieldRow]] = {row.name: {f.name: f for f in row.fields} for row in REGISTERS}


@functools.cache
def _fields(register: str) -> dict[str, FieldRow]:
    found = _FIELDS.get(re.sub(r"\[\d+\]", "[]", register))
    if found is None:
        raise KeyError(f"no register {register!r} in the register table")
    return found


def unpack(register: str, value: int) -> dict[str, int]:
    """Give the fields of a register's value by name, signed where they are.

    Raises
    ------
    KeyError
        There is no such register.
    """
    result = {}
    for name, row in _fields(register).items():
        part = value >> row.low & ((1 << row.width) - 1)
        result[name] = part - (1 << row.width) if row.signed and part >> (row.width - 1) else part
    return result


def pack(register: str, **values: int) -> int:
    """Make a register's value of its fields; those not named are zero.

    Raises
    ------
    KeyError
        There is no such register or field.
    ValueError
        A value does not fit its field.
    """
    rows = _fields(register)
    result = 0
    for name, value in values.items():
        row = rows[name]
        low, high = (-(1 << row.width - 1), 1 << row.width - 1) if row.signed else (0, 1 << row.width)
        if not low <= value < high:
            raise ValueError(f"{register}.{name} holds {low} to {high - 1}, not {value}")
        result |= (value & ((1 << row.width) - 1)) << row.low
    return result


def symbol_value(name: str) -> int:
    """Give a symbol as its register holds it: 8 characters padded with spaces, first in the lowest byte."""
    return int.from_bytes(name.ljust(8).encode("ascii"), "little")


def symbol_name(value: int) -> str:
    """Give the symbol of a register value; empty for a slot that is not used."""
    return value.to_bytes(8, "little").decode("ascii", "replace").rstrip(" \0")
