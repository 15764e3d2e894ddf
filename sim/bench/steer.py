"""A verilated card in this process, told by register name to follow symbols, to join a day and to trade."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from hdl.configs import CONFIGS
from hdl.regs.description import describe
from sim.verilated.model import CardModel

__all__ = ["SteeredCard"]

#: A lease that no run outlives, in cycles.
_LEASE = 1 << 60
#: Read once for each number of slots: the compiler of the description keeps some megabytes of every reading.
_described = cache(describe)


class SteeredCard:
    """A :class:`~sim.verilated.model.CardModel` and its register map.

    Parameters
    ----------
    config : str
        Name of the configuration.
    library : Path, optional
        A model in place of the card's own.
    keep_views : bool
        As for the model.
    """

    def __init__(self, config: str, *, library: Path | None = None, keep_views: bool = False) -> None:
        self._registers = _described(CONFIGS[config].slots)
        self.config = CONFIGS[config]
        self.model = CardModel(config, library=library, keep_views=keep_views)

    def __enter__(self) -> "SteeredCard":
        return self

    def __exit__(self, *_: object) -> None:
        self.model.close()

    def get(self, name: str) -> int:
        """Give a register, by ``block.register``."""
        return self.model.read(self._registers.register(name).address)

    def get_slot(self, name: str, index: int) -> int:
        """Give a slot's register, by ``slot.register``."""
        register = self._registers.register(name)
        return self.model.read(register.address + index * register.stride)

    def set(self, name: str, value: int = 0, *, index: int = 0, **fields: int) -> None:
        """Write a register whole, or some of its fields, the others as reset has them."""
        register = self._registers.register(name)
        if fields:
            value = register.reset
            for key, part in fields.items():
                field = register.field(key)
                value = value & ~field.mask | part << field.low & field.mask
        self.model.write(register.address + index * register.stride, value)

    def follow(self, symbols: Iterable[str]) -> None:
        """Give each slot its symbol and room to trade, and let the taker open both ways."""
        for slot, symbol in enumerate(symbols):
            self.set("slot.symbol", int.from_bytes(symbol.ljust(8).encode(), "little"), index=slot)
            for name in ("max_inventory", "ceiling_inventory"):
                self.set(f"slot.{name}", 1000, index=slot)
            for name in ("max_order_size", "ceiling_order_size"):
                self.set(f"slot.{name}", 500, index=slot)
            self.set("slot.short_sale", 1, index=slot)
            self.set("maker.located", 1_000_000, index=slot)
            self.set("slot.control", index=slot, enable=1, taker_buy=1, taker_sell=1)

    def join(self, locates: Iterable[int]) -> None:
        """Have the slots whole, bound to these locates, and trading, and the next packet taken as it comes."""
        for slot, locate in enumerate(locates):
            for word in ("bind", "trading", "whole"):
                self.set("slot.join", index=slot, locate=locate, **{word: 1})
        self.set("feed.command", join=1)

    def arm(self, strategy: str = "taker") -> None:
        """Bring the order session up, give a lease, arm, and switch a strategy on: ``taker`` or ``maker``.

        Raises
        ------
        RuntimeError
            The card did not arm.
        """
        self.set("orders.session", 1)
        self.set("control.lease", _LEASE)
        self.set("control.command", arm=1)
        self.set(f"modules.{strategy}", 1)
        if not self.get("control.status") & 1:
            raise RuntimeError(f"the card did not arm: control.status reads {self.get('control.status'):#x}")
