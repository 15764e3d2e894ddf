"""Risk's rows of own orders: an answer and a grant may change the same row in the same cycle."""

import random

from amaranth.sim import Simulator

from hdl.risk.own_rows import OwnRows
from hdl.types import Side

ROWS = 5
READERS = 2
#: As many shares as OUCH takes, and a few: what is small is often equal.
SHARES = (0, 1, 2, 999_999, 0xFFFF_FFFF)


def changed(rows, answer, grant):
    """What the rows are after a cycle, by the rule: the answer first, then the grant."""
    after = [dict(row) for row in rows]
    if answer is not None:
        row = after[answer["order"]]
        row |= {name: answer[name] for name in ("live", "counted")}
        if answer["begins"]:
            row |= {name: answer[name] for name in ("slot", "side")}
        if answer["counts"]:
            row["executed"] = answer["executed"]
        if answer["settles"]:
            row["asked"] = 0
    if grant is not None:
        after[grant["order"]] |= {name: grant[name] for name in ("counted", "asked")}
    return after


def test_rows_are_what_the_last_answer_and_grant_made_of_them():
    dut = OwnRows(ROWS, READERS)
    met = {"same row": 0, "other row": 0, "asked and answered": 0}

    async def script(ctx):
        chance = random.Random(35)
        rows = [dict.fromkeys(("live", "slot", "side", "counted", "executed", "asked"), 0) for _ in range(ROWS)]
        for _ in range(3000):
            answer = grant = None
            if chance.random() < 0.5:
                answer = {name: chance.randrange(2) for name in ("begins", "side", "live", "counts", "settles")}
                answer |= {name: chance.choice(SHARES) for name in ("counted", "executed")}
                answer |= {"order": chance.randrange(ROWS), "slot": chance.randrange(64)}
            if chance.random() < 0.5:
                grant = {name: chance.choice(SHARES) for name in ("counted", "asked")} | {
                    "order": chance.randrange(ROWS)
                }
            for name, change in (("answered", answer), ("granted", grant)):
                ctx.set(getattr(dut, name), change is not None)
                if change is not None:
                    ctx.set(getattr(dut, f"{name}_row"), change)
            wanted = [chance.randrange(ROWS), chance.choice([*range(ROWS), ROWS, 0xFF])]
            ctx.set(dut.order, wanted)
            for shown, order in zip(ctx.get(dut.row), wanted, strict=True):
                expected = rows[order] if order < ROWS else dict.fromkeys(rows[0], 0)
                assert {name: getattr(shown, name) for name in expected} == expected | {"side": Side(expected["side"])}
            if answer is not None and grant is not None:
                met["same row" if answer["order"] == grant["order"] else "other row"] += 1
            met["asked and answered"] += (
                answer is not None and not answer["settles"] and rows[answer["order"]]["asked"] > 0
            )
            rows = changed(rows, answer, grant)
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert min(met.values()) > 50, met
