"""A small book's life, told message by message; what must be seen after each is written beside it."""

from dataclasses import dataclass

import cocotb
from amaranth.lib.data import Layout
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

from hdl.types import DepthView, EventKind, Level, MarketEvent, Side

EVENT = Layout.cast(MarketEvent)
VIEW = Layout.cast(DepthView)
LEVEL = Layout.cast(Level)
BUY, SELL = Side.BUY, Side.SELL


@dataclass(frozen=True)
class Step:
    """An event, and the view that follows: sides best first as (price, shares), the print as (shares, price)."""

    event: dict
    bids: list
    asks: list
    trade: tuple[int, int] = (0, 0)
    locked: int = 0
    crossed: int = 0


STORY = [
    Step(dict(kind=EventKind.ADD, side=BUY, reference=1, shares=100, price=250000), [(250000, 100)], []),
    Step(dict(kind=EventKind.ADD, side=SELL, reference=5, shares=300, price=250100), [(250000, 100)], [(250100, 300)]),
    # A second order on the same level, then a better one.
    Step(dict(kind=EventKind.ADD, side=BUY, reference=9, shares=50, price=250000), [(250000, 150)], [(250100, 300)]),
    Step(
        dict(kind=EventKind.ADD, side=BUY, reference=13, shares=10, price=250050),
        [(250050, 10), (250000, 150)],
        [(250100, 300)],
    ),
    # The best level empties; the one below it is the best again.
    Step(dict(kind=EventKind.DELETE, reference=13), [(250000, 150)], [(250100, 300)]),
    Step(dict(kind=EventKind.EXECUTE, reference=1, shares=40, match=7), [(250000, 110)], [(250100, 300)], (40, 250000)),
    Step(dict(kind=EventKind.CANCEL, reference=5, shares=100), [(250000, 110)], [(250100, 200)]),
    # A Replace keeps the side; its price and size are new.
    Step(
        dict(kind=EventKind.REPLACE, reference=9, new_reference=17, shares=75, price=249900),
        [(250000, 60), (249900, 75)],
        [(250100, 200)],
    ),
    # Of an order nobody knows: nothing changes, and the Replace makes no order either.
    Step(dict(kind=EventKind.DELETE, reference=9), [(250000, 60), (249900, 75)], [(250100, 200)]),
    Step(
        dict(kind=EventKind.REPLACE, reference=9, new_reference=21, shares=5, price=250000),
        [(250000, 60), (249900, 75)],
        [(250100, 200)],
    ),
    Step(dict(kind=EventKind.DELETE, reference=21), [(250000, 60), (249900, 75)], [(250100, 200)]),
    # An execution elsewhere than at its price: it prints there, and shares leave the level where the order rests.
    Step(
        dict(kind=EventKind.EXECUTE_PRICE, reference=17, shares=5, price=250050, printable=1),
        [(250000, 60), (249900, 70)],
        [(250100, 200)],
        (5, 250050),
    ),
    # A second ask at the price of the best bid, then one below it.
    Step(
        dict(kind=EventKind.ADD, side=SELL, reference=25, shares=8, price=250000),
        [(250000, 60), (249900, 70)],
        [(250000, 8), (250100, 200)],
        locked=1,
    ),
    Step(
        dict(kind=EventKind.REPLACE, reference=25, new_reference=29, shares=8, price=249950),
        [(250000, 60), (249900, 70)],
        [(249950, 8), (250100, 200)],
        crossed=1,
    ),
    Step(dict(kind=EventKind.DELETE, reference=29), [(250000, 60), (249900, 70)], [(250100, 200)]),
    # Orders of nothing, and a reference that lives already.
    Step(
        dict(kind=EventKind.ADD, side=BUY, reference=33, shares=0, price=250070),
        [(250000, 60), (249900, 70)],
        [(250100, 200)],
    ),
    Step(
        dict(kind=EventKind.ADD, side=BUY, reference=17, shares=9, price=250070),
        [(250000, 60), (249900, 70)],
        [(250100, 200)],
    ),
    # More executed than there is: the order is gone.
    Step(
        dict(kind=EventKind.EXECUTE, reference=1, shares=500, match=8), [(249900, 70)], [(250100, 200)], (500, 250000)
    ),
    # A trade off the book does not touch it; a clear empties it.
    Step(
        dict(kind=EventKind.TRADE, side=BUY, shares=100, price=250000, match=9),
        [(249900, 70)],
        [(250100, 200)],
        (100, 250000),
    ),
    Step(dict(kind=EventKind.CLEAR), [], []),
    Step(dict(kind=EventKind.DELETE, reference=17), [], []),
]
# Six levels a side, of which five are shown; the sixth comes into sight when the best one goes.
BIDS = [(250000 - 100 * k, 10 + k) for k in range(6)]
ASKS = [(250100 + 100 * k, 20 + k) for k in range(6)]
for side_told, own, reference in ((BUY, BIDS, 100), (SELL, ASKS, 200)):
    for k, (price, shares) in enumerate(own):
        told = dict(kind=EventKind.ADD, side=side_told, reference=reference + k, shares=shares, price=price)
        shown = own[: k + 1][:5]
        STORY.append(Step(told, shown if side_told == BUY else BIDS[:5], [] if side_told == BUY else shown))
