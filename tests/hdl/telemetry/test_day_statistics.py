"""A day's volume, last trade and times of each slot, against a model in plain Python."""

import random
from dataclasses import dataclass

import pytest
from amaranth.sim import Simulator

from hdl.telemetry.day_statistics import DayStatistics
from hdl.types import EventKind

SLOTS = 3
#: Cycles within which a change of trading is counted: its turn behind views and the other slots'.
LATE = 2 * SLOTS + 4


@dataclass
class Day:
    """One slot's day; ``at`` is up to when its times are added up."""

    at: int = 0
    volume: int = 0
    price: int = 0
    shares: int = 0
    time: int = 0
    continuous: int = 0
    one_tick: int = 0
    trading: bool = False
    tight: bool = False
    known: bool = False

    def until(self, now):
        if self.known and self.trading:
            self.continuous += now - self.at
            self.one_tick += (now - self.at) * self.tight
        self.at = now

    def see(self, now, view, tick):
        self.until(now)
        self.known = True
        bid, ask = view["bid"], view["ask"]
        self.tight = bool(bid and ask and ask == bid + tick)
        if view["shares"]:
            self.volume += view["shares"]
            self.price, self.shares, self.time = view["price"], view["shares"], view["time"]


class Bench:
    """The block, and the model beside it; ``step`` is how much card time a cycle takes."""

    def __init__(self, ctx, dut, rng, step):
        self.ctx, self.dut, self.rng, self.step = ctx, dut, rng, step
        self.days = [Day() for _ in range(SLOTS)]
        self.ticks = [100, 1, 50]
        self.now = 0
        self.slack = [0] * SLOTS
        for slot in range(SLOTS):
            self.bind(slot, True)

    def bind(self, slot, bound):
        bits = self.ctx.get(self.dut.bound) & ~(1 << slot) | bound << slot
        self.ctx.set(self.dut.bound, bits)
        if not bound:
            self.days[slot] = Day(trading=self.days[slot].trading, at=self.now)

    def trade(self, slot, trading):
        bits = self.ctx.get(self.dut.trading) & ~(1 << slot) | trading << slot
        self.ctx.set(self.dut.trading, bits)
        self.days[slot].until(self.now)
        self.days[slot].trading = trading
        self.days[slot].known = True
        self.slack[slot] += LATE * self.step

    async def tick(self, view=None):
        ctx, dut = self.ctx, self.dut
        ctx.set(dut.card_time, self.now)
        slot = ctx.get(dut.tick_slot)
        ctx.set(dut.tick, self.ticks[slot] if slot < SLOTS else 0)
        ctx.set(dut.view.valid, view is not None)
        if view:
            payload = dut.view.payload
            ctx.set(payload.slot, view["slot"])
            ctx.set(payload.kind, view["kind"])
            for side in ("bid", "ask"):
                level = getattr(payload, f"{side}s")[0]
                ctx.set(level.price, view[side])
                ctx.set(level.shares, 100 if view[side] else 0)
            for name, key in (("trade_shares", "shares"), ("trade_price", "price"), ("exchange_time", "time")):
                ctx.set(getattr(payload, name), view[key])
            if view["slot"] < SLOTS and view["kind"] != EventKind.LOAD:
                # A register stands before everything: the row is that of the next cycle.
                self.days[view["slot"]].see(self.now + self.step, view, self.ticks[view["slot"]])
        await ctx.tick()
        ctx.set(dut.view.valid, 0)
        self.now += self.step

    def view(self):
        rng = self.rng
        slot = rng.choice([0, 0, 1, 2, 200])
        tick = self.ticks[slot] if slot < SLOTS else 1
        bid = rng.choice([0, 10_000, 10_000, 2**32 - 1])
        ask = rng.choice([0, bid, bid + tick, bid + tick, bid + 2 * tick, 9_000]) % 2**32
        kind = rng.choice([EventKind.ADD, EventKind.EXECUTE, EventKind.CLEAR, EventKind.LOAD])
        shares = rng.choice([0, 0, 1, 300, 2**32 - 1]) if kind != EventKind.LOAD else 0
        return {
            "slot": slot, "kind": kind, "bid": bid, "ask": ask, "shares": shares, "price": rng.getrandbits(31),
            "time": rng.getrandbits(47),
        }  # fmt: skip

    async def show(self, slot):
        """Ask for a slot while nothing else comes; the time that is told is up to now."""
        ctx, dut = self.ctx, self.dut
        for _ in range(LATE):
            await self.tick()
        ctx.set(dut.ask, 1)
        ctx.set(dut.asked, slot)
        await self.tick()
        ctx.set(dut.ask, 0)
        asked_at = self.now
        for _ in range(4):
            await self.tick()
        assert not ctx.get(dut.busy)
        day, shown = self.days[slot], dut.shown
        day.until(asked_at)
        row = {name: ctx.get(getattr(shown, name)) for name in ("volume", "last_price", "last_shares", "last_time")}
        assert list(row.values()) == [day.volume, day.price, day.shares, day.time]
        assert ctx.get(dut.shown_slot) == slot
        for name in ("continuous", "one_tick"):
            assert abs(ctx.get(getattr(shown, name)) - getattr(day, name)) <= self.slack[slot], name
        return row["volume"], ctx.get(shown.continuous), ctx.get(shown.one_tick)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize("changes", [False, True], ids=["trading all the time", "trading now and then"])
def test_a_day(seed, step, changes):
    rng = random.Random(seed)
    dut = DayStatistics(SLOTS)

    async def testbench(ctx):
        bench = Bench(ctx, dut, rng, step)
        for slot in range(SLOTS):
            bench.trade(slot, not changes)
        for _ in range(LATE):
            await bench.tick()
        if not changes:
            # From here on every cycle is told exactly.
            for slot in range(SLOTS):
                _, bench.days[slot].continuous, _ = await bench.show(slot)
                bench.slack[slot] = 0
        most = [0, 0, 0]
        for _ in range(8):
            for _ in range(60):
                await bench.tick(bench.view() if rng.random() < 0.7 else None)
                for _ in range(rng.choice([1, 1, 2, 5])):
                    await bench.tick()
                if changes and rng.random() < 0.1:
                    bench.trade(rng.randrange(SLOTS), rng.random() < 0.6)
            for slot in range(SLOTS):
                most[slot] = await bench.show(slot)
        assert all(volume > 1000 and continuous > one_tick > 0 for volume, continuous, one_tick in most)

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(testbench)
    simulator.run()


def test_a_slot_that_is_bound_anew_begins_anew():
    dut = DayStatistics(SLOTS)

    async def testbench(ctx):
        bench = Bench(ctx, dut, random.Random(1), 1)
        bench.trade(1, True)
        view = bench.view() | {"slot": 1, "kind": EventKind.EXECUTE, "shares": 500, "bid": 0}
        await bench.tick(view)
        assert (await bench.show(1))[0] == 500
        bench.bind(1, False)
        await bench.tick()
        bench.bind(1, True)
        volume, continuous, _ = await bench.show(1)
        assert (volume, continuous) == (0, 0)
        await bench.tick(view | {"shares": 7})
        assert (await bench.show(1))[0] == 7
        # As close to each other as views come: the second finds a row that is being written for the first time.
        for shares in (7, 8, 9):
            await bench.tick(view | {"slot": 2, "shares": shares})
            await bench.tick()
        assert (await bench.show(2))[0] == 24

    simulator = Simulator(dut)
    simulator.add_clock(1e-8)
    simulator.add_testbench(testbench)
    simulator.run()
