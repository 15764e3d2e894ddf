"""Plays an order bench under cocotb: pins in, what left it out, every cycle."""

import cocotb
from amaranth.lib import data
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer

from hdl.net.frame import Beat
from hdl.orders.account import AccountReport
from hdl.orders.structs import AnswerDetail, SentRecord
from hdl.types import OrderAnswer, OrderIntent
from tests.hdl.orders.order_bench import PULSES, SLOTS

SYMBOLS = [f"SYM{i}".ljust(8) for i in range(SLOTS)]


def plain(layout, bits):
    """A struct's bits as a dict of numbers."""
    return {name: (bits >> field.offset) & ((1 << field.width) - 1) for name, field in data.Layout.cast(layout)}


class Driver:
    """One bench. Inputs change at falling edges, outputs are looked at just before rising ones."""

    def __init__(self, dut):
        self.dut = dut
        self.time = 0
        self.orders = []  # (time of the first beat, message)
        self.answers = []  # (time, OrderAnswer as dict)
        self.details = []
        self.sent = []
        self.reports = []
        self.places = []  # slot of every impossible answer, None where it was of none
        self.pulses = dict.fromkeys((*PULSES, "impossible"), 0)
        self.waiting = []  # frames for rx, as lists of beats
        self.last_beat_at = []  # times at which the last beat of a frame of rx was taken
        self.tx_ready = lambda: True
        self._message, self._first = b"", 0

    async def start(self):
        dut = self.dut
        for name in [
            "killed",
            "user_ref_write",
            "user_ref_value",
            "query",
            "card_time",
            "intents__valid",
            "intents__payload",
            "rx__valid",
        ]:
            getattr(dut, name).value = 0
        dut.rx__payload.value = 0
        dut.tx__ready.value = 1
        dut.session_up.value = 1
        dut.capacity.value = ord("P")
        dut.symbols.value = int.from_bytes("".join(SYMBOLS).encode(), "little")
        cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
        dut.rst.value = 1
        await FallingEdge(dut.clk)
        await FallingEdge(dut.clk)
        dut.rst.value = 0

    async def cycle(self):
        """Present inputs, look, and pass one rising edge. Ends at the falling edge after it."""
        dut = self.dut
        dut.card_time.value = self.time
        dut.tx__ready.value = int(self.tx_ready())
        dut.rx__valid.value = int(bool(self.waiting))
        if self.waiting:
            dut.rx__payload.value = self.waiting[0][0]
        await Timer(1, unit="ns")  # what is combinational follows the inputs just written
        if self.waiting and dut.rx__ready.value:
            self.waiting[0].pop(0)
            if not self.waiting[0]:
                self.waiting.pop(0)
                self.last_beat_at.append(self.time)
        if dut.tx__valid.value and dut.tx__ready.value:
            beat = plain(Beat(8), int(dut.tx__payload.value))
            if not self._message:
                self._first = self.time
            self._message += beat["data"].to_bytes(8, "little")[: beat["count"]]
            if beat["last"]:
                self.orders.append((self._first, self._message))
                self._message = b""
        if dut.answer_valid.value:
            self.answers.append((self.time, plain(OrderAnswer, int(dut.answer.value))))
            self.details.append(plain(AnswerDetail, int(dut.detail.value)))
        if dut.sent_valid.value:
            self.sent.append(plain(SentRecord, int(dut.sent.value)))
        if dut.report_valid.value:
            self.reports.append(plain(AccountReport, int(dut.report.value)))
        if dut.impossible.value:
            self.places.append(int(dut.impossible_slot.value) if dut.placed.value else None)
        for name in self.pulses:
            self.pulses[name] += int(getattr(dut, name).value)
        taken = bool(dut.intents__valid.value and dut.intents__ready.value)
        await RisingEdge(dut.clk)
        await FallingEdge(dut.clk)
        self.time += 1
        return taken

    async def run(self, cycles):
        for _ in range(cycles):
            await self.cycle()

    async def idle(self, limit=200):
        """Run until nothing is under way."""
        for _ in range(limit):
            await self.cycle()
            if not self.waiting and not self.dut.busy.value:
                return
        raise AssertionError(f"still busy after {limit} cycles")

    def offer(self, **fields):
        intent = {"cause": 9, "trigger_time": self.time, "exchange_time": 34_200_000_000_000, **fields}
        self.dut.intents__payload.value = OrderIntent.const(intent).as_bits()
        self.dut.intents__valid.value = 1

    async def intent(self, limit=60, **fields):
        """Offer an intent until it is taken; give the time of the handshake."""
        self.offer(**fields)
        for _ in range(limit):
            if await self.cycle():
                self.dut.intents__valid.value = 0
                return self.time - 1
        raise AssertionError(f"intent {fields} was not taken in {limit} cycles")

    def say(self, message, *, error=False):
        """Queue a message of the exchange."""
        parts = [message[i : i + 8] for i in range(0, len(message), 8)]
        beats = []
        for i, part in enumerate(parts):
            last = i == len(parts) - 1
            beat = {"data": list(part.ljust(8, b"\xee")), "count": len(part), "last": last, "error": last and error}
            beats.append(Beat(8).const(beat).as_bits())
        self.waiting.append(beats)

    async def pulse(self, name):
        """Hold a strobe for one cycle."""
        getattr(self.dut, name).value = 1
        await self.cycle()
        getattr(self.dut, name).value = 0

    def kinds(self):
        return [answer["kind"] for _, answer in self.answers]
