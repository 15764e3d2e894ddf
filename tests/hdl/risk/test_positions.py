"""Positions against a ledger kept in plain Python: told stories first, then random trade behind the real gate."""

import random

import pytest

from hdl.types import OrderAnswerKind, Refusal, Role, Side
from tests.hdl.risk.held_table import shown
from tests.hdl.risk.risk_world import CANCEL, ENTER, REPLACE, ROWS, SLOTS, Chain, granted, intent, run


def test_an_order_counts_from_the_cycle_after_its_grant():
    async def script(world):
        await world.cycle(intent(shares=400))
        await world.cycle()  # the grant
        assert world.grants == 1
        assert shown(world.ctx, world.dut.positions, 0)[1] == 400
        assert world.ctx.get(world.dut.positions.unsent) == 1
        await world.settle()
        assert world.ctx.get(world.dut.positions.unsent) == 0

    run(script)


def test_replace_counts_the_larger_until_it_is_answered():
    async def script(world):
        await granted(world, intent(shares=300))
        chain = world.chains[0]
        world.fill(chain, 100, 10_000, "R")
        await world.settle()
        for asked, counts, answered in ((250, 200, 150), (600, 500, 500)):
            await granted(world, intent(REPLACE, shares=asked, role=Role.QUOTE))
            assert shown(world.ctx, world.dut.positions, 0)[1] == counts
            chain.open, chain.asked = asked - chain.executed, 0
            world.tell(chain, OrderAnswerKind.REPLACED, shares=chain.open)
            await world.settle()
            assert shown(world.ctx, world.dut.positions, 0)[1] == answered

    run(script)


def test_a_rejected_replace_gives_the_room_back():
    async def script(world):
        await granted(world, intent(shares=300))
        chain = world.chains[0]
        await granted(world, intent(REPLACE, shares=500, role=Role.QUOTE))
        chain.asked = 0
        world.tell(chain, OrderAnswerKind.REJECTED)
        await world.settle()
        assert shown(world.ctx, world.dut.positions, 0)[1] == 300

    run(script)


@pytest.mark.parametrize("kind", [ENTER, REPLACE])
def test_a_refusal_of_the_order_port_takes_the_grant_back(kind):
    async def script(world):
        await granted(world, intent(shares=300))
        world.refuse_next = True
        await granted(world, intent(kind, shares=500, role=Role.QUOTE))
        assert shown(world.ctx, world.dut.positions, 0)[1] == 300
        assert world.ctx.get(world.dut.positions.unsent) == 0

    run(script)


def test_fees_follow_the_liquidity_flag_and_an_unknown_one_does_not_flatter():
    async def script(world):
        for flag in "ARZ":
            await granted(world, intent(shares=10))
            world.fill(next(iter(world.chains.values())), 10, 1_234_567, flag)
            await world.settle()
        assert shown(world.ctx, world.dut.positions, 0)[3] == -(30 * 123_456_700 + 10 * (-1500 + 3500 + 3500))

    run(script)


def test_large_amounts():
    async def script(world):
        world.ctx.set(
            world.dut.gate.config,
            {
                "max_inventory": 2**31 - 1,
                "max_order_size": 2**31 - 1,
                "short_allowed": 1,
                "ceiling_inventory": 2**31 - 1,
                "ceiling_order_size": 2**31 - 1,
            },
        )
        world.check_limits = lambda: None
        await granted(world, intent(shares=999_999, side=Side.SELL))
        world.fill(world.chains[0], 999_999, 1_999_999_900, "R")
        await world.settle()

    run(script)


def test_changes_carry_the_state_after_each_answer():
    async def script(world):
        seen = []
        positions = world.dut.positions
        await granted(world, intent(shares=100))
        chain = world.chains[0]
        world.fill(chain, 60, 10_000, "R")
        chain.open = 0
        world.tell(chain, OrderAnswerKind.CANCELED, shares=40, cause=5)
        for _ in range(16):
            await world.cycle()
            if world.ctx.get(positions.changes.valid):
                change = world.ctx.get(positions.changes.payload)
                seen.append((change.slot, change.position, change.cash, change.open_buy, change.open_sell))
        cash = -60 * 1_000_000 - 60 * 3500
        assert seen == [(0, 60, cash, 40, 0), (0, 60, cash, 0, 0)]

    run(script)


@pytest.mark.parametrize("seed", range(6))
def test_random_trade_never_exceeds_the_limit_and_always_adds_up(seed):
    chance = random.Random(seed)

    async def script(world):
        offered = None
        for step in range(1200):
            if offered is None and chance.random() < 0.4:
                kind = chance.choice([ENTER, ENTER, REPLACE, REPLACE, CANCEL])
                live = list(world.chains.values())
                chain = chance.choice(live) if live else Chain(chance.randrange(ROWS), 0, Side.BUY, 0)
                side, slot = Side(chance.randrange(2)), chance.randrange(SLOTS)
                if kind != ENTER:
                    side, slot = chain.side, chain.slot
                offered = intent(
                    kind,
                    side,
                    chance.choice([1, 50, 200, 333, 600]),
                    slot,
                    chain.row,
                    chance.choice([Role.ENTRY, Role.QUOTE, Role.EXIT]),
                )
                world.refuse_next = chance.random() < 0.1
            if await world.cycle(offered, ready=chance.random() < 0.8):
                offered = None
            # The exchange acts on what it knows; the card hears of it later.
            if world.chains and not world.answers and chance.random() < 0.5:
                act(world, chance.choice(list(world.chains.values())), chance)
            if step % 300 == 299:
                await world.settle()
        assert world.grants > 60
        assert {Refusal.INVENTORY, Refusal.BUSY} <= set(world.refusals)

    run(script)


def act(world, chain, chance):
    """One random deed of the exchange on a chain."""
    deed = chance.random()
    if chain.asked and deed < 0.4:
        if chain.asked <= chain.executed:
            chain.open = 0
            world.tell(chain, OrderAnswerKind.CANCELED)
        elif deed < 0.25:
            chain.open, chain.asked = chain.asked - chain.executed, 0
            world.tell(chain, OrderAnswerKind.REPLACED, shares=chain.open)
        else:
            chain.asked = 0
            world.tell(chain, OrderAnswerKind.REJECTED)
    elif deed < 0.8:
        world.fill(chain, chance.randint(1, chain.open), chance.randint(9_000, 11_000), chance.choice("AR"))
    else:
        taken = chance.choice([chain.open, chance.randint(1, chain.open)])
        chain.open -= taken
        world.tell(chain, OrderAnswerKind.CANCELED, shares=taken)
