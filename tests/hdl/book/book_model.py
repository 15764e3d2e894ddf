"""An order book in plain Python, written apart from the gateware: dictionaries, and every level kept for ever.

It knows nothing of hash banks, rows or refills; what the gateware may not show (levels it does not hold) it tells by
``incomplete``, and whatever it shows must be what this model says.
"""

from dataclasses import dataclass, field

MASK32 = 2**32 - 1
KINDS = (
    "NONE ADD EXECUTE EXECUTE_PRICE CANCEL DELETE REPLACE TRADE CROSS BROKEN CLEAR REFRESH LOAD".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Event:
    """A market event, fields as ``hdl.types.MarketEvent``; ``kind`` by name."""

    kind: str
    slot: int = 0
    side: int = 0
    reference: int = 0
    new_reference: int = 0
    shares: int = 0
    price: int = 0
    printable: int = 0
    match: int = 0
    exchange_time: int = 0
    sequence: int = 0
    session_epoch: int = 0
    card_time: int = 0


@dataclass
class Counts:
    """What the book's counters should read."""

    events: int = 0
    unknown_references: int = 0
    duplicate_references: int = 0
    zero_adds: int = 0
    over_executions: int = 0
    table_overflows: int = 0


@dataclass
class Order:
    """A live order."""

    slot: int
    side: int
    shares: int
    price: int


@dataclass
class BookModel:
    """Books of every slot."""

    orders: dict[int, Order] = field(default_factory=dict)
    levels: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    trade: tuple[int, int] = (0, 0)

    def _change(self, order: Order, shares: int) -> None:
        side = self.levels.setdefault((order.slot, order.side), {})
        total = side.get(order.price, 0) + shares
        assert total >= 0
        if total:
            side[order.price] = total
        else:
            side.pop(order.price, None)

    def _remove(self, reference: int) -> Order:
        order = self.orders.pop(reference)
        self._change(order, -order.shares)
        return order

    def _add(self, reference: int, order: Order, fits: bool) -> None:
        if order.shares == 0 or order.price == 0:
            self.counts.zero_adds += 1
        elif reference in self.orders:
            self.counts.duplicate_references += 1
        elif not fits:
            self.counts.table_overflows += 1
        else:
            self.orders[reference] = order
            self._change(order, order.shares)

    def apply(self, event: Event, *, fits: bool = True) -> None:
        """Apply one event; ``trade`` is then (shares, price) of its print. ``fits``: a new order has room."""
        self.trade = (0, 0)
        kind = event.kind
        if kind not in ("NONE", "REFRESH"):
            self.counts.events += 1
        if kind in ("ADD", "LOAD"):
            self._add(event.reference, Order(event.slot, event.side, event.shares, event.price), fits)
        elif kind in ("EXECUTE", "EXECUTE_PRICE", "CANCEL", "DELETE", "REPLACE"):
            order = self.orders.get(event.reference)
            if order is None or order.slot != event.slot:
                self.counts.unknown_references += 1
                return
            if kind == "EXECUTE":
                self.trade = (event.shares, order.price)
            elif kind == "EXECUTE_PRICE" and event.printable:
                self.trade = (event.shares, event.price)
            if kind in ("DELETE", "REPLACE"):
                self._remove(event.reference)
                if kind == "REPLACE":
                    self._add(event.new_reference, Order(order.slot, order.side, event.shares, event.price), fits)
            elif event.shares >= order.shares:
                self.counts.over_executions += event.shares > order.shares
                self._remove(event.reference)
            else:
                order.shares -= event.shares
                self._change(order, -event.shares)
        elif kind in ("TRADE", "CROSS"):
            self.trade = (event.shares, event.price)
        elif kind == "CLEAR":
            for reference in [r for r, o in self.orders.items() if o.slot == event.slot]:
                self._remove(reference)

    def top(self, slot: int, side: int, depth: int = 5) -> list[tuple[int, int]]:
        """Best levels as (price, shares), the shares saturated as a view shows them."""
        levels = self.levels.get((slot, side), {})
        prices = sorted(levels, reverse=side == 0)[:depth]
        return [(p, min(levels[p], MASK32)) for p in prices]
