"""The taker in a random market with a random exchange: whatever races, it never loses or doubles a share.

What is watched is kept apart from the gateware: by what left the gate, and by what the stand-in exchange did.
"""

import random

import pytest

from hdl.strategy.taker_types import TakerState
from hdl.types import OrderIntentKind, Refusal, Role, Side
from tests.hdl.strategy import trade_bench

MID = 100_000


def act(bench, own, chance):
    """One deed of the exchange on a live order of the card."""
    deed = chance.random()
    price = MID + chance.randint(-5, 5) * 100
    if not own.accepted:
        own.accepted = True
        if deed < 0.1:
            bench.reject(own)
        else:
            bench.accept(own, price=price)
    elif own.asked and deed < 0.5:
        if deed < 0.4:
            bench.replaced(own, price=price)
        else:
            bench.reject(own)
    elif own.role == Role.ENTRY and deed < 0.4:
        bench.cancel(own)
    elif deed < 0.05:
        bench.cancel(own, chance.randint(1, own.open))
    elif deed < 0.6:
        bench.fill(own, chance.choice([own.open, chance.randint(1, own.open)]), price)


class Watch:
    """What must hold at every moment."""

    def __init__(self, bench):
        self.bench = bench
        self.seen = 0
        self.kinds = set()

    def look(self):
        """Look at what was granted since the last look, in the light of what the exchange has done."""
        for _, intent in self.bench.granted[self.seen :]:
            self.kinds.add((intent["kind"], intent["role"]))
        self.seen = len(self.bench.granted)
        for slot in range(trade_bench.SLOTS):
            live = [o for o in self.bench.orders.values() if o.live and o.slot == slot]
            assert len(live) <= 1, "one order a slot"
            held = self.bench.booked[slot]
            for own in live:
                if own.role == Role.EXIT:
                    left = max(own.open, own.asked - own.executed)
                    assert left <= abs(held), "an exit never turns the position round"
                    assert (own.side == Side.SELL) == (held > 0)


@pytest.mark.parametrize("seed", range(3))
def test_no_share_is_lost_or_doubled(seed):
    chance = random.Random(seed)

    async def script(bench):
        watch = Watch(bench)
        bench.taker(retries=200, cooldown=20)
        move = [0] * trade_bench.SLOTS
        for _ in range(700):
            slot = chance.randrange(trade_bench.SLOTS)
            move[slot] = max(-6, min(6, move[slot] + chance.randint(-1, 1)))
            bid = MID + move[slot] * 100
            volumes = {"bid_volume": chance.choice([500, 4000]), "ask_volume": chance.choice([500, 4000])}
            bench.ready = chance.random() < 0.9
            if chance.random() < 0.1:
                bench.flags(slot, halted=chance.randrange(2))
            await bench.view(bid, bid + 100, slot=slot, settle=chance.choice([2, 2, 3, 5, 9]), **volumes)
            live = [o for o in bench.orders.values() if o.live]
            if live and len(bench.waiting) < 3:
                act(bench, chance.choice(live), chance)
            watch.look()
        # The market calms down, and the exchange does what is asked: everything comes home.
        bench.ready = True
        for slot in range(trade_bench.SLOTS):
            bench.flags(slot)
        for _ in range(12):
            for slot in range(trade_bench.SLOTS):
                await bench.view(MID, MID + 100, slot=slot, settle=30)
                for own in [o for o in bench.orders.values() if o.live]:
                    if not own.accepted:
                        own.accepted = True
                        bench.accept(own, price=MID)
                    elif own.asked:
                        bench.replaced(own, price=MID)
                    else:
                        bench.fill(own, own.open, MID)
                    await bench.step(20)
                watch.look()
        for slot in range(trade_bench.SLOTS):
            assert (bench.position(slot), bench.booked[slot]) == (0, 0)
            assert bench.state(slot) == TakerState.IDLE
        assert bench.ctx.get(bench.dut.taker.busy) == 0
        assert watch.kinds >= {
            (OrderIntentKind.ENTER, Role.ENTRY),
            (OrderIntentKind.ENTER, Role.EXIT),
            (OrderIntentKind.REPLACE, Role.EXIT),
        }
        assert {r["refusal"] for _, r in bench.refused} >= {Refusal.HALTED}
        latencies = {at - i["trigger_time"] for at, i in bench.granted if i["role"] == Role.ENTRY}
        assert latencies == {3}

    trade_bench.run(script)
