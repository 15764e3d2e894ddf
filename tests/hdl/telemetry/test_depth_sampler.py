"""DEPTH and TRADE_PRINT records, against a model in plain Python. Levels: ``test_depth_levels.py``."""

import random

from amaranth.sim import Simulator

from hdl.telemetry.depth_sampler import DepthSampler

SLOTS = 3
FULL = (1 << 32) - 1
LOAD = 12
#: Record types, and the flag of a DEPTH whose levels follow, as hdl/telemetry/records.py has them.
DEPTH, DEPTH_LEVEL, FOLLOW = 12, 28, 16


class Model:
    """What the host is to hear, one view after the other."""

    def __init__(self, interval, trades):
        self.interval, self.trades = interval, trades
        self.told = {}
        self.depth, self.prints = [], []

    def view(self, cycle, v):
        bid, ask = (min(FULL, sum(s for _, s in v[side])) for side in ("bids", "asks"))
        flags = v["bid_incomplete"] | v["ask_incomplete"] << 1 | v["locked"] << 2 | v["crossed"] << 3
        last = self.told.get(v["slot"])
        if v["kind"] != LOAD and self.interval and (last is None or cycle - last >= self.interval):
            self.told[v["slot"]] = cycle
            top = (v["bids"][0][0], v["asks"][0][0], bid, ask, flags)
            self.depth.append((v["slot"], 0, v["exchange_time"], v["sequence"], *top))
        if self.trades and v["trade_shares"]:
            match = v["trade_match"]
            what = (v["trade_price"], v["trade_shares"], match & FULL, match >> 32)
            self.prints.append((v["slot"], v["kind"], v["exchange_time"], v["sequence"], *what))


def random_view(rng):
    side = lambda: [(rng.randrange(1 << 32), rng.choice((100, 5000, FULL))) for _ in range(5)]  # noqa: E731
    return {
        "slot": rng.randrange(SLOTS), "bids": side(), "asks": side(), "kind": rng.choice((1, 2, 7, LOAD)),
        "bid_incomplete": rng.getrandbits(1), "ask_incomplete": rng.getrandbits(1), "locked": rng.getrandbits(1),
        "crossed": rng.getrandbits(1), "trade_shares": rng.choice((0, 0, 300)), "trade_price": rng.getrandbits(32),
        "trade_match": rng.getrandbits(64), "exchange_time": rng.getrandbits(48), "sequence": rng.getrandbits(64),
    }  # fmt: skip


def run(sampler, drive, cycles):
    """Drive each cycle by ``drive(ctx, cycle)``; give the DEPTH and the TRADE_PRINT records with their cycles.

    Whether levels follow is left out, and so are they.
    """
    depth, prints = [], []

    async def bench(ctx):
        for cycle in range(cycles):
            ctx.set(sampler.card_time, cycle)
            drive(ctx, cycle)
            for port, into in ((sampler.depth, depth), (sampler.prints, prints)):
                if ctx.get(port.valid) and ctx.get(port.payload.type.as_value()) != DEPTH_LEVEL:
                    p = port.payload
                    words = [ctx.get(getattr(p, f"word{i}")) for i in range(5)]
                    head = [ctx.get(getattr(p, f)) for f in ("slot", "detail", "exchange_time", "cause")]
                    assert ctx.get(p.side) == 255
                    if port is sampler.depth:
                        words[4] &= ~FOLLOW
                    into.append((cycle, (*head, *words)))
            await ctx.tick()

    simulator = Simulator(sampler)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return depth, prints


def show(ctx, sampler, view):
    ctx.set(sampler.view.valid, view is not None)
    for name, value in (view or {}).items():
        if name in ("bids", "asks"):
            for i, (price, shares) in enumerate(value):
                ctx.set(getattr(sampler.view.payload, name)[i].price, price)
                ctx.set(getattr(sampler.view.payload, name)[i].shares, shares)
        else:
            ctx.set(getattr(sampler.view.payload, name), value)


def check(interval, trades, seed, cycles=400):
    rng = random.Random(seed)
    sampler, model = DepthSampler(SLOTS), Model(interval, trades)

    def drive(ctx, cycle):
        ctx.set(sampler.interval, interval)
        ctx.set(sampler.trades, trades)
        view = random_view(rng) if rng.random() < 0.5 and cycle < cycles - 5 else None
        show(ctx, sampler, view)
        if view:
            model.view(cycle, view)

    depth, prints = run(sampler, drive, cycles)
    assert [r for _, r in depth] == model.depth
    assert [r[:-1] for _, r in prints] == model.prints
    return depth, prints


def test_depth_at_most_once_an_interval_and_slot():
    depth, prints = check(40, 1, seed=3)
    assert 20 < len(depth) <= SLOTS * 10
    assert len(prints) > 40


def test_depth_for_every_view_with_the_shortest_interval():
    depth, _ = check(1, 0, seed=4)
    assert len(depth) > 150


def test_neither_when_switched_off():
    assert check(0, 0, seed=5) == ([], [])


def test_a_trigger_is_told_with_the_slots_top():
    sampler = DepthSampler(SLOTS)
    rng = random.Random(9)
    views = {c: random_view(rng) | {"slot": s, "kind": 1} for c, s in ((0, 1), (1, 2), (10, 2))}

    def drive(ctx, cycle):
        show(ctx, sampler, views.get(cycle))
        ctx.set(sampler.trigger, cycle in (5, 6))
        ctx.set(sampler.trigger_slot, {5: 1, 6: 2}.get(cycle, 0))

    depth, _ = run(sampler, drive, 20)
    assert [(cycle, r[0], r[1], r[2], r[4]) for cycle, r in depth] == [
        (7, 1, 1, views[0]["exchange_time"], views[0]["bids"][0][0]),
        (8, 2, 1, views[1]["exchange_time"], views[1]["bids"][0][0]),
    ]


def test_a_slot_that_is_none_is_ignored():
    sampler = DepthSampler(SLOTS)
    view = random_view(random.Random(1)) | {"slot": 200, "kind": 1, "trade_shares": 0}

    def drive(ctx, cycle):
        ctx.set(sampler.interval, 1)
        show(ctx, sampler, view if cycle == 0 else None)

    assert run(sampler, drive, 10) == ([], [])
