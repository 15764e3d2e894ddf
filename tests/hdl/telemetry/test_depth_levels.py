"""The levels behind DEPTH records, put together as a host would, against books kept in plain Python."""

import itertools
import random

from amaranth.sim import Simulator

from hdl.telemetry.depth_sampler import DepthSampler
from tests.hdl.telemetry.test_depth_sampler import DEPTH, DEPTH_LEVEL, FOLLOW, show

SLOTS = 3
NOTHING = (0, 0)


class Book:
    """Orders of one symbol, and what stands at each price."""

    def __init__(self, rng):
        self.rng = rng
        self.orders = []

    def step(self):
        """Add an order, or take one away."""
        if self.orders and self.rng.random() < 0.45:
            self.orders.pop(self.rng.randrange(len(self.orders)))
        else:
            side = self.rng.randrange(2)
            price = 250_000 + (100 if side else -100) * self.rng.randrange(1, 9)
            self.orders.append((side, price, self.rng.choice((1, 100, 2500, 0xFFFF_0000))))

    def best(self, side):
        """Give the five best levels of a side; absent ones are nothing."""
        total = {}
        for order_side, price, shares in self.orders:
            if order_side == side:
                total[price] = min(total.get(price, 0) + shares, 0xFFFF_FFFF)
        levels = sorted(total.items(), reverse=side == 0)[:5]
        return levels + [NOTHING] * (5 - len(levels))

    def view(self, slot, sequence):
        return {
            "slot": slot, "bids": self.best(0), "asks": self.best(1), "kind": 1, "bid_incomplete": 0,
            "ask_incomplete": 0, "locked": 0, "crossed": 0, "trade_shares": 0, "trade_price": 0, "trade_match": 0,
            "exchange_time": 10_000 + sequence, "sequence": sequence,
        }  # fmt: skip


def records_of(sampler, drive, cycles):
    """Drive each cycle; give the depth port's records with their cycles."""
    found = []

    async def bench(ctx):
        for cycle in range(cycles):
            ctx.set(sampler.card_time, cycle)
            drive(ctx, cycle)
            if ctx.get(sampler.depth.valid):
                record = sampler.depth.payload
                names = ("slot", "side", "detail", "exchange_time", "cause", *(f"word{i}" for i in range(5)))
                values = {name: ctx.get(getattr(record, name)) for name in names}
                found.append((cycle, ctx.get(record.type.as_value()), values))
                assert ctx.get(sampler.busy)
            await ctx.tick()
        assert not ctx.get(sampler.busy)

    simulator = Simulator(sampler)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return found


def ladders_of(records):
    """Put levels together: cause of each view to its ten levels. A broken promise, or a stray level, fails."""
    promised, ladders = None, {}
    for cycle, kind, r in records:
        words = [r[f"word{i}"] for i in range(5)]
        assert r["side"] == 255
        if kind == DEPTH:
            if words[4] & FOLLOW:
                assert promised is None, f"cycle {cycle}: levels of another view were promised before the last came"
                promised = {"key": (r["slot"], r["cause"], r["exchange_time"]), "bids": [], "asks": []}
            continue
        assert kind == DEPTH_LEVEL
        assert promised["key"] == (r["slot"], r["cause"], r["exchange_time"])
        assert (r["detail"], words[4]) == (len(promised["bids"]), 0)
        promised["bids"].append((words[0], words[1]))
        promised["asks"].append((words[2], words[3]))
        if len(promised["bids"]) == 5:
            ladders[promised["key"]] = promised["bids"], promised["asks"]
            promised = None
    assert promised is None
    return ladders


def play(seed, interval, busy_share, cycles=4000, triggers=0.0):
    """Let books live; give the records, and by slot, sequence and time what each book was."""
    rng = random.Random(seed)
    books = [Book(rng) for _ in range(SLOTS)]
    was = {}
    sampler = DepthSampler(SLOTS)

    def drive(ctx, cycle):
        ctx.set(sampler.interval, interval)
        ending = cycle > cycles - 120
        if ending or rng.random() >= busy_share:
            show(ctx, sampler, None)
        else:
            slot = rng.randrange(SLOTS)
            books[slot].step()
            view = books[slot].view(slot, cycle + 1)
            was[slot, cycle + 1, 10_001 + cycle] = view["bids"], view["asks"]
            show(ctx, sampler, view)
        ctx.set(sampler.trigger, not ending and rng.random() < triggers)
        ctx.set(sampler.trigger_slot, rng.randrange(SLOTS))

    return records_of(sampler, drive, cycles), was


def test_a_ladder_is_its_books_five_best_levels():
    records, was = play(3, interval=300, busy_share=0.02, cycles=8000)
    ladders = ladders_of(records)
    assert ladders == {key: was[key] for key in ladders}
    assert len(ladders) > 20
    assert any(levels[4] == NOTHING for bids, asks in ladders.values() for levels in (bids, asks))
    assert any(bids[4] != NOTHING != asks[4] for bids, asks in ladders.values())


def test_views_in_every_cycle_never_mix_two_books():
    records, was = play(4, interval=1, busy_share=1.0, cycles=1500)
    ladders = ladders_of(records)
    assert ladders == {key: was[key] for key in ladders}
    # Each is one of the views that were told, as the DEPTH before it says; most DEPTHs say that none follows. Level
    # records wait for DEPTH records, which here leave them no room until the views end.
    follow = [r for _, kind, r in records if kind == DEPTH and r["word4"] & FOLLOW]
    assert len(follow) == len(ladders) >= 1
    assert len([1 for _, kind, _ in records if kind == DEPTH]) > 1000


def test_busy_books_with_triggers_never_mix_two_books():
    records, was = play(5, interval=1, busy_share=0.4, cycles=6000, triggers=0.05)
    ladders = ladders_of(records)
    assert ladders == {key: was[key] for key in ladders}
    assert len(ladders) > 30


def test_levels_keep_a_pace_that_the_link_can_carry():
    records, _ = play(6, interval=50, busy_share=0.05)
    cycles = [cycle for cycle, kind, _ in records if kind == DEPTH_LEVEL]
    assert len(cycles) > 100
    assert min(after - before for before, after in itertools.pairwise(cycles)) >= 16


def test_a_trigger_brings_the_levels_of_its_view_if_none_came_since():
    sampler, rng = DepthSampler(SLOTS), random.Random(7)
    books = [Book(rng) for _ in range(SLOTS)]
    for book in books:
        for _ in range(40):
            book.step()
    views = {cycle: books[slot].view(slot, cycle + 1) for cycle, slot in ((0, 1), (200, 1), (202, 2), (400, 0))}
    # Alone; after another slot's view; in the cycle of another view, which is then passed by.
    triggers = {6: 1, 210: 1, 399: 2, 404: 0}

    def drive(ctx, cycle):
        show(ctx, sampler, views.get(cycle))
        ctx.set(sampler.trigger, cycle in triggers)
        ctx.set(sampler.trigger_slot, triggers.get(cycle, 0))

    records = records_of(sampler, drive, 600)
    told = [(cycle, r["slot"], r["cause"], r["word4"] & FOLLOW) for cycle, kind, r in records if kind == DEPTH]
    assert told == [(8, 1, 1, FOLLOW), (212, 1, 201, 0), (401, 2, 203, FOLLOW), (406, 0, 401, 0)]
    ladders = ladders_of(records)
    assert ladders[1, 1, 10_001] == (books[1].best(0), books[1].best(1))
    assert ladders[2, 203, 10_203] == (books[2].best(0), books[2].best(1))
    assert len(ladders) == 2
