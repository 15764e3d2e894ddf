"""Driving a block beat by beat: inputs are set, outputs seen, then the clock rises."""

import random

from amaranth.lib import data
from cocotb.triggers import Timer

from hdl.net.udp_receiver import PayloadBeat


def layout_of(struct):
    """Amaranth's layout of a struct class or of a layout."""
    return data.Layout.cast(struct)


def as_dict(struct, bits):
    """Fields of a struct (with structs inside) as plain numbers."""
    out = {}
    for name, field in layout_of(struct):
        part = bits >> field.offset & (1 << field.width) - 1
        try:
            out[name] = as_dict(field.shape, part)
        except TypeError:
            out[name] = part
    return out


class Bench:
    """A clock by hand. ``watch`` maps a name to (valid signal, payload signal or None, struct or None)."""

    def __init__(self, dut, width, watch):
        self.dut, self.width, self.watch = dut, width, watch
        self.now = 0
        self.seen = {name: [] for name in watch}
        self.totals = {}

    async def reset(self):
        self.dut.rst.value = 1
        for _ in range(2):
            self.dut.clk.value = 0
            await Timer(1, "ns")
            self.dut.clk.value = 1
            await Timer(1, "ns")
        self.dut.rst.value = 0

    async def cycle(self):
        """One cycle: what the outputs say with these inputs, then the edge."""
        dut = self.dut
        if hasattr(dut, "card_time"):
            dut.card_time.value = self.now
        dut.clk.value = 0
        await Timer(1, "ns")
        for name, (valid, payload, struct) in self.watch.items():
            if count := int(valid.value):
                if payload is None:
                    self.totals[name] = self.totals.get(name, 0) + count
                    self.seen[name].append((self.now, count))
                else:
                    bits = int(payload.value)
                    self.seen[name].append((self.now, as_dict(struct, bits) if struct else bits))
        dut.clk.value = 1
        await Timer(1, "ns")
        self.now += 1

    def beats(self, frame, error=False):
        """Payload numbers of the beats of a frame, packed as ``hdl.net.frame.Beat``."""
        w = self.width
        count_bits = w.bit_length()
        out = []
        for at in range(0, len(frame), w):
            part = frame[at : at + w]
            last = at + w >= len(frame)
            bits = int.from_bytes(part, "little") | len(part) << 8 * w
            out.append(bits | last << 8 * w + count_bits | (last and error) << 8 * w + count_bits + 1)
        return out

    def payload_beats(self, payload, error=False, *, lane=0, time=lambda beat: 0):
        """Beats of a UDP payload that begins in ``lane``, packed as ``hdl.net.udp_receiver.PayloadBeat``.

        ``time`` gives the card time of each beat by its number; the payload's first beat is number 0 and comes with the
        next one.
        """
        layout = layout_of(PayloadBeat(self.width))
        lanes = bytes(lane) + payload
        parts = [lanes[at : at + self.width] for at in range(0, len(lanes), self.width)]
        out = []
        for number, part in enumerate(parts[1:], 1):
            last = number == len(parts) - 1
            values = {
                "data": int.from_bytes(part, "little"),
                "count": len(part),
                "last": last,
                "error": last and error,
                "first": number == 1,
                "lead": int.from_bytes(parts[0], "little") if number == 1 else 0,
                "start": lane if number == 1 else 0,
                "time": time(number),
            }
            out.append(sum(int(value) << layout[name].offset for name, value in values.items()))
        return out

    async def send(self, valid, payload, beats, *, idle=0.0, rng=random):
        """Send the beats of a frame; returns the cycle in which each went in."""
        cycles = []
        for bits in beats:
            while idle and rng.random() < idle:
                valid.value = 0
                await self.cycle()
            valid.value = 1
            payload.value = bits
            cycles.append(self.now)
            await self.cycle()
        valid.value = 0
        return cycles

    async def idle(self, cycles):
        for _ in range(cycles):
            await self.cycle()
