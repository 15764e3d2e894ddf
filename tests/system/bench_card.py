"""A verilated card in the test's own process, steered by register name: no driver, no service, no other process."""

import re
from collections.abc import Iterable

from hdl.configs import CONFIGS
from hdl.regs.description import describe
from hdl.telemetry.records import HEADER, RECORD_BYTES, RECORDS
from sim.verilated.model import CardModel

#: A lease nothing in a test outlives, in cycles.
LONG = 1 << 60
_NAME = re.compile(r"(?P<block>\w+)(\[(?P<slot>\d+)\])?\.(?P<register>\w+)(\[(?P<index>\d+)\])?(\.(?P<field>\w+))?$")
TYPES = {r.number: r for r in RECORDS}


def symbol_word(symbol: str) -> int:
    """Symbol as the ``slot.symbol`` register holds it."""
    return int.from_bytes(symbol.ljust(8).encode(), "little")


class BenchCard:
    """A ``CardModel`` and its register map."""

    def __init__(self, config: str = "demo", *, keep_views: bool = False, library=None) -> None:
        self.config = CONFIGS[config]
        self.description = describe(self.config.slots)
        self.model = CardModel(config, keep_views=keep_views, library=library)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.model.close()

    def _find(self, name: str):
        match = _NAME.match(name)
        assert match, f"{name!r} is no register name"
        register = self.description.register(f"{match['block']}.{match['register']}")
        index = int(match["slot"] or match["index"] or 0)
        return register, register.address + index * register.stride, match["field"]

    def get(self, name: str) -> int:
        """Value of a register, or of one field of it, with its sign."""
        register, address, field_name = self._find(name)
        value = self.model.read(address)
        field = register.field(field_name) if field_name else register.fields[0] if len(register.fields) == 1 else None
        if field is None:
            return value
        value = (value >> field.low) & ((1 << field.width) - 1)
        return value - (1 << field.width) if field.signed and value >> (field.width - 1) else value

    def set(self, name: str, value: int = 0, **fields: int) -> None:
        """Write a register whole, or the named fields of it (the others as reset has them)."""
        register, address, _ = self._find(name)
        if fields:
            value = register.reset
            for key, part in fields.items():
                field = register.field(key)
                value = value & ~field.mask | (part << field.low) & field.mask
        self.model.write(address, value)

    def follow(self, symbols: Iterable[str]) -> None:
        """Give each slot its symbol and generous limits, and let the taker trade both ways."""
        for slot, symbol in enumerate(symbols):
            self.set(f"slot[{slot}].symbol", symbol_word(symbol))
            for register in ("max_inventory", "ceiling_inventory"):
                self.set(f"slot[{slot}].{register}", 1000)
            for register in ("max_order_size", "ceiling_order_size"):
                self.set(f"slot[{slot}].{register}", 500)
            self.set(f"slot[{slot}].short_sale", 1)
            self.set(f"maker[{slot}].located", 1_000_000)
            self.set(f"slot[{slot}].control", enable=1, taker_buy=1, taker_sell=1)

    def arm(self, lease_until: int = LONG) -> None:
        """Bring the order session up, give a lease, arm, and switch the taker on."""
        self.set("orders.session", 1)
        self.set("control.lease", lease_until)
        self.set("control.command", arm=1)
        self.set("modules.taker", 1)
        armed = self.get("control.status.armed")
        assert armed == self.config.trades, "the card did not arm" if self.config.trades else "it armed"

    def join(self, slot: int, locate: int) -> None:
        """Say of a slot what a card that was there from the start of the day would know."""
        self.set(f"slot[{slot}].join", locate=locate, bind=1)
        self.set(f"slot[{slot}].join", locate=locate, trading=1)
        self.set(f"slot[{slot}].join", locate=locate, whole=1)
        self.set("feed.command", join=1)

    def records(self) -> list[dict]:
        """Event records since the last call, fields by name."""
        raw = self.model.events()
        return [_decode(raw[i : i + RECORD_BYTES]) for i in range(0, len(raw), RECORD_BYTES)]


def _decode(raw: bytes) -> dict:
    record = {f.name: int.from_bytes(raw[f.offset : f.offset + f.size], "little") for f in HEADER}
    kind = TYPES[record["type"]]
    record["name"] = kind.name
    for i, word in enumerate(kind.words):
        if word is not None:
            record[word] = int.from_bytes(raw[44 + 4 * i : 48 + 4 * i], "little")
    return record
