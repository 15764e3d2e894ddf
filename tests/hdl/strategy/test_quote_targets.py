"""What the maker wants of a book, against the rules in exact fractions."""

import random

import pytest
from amaranth.sim import Simulator

from hdl.strategy.fair_value import FairValue
from hdl.strategy.quote_targets import QuoteTargets
from tests.hdl.strategy.maker_rules import BUY, SELL, wanted

SETTINGS = {
    "tick": 100,
    "size": 100,
    "inventory": 1000,
    "half_spread": 1,
    "max_spread": 3,
    "move": 1,
    "skew": 0,
    "ratio": 0,
    "weighted": 0,
    "short_allowed": 1,
    "throttle": 0,
    "cooldown": 0,
}
BOOK = {
    "bid": 100_000,
    "ask": 100_100,
    "bid_size": 500,
    "ask_size": 500,
    "bid_volume": 2500,
    "ask_volume": 2500,
    "sound": 1,
}


def found(cases):
    """Run (book, settings, position) one after the other; give {side: (price, shares) or None} and cycles of each."""
    dut = QuoteTargets()
    results = []

    async def bench(ctx):
        for book, settings, position in cases:
            ctx.set(dut.view, BOOK | book)
            ctx.set(dut.config, SETTINGS | settings)
            ctx.set(dut.position, position)
            ctx.set(dut.start, 1)
            cycles = 0
            while not ctx.get(dut.done):
                await ctx.tick()
                ctx.set(dut.start, 0)
                cycles += 1
            sides = {BUY: ctx.get(dut.bid), SELL: ctx.get(dut.ask)}
            results.append(({s: (t.price, t.shares) if t.wanted else None for s, t in sides.items()}, cycles))
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    return results


def targets(position=0, book=None, **settings):
    ((result, cycles),) = found([(book or {}, settings, position)])
    assert cycles == 12
    return result[BUY], result[SELL]


def test_half_a_tick_away_joins_both_sides_of_a_penny_spread():
    assert targets() == ((100_000, 100), (100_100, 100))


def test_a_long_position_leans_both_quotes_down():
    one_half_tick_per_hundred = 655
    assert targets(position=200, skew=one_half_tick_per_hundred) == ((99_900, 100), (100_100, 100))
    assert targets(position=400, skew=one_half_tick_per_hundred) == ((99_800, 100), (100_100, 100))
    # The offer never goes through the best bid, however far the lean.
    assert targets(position=900, skew=65535)[1] == (100_100, 100)


@pytest.mark.parametrize(("position", "bid", "ask"), [(0, 100, 100), (950, 50, 100), (-950, 100, 50), (1000, 0, 100)])
def test_no_bid_at_the_limit_and_no_offer_at_its_negative(position, bid, ask):
    shares = [quote[1] if quote else 0 for quote in targets(position=position)]
    assert shares == [bid, ask]
    mirrored = [quote[1] if quote else 0 for quote in targets(position=-position)]
    assert mirrored == [ask, bid]


@pytest.mark.parametrize(
    "book",
    [{"sound": 0}, {"ask": 100_400}, {"ask": 100_150}, {"ask": 200_000}],
    ids=["unsound", "wide", "no-whole-ticks", "beyond-255-ticks"],
)
def test_books_without_a_fair_value_are_not_quoted(book):
    assert targets(book=book) == (None, None)


def test_a_side_that_is_outweighed_is_not_quoted():
    assert targets(book={"ask_volume": 7501}, ratio=0x0300) == (None, (100_100, 100))
    assert targets(book={"bid_volume": 7501}, ratio=0x0300) == ((100_000, 100), None)
    assert targets(book={"bid_volume": 7500}, ratio=0x0300) == ((100_000, 100), (100_100, 100))


def test_random_books_and_settings_follow_the_rules():
    rng = random.Random(20260119)
    cases = []
    for _ in range(600):
        tick = rng.choice((1, 50, 100))
        bid = tick * rng.randint(1, 20_000)
        sizes = {name: rng.choice((1, 100, rng.randint(1, 1 << 32) - 1 or 1)) for name in ("bid_size", "ask_size")}
        volumes = {
            name: rng.choice((100, 5000, rng.randint(1, (1 << 35) - 1))) for name in ("bid_volume", "ask_volume")
        }
        odd = rng.choice((0, 0, 0, 0, 1))
        book = {
            "bid": bid,
            "ask": bid + tick * rng.choice((1, 1, 2, 3, 7, 255, 256)) + odd,
            "sound": rng.random() < 0.98,
        }
        settings = {
            "tick": tick,
            "size": rng.choice((0, 1, 100, 100, 5000)),
            "inventory": rng.choice((0, 100, 1000, (1 << 31) - 1)),
            "half_spread": rng.choice((0, 1, 2, 3, 255)),
            "max_spread": rng.choice((0, 1, 255, 255)),
            "skew": rng.choice((0, 1, 656, 65535)),
            "ratio": rng.choice((0, 0x100, 0x300, 0xFFFF)),
            "weighted": rng.randrange(2),
        }
        position = rng.choice((0, 1, -1, 150, -150, 1000, -1000, rng.randint(-(1 << 31), (1 << 31) - 1)))
        cases.append((book | sizes | volumes, settings, position))
    results = found(cases)
    assert {cycles for _, cycles in results} == {12}
    quoted = 0
    for (book, settings, position), (result, _) in zip(cases, results, strict=True):
        assert result == wanted(BOOK | book, SETTINGS | settings, position), (book, settings, position)
        quoted += sum(quote is not None for quote in result.values())
    assert quoted > 150


def test_fair_value_divides_in_ten_cycles():
    dut = FairValue()
    seen = []

    async def bench(ctx):
        for bid_size, weighted in ((300, 0), (300, 1), (100, 1)):
            for name, value in (("bid", 50_000), ("ask", 50_200), ("tick", 100), ("ask_size", 100)):
                ctx.set(getattr(dut, name), value)
            ctx.set(dut.bid_size, bid_size)
            ctx.set(dut.weighted, weighted)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            cycles = 1
            while not ctx.get(dut.done):
                await ctx.tick()
                cycles += 1
            seen.append((cycles, ctx.get(dut.whole), ctx.get(dut.spread), ctx.get(dut.fair)))

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    # The mid is 2 half-ticks above the bid; three quarters of the shares on the bid put it 3 above.
    assert seen == [(10, 1, 2, 2 * 256), (10, 1, 2, 3 * 256), (10, 1, 2, 2 * 256)]
