"""MacReceiver on a line that cocotbext-eth drives: frames, short gaps, damage, runts, giants, lost preambles."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.eth import GmiiFrame, GmiiSource

COUNTERS = ("good", "bad_fcs", "runt", "giant", "broken", "no_preamble")


class Line:
    def __init__(self, dut):
        self.dut, self.now = dut, 0
        self.source = GmiiSource(dut.rxd, dut.rx_er, dut.rx_dv, dut.clk, dut.rst)
        self.frames, self.part, self.times, self.entered = [], b"", [], []
        self.counts = dict.fromkeys(COUNTERS, 0)

    async def start(self):
        cocotb.start_soon(Clock(self.dut.clk, 8, unit="ns").start())
        self.dut.rst.value = 1
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        cocotb.start_soon(self._watch())

    async def _watch(self):
        dut = self.dut
        while True:
            await FallingEdge(dut.clk)
            self.now += 1
            self.entered.append(int(dut.rxd.value) if dut.rx_dv.value else None)
            for name in COUNTERS:
                self.counts[name] += int(getattr(dut, name).value)
            if not dut.frames__valid.value:
                continue
            bits = int(dut.frames__payload.value)
            assert bits >> 8 & 1 == 1
            self.part += bytes((bits & 0xFF,))
            self.times.append(self.now)
            if bits >> 9 & 1:
                self.frames.append((self.part, bits >> 10 & 1, self.times))
                self.part, self.times = b"", []
            else:
                assert not bits >> 10 & 1

    async def rest(self):
        await self.source.wait()
        for _ in range(20):
            await RisingEdge(self.dut.clk)


@cocotb.test()
async def frames_and_what_is_wrong_with_them(dut):
    rng = random.Random(3)
    line = Line(dut)
    await line.start()
    expect, counts = [], dict.fromkeys(COUNTERS, 0)
    for _ in range(150):
        size = rng.choice((60, 61, 64, 100, 200, rng.randrange(60, 400), 1514, 1518))
        payload = rng.randbytes(size)
        frame = GmiiFrame.from_payload(payload)
        wrong = rng.randrange(9)
        kind, error = "good", 0
        if wrong == 0:
            frame.data[rng.randrange(8, len(frame.data))] ^= 1 << rng.randrange(8)
            kind, error = "bad_fcs", 1
        elif wrong == 1:
            payload = payload[: rng.randrange(1, 60)]
            frame = GmiiFrame.from_payload(payload, min_len=0)
            kind, error = "runt", 1
        elif wrong == 2:
            payload = rng.randbytes(rng.choice((1519, 1600, 3000)))
            frame = GmiiFrame.from_payload(payload)
            kind, error = "giant", 1
        elif wrong == 3:
            frame.error = [0] * len(frame.data)
            frame.error[rng.randrange(9, len(frame.data))] = 1
            kind, error = "broken", 1
        elif wrong == 4:
            del frame.data[: rng.randrange(1, 8)]  # the PHY lost some of the preamble
        elif wrong == 5:
            frame.data[0] = 0x12
            kind = "no_preamble"
        elif wrong == 6:
            frame.data = frame.data[: 8 + rng.randrange(1, 5)]
            kind, payload = "runt", b""
        counts[kind] += 1
        if kind == "bad_fcs":
            payload = bytes(frame.get_payload())
        if kind == "giant":
            payload = payload[:1519]
        if kind != "no_preamble" and payload:
            expect.append((payload, error))
        line.source.ifg = rng.choice((12, 12, 5, 1))
        await line.source.send(frame)
        if rng.random() < 0.3:
            await line.rest()
    await line.rest()
    assert line.counts == counts
    assert [(data, error) for data, error, _ in line.frames] == expect
    assert min(counts.values()) > 3


@cocotb.test()
async def a_byte_is_given_six_cycles_after_it_came(dut):
    line = Line(dut)
    await line.start()
    payload = bytes(range(100))
    await line.source.send(GmiiFrame.from_payload(payload))
    await line.rest()
    ((data, error, times),) = line.frames
    assert (data, error) == (payload, 0)
    came = [at for at, byte in enumerate(line.entered, 1) if byte is not None][8:]
    assert [given - at for given, at in zip(times, came, strict=False)] == [6] * 100
