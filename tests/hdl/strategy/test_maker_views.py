"""What the maker keeps of a view: the market of others, our displayed orders taken out."""

import random

from amaranth.sim import Simulator

from hdl.strategy.maker_views import MakerViews
from hdl.types import DEPTH

SLOTS = 3


def others(levels, own):
    """Levels as others have them: (price, shares), those of nobody else left out."""
    found = []
    for price, shares in levels:
        left = shares - sum(mine for at, mine in own if at == price)
        if left > 0:
            found.append((price, left))
    return found


def side(chance, best, step):
    """Levels of a side, best first, and our orders on it: at a level, or elsewhere; more than a level shows, too."""
    count = chance.choice([0, 1, 3, DEPTH, DEPTH])
    prices = [best + step * i * chance.randrange(1, 3) for i in range(count)]
    levels = sorted({p: chance.randrange(1, 500) for p in prices}.items(), reverse=step < 0)
    own = []
    for _ in range(2):
        price = chance.choice(prices) if prices and chance.random() < 0.7 else best + step * 40
        shares = dict(levels).get(price, 100)
        own.append((price, chance.choice([0, 1, shares, shares + 7, max(shares - 1, 0)])))
    return levels, own


def test_prices_sizes_and_volumes_are_those_of_others():
    dut = MakerViews(SLOTS)
    met = {"alone": 0, "shared": 0, "empty": 0}

    async def script(ctx):
        chance = random.Random(12)
        for number in range(1, 1500):
            slot = chance.randrange(SLOTS)
            (bids, own_bids), (asks, own_asks) = side(chance, 10_000, -100), side(chance, 10_100, 100)
            flags = {name: chance.random() < 0.1 for name in ("bid_incomplete", "ask_incomplete", "locked", "crossed")}
            padded = {
                name: [{"price": p, "shares": s} for p, s in levels]
                + [{"price": 0, "shares": 0}] * (DEPTH - len(levels))
                for name, levels in (("bids", bids), ("asks", asks))
            }
            ctx.set(dut.view.payload, {"slot": slot, "sequence": number, "card_time": number * 7} | padded | flags)
            own = {"bids": own_bids, "asks": own_asks}
            ctx.set(dut.own, {n: [{"price": p, "shares": s} for p, s in of] for n, of in own.items()})
            ctx.set(dut.view.valid, 1)
            await ctx.tick()
            ctx.set(dut.view.valid, 0)
            ctx.set(dut.own, {})  # it is looked at in the cycle of the view alone
            assert not any(ctx.get(dut.kept))
            await ctx.tick()
            assert list(ctx.get(dut.kept)) == [int(i == slot) for i in range(SLOTS)]
            await ctx.tick()
            ctx.set(dut.read_slot, slot)
            kept = ctx.get(dut.read)
            left_bids, left_asks = others(bids, own_bids), others(asks, own_asks)
            assert kept.bid_volume == sum(s for _, s in left_bids)
            assert kept.ask_volume == sum(s for _, s in left_asks)
            both = bool(left_bids) and bool(left_asks)
            assert kept.sound == (both and not any(flags.values()))
            if both:
                assert ((kept.bid, kept.bid_size), (kept.ask, kept.ask_size)) == (left_bids[0], left_asks[0])
            assert (kept.cause, kept.trigger_time) == (number, number * 7)
            met["empty"] += bool(bids) and not left_bids
            met["alone"] += both and left_bids[0][0] != bids[0][0]
            met["shared"] += both and left_bids[0][0] == bids[0][0] and left_bids[0][1] != bids[0][1]

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert min(met.values()) > 20, met
