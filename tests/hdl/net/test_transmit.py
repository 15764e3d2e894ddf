"""Who is sent first."""

from amaranth.sim import Simulator

from hdl.net.transmit import TransmitArbiter


def test_the_urgent_one_goes_before_all_that_wait_but_not_into_a_frame():
    names = ["urgent", "other", "telemetry"]
    dut = TransmitArbiter(8, names)
    left = {"urgent": 2, "other": 2, "telemetry": 3}  # frames of three beats
    offered_from = {"urgent": 4, "other": 2, "telemetry": 0}
    sent = []

    async def story(ctx):
        ctx.set(dut.tx.ready, 1)
        beat = dict.fromkeys(names, 0)
        for cycle in range(40):
            for i, name in enumerate(names):
                source = getattr(dut, name)
                ctx.set(source.valid, cycle >= offered_from[name] and left[name] > 0)
                payload = {"data": [i] * 8, "count": 8, "last": beat[name] == 2, "error": 0}
                ctx.set(source.payload, payload)
            if ctx.get(dut.tx.valid):
                sent.append(names[ctx.get(dut.tx.payload.data[0])])
            for name in names:
                source = getattr(dut, name)
                if ctx.get(source.valid) and ctx.get(source.ready):
                    beat[name] = (beat[name] + 1) % 3
                    left[name] -= beat[name] == 0
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(8e-9)
    sim.add_testbench(story)
    sim.run()
    frames = [sent[at] for at in range(0, len(sent), 3)]
    assert sent == [name for name in frames for _ in range(3)]  # no frame was broken into
    # In cycle 3 the urgent one is not there yet, in cycle 6 it is.
    assert frames == ["telemetry", "other", "urgent", "urgent", "other", "telemetry", "telemetry"]
