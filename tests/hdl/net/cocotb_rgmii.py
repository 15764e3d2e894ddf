"""GigabitPort between a PHY by cocotbext-eth, whose clock is not the card's, and frames."""

import random

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge
from cocotb.utils import get_sim_time
from cocotbext.eth import GmiiFrame
from rgmii_bench import BEAT, PERIOD, PPM_100, PULSES, Phy, PortListener

from hdl.net.crossing import OUTCOMES

#: Cycles from pin to frame: it depends on how the two clocks lie.
SHORTEST, LONGEST = 18, 22
DRIFTS = (-PPM_100, 0, PPM_100)


async def port(dut, **clocks):
    dut.tx__valid.value = 0
    phy = Phy(dut)
    await phy.start(**clocks)
    return phy, PortListener(dut)


def spoil(rng, payload):
    """A frame as it is sent, what of it is to be heard, and what it is to count as."""
    frame = GmiiFrame.from_payload(payload)
    wrong = rng.randrange(9)
    if wrong == 0:
        frame.data[rng.randrange(8, len(frame.data))] ^= 1 << rng.randrange(8)
        return frame, bytes(frame.get_payload()), "bad_fcs"
    if wrong == 1:
        payload = payload[: rng.randrange(1, 60)]
        return GmiiFrame.from_payload(payload, min_len=0), payload, "runt"
    if wrong == 2:
        payload = rng.randbytes(rng.choice((1519, 1600, 2500)))
        return GmiiFrame.from_payload(payload), payload[:1519], "giant"
    if wrong == 3:
        frame.error = [0] * len(frame.data)
        frame.error[rng.randrange(9, len(frame.data))] = 1
        return frame, payload, "broken"
    if wrong == 4:
        del frame.data[: rng.randrange(1, 8)]  # the PHY lost some of the preamble
    elif wrong == 5:
        frame.data[0] = 0x12
        return frame, b"", "no_preamble"
    elif wrong == 6:
        frame.data = frame.data[: 8 + rng.randrange(1, 5)]
        return frame, b"", "runt"
    return frame, payload, "good"


async def storm(dut, drift, rounds):
    rng = random.Random(f"storm {drift}")
    phy, heard = await port(dut, rx_period=PERIOD + drift, phase=rng.randrange(PERIOD))
    expect, counts = [], dict.fromkeys(OUTCOMES, 0)
    for _ in range(rounds):
        size = rng.choice((60, 61, 64, 100, rng.randrange(60, 400), 1514, 1518))
        frame, given, outcome = spoil(rng, rng.randbytes(size))
        counts[outcome] += 1
        if given:
            expect.append((given, int(outcome != "good")))
        phy.source.ifg = rng.choice((12, 12, 5, 1))
        await phy.source.send(frame)
        if rng.random() < 0.5:
            await phy.idle()
    await phy.idle()
    assert heard.frames == expect
    assert heard.outcomes() == counts
    assert min(count for name, count in counts.items() if name != "overflow") > 1


@cocotb.test()
@cocotb.parametrize(drift=DRIFTS)
async def frames_and_what_is_wrong_with_them(dut, drift):
    await storm(dut, drift, 80)


@cocotb.test()
@cocotb.parametrize(drift=DRIFTS)
async def the_longest_frames_without_a_pause(dut, drift):
    phy, heard = await port(dut, rx_period=PERIOD + drift)
    frames = [random.Random(i).randbytes(1518) for i in range(12)]
    phy.source.ifg = 12
    for frame in frames:
        await phy.source.send(GmiiFrame.from_payload(frame))
    await phy.idle()
    assert heard.frames == [(frame, 0) for frame in frames]
    assert heard.counts["overflow"] == 0


