"""MacTransmitter on a line that cocotbext-eth listens to, which checks preamble and check sequence by zlib."""

import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge
from cocotbext.eth import GmiiSink


class Line:
    def __init__(self, dut):
        self.dut = dut
        self.sink = GmiiSink(dut.txd, dut.tx_er, dut.tx_en, dut.clk, dut.rst)
        self.gaps, self.gap = [], None
        self.raw = [b""]  # all that was on the line, frame by frame
        self.sent = self.spoiled = 0
        self.offered = self.first = None
        self.now = 0
        dut.frames__valid.value = 0

    async def start(self):
        cocotb.start_soon(Clock(self.dut.clk, 8, unit="ns").start())
        self.dut.rst.value = 1
        for _ in range(3):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        cocotb.start_soon(self._watch())

    async def _watch(self):
        while True:
            await FallingEdge(self.dut.clk)
            self.now += 1
            self.sent += int(self.dut.sent.value)
            self.spoiled += int(self.dut.spoiled.value)
            if self.dut.frames__valid.value and self.offered is None:
                self.offered = self.now
            if self.dut.tx_en.value:
                if self.gap:
                    self.gaps.append(self.gap)
                    self.raw.append(b"")
                self.raw[-1] += bytes((int(self.dut.txd.value),))
                self.gap = 0
                if self.first is None:
                    self.first = self.now
            elif self.gap is not None:
                self.gap += 1

    async def give(self, frame, *, error=False, hole=None):
        """Offer a frame, a byte a cycle; ``hole``: before this byte one cycle without."""
        dut = self.dut
        for at, byte in enumerate(frame):
            if at == hole:
                dut.frames__valid.value = 0
                await FallingEdge(dut.clk)
                await RisingEdge(dut.clk)
            last = at == len(frame) - 1
            dut.frames__valid.value = 1
            dut.frames__payload.value = byte | 1 << 8 | last << 9 | (last and error) << 10
            while True:
                await FallingEdge(dut.clk)
                taken = dut.frames__ready.value
                await RisingEdge(dut.clk)
                if taken:
                    break
        dut.frames__valid.value = 0


@cocotb.test()
async def frames_leave_whole(dut):
    rng = random.Random(5)
    line = Line(dut)
    await line.start()
    await RisingEdge(dut.clk)
    frames = [rng.randbytes(rng.choice((1, 14, 59, 60, 61, 64, 200, 1514))) for _ in range(40)]
    for frame in frames:
        await line.give(frame)
        for _ in range(rng.choice((0, 0, 1, 30))):
            await RisingEdge(dut.clk)
    for frame in frames:
        # (The model wakes up a byte late, so it does not hear all of the preamble.)
        heard = await line.sink.recv()
        assert heard.check_fcs()
        assert heard.error is None
        assert bytes(heard.get_payload()) == frame.ljust(60, b"\0")
    assert {raw[:8] for raw in line.raw} == {b"\x55" * 7 + b"\xd5"}
    assert [raw[8 : 8 + len(frame)] for raw, frame in zip(line.raw, frames, strict=True)] == frames
    assert min(line.gaps) == 12
    assert (line.sent, line.spoiled) == (40, 0)
    assert line.first - line.offered == 2  # the preamble's first byte; the frame's is 8 cycles behind it


@cocotb.test()
async def a_frame_with_a_hole_is_good_for_nobody(dut):
    rng = random.Random(6)
    line = Line(dut)
    await line.start()
    await RisingEdge(dut.clk)
    for round_ in range(12):
        frame = rng.randbytes(rng.choice((70, 200, 300)))
        if round_ % 2:
            await line.give(frame, error=True)
        else:
            await line.give(frame, hole=rng.randrange(1, len(frame)))
        heard = await line.sink.recv()
        assert not heard.check_fcs()
        assert any(heard.error)
        good = rng.randbytes(80)
        await line.give(good)
        heard = await line.sink.recv()
        assert heard.check_fcs()
        assert heard.error is None
        assert bytes(heard.get_payload()) == good
    assert (line.sent, line.spoiled) == (12, 12)
