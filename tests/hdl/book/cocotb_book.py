"""Plays a file of packed events into a ``BookBench`` and writes down every view and the counters.

``BOOK_EVENTS`` is a pickle of (gap, packed event) pairs: ``gap`` cycles without an event come before each, and a
negative gap waits until the book has nothing left to do. The answers go to ``BOOK_ANSWERS``.
"""

import os
import pickle
from pathlib import Path

import cocotb
from book_bench import PULSES
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge


@cocotb.test()
async def play(dut: object) -> None:
    """Play everything, check what needs the clock: one view an event, always the same latency."""
    events = pickle.loads(Path(os.environ["BOOK_EVENTS"]).read_bytes())
    cocotb.start_soon(Clock(dut.clk, 2, "ns", impl="gpi").start())
    edge = RisingEdge(dut.clk)
    valid, ready, payload = dut.event_valid, dut.event_ready, dut.event_payload
    view_valid, view, busy = dut.view_valid, dut.view_payload, dut.busy
    dut.rst.value = 1
    valid.value = 0
    await edge
    await edge
    dut.rst.value = 0
    taken: list[int] = []
    views: list[tuple[int, int]] = []
    cycle = 0
    at = 0
    gap = events[0][0]
    offered = False
    limit = sum(max(g, 0) for g, _ in events) + 400 * len(events) + 100_000
    while len(views) < len(events) + int(dut.lost.value):
        await edge
        cycle += 1
        assert cycle < limit, f"{len(views)} views of {len(events)} events after {cycle} cycles"
        if view_valid.value:
            views.append((cycle, int(view.value)))
        if offered and ready.value:
            taken.append(cycle)
            at += 1
            offered = False
            gap = events[at][0] if at < len(events) else 0
        if not offered and at < len(events):
            if gap > 0 or (gap < 0 and busy.value):
                gap -= gap > 0
                valid.value = 0
            else:
                payload.value = events[at][1]
                valid.value = 1
                offered = True
        elif not offered:
            valid.value = 0
            if at == len(events) and int(dut.lost.value) and not busy.value:
                break
    for _ in range(20):
        await edge
        assert not view_valid.value, "a view without an event"
    answers = {name: int(getattr(dut, name).value) for name in (*PULSES, "stale_slots", "live_orders", "lost")}
    answers |= {"views": [v for _, v in views], "max_level": int(dut.max_level.value), "cycles": cycle}
    answers["latencies"] = sorted({b - a for a, (b, _) in zip(taken, views, strict=False)})
    answers["intervals"] = sorted({b - a for a, b in zip(taken, taken[1:], strict=False)})[:3]
    Path(os.environ["BOOK_ANSWERS"]).write_bytes(pickle.dumps(answers))
