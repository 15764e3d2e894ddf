"""Prepared entries: granted in the cycle they come, and never in one in which anything at all forbids it."""

import random

import pytest
from amaranth.sim import Simulator

from hdl.types import OrderIntentKind, Refusal, Role, Side
from tests.hdl.risk import risk_world
from tests.hdl.risk.gate_bench import CONFIG, ENTER, EXIT, FLAGS, LEVELS, SHORT_SALE, STATES
from tests.hdl.risk.held_table import GateAmongSlots
from tests.hdl.risk.test_positions import act

BOTH = pytest.mark.parametrize("entry", [ENTER, SHORT_SALE], ids=["buy", "short"])


def change(ctx, dut, inputs):
    """Set ports of the gate; of ports that are arrays, slot 1."""
    for name, value in inputs.items():
        port = dut.held[name] if name in dut.held else getattr(dut, name)
        if name == "flags":
            ctx.set(port[1], FLAGS | value)
        elif name == "enabled" or name in dut.held:
            ctx.set(port[1], value)
        elif name == "standing_config":
            ctx.set(port, CONFIG | value)
        else:
            ctx.set(port, value)


OPEN = {
    "armed": 1, "killed": 0, "lease_alive": 1, "session_up": 1, "flags": {}, "enabled": 1, "standing_config": {},
    "position": 0, "open_buy": 0, "open_sell": 0, "located": 300, "unsent": 0, "table_full": 0,
}  # fmt: skip


def verdict_of(entry, *, prepared=None, ahead=None, then=None, ready=1):
    """Verdict on ``entry`` with inputs changed in the cycle before it, and in its own; NONE is a grant."""
    seen = []

    async def script(ctx):
        ctx.set(dut.config, CONFIG)
        ctx.set(dut.granted.ready, ready)
        for _ in range(2):  # the second time after all that the first may have left behind
            change(ctx, dut, OPEN | (ahead or {}))
            ctx.set(dut.standing, prepared or {"slot": entry["slot"], "shares": entry["shares"]})
            await ctx.tick()
            change(ctx, dut, OPEN | (then or {}))
            ctx.set(dut.standing, {"slot": 0, "shares": 0})
            ctx.set(dut.entries.payload, entry)
            ctx.set(dut.entries.valid, 1)
            granted = ctx.get(dut.granted.valid) & ctx.get(dut.granted.ready)
            if granted:
                given = ctx.get(dut.granted.payload)
                assert {name: getattr(given, name) for name in entry} == entry
            await ctx.tick()
            ctx.set(dut.entries.valid, 0)
            change(ctx, dut, OPEN)
            assert ctx.get(dut.granted.valid) == 0, "once, or not at all"
            assert ctx.get(dut.refusals.valid) == 1 - granted
            said = ctx.get(dut.refusals.payload)
            seen.append(Refusal.NONE if granted else said.refusal)
            if not granted:
                assert (said.slot, said.side, said.cause) == (entry["slot"], entry["side"], entry["cause"])
            await ctx.tick()
            assert (ctx.get(dut.busy), ctx.get(dut.refusals.valid)) == (0, 0)

    dut = GateAmongSlots(2)
    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert seen[0] == seen[1]
    return seen[0]


@BOTH
def test_a_prepared_entry_passes_in_its_own_cycle(entry):
    assert verdict_of(entry) == Refusal.NONE


@BOTH
@pytest.mark.parametrize("when", ["ahead", "then", "both"])
@pytest.mark.parametrize(
    ("inputs", "refusal"),
    [
        *LEVELS,
        *(({"flags": flags}, refusal) for flags, refusal in STATES),
        ({"enabled": 0}, Refusal.SLOT_DISABLED),
    ],
    ids=str,
)
def test_levels_and_flags_forbid_in_the_very_cycle_and_in_the_one_before(entry, inputs, refusal, when):
    """One that comes back in the cycle of the entry is too late for it."""
    given = {name: inputs for name in (("ahead", "then") if when == "both" else (when,))}
    assert verdict_of(entry, **given) == refusal


