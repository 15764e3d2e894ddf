"""An answer that nothing explains stops its symbol, until the host has put it right."""

from amaranth.sim import Simulator

from hdl.risk.unexplained import Unexplained


def test_an_impossible_answer_stops_its_slot_until_the_host_has_settled_it():
    dut = Unexplained(3)
    stopped = []

    async def script(ctx):
        for impossible, slot, settled in (
            (0, 1, None), (1, 2, None), (0, 0, None), (1, 0, 1), (0, 0, 2), (1, 0, 0), (0, 0, 0), (1, 0xFF, None),
        ):  # fmt: skip
            ctx.set(dut.impossible, impossible)
            ctx.set(dut.slot, slot)
            for i in range(3):
                ctx.set(dut.settled[i], settled == i)
            await ctx.tick()
            stopped.append([ctx.get(dut.stopped[i]) for i in range(3)])

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(script)
    sim.run()
    assert stopped == [
        [0, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0],
    ]  # fmt: skip
