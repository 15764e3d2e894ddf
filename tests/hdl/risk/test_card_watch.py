"""Marks, repetitions, order rate, gross inventory and the day's loss, each against a few lines of plain Python."""

import random

import pytest
from amaranth.sim import Simulator

from hdl.risk.card_watch import CardWatch
from hdl.risk.daily_loss import DailyLoss
from hdl.risk.gross import GrossInventory
from hdl.risk.marks import Marks
from hdl.risk.order_rate import OrderRate
from hdl.risk.repeats import Repeats
from hdl.types import EventKind, OrderIntentKind, Role, Side
from tests.hdl.risk.held_table import held_table, tell

SLOTS = 3


def run(dut, script):
    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()


def test_marks_are_the_last_view_and_the_last_print():
    dut = Marks(SLOTS, 2)

    async def script(ctx):
        chance = random.Random(3)
        wanted = [{"bid": 0, "ask": 0, "last": 0} for _ in range(SLOTS)]
        for i in range(SLOTS):
            ctx.set(dut.bound[i], 1)
        for _ in range(400):
            slot, bid, ask = chance.randrange(SLOTS), chance.choice([0, 9_900]), chance.choice([0, 10_000, 10_100])
            traded, price = chance.choice([0, 0, 5]), chance.randrange(1, 20_000)
            levels = [{"price": 0, "shares": 0}] * 4
            # A view of an order of a snapshot is of a part of a book: not looked at.
            kind = chance.choice([EventKind.ADD, EventKind.CLEAR, EventKind.LOAD])
            traded = 0 if kind == EventKind.LOAD else traded
            view = {"slot": slot, "kind": kind, "trade_shares": traded, "trade_price": price}
            view |= {"bids": [{"price": bid, "shares": 1}, *levels], "asks": [{"price": ask, "shares": 1}, *levels]}
            ctx.set(dut.view.payload, view)
            ctx.set(dut.view.valid, 1)
            gone = chance.randrange(20) == 0
            ctx.set(dut.bound[slot], not gone)
            await ctx.tick()
            ctx.set(dut.view.valid, 0)
            if kind != EventKind.LOAD:
                wanted[slot] |= {"bid": bid, "ask": ask} | ({"last": price} if traded else {})
            if gone:
                wanted[slot] = {"bid": 0, "ask": 0, "last": 0}
            for reader in range(2):
                look = chance.randrange(SLOTS + 1)
                ctx.set(dut.slot[reader], look)
                seen = ctx.get(dut.mark[reader])
                expected = wanted[look] if look < SLOTS else {"bid": 0, "ask": 0, "last": 0}
                assert {name: getattr(seen, name) for name in expected} == expected

    run(dut, script)


def test_an_order_is_the_last_one_for_as_long_as_the_window():
    dut = Repeats(SLOTS, 1)
    order = {"kind": OrderIntentKind.ENTER, "role": Role.ENTRY, "slot": 1, "side": Side.SELL, "shares": 70, "price": 5}

    async def script(ctx):
        ctx.set(dut.slot[0], 1)
        ctx.set(dut.window[0], 10)
        assert ctx.get(dut.last[0].recent) == 0, "after reset there was no order"

        async def grant(at, **fields):
            ctx.set(dut.card_time, at)
            ctx.set(dut.grants.payload, order | fields)
            ctx.set(dut.grants.valid, 1)
            await ctx.tick()
            ctx.set(dut.grants.valid, 0)

        await grant(100)
        last = ctx.get(dut.last[0])
        assert (last.recent, last.side, last.shares, last.price) == (1, Side.SELL, 70, 5)
        for now, recent in ((109, 1), (110, 0), (1 << 50, 0)):
            ctx.set(dut.card_time, now)
            assert ctx.get(dut.last[0].recent) == recent
        await grant(200, role=Role.EXIT, price=6)
        await grant(200, kind=OrderIntentKind.REPLACE, price=6)
        await grant(200, slot=0, price=6)
        ctx.set(dut.card_time, 101)
        assert ctx.get(dut.last[0].price) == 5, "only what opens, in its own slot"
        await grant(200, role=Role.QUOTE, price=6)
        assert ctx.get(dut.last[0].price) == 6
        ctx.set(dut.window[0], 0)
        assert ctx.get(dut.last[0].recent) == 0

    run(dut, script)


