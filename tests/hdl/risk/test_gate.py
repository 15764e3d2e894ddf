"""Every refusal of the gate, what passes it all the same, and that nothing waiting slips through."""

import pytest
from amaranth.sim import Simulator

from hdl.risk.gate import RiskGate
from hdl.types import Module, OrderIntentKind, Refusal, Role, Side, TimeInForce

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
    dut = RiskGate(2)
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        for name in ("armed", "lease_alive", "session_up"):
            ctx.set(getattr(dut, name), 1)
        ctx.set(dut.flags[1], FLAGS)
        ctx.set(dut.enabled[1], 1)
        ctx.set(dut.located[1], 1000)
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
            ctx.set(getattr(dut, name)[1], value)
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


@pytest.mark.parametrize("order", ORDERS)
def test_passes(order):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, **inputs) == Refusal.NONE


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("ports", "refusal"), LEVELS, ids=lambda x: "-".join(x) if isinstance(x, dict) else x.name)
def test_every_order_needs_the_levels(order, ports, refusal):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, ports=ports, **inputs) == refusal


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("flags", "refusal"), STATES, ids=lambda x: "-".join(x) if isinstance(x, dict) else x.name)
def test_every_order_needs_a_slot_that_trades(order, flags, refusal):
    intent, inputs = ORDERS[order]
    assert verdict_of(intent, flags=flags, **inputs) == refusal


def test_a_cancel_always_passes():
    nothing = {"armed": 0, "killed": 1, "lease_alive": 0, "session_up": 0}
    flags = {"bound": 0, "stale": 1, "halted": 1, "opened": 0, "market_open": 0}
    assert verdict_of(CANCEL, ports=nothing, flags=flags, slot={"enabled": 0}) == Refusal.NONE


def test_slot_switch_stops_what_opens_and_not_what_closes():
    off = {"enabled": 0}
    assert verdict_of(ENTER, slot=off) == Refusal.SLOT_DISABLED
    assert verdict_of(SHORT_SALE, slot=off) == Refusal.SLOT_DISABLED
    assert verdict_of(EXIT, slot={"position": 100} | off) == Refusal.NONE
    assert verdict_of(REPLACE, row=ROW, slot=off) == Refusal.NONE
    assert verdict_of(REPLACE | {"shares": 101}, row=ROW, slot=off) == Refusal.SLOT_DISABLED


@pytest.mark.parametrize(
    ("shares", "config", "refusal"),
    [
        (200, {}, Refusal.NONE),
        (201, {}, Refusal.ORDER_SIZE),
        (150, {"ceiling_order_size": 149}, Refusal.ORDER_SIZE),
        (100, {"max_order_size": 0}, Refusal.ORDER_SIZE),
        (999_999, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1} | {}, Refusal.INVENTORY),
        (1_000_000, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1}, Refusal.ORDER_SIZE),
        (2**32 - 1, {"max_order_size": 2**31 - 1, "ceiling_order_size": 2**31 - 1}, Refusal.ORDER_SIZE),
    ],
)
def test_order_size(shares, config, refusal):
    assert verdict_of(ENTER | {"shares": shares}, config=config) == refusal


def test_an_exit_may_be_larger_than_an_order_may_be():
    big = EXIT | {"shares": 250}
    assert verdict_of(big, slot={"position": 250}) == Refusal.NONE
    assert verdict_of(big, slot={"position": 249}) == Refusal.ORDER_SIZE, "it would turn the position round"
    assert verdict_of(EXIT | {"shares": 1_000_000}, slot={"position": 2_000_000}) == Refusal.ORDER_SIZE


