"""The market maker through long made sessions, against its rules written apart from it."""

import random

import pytest

from hdl.types import Side
from tests.hdl.strategy.maker_bench import MAKER, SLOTS, run
from tests.hdl.strategy.maker_rules import BUY, SELL, settle

EVENTS = 160
SIDES = {BUY: Side.BUY, SELL: Side.SELL}


@pytest.mark.parametrize("seed", [1, 2])
def test_quotes_rest_where_the_rules_put_them(seed):
    rng = random.Random(seed)
    settings = MAKER | {
        "half_spread": rng.choice((1, 2, 3)),
        "skew": rng.choice((0, 300, 655)),
        "move": rng.choice((1, 2)),
        "weighted": rng.randrange(2),
        "size": rng.choice((100, 300)),
    }

    async def script(bench):
        bench.set(**settings)
        model = [{BUY: None, SELL: None} for _ in range(SLOTS)]
        books = [None] * SLOTS
        positions = [0] * SLOTS
        restricted = [False] * SLOTS
        fills = 0
        for _ in range(EVENTS):
            slot = rng.randrange(SLOTS)
            resting = [side for side in SIDES if model[slot][side]]
            if resting and rng.random() < 0.25:
                side = rng.choice(resting)
                order = bench.order(SIDES[side], slot)
                shares = rng.choice((order.open, rng.randint(1, order.open)))
                bench.fill(order, shares)
                await bench.settle()
                positions[slot] += shares if side == BUY else -shares
                model[slot][side].open -= shares
                if not model[slot][side].open:
                    model[slot][side] = None
                fills += 1
            else:
                old = books[slot] or {"bid": 50_000}
                bid = old["bid"] + 100 * rng.choice((0, 0, 1, -1, 2, -3))
                sizes = rng.choice(((1000, 1000), (900, 2000), (4000, 700), (100, 5000)))
                ask = bid + 100 * rng.choice((1, 1, 1, 2, 3))
                sound = rng.random() < 0.95
                if rng.random() < 0.05:
                    restricted[slot] = not restricted[slot]
                    bench.flags(slot, short_restricted=int(restricted[slot]))
                books[slot] = {
                    "bid": bid,
                    "ask": ask,
                    "bid_size": sizes[0],
                    "ask_size": sizes[1],
                    "bid_volume": sizes[0],
                    "ask_volume": sizes[1],
                    "sound": sound,
                }
                await bench.view(bid, ask, slot=slot, sizes=sizes, bid_incomplete=int(not sound))
            settle(model[slot], books[slot], settings, positions[slot], short_ok=not restricted[slot])
            for i in range(SLOTS):
                assert bench.quotes(i) == model[i], (i, positions[i], books[i])
                assert bench.position(i) == positions[i]
                assert abs(positions[i]) <= settings["inventory"]
        assert fills > 10
        assert len(bench.granted) > 60
        assert not bench.refused

    run(script)