@pytest.mark.parametrize(
    ("entry", "ahead", "refusal"),
    [
        (ENTER | {"shares": 200}, {}, Refusal.NONE),
        (ENTER | {"shares": 201}, {}, Refusal.ORDER_SIZE),
        (ENTER, {"standing_config": {"max_order_size": 99}}, Refusal.ORDER_SIZE),
        (ENTER, {"standing_config": {"ceiling_order_size": 99}}, Refusal.ORDER_SIZE),
        (ENTER, {"standing_config": {"max_inventory": 99}}, Refusal.INVENTORY),
        (ENTER, {"standing_config": {"ceiling_inventory": 99}}, Refusal.INVENTORY),
        (ENTER, {"position": 200}, Refusal.NONE),
        (ENTER, {"position": 201}, Refusal.INVENTORY),
        (ENTER, {"open_buy": 201}, Refusal.INVENTORY),
        (ENTER, {"position": -300, "open_buy": 500}, Refusal.NONE),
        (ENTER, {"open_sell": 300}, Refusal.NONE),
        (SHORT_SALE, {"position": -200}, Refusal.NONE),
        (SHORT_SALE, {"position": -201}, Refusal.INVENTORY),
        (SHORT_SALE, {"open_sell": 201}, Refusal.INVENTORY),
        (SHORT_SALE, {"standing_config": {"short_allowed": 0}}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"located": 100}, Refusal.NONE),
        (SHORT_SALE, {"located": 99}, Refusal.SHORT_SALE),
        (SHORT_SALE, {"flags": {"short_restricted": 1}}, Refusal.SHORT_SALE),
        (ENTER, {"standing_config": {"short_allowed": 0}, "flags": {"short_restricted": 1}}, Refusal.NONE),
        (ENTER | {"shares": 0}, {}, Refusal.MALFORMED),
        (ENTER | {"slot": 2}, {}, Refusal.MALFORMED),
    ],
)
def test_limits_of_the_cycle_before(entry, ahead, refusal):
    verdict = verdict_of(entry, ahead=ahead)
    assert (verdict != Refusal.NONE) if entry["slot"] == 2 else (verdict == refusal)


@pytest.mark.parametrize(
    ("entry", "prepared"),
    [
        (ENTER | {"price": 0}, None),
        (ENTER | {"price": 1_999_999_901}, None),
        (ENTER, {"slot": 1, "shares": 99}),
        (ENTER, {"slot": 0, "shares": 100}),
        (ENTER | {"short": 1}, None),
        (SHORT_SALE | {"short": 0}, None),
        (ENTER | {"role": Role.EXIT}, None),
        (ENTER | {"kind": OrderIntentKind.REPLACE}, None),
        (ENTER | {"kind": OrderIntentKind.CANCEL}, None),
    ],
)
def test_what_was_not_prepared_or_makes_no_sense_is_refused(entry, prepared):
    verdict = verdict_of(entry, prepared=prepared)
    assert verdict != Refusal.NONE
    if prepared is None or prepared["slot"] == 1:
        assert verdict == Refusal.MALFORMED


@pytest.mark.parametrize(
    ("then", "ready", "refusal"),
    [
        ({"unsent": 1}, 1, Refusal.BUSY),
        ({}, 0, Refusal.BUSY),
        ({"table_full": 1}, 0, Refusal.TABLE_FULL),
    ],
)
def test_an_entry_never_waits_for_the_order_port(then, ready, refusal):
    assert verdict_of(ENTER, then=then, ready=ready) == refusal


