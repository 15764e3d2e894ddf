"""What every slot holds, set by a test, for a block that asks for one slot at a time."""

from amaranth import Mux, Signal, signed
from amaranth.lib import data

from hdl.risk.gate import RiskGate
from hdl.types import Side

SHAPES = {"position": signed(32), "open_buy": 32, "open_sell": 32, "located": 32}


def held_table(slots):
    """A number of each kind for every slot: {kind: array}."""
    return {name: Signal(data.ArrayLayout(shape, slots), name=f"of_{name}") for name, shape in SHAPES.items()}


def tell(m, table, port):
    """Have ``table`` answer a port of ``held_signature``."""
    m.d.comb += [getattr(port, name).eq(table[name][port.slot]) for name in ("position", "open_buy", "open_sell")]


def shown(ctx, positions, slot):
    """Position, open buys, open sales and cash of a slot, as the registers show them."""
    ctx.set(positions.shown.slot, slot)
    held = positions.shown
    return tuple(ctx.get(value) for value in (held.position, held.open_buy, held.open_sell, positions.shown_cash))


class GateAmongSlots(RiskGate):
    """The gate, and the numbers of every slot, in ``held``, that it asks for."""

    def __init__(self, slots):
        super().__init__(slots)
        self.held = held_table(slots)

    def elaborate(self, platform):
        m = super().elaborate(platform)
        judged, held = self.judged, self.held
        tell(m, held, self.standing_held)
        m.d.comb += [
            judged.position.eq(held["position"][judged.slot]),
            judged.open.eq(Mux(judged.side == Side.BUY, held["open_buy"][judged.slot], held["open_sell"][judged.slot])),
            self.located.eq(held["located"][self.config_slot]),
            self.standing_located.eq(held["located"][self.standing.slot]),
        ]
        return m
