"""A PHY's management bus, against a PHY written from clause 22, and its reset."""

import random

from amaranth.sim import Simulator

from hdl.net.mdio import MdioReader
from hdl.net.phy import PhyWatch


class Phy:
    """Answers reads of its registers; keeps the bits of every frame that it heard."""

    def __init__(self, address, registers):
        self.address, self.registers = address, registers
        self.frames, self.asked = [], []

    async def run(self, ctx, dut):
        bits, was, answer = [], 0, []
        while True:
            _, _, mdc, out, enabled = await ctx.tick().sample(dut.mdc, dut.mdio_o, dut.mdio_oe)
            rise, was = mdc and not was, mdc
            if not rise:
                continue
            # A preamble of 32 ones begins a frame anywhere.
            line = out if enabled else ctx.get(dut.mdio_i)
            bits.append(line if enabled else None)
            ctx.set(dut.mdio_i, answer.pop(0) if answer else 1)
            head = bits[-14:]
            if len(bits) >= 46 and None not in bits[-46:] and bits[-46:-14] == [1] * 32 and head[:2] == [0, 1]:
                assert head[2:4] == [1, 0]  # a read
                phy, register = (int("".join(map(str, head[i : i + 5])), 2) for i in (4, 9))
                self.asked.append((phy, register))
                if phy == self.address:
                    value = self.registers[register]
                    # A turnaround of nobody and a zero, then the register.
                    answer = [0, *(value >> 15 - i & 1 for i in range(16))]
                bits = []


def run(dut, story, phy):
    sim = Simulator(dut)
    sim.add_clock(8e-9)
    sim.add_testbench(story)

    async def answer(ctx):
        ctx.set(dut.mdio_i, 1)
        await phy.run(ctx, dut)

    sim.add_testbench(answer, background=True)
    sim.run()


def test_registers_are_read():
    rng = random.Random(1)
    dut = MdioReader(half_period=4)
    phy = Phy(5, {i: rng.randrange(1 << 16) for i in range(32)})
    read = {}

    async def story(ctx):
        for address, register in [(5, i) for i in (0, 1, 2, 3, 17, 31)] + [(4, 1), (5, 3)]:
            ctx.set(dut.phy, address)
            ctx.set(dut.register, register)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            taken = 1
            while not ctx.get(dut.done):
                await ctx.tick()
                taken += 1
            assert taken == 64 * 8 + 1
            assert not ctx.get(dut.busy)
            read[address, register] = (ctx.get(dut.answered), ctx.get(dut.value))

    run(dut, story, phy)
    assert phy.asked == [*list(read)[:7], (5, 3)]
    assert read.pop((4, 1)) == (0, 0xFFFF)
    assert read == {(5, i): (1, phy.registers[i]) for i in (0, 1, 2, 3, 17, 31)}


def test_a_phy_is_reset_and_watched():
    dut = PhyWatch(reset_cycles=50, settle_cycles=30, address=7, half_period=3)
    phy = Phy(7, {1: 0x7949, 2: 0x0022, 3: 0x1622})
    transfer = 64 * 6 + 2

    async def story(ctx):
        times = []
        for _ in range(120):
            times.append((ctx.get(dut.reset), ctx.get(dut.ready), ctx.get(dut.mdc)))
            await ctx.tick()
        assert sum(reset for reset, _, _ in times) == 51
        assert [ready for _, ready, _ in times].index(1) == 81
        assert not any(mdc for _, ready, mdc in times if not ready)

        async def watch(transfers):
            lost = 0
            for _ in range(transfers * transfer):
                lost += ctx.get(dut.link_lost)
                await ctx.tick()
            state = ctx.get(dut.state)
            return state.answered, state.link, state.identifier, lost

        assert await watch(4) == (1, 0, 0x0022_1622, 0)
        phy.registers[1] = 0x796D  # bit 2
        assert await watch(4) == (1, 1, 0x0022_1622, 0)
        phy.registers[1] = 0x7949
        assert await watch(4) == (1, 0, 0x0022_1622, 1)
        phy.registers[1] = 0x796D
        assert await watch(4) == (1, 1, 0x0022_1622, 0)
        phy.address = 2  # it does not answer any more
        assert await watch(4) == (0, 0, 0, 1)

    run(dut, story, phy)