@cocotb.test()
async def a_card_that_is_too_slow_loses_nothing_in_silence(dut):
    """Clocks of a card half as slow again: long frames overflow the crossing, and every frame is whole or counted."""
    rng = random.Random(8)
    phy, heard = await port(dut, period=PERIOD * 3 // 2)
    sent = []
    for _ in range(60):
        frame = rng.randbytes(rng.choice((60, 70, 300)))
        sent.append(frame)
        phy.source.ifg = rng.choice((12, 12, 1, 200))
        await phy.source.send(GmiiFrame.from_payload(frame))
    await phy.idle()
    whole = [data for data, error in heard.frames if not error]
    assert heard.counts["good"] == len(whole)
    assert heard.counts["good"] + heard.counts["overflow"] == len(sent)
    assert min(heard.counts["good"], heard.counts["overflow"]) > 10
    left = iter(sent)
    assert all(frame in left for frame in whole)  # in order, each as it was sent


@cocotb.test()
async def frames_leave_whole(dut):
    rng = random.Random(4)
    phy, heard = await port(dut)
    for size in (1, 59, 60, 61, 200, 1514):
        frame = rng.randbytes(size)
        await RisingEdge(dut.clk)  # the PHY ends a frame at its own edges: a beat offered between ours counts twice
        for at in range(0, size, BEAT):
            lanes = frame[at : at + BEAT]
            dut.tx__valid.value = 1
            said = len(lanes) | (at + BEAT >= size) << 3
            dut.tx__payload.value = int.from_bytes(lanes, "little") | said << 8 * BEAT
            while True:
                await FallingEdge(dut.clk)
                taken = dut.tx__ready.value
                await RisingEdge(dut.clk)
                if taken:
                    break
        dut.tx__valid.value = 0
        got = await phy.sink.recv()
        assert got.check_fcs()
        assert got.error is None
        assert bytes(got.get_payload()) == frame.ljust(60, b"\0")
    await ClockCycles(dut.clk, 20)
    assert (heard.counts["sent"], heard.counts["spoiled"]) == (6, 0)


@cocotb.test()
async def what_the_phy_says_between_frames(dut):
    phy, _ = await port(dut)
    for said in (0b1101, 0b0011, 0b0000):
        phy.rxd.value = said  # on both edges, with the control low
        await ClockCycles(dut.clk, 12)
        assert int(dut.report.value) >> PULSES - 4 & 0xF == said
    # What comes with the control high, or high on one edge only, is no status.
    phy.rxd.value = 0b1101
    await ClockCycles(phy.rx_clk, 12)
    for edges in ((RisingEdge, FallingEdge), (RisingEdge,)):
        for _ in range(12):
            await FallingEdge(phy.rx_clk)
            phy.rx_ctl.value, phy.rxd.value = RisingEdge in edges, 0b0110
            await RisingEdge(phy.rx_clk)
            phy.rx_ctl.value = FallingEdge in edges
        assert int(dut.report.value) >> PULSES - 4 & 0xF == 0b1101


async def first_byte(phy):
    """The moment of the edge that samples the first half of a frame's first byte, behind eight of preamble."""
    await RisingEdge(phy.rx_ctl)
    await ClockCycles(phy.rx_clk, 9)
    return get_sim_time("ps")


@cocotb.test()
@cocotb.parametrize(phase=range(500, BEAT * PERIOD, BEAT * PERIOD // 8))
async def from_pin_to_frame(dut, phase):
    """Cycles from that edge to the cycle in which the card is given the byte, at one phase of the two clocks."""
    phy, heard = await port(dut, phase=phase)
    for apart in range(1, BEAT + 1):  # the frame begins in each of the line's cycles that make one of the card's
        await ClockCycles(phy.rx_clk, apart)
        sampled = cocotb.start_soon(first_byte(phy))
        await phy.source.send(GmiiFrame.from_payload(bytes(60)))
        await phy.idle()
        taken = (heard.times[-1] - BEAT * PERIOD // 2 - await sampled) / PERIOD
        assert SHORTEST < taken <= LONGEST
