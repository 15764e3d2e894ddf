"""Timing diagrams from a view to the first bytes of an order: taker, gate, order port."""

from wave_record import Inputs, Scene, bit, when

from hdl.orders.port import OrderPort
from hdl.risk.gate import RiskGate
from hdl.strategy.taker import ImbalanceTaker
from hdl.types import DepthView, Module, OrderIntent, OrderIntentKind, Refusal, Role, Side, TimeInForce

__all__ = ["gate", "order_port", "taker"]

_FLAGS = {"bound": 1, "stale": 0, "halted": 0, "short_restricted": 0, "opened": 1, "market_open": 1}
_LIMITS = {
    "max_inventory": 300,
    "max_order_size": 200,
    "ceiling_inventory": 1000,
    "ceiling_order_size": 1000,
    "short_allowed": 1,
}
_ENTER = {
    "kind": OrderIntentKind.ENTER,
    "slot": 0,
    "module": Module.TAKER,
    "role": Role.EXIT,
    "side": Side.BUY,
    "shares": 100,
    "price": 250_100,
    "time_in_force": TimeInForce.DAY,
}


def taker() -> Scene:
    """A view with a heavy bid, and what the taker makes of it."""
    block = ImbalanceTaker(1)
    view, entries = block.view, block.entries
    heavy = DepthView.const(
        {
            "slot": 0,
            "bids": [{"price": 250_000, "shares": 900}] + [{"price": 0, "shares": 0}] * 4,
            "asks": [{"price": 250_100, "shares": 200}] + [{"price": 0, "shares": 0}] * 4,
            "sequence": 77,
        }
    )
    config = {
        "tick": 100,
        "ratio": 0x0300,
        "min_volume": 100,
        "order_size": 100,
        "take_profit": 3,
        "stop": 2,
        "slip": 1,
        "stop_slip": 2,
        "max_spread": 1,
        "retries": 2,
        "cooldown": 0,
    }
    script: list[Inputs] = [[(view.valid, int(cycle == 1)), (view.payload, heavy)] for cycle in range(8)]
    return Scene(
        "Imbalance taker: from a view to the entry",
        block,
        script,
        {
            "view.valid": bit(view.valid),
            "bid, ask shares": when(
                view.valid,
                lambda ctx: f"{ctx.get(view.payload.bids[0].shares)}, {ctx.get(view.payload.asks[0].shares)}",
            ),
            "entries.valid": bit(entries.valid),
            "entry": when(
                entries.valid,
                lambda ctx: f"{Side(ctx.get(entries.payload.side)).name} {ctx.get(entries.payload.shares)}",
            ),
            "entry cause": when(entries.valid, lambda ctx: ctx.get(entries.payload.cause)),
            "trigger.valid": bit(block.trigger.valid),
            "taker_state": lambda ctx: ctx.get(block.taker_state[0]).name,
        },
        fixed=[
            (block.config, config),
            (block.enable, 1),
            (block.slot_enabled, [1]),
            (block.buy_enabled, [1]),
            (block.sell_enabled, [1]),
            (block.flags, [_FLAGS]),
            (block.permits, [1]),
        ],
        settle=3,
    )


def gate() -> Scene:
    """An order passes; the next is refused, since the card was disarmed; a Cancel passes all the same."""
    block = RiskGate(1)
    intents, granted, refusals = block.intents, block.granted, block.refusals
    order = OrderIntent.const(_ENTER | {"cause": 77})
    cancel = OrderIntent.const(_ENTER | {"kind": OrderIntentKind.CANCEL, "shares": 0, "price": 0, "cause": 79})
    offers = {1: order, 4: order, 7: cancel}
    script: list[Inputs] = [
        [
            (block.armed, int(cycle < 3)),
            (intents.valid, int(cycle in offers)),
            *([(intents.payload, offers[cycle])] if cycle in offers else []),
        ]
        for cycle in range(10)
    ]
    return Scene(
        "Risk gate: a verdict in the next cycle, and a Cancel that always passes",
        block,
        script,
        {
            "armed": bit(block.armed),
            "intents.valid": bit(intents.valid),
            "intent": when(intents.valid, lambda ctx: ctx.get(intents.payload.kind).name),
            "granted.valid": bit(granted.valid),
            "granted": when(granted.valid, lambda ctx: ctx.get(granted.payload.kind).name),
            "refusals.valid": bit(refusals.valid),
            "refusal": when(refusals.valid, lambda ctx: Refusal(ctx.get(refusals.payload.refusal)).name),
        },
        fixed=[
            (block.lease_alive, 1),
            (block.session_up, 1),
            (block.flags, [_FLAGS]),
            (block.enabled, [1]),
            (block.config, _LIMITS),
            (granted.ready, 1),
        ],
    )


def order_port() -> Scene:
    """An order is handed over and leaves, beat by beat, from the cycle of the handshake on."""
    block = OrderPort(2)
    intents, tx = block.intents, block.tx
    script: list[Inputs] = [
        [(block.card_time, cycle), (intents.valid, int(cycle == 1)), (intents.payload, OrderIntent.const(_ENTER))]
        for cycle in range(12)
    ]

    return Scene(
        "Order port: an Enter Order on the wire",
        block,
        script,
        {
            "intents.valid": bit(intents.valid),
            "intents.ready": bit(intents.ready),
            "tx.valid": bit(tx.valid),
            "tx bytes": when(tx.valid, lambda ctx: ctx.get(tx.payload.count)),
            "tx last": when(tx.valid, lambda ctx: "last" if ctx.get(tx.payload.last) else ""),
            "answer": when(block.answers.valid, lambda ctx: ctx.get(block.answers.payload.kind).name),
            "open_orders": lambda ctx: str(ctx.get(block.open_orders)),
        },
        fixed=[
            (block.symbol, int.from_bytes(b"PWAA    ", "little")),
            (block.capacity, ord("P")),
            (tx.ready, 1),
        ],
        settle=20,
    )