@pytest.mark.parametrize(
    ("intent", "slot", "refusal"),
    [
        (ENTER, {"position": 200}, Refusal.NONE),
        (ENTER, {"position": 201}, Refusal.INVENTORY),
        (ENTER, {"open_buy": 201}, Refusal.INVENTORY),
        (ENTER, {"position": -100, "open_buy": 300}, Refusal.NONE),
        (ENTER, {"position": -100, "open_buy": 301}, Refusal.INVENTORY),
        (ENTER, {"open_sell": 300}, Refusal.NONE),
        (ENTER, {"position": 2**31 - 1, "open_buy": 2**32 - 1}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": -200}, Refusal.NONE),
        (SHORT_SALE, {"position": -201}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": 100, "open_sell": 300}, Refusal.NONE),
        (SHORT_SALE, {"position": 100, "open_sell": 301}, Refusal.INVENTORY),
        (SHORT_SALE, {"position": -(2**31)}, Refusal.INVENTORY),
    ],
)
def test_inventory_counts_everything_that_could_fill(intent, slot, refusal):
    assert verdict_of(intent, slot=slot) == refusal


def test_inventory_ceiling():
    assert verdict_of(ENTER, config={"ceiling_inventory": 99}) == Refusal.INVENTORY
    assert verdict_of(ENTER, config={"ceiling_inventory": 100}) == Refusal.NONE


@pytest.mark.parametrize(
    ("shares", "slot", "refusal"),
    [
        (100, {"position": -260}, Refusal.NONE),  # within the chain: 40 executed, 60 open
        (140, {"position": -200, "open_sell": 60}, Refusal.NONE),
        (141, {"position": -200, "open_sell": 60}, Refusal.INVENTORY),
        (241, {}, Refusal.ORDER_SIZE),
    ],
)
def test_a_replace_is_judged_by_what_it_adds(shares, slot, refusal):
    intent = REPLACE | {"shares": shares, "short": 1}
    assert verdict_of(intent, row=ROW, slot=slot) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs", "refusal"),
    [
        (SHORT_SALE, {"config": {"short_allowed": 0}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"flags": {"short_restricted": 1}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"slot": {"located": 100}}, Refusal.NONE),
        (SHORT_SALE, {"slot": {"located": 99}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"slot": {"located": 160, "open_sell": 60}}, Refusal.NONE),
        (SHORT_SALE, {"slot": {"located": 159, "open_sell": 60}}, Refusal.SHORT_SALE),
        (ENTER, {"slot": {"located": 0}}, Refusal.NONE),
        (ENTER, {"flags": {"short_restricted": 1}}, Refusal.NONE),
        (EXIT, {"flags": {"short_restricted": 1}, "slot": {"position": 100}}, Refusal.NONE),
        (SHORT_SALE | {"short": 0}, {}, Refusal.SHORT_SALE),
        (SHORT_SALE | {"short": 0}, {"slot": {"position": 100}}, Refusal.NONE),
        (SHORT_SALE | {"short": 0}, {"slot": {"position": 100, "open_sell": 1}}, Refusal.SHORT_SALE),
    ],
)
def test_short_sales(intent, inputs, refusal):
    assert verdict_of(intent, **inputs) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs", "refusal"),
    [
        (MODIFY, {"slot": {"open_sell": 60, "located": 60}}, Refusal.NONE),
        (MODIFY, {"slot": {"open_sell": 160, "located": 159}}, Refusal.SHORT_SALE),
        (MODIFY, {"config": {"short_allowed": 0}}, Refusal.SHORT_SALE),
        (MODIFY, {"flags": {"short_restricted": 1}}, Refusal.SHORT_SALE),
        (MODIFY | {"shares": 101}, {}, Refusal.MALFORMED),
        (MODIFY | {"short": 0}, {}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"live": 0}}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"side": Side.BUY}}, Refusal.MALFORMED),
        (MODIFY, {"row": ROW | {"asked": 120}}, Refusal.BUSY),
        (MODIFY, {"config": {"max_inventory": 0, "max_order_size": 0}}, Refusal.NONE),
    ],
)
def test_a_long_sale_becomes_a_short_one_where_a_short_sale_may_be_sent(intent, inputs, refusal):
    assert verdict_of(intent, **({"row": ROW} | inputs)) == refusal