@pytest.mark.parametrize("step", [1, 7])
def test_order_rate_is_a_bucket_of_tokens(step):
    burst, interval = 4, 35
    dut = OrderRate()

    async def script(ctx):
        chance = random.Random(step)
        ctx.set(dut.burst, burst)
        ctx.set(dut.interval, interval)
        now, granted = 0, []
        for _ in range(3000):
            ctx.set(dut.card_time, now)
            free = not ctx.get(dut.empty)
            takes = free and chance.random() < 0.3
            if takes:
                granted.append(now)
            ctx.set(dut.granted, takes)
            await ctx.tick()
            now += step
        # In no stretch of time more than the bucket holds and what has come into it.
        for i, begin in enumerate(granted):
            for j in range(i, len(granted)):
                assert j - i + 1 <= burst + (granted[j] - begin) // interval + 1
        assert len(granted) >= 0.9 * now / interval, "all that may be sent can be"
        ctx.set(dut.granted, 0)
        ctx.set(dut.burst, 0)
        assert ctx.get(dut.empty) == 0

    run(dut, script)


class GrossAmongSlots(GrossInventory):
    """The sum, and the numbers of every slot, in ``table``, that it asks for."""

    def __init__(self, slots):
        super().__init__(slots)
        self.table = held_table(slots)

    def elaborate(self, platform):
        m = super().elaborate(platform)
        tell(m, self.table, self.held)
        return m


def test_gross_is_the_worst_of_every_slot():
    dut = GrossAmongSlots(SLOTS)

    async def script(ctx):
        chance = random.Random(5)
        worst = [0] * SLOTS

        def move(slot):
            """Give the slot other numbers, of which it is told in this cycle."""
            position = chance.choice([0, 7, -7, 2**31 - 1, -(2**31)])
            buy, sell = (chance.choice([0, 3, 900, 2**32 - 1]) for _ in range(2))
            worst[slot] = max(position + buy, sell - position, 0)
            return lambda: [
                ctx.set(dut.table[name][slot], value)
                for name, value in (("position", position), ("open_buy", buy), ("open_sell", sell))
            ]

        for _ in range(400):
            # An answer's slot a cycle before a grant's, in the same cycle or after it; often they are the same one.
            # A slot that is none moves nothing, not even the one whose number it ends with.
            words = {word: chance.choice([None, 0, 1, 2, 4, 255]) for word in ("granted", "changed")}
            at = {"granted": chance.randrange(4), "changed": chance.randrange(4)}
            for cycle in range(4):
                moved = []
                for word, slot in words.items():
                    says = slot is not None and at[word] == cycle
                    ctx.set(getattr(dut, word), says)
                    if says:
                        ctx.set(getattr(dut, f"{word}_slot"), slot)
                        if slot < SLOTS:
                            moved.append(move(slot))
                await ctx.tick()
                for change in moved:
                    change()
            ctx.set(dut.granted, 0)
            ctx.set(dut.changed, 0)
            await ctx.tick().repeat(5)
            assert ctx.get(dut.gross) == sum(worst)
            assert not ctx.get(dut.busy)

    run(dut, script)


@pytest.mark.parametrize("answered", [False, True])
def test_gross_has_an_order_before_the_next_can_be_judged(answered):
    dut = GrossAmongSlots(SLOTS)

    async def script(ctx):
        for grant in range(1, 6):
            ctx.set(dut.granted, 1)
            ctx.set(dut.granted_slot, 1)
            # An answer about another slot in the same cycle, and one that waits behind it.
            ctx.set(dut.changed, answered)
            ctx.set(dut.changed_slot, 2)
            await ctx.tick()
            ctx.set(dut.granted, 0)
            ctx.set(dut.changed, 0)
            ctx.set(dut.table["open_buy"][1], 100 * grant)
            await ctx.tick().repeat(3)
            assert ctx.get(dut.gross) == 100 * grant

    run(dut, script)


