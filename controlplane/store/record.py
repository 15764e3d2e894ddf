"""What the stores need to know of an event record, and the names of the numbers in it."""

from typing import Protocol

__all__ = [
    "ENTRY_ROLE",
    "REFUSALS",
    "ROLES",
    "STRATEGIES",
    "Record",
    "flags_module",
    "flags_role",
    "signed",
    "two_words",
]

#: ``hdl.types.Role.ENTRY``: an order that opens a position.
ENTRY_ROLE = 0
#: Names of ``hdl.types.Role`` by number.
ROLES = ("entry", "exit", "quote", "flatten")
#: Names of ``hdl.types.Module`` by number, as every report and command calls the strategies.
STRATEGIES = ("host", "imbalance", "market_making")
#: Names of ``hdl.types.Refusal`` by number, in small letters.
REFUSALS = (
    "none",
    "not_armed",
    "killed",
    "no_lease",
    "session_down",
    "slot_disabled",
    "stale",
    "halted",
    "market_closed",
    "order_size",
    "inventory",
    "short_sale",
    "table_full",
    "malformed",
    "busy",
    "price_collar",
    "order_rate",
    "repeated",
    "open_orders",
    "gross_inventory",
    "daily_loss",
    "notional",
    "broken_trade",
    "own_cross",
    "reduce_only",
)


class Record(Protocol):
    """An event record, decoded; see ``controlplane/card/event_table.py`` for what the words mean."""

    @property
    def type(self) -> int: ...  # noqa: D102
    @property
    def slot(self) -> int: ...  # noqa: D102
    @property
    def side(self) -> int: ...  # noqa: D102
    @property
    def detail(self) -> int: ...  # noqa: D102
    @property
    def sequence(self) -> int: ...  # noqa: D102
    @property
    def card_time(self) -> int: ...  # noqa: D102
    @property
    def exchange_time(self) -> int: ...  # noqa: D102
    @property
    def order(self) -> int: ...  # noqa: D102
    @property
    def chain(self) -> int: ...  # noqa: D102
    @property
    def cause(self) -> int: ...  # noqa: D102
    @property
    def epoch(self) -> int: ...  # noqa: D102
    @property
    def words(self) -> tuple[int, ...]: ...  # noqa: D102


def flags_module(flags: int) -> int:
    """Give the module that wanted an order, from the ``flags`` word of its record."""
    return flags & 3


def flags_role(flags: int) -> int:
    """Give the role of an order from the ``flags`` word of its record."""
    return (flags >> 2) & 3


def signed(value: int, bits: int) -> int:
    """Read an unsigned number of ``bits`` bits as two's complement."""
    return value - (1 << bits) if value >> (bits - 1) else value


def two_words(low: int, high: int) -> int:
    """Join two 32-bit words, low one first."""
    return low | high << 32