@pytest.mark.parametrize(
    ("intent", "inputs"),
    [
        (ENTER | {"shares": 0}, {}),
        (ENTER | {"price": 0}, {}),
        (ENTER | {"price": 1_999_999_901}, {}),
        (ENTER | {"short": 1}, {}),
        (REPLACE, {"row": ROW | {"live": 0}}),
        (REPLACE, {"row": ROW | {"slot": 0}}),
        (REPLACE, {"row": ROW | {"side": Side.BUY}}),
        (REPLACE | {"shares": 40}, {"row": ROW}),
    ],
    ids=["no-shares", "no-price", "price-too-high", "short-buy", "dead", "other-slot", "other-side", "nothing-open"],
)
def test_requests_that_make_no_sense(intent, inputs):
    assert verdict_of(intent, **inputs) == Refusal.MALFORMED


def test_a_slot_that_does_not_exist_is_refused():
    assert verdict_of(ENTER | {"slot": 2}) != Refusal.NONE
    assert verdict_of(ENTER | {"slot": 255}) != Refusal.NONE


def test_a_second_replace_waits_for_the_answer_of_the_first():
    assert verdict_of(REPLACE, row=ROW | {"asked": 100}) == Refusal.BUSY


@pytest.mark.parametrize(
    ("ports", "refusal"),
    [
        ({"granted__ready": 0}, Refusal.BUSY),
        ({"unsent": 1}, Refusal.BUSY),
        ({"granted__ready": 0, "table_full": 1}, Refusal.TABLE_FULL),
    ],
)
def test_an_entry_never_waits_for_the_order_port(ports, refusal):
    async def script(ctx, dut):
        ctx.set(dut.granted.ready, ports.get("granted__ready", 1))
        ctx.set(dut.unsent, ports.get("unsent", 0))
        ctx.set(dut.table_full, ports.get("table_full", 0))
        ctx.set(dut.intents.payload, ENTER)
        ctx.set(dut.intents.valid, 1)
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        assert ctx.get(dut.refusals.valid) == 1
        assert ctx.get(dut.refusals.payload.refusal) == refusal
        await ctx.tick()
        assert ctx.get(dut.busy) == 0

    run(script)


async def hold(ctx, dut, intent):
    """Have the gate hold ``intent`` because the order port is not ready."""
    ctx.set(dut.granted.ready, 0)
    ctx.set(dut.intents.payload, intent)
    ctx.set(dut.intents.valid, 1)
    await ctx.tick()
    ctx.set(dut.intents.valid, 0)
    await ctx.tick().repeat(5)
    assert (ctx.get(dut.granted.valid), ctx.get(dut.holding)) == (1, 1)


@pytest.mark.parametrize("fails", ["armed", "killed", "lease_alive", "session_up"])
def test_what_is_held_never_leaves_in_a_cycle_that_forbids_it(fails):
    async def script(ctx, dut):
        ctx.set(dut.position[1], 100)
        await hold(ctx, dut, EXIT)
        ctx.set(getattr(dut, fails), int(fails == "killed"))
        ctx.set(dut.granted.ready, 1)
        assert ctx.get(dut.granted.valid) == 0, "in the very cycle"
        for _ in range(2):
            await ctx.tick()
            assert ctx.get(dut.granted.valid) == 0
        assert ctx.get(dut.busy) == 0, "refused, and gone"

    run(script)


def test_what_is_held_is_judged_again():
    async def script(ctx, dut):
        ctx.set(dut.position[1], 100)
        await hold(ctx, dut, EXIT)
        ctx.set(dut.flags[1], FLAGS | {"halted": 1})
        await ctx.tick()
        assert ctx.get(dut.granted.valid) == 0
        assert ctx.get(dut.refusals.payload.refusal) == Refusal.HALTED

    run(script)