def test_result_is_cash_and_what_positions_would_fetch():
    dut = DailyLoss(SLOTS)
    marks = [{"bid": 9_900, "ask": 10_000, "last": 9_950}, {"bid": 0, "ask": 0, "last": 500}, {"bid": 1, "ask": 1}]

    async def script(ctx):
        chance = random.Random(9)
        held = [(0, 0)] * SLOTS

        async def cycles(count):
            for _ in range(count):
                slot = ctx.get(dut.slot)
                ctx.set(dut.mark, {"last": 0} | marks[slot])
                await ctx.tick()

        for _ in range(60):
            slot = chance.randrange(SLOTS)
            held[slot] = (chance.choice([0, 100, -100, 2**31 - 1, -(2**31)]), chance.randrange(-(10**12), 10**12))
            marks[0]["bid"] = chance.choice([9_900, 9_000, 0])
            position, cash = held[slot]
            ctx.set(dut.changes.payload, {"slot": slot, "position": position, "cash": cash})
            ctx.set(dut.changes.valid, 1)
            await cycles(1)
            ctx.set(dut.changes.valid, 0)
            await cycles(2 * SLOTS + 6)
            wanted = 0
            for (shares, money), mark in zip(held, marks, strict=True):
                price = mark["ask" if shares < 0 else "bid"] or mark.get("last", 0)
                wanted += money + shares * price * 100
            assert ctx.get(dut.result) == wanted

    run(dut, script)


def test_a_loss_once_reached_stays_until_the_card_is_disarmed():
    dut = DailyLoss(2)

    async def script(ctx):
        async def book(slot=0, position=0, cash=0):
            ctx.set(dut.changes.payload, {"slot": slot, "position": position, "cash": cash})
            ctx.set(dut.changes.valid, 1)
            await ctx.tick()
            ctx.set(dut.changes.valid, 0)
            await ctx.tick().repeat(12)
            return ctx.get(dut.reached)

        ctx.set(dut.mark, {"bid": 10_000, "ask": 10_100, "last": 0})
        ctx.set(dut.limit, 1_000_000)  # a dollar
        ctx.set(dut.armed, 1)
        assert await book(cash=-1_000_000) == 0, "the limit itself may be lost"
        assert await book(position=100, cash=-101_000_000 - 1) == 1, "100 shares bought at 1.01, worth 1.00"
        assert await book(position=100, cash=-100_000_000) == 1, "it stays, however the market moves"
        ctx.set(dut.armed, 0)
        await ctx.tick()
        assert ctx.get(dut.reached) == 0
        assert await book(position=100) == 0
        ctx.set(dut.armed, 1)
        ctx.set(dut.mark, {"bid": 0, "ask": 10_100, "last": 0})
        assert await book(position=100) == 1, "a position without a price"
        ctx.set(dut.mark, {"bid": 0, "ask": 0, "last": 1})
        assert await book(position=-100) == 0
        ctx.set(dut.limit, 0)
        ctx.set(dut.armed, 0)
        assert await book(position=100, cash=-(10**15)) == 0, "no limit"

    run(dut, script)


def test_limits_of_the_card_are_off_at_zero_and_a_cancel_takes_no_token():
    dut = CardWatch(SLOTS)

    async def script(ctx):
        stops = dut.stops
        ctx.set(dut.open_orders, 200)
        await ctx.tick()
        assert [ctx.get(getattr(stops, name)) for name in ("order_rate", "open_orders", "daily_loss")] == [0, 0, 0]
        ctx.set(dut.limits, {"open_orders": 5, "order_burst": 2, "order_interval": 1_000})
        for count, stop in ((4, 0), (5, 1), (6, 1)):
            ctx.set(dut.open_orders, count)
            assert ctx.get(stops.open_orders) == stop
        ctx.set(dut.card_time, 1_000_000)
        await ctx.tick().repeat(5)
        ctx.set(dut.grants.valid, 1)
        for kind, empty in (("CANCEL", 0), ("CANCEL", 0), ("ENTER", 0), ("CANCEL", 0), ("REPLACE", 1)):
            ctx.set(dut.grants.payload.kind, OrderIntentKind[kind])
            await ctx.tick()
            assert ctx.get(stops.order_rate) == empty, kind

    run(dut, script)
