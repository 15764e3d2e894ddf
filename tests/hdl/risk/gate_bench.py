"""A gate that would let ``ENTER`` pass, orders of every kind, and the verdict on one."""

from amaranth.sim import Simulator

from hdl.types import Module, OrderIntentKind, Refusal, Role, Side, TimeInForce
from tests.hdl.risk.held_table import GateAmongSlots

CONFIG = {
    "max_inventory": 300,
    "max_order_size": 200,
    "ceiling_inventory": 1000,
    "ceiling_order_size": 1000,
    "short_allowed": 1,
}
FLAGS = {"bound": 1, "stale": 0, "halted": 0, "short_restricted": 0, "opened": 1, "market_open": 1}
ENTER = {
    "kind": OrderIntentKind.ENTER,
    "slot": 1,
    "module": Module.TAKER,
    "role": Role.ENTRY,
    "side": Side.BUY,
    "short": 0,
    "shares": 100,
    "price": 10_000,
    "time_in_force": TimeInForce.IMMEDIATE,
    "order": 0,
    "cause": 77,
    "trigger_time": 5,
    "exchange_time": 99,
}
SHORT_SALE = ENTER | {"side": Side.SELL, "short": 1}
EXIT = ENTER | {"role": Role.EXIT, "side": Side.SELL, "time_in_force": TimeInForce.DAY}
REPLACE = EXIT | {"kind": OrderIntentKind.REPLACE, "order": 3}
#: 60 shares that are on sale become a short sale: executed 40, open 60.
MODIFY = REPLACE | {"kind": OrderIntentKind.MODIFY, "short": 1}
CANCEL = REPLACE | {"kind": OrderIntentKind.CANCEL, "shares": 0, "price": 0}
ROW = {"live": 1, "slot": 1, "side": Side.SELL, "counted": 60, "executed": 40, "asked": 0}


def run(script):
    """Run ``script(ctx, dut)`` on a gate that would let ``ENTER`` pass."""
    dut = GateAmongSlots(2)
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        for name in ("armed", "lease_alive", "session_up"):
            ctx.set(getattr(dut, name), 1)
        ctx.set(dut.flags[1], FLAGS)
        ctx.set(dut.enabled[1], 1)
        ctx.set(dut.held["located"][1], 1000)
        ctx.set(dut.config, CONFIG)
        ctx.set(dut.granted.ready, 1)
        await script(ctx, dut)

    sim.add_testbench(bench)
    sim.run()


async def offer(ctx, dut, intent):
    """Offer one intent for one cycle and return what the gate says in the next: NONE is a grant."""
    ctx.set(dut.intents.payload, intent)
    ctx.set(dut.intents.valid, 1)
    assert ctx.get(dut.intents.ready) == 1
    await ctx.tick()
    ctx.set(dut.intents.valid, 0)
    granted, refused = ctx.get(dut.granted.valid), ctx.get(dut.refusals.valid)
    assert granted + refused == 1, "one verdict, after one cycle"
    if granted:
        assert ctx.get(dut.granted.payload.cause) == intent["cause"]
        verdict = Refusal.NONE
    else:
        said = ctx.get(dut.refusals.payload)
        assert (said.slot, said.role, said.cause) == (intent["slot"], intent["role"], intent["cause"])
        assert (said.shares, said.price) == (intent["shares"], intent["price"])
        verdict = said.refusal
    await ctx.tick()
    assert ctx.get(dut.busy) == 0
    return verdict


def verdict_of(intent, *, ports=None, flags=None, config=None, slot=None, row=None):
    """Verdict on ``intent`` with the given inputs changed. ``slot``: values of slot 1 of the array ports."""
    seen = []

    async def script(ctx, dut):
        for name, value in (ports or {}).items():
            ctx.set(getattr(dut, name), value)
        for name, value in (slot or {}).items():
            ctx.set((dut.held[name] if name in dut.held else getattr(dut, name))[1], value)
        ctx.set(dut.flags[1], FLAGS | (flags or {}))
        ctx.set(dut.config, CONFIG | (config or {}))
        ctx.set(dut.lookup, row or {})
        seen.append(await offer(ctx, dut, intent))

    run(script)
    return seen[0]


LEVELS = [
    ({"armed": 0}, Refusal.NOT_ARMED),
    ({"armed": 0, "killed": 1}, Refusal.KILLED),
    ({"killed": 1}, Refusal.KILLED),
    ({"lease_alive": 0}, Refusal.NO_LEASE),
    ({"session_up": 0}, Refusal.SESSION_DOWN),
    ({"session_up": 0, "lease_alive": 0}, Refusal.NO_LEASE),
]
STATES = [
    ({"stale": 1}, Refusal.STALE),
    ({"bound": 0}, Refusal.STALE),
    ({"halted": 1}, Refusal.HALTED),
    ({"market_open": 0}, Refusal.MARKET_CLOSED),
    ({"opened": 0}, Refusal.MARKET_CLOSED),
    ({"halted": 1, "opened": 0}, Refusal.HALTED),
]
#: Every kind of order, with what makes it pass.
ORDERS = {
    "entry": (ENTER, {}),
    "short": (SHORT_SALE, {}),
    "exit": (EXIT, {"slot": {"position": 100}}),
    "replace": (REPLACE, {"row": ROW, "slot": {"position": 60, "open_sell": 60}}),
    "modify": (MODIFY, {"row": ROW, "slot": {"open_sell": 60}}),
}