def test_entries_bounce_off_a_held_exit_and_the_exit_stays():
    async def script(ctx, dut):
        ctx.set(dut.position[1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.intents.payload, EXIT | {"cause": 2})
        assert ctx.get(dut.intents.ready) == 0, "a second exit waits outside"
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        ctx.set(dut.intents.valid, 1)
        assert ctx.get(dut.intents.ready) == 1
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        said = ctx.get(dut.refusals.payload)
        assert (ctx.get(dut.refusals.valid), said.refusal, said.cause) == (1, Refusal.BUSY, 3)
        ctx.set(dut.granted.ready, 1)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 1)
        await ctx.tick()
        assert ctx.get(dut.granted.valid) == 0

    run(script)


@pytest.mark.parametrize("why", ["unsent", "not-ready"])
def test_a_cancel_goes_before_a_held_exit(why):
    """Whatever an exit waits for, a Cancel behind it waits for the transmitter alone."""

    async def script(ctx, dut):
        ctx.set(dut.position[1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.unsent, int(why == "unsent"))
        ctx.set(dut.intents.payload, CANCEL | {"cause": 2})
        ctx.set(dut.intents.valid, 1)
        assert ctx.get(dut.intents.ready) == 1, "while the exit is held"
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2)
        await ctx.tick().repeat(3)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2), "offered until it is taken"
        ctx.set(dut.granted.ready, 1)
        await ctx.tick()
        assert ctx.get(dut.holding) == 1, "the exit is still there"
        ctx.set(dut.unsent, 0)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 1)
        await ctx.tick()
        assert ctx.get(dut.busy) == 0

    run(script)


def test_a_cancel_goes_before_an_entry_in_the_same_cycle_and_no_order_begins_in_its_name():
    async def script(ctx, dut):
        ctx.set(dut.granted.ready, 0)
        ctx.set(dut.intents.payload, CANCEL | {"cause": 2})
        ctx.set(dut.intents.valid, 1)
        await ctx.tick()
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        assert ctx.get(dut.intents.ready) == 1
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        ctx.set(dut.granted.ready, 1)
        assert (ctx.get(dut.granted.valid), ctx.get(dut.granted.payload.cause)) == (1, 2)
        assert (ctx.get(dut.refusals.valid), ctx.get(dut.refusals.payload.refusal)) == (1, Refusal.BUSY)
        await ctx.tick()
        assert (ctx.get(dut.granted.valid), ctx.get(dut.busy)) == (0, 0)

    run(script)


def test_a_bounced_entry_and_a_refused_exit_are_both_told():
    async def script(ctx, dut):
        ctx.set(dut.position[1], 100)
        await hold(ctx, dut, EXIT | {"cause": 1})
        ctx.set(dut.session_up, 0)
        ctx.set(dut.intents.payload, ENTER | {"cause": 3})
        ctx.set(dut.intents.valid, 1)
        told = []
        for _ in range(4):
            await ctx.tick()
            ctx.set(dut.intents.valid, 0)
            if ctx.get(dut.refusals.valid):
                said = ctx.get(dut.refusals.payload)
                told.append((said.cause, said.refusal))
        assert told == [(1, Refusal.SESSION_DOWN), (3, Refusal.BUSY)]

    run(script)


def test_permits_is_what_an_exit_would_meet():
    async def script(ctx, dut):
        assert [ctx.get(dut.permits[i]) for i in range(2)] == [0, 1]
        for name, bad in (("armed", 0), ("killed", 1), ("lease_alive", 0), ("session_up", 0)):
            ctx.set(getattr(dut, name), bad)
            assert ctx.get(dut.permits[1]) == 0, name
            ctx.set(getattr(dut, name), 1 - bad)
        for name in ("stale", "halted"):
            ctx.set(dut.flags[1], FLAGS | {name: 1})
            assert ctx.get(dut.permits[1]) == 0, name

    run(script)