def test_an_entry_bounces_off_what_is_held_and_both_refusals_are_told():
    """The entry's refusal goes first; the exit's, wanted in the same cycle, follows."""
    told = []

    async def script(ctx):
        change(ctx, dut, OPEN | {"position": 100})
        ctx.set(dut.config, CONFIG)
        ctx.set(dut.granted.ready, 0)
        ctx.set(dut.intents.payload, EXIT | {"cause": 1})
        ctx.set(dut.intents.valid, 1)
        await ctx.tick()
        ctx.set(dut.intents.valid, 0)
        await ctx.tick()
        ctx.set(dut.standing, {"slot": 1, "shares": 100})
        await ctx.tick()
        ctx.set(dut.entries.payload, ENTER | {"cause": 2})
        ctx.set(dut.entries.valid, 1)
        ctx.set(dut.flags[1], FLAGS | {"halted": 1})
        ctx.set(dut.granted.ready, 1)
        granted = ctx.get(dut.granted.payload)
        assert (ctx.get(dut.granted.valid), granted.cause) == (1, 1), "the exit, judged a cycle ago"
        ctx.set(dut.granted.ready, 0)  # but the order port is not ready after all
        for _ in range(4):
            await ctx.tick()
            ctx.set(dut.entries.valid, 0)
            assert ctx.get(dut.granted.valid) == 0
            if ctx.get(dut.refusals.valid):
                said = ctx.get(dut.refusals.payload)
                told.append((said.cause, said.refusal))

    dut = GateAmongSlots(2)
    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert told == [(2, Refusal.HALTED), (1, Refusal.HALTED)]


def test_two_that_come_together_never_use_the_same_room():
    """An entry passes in the very cycle in which another order of the same slot and side comes in."""

    async def script(world):
        ctx, gate = world.ctx, world.dut.gate
        half = risk_world.intent(shares=600)
        ctx.set(gate.standing, {"slot": 0, "shares": 600})
        await world.cycle()
        assert await world.cycle(half | {"role": Role.QUOTE}, entry=half)
        assert world.grants == 1
        for _ in range(3):
            await world.cycle(entry=half)  # prepared all the while
        await world.settle()
        await world.cycle()
        await world.cycle(entry=half)
        await world.settle()
        assert world.grants == 1
        # The other order and the entry at its heels meet an order without its SENT; later ones the room it took.
        assert world.refusals == [Refusal.BUSY] * 2 + [Refusal.INVENTORY] * 3

    risk_world.run(script)


def test_reset_has_nothing_prepared():
    async def script(world):
        await world.cycle(entry=risk_world.intent(shares=0))
        await world.settle()
        assert (world.grants, world.refusals) == (0, [Refusal.MALFORMED])

    risk_world.run(script)


@pytest.mark.parametrize("seed", range(4))
def test_random_entries_among_random_orders_never_exceed_the_limit(seed):
    chance = random.Random(seed)

    async def script(world):
        ctx, gate = world.ctx, world.dut.gate
        standing, offered, came = {"slot": 0, "shares": 0}, None, 0
        for step in range(1200):
            entry = None
            if chance.random() < 0.5:
                side = Side(chance.randrange(2))
                entry = risk_world.intent(side=side, **standing)
                came += 1
            standing = {"slot": chance.randrange(2), "shares": chance.choice([50, 200, 333, 600])}
            ctx.set(gate.standing, standing)
            if offered is None and chance.random() < 0.2:
                live = list(world.chains.values())
                chain = chance.choice(live) if live else None
                if chain and chance.random() < 0.6:
                    offered = risk_world.intent(
                        risk_world.REPLACE, chain.side, chance.choice([50, 333, 600]), chain.slot, chain.row
                    )
                else:
                    offered = risk_world.intent(side=Side(chance.randrange(2)), shares=200, role=Role.QUOTE)
            world.refuse_next = chance.random() < 0.1
            if await world.cycle(offered, ready=chance.random() < 0.8, entry=entry):
                offered = None
            if world.chains and not world.answers and chance.random() < 0.5:
                act(world, chance.choice(list(world.chains.values())), chance)
            if step % 300 == 299:
                await world.settle()
        assert world.entries_granted > 30
        assert {Refusal.INVENTORY, Refusal.BUSY} <= set(world.refusals)

    risk_world.run(script)