STORY.append(Step(dict(kind=EventKind.DELETE, reference=100), BIDS[1:], ASKS[:5]))
STORY.append(Step(dict(kind=EventKind.DELETE, reference=200), BIDS[1:], ASKS[1:]))
#: Cycles from an event to its view.
LATENCY = 6


def packed(fields: dict) -> int:
    value = 0
    for name, part in fields.items():
        value |= int(getattr(part, "value", part)) << EVENT[name].offset
    return value


def field(view: int, name: str) -> int:
    return view >> VIEW[name].offset & ((1 << VIEW[name].width) - 1)


def side(view: int, name: str) -> list[tuple[int, int]]:
    """Levels of a side; an absent one has neither price nor shares."""
    word, levels = field(view, name), []
    for i in range(VIEW[name].width // LEVEL.size):
        price, shares = (
            (word >> (i * LEVEL.size + LEVEL[part].offset)) & ((1 << LEVEL[part].width) - 1)
            for part in ("price", "shares")
        )
        if (price, shares) != (0, 0):
            levels.append((price, shares))
    return levels


@cocotb.test()
async def a_story(dut):
    """Every event gives one view, as many cycles later as ever, and nothing else does."""
    cocotb.start_soon(Clock(dut.clk, 6400, "ps").start())
    dut.rst.value = 0
    dut.events__valid.value = 0
    waiting = list(enumerate(STORY, start=1))
    taken, views = [], []
    for cycle in range(400):
        await FallingEdge(dut.clk)
        # Each event at its own distance from the one before: at once, or after a rest.
        offered = bool(waiting) and (not taken or cycle - taken[-1] > len(taken) % 5)
        dut.events__valid.value = int(offered)
        if offered:
            number, step = waiting[0]
            dut.events__payload.value = packed(step.event | {"sequence": number})
        await ReadOnly()
        if offered and dut.events__ready.value == 1:
            taken.append(cycle)
            del waiting[0]
        if dut.view__valid.value == 1:
            views.append((cycle, int(dut.view__payload.value)))
        if not waiting and cycle > taken[-1] + 20:
            break
    assert not waiting, f"the book took {len(taken)} of {len(STORY)} events"
    assert [cycle for cycle, _ in views] == [cycle + LATENCY for cycle in taken]
    for number, (step, (_, view)) in enumerate(zip(STORY, views, strict=True), start=1):
        where = f"after event {number}: {step.event}"
        assert field(view, "sequence") == number, where
        assert (side(view, "bids"), side(view, "asks")) == (step.bids, step.asks), where
        assert (field(view, "trade_shares"), field(view, "trade_price")) == step.trade, where
        assert (field(view, "locked"), field(view, "crossed")) == (step.locked, step.crossed), where
        assert not field(view, "bid_incomplete") | field(view, "ask_incomplete"), where
