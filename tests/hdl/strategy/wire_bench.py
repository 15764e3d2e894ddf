"""Taker, gate, positions and the real order port together, and an exchange that says what a test has it say.

The bytes of both directions are packed and cut here with ``struct``, from the specification's offsets.
"""

import struct

from amaranth import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hdl.orders.port import OrderPort
from tests.hdl.risk.held_table import shown
from tests.hdl.strategy.trade_bench import ROWS, TradeBench, TradePath

BID, ASK = 100_000, 100_100
SYMBOL = b"PWAA    "


class TradeToWire(wiring.Component):
    """A :class:`TradePath` that speaks to an exchange."""

    def __init__(self):
        super().__init__({})
        self.path = TradePath()
        self.orders = OrderPort(ROWS)

    def elaborate(self, platform):
        m = Module()
        m.submodules.path, m.submodules.orders = path, orders = self.path, self.orders
        m.d.comb += [
            orders.intents.valid.eq(path.gate.granted.valid),
            orders.intents.payload.eq(path.gate.granted.payload),
            path.gate.granted.ready.eq(orders.intents.ready),
            path.taker.answers.valid.eq(orders.answers.valid),
            path.taker.answers.payload.eq(orders.answers.payload),
            path.arming.impossible.eq((orders.impossible & ~orders.placed) | orders.unknown_answers),
            path.gate.table_full.eq(orders.open_orders == ROWS),
            orders.killed.eq(path.arming.killed),
            orders.session_up.eq(path.arming.session_up),
            orders.card_time.eq(path.arming.card_time),
            orders.symbol.eq(int.from_bytes(SYMBOL, "little")),
            orders.capacity.eq(ord("P")),
            orders.tx.ready.eq(1),
            path.port_busy.eq(orders.busy),
            orders.spare_exits.eq(path.arming.lapsed & ~path.taker.cancel_exit),
        ]
        return m


class Wire(TradeBench):
    """The bench's world with frames instead of the stand-in; ``sent`` holds (cycle of the first beat, message)."""

    def __init__(self, ctx, dut):
        super().__init__(ctx, dut.path)
        self.port = dut.orders
        self.sent, self.partial, self.first = [], b"", 0

    async def step(self, cycles=1):
        ctx, path, port = self.ctx, self.dut, self.port
        for _ in range(cycles):
            ctx.set(path.arming.card_time, self.now)
            if ctx.get(port.tx.valid):
                beat = ctx.get(port.tx.payload)
                self.first = self.now if not self.partial else self.first
                self.partial += bytes(beat.data)[: beat.count]
                if beat.last:
                    self.sent.append((self.first, self.partial))
                    self.partial = b""
            for stream, log in ((path.gate.refusals, self.refused), (path.taker.alarm, self.alarms)):
                if ctx.get(stream.valid):
                    payload = ctx.get(stream.payload)
                    log.append(payload.refusal if stream is path.gate.refusals else payload.code)
            await ctx.tick()
            self.now += 1

    async def hear(self, message, settle=30):
        """Let the exchange say ``message``, then let it sink in."""
        for at in range(0, len(message), 8):
            part = message[at : at + 8]
            beat = {"data": list(part.ljust(8, b"\0")), "count": len(part), "last": at + 8 >= len(message)}
            self.ctx.set(self.port.rx.payload, beat)
            self.ctx.set(self.port.rx.valid, 1)
            while not self.ctx.get(self.port.rx.ready):
                await self.step()
            await self.step()
        self.ctx.set(self.port.rx.valid, 0)
        await self.step(settle)

    def messages(self):
        return [cut(message) for _, message in self.sent]

    def cash(self):
        return shown(self.ctx, self.dut.positions, 0)[3]


def cut(message):
    """What matters of a message of the card: (type, numbers, side, quantity, price, life)."""
    kind = message[:1]
    if kind == b"O":
        ref, side, quantity, symbol, price, life = struct.unpack_from(">IcI8sQc", message, 1)
        assert (len(message) >= 47, symbol) == (True, SYMBOL)
        return kind, ref, side, quantity, price, life
    if kind == b"U":
        return kind, *struct.unpack_from(">IIIQc", message, 1)
    assert kind == b"X"
    return kind, *struct.unpack_from(">II", message, 1)


TAIL = b"P" + b"N" + b"N"  # capacity, sweep, cross


def accepted(ref, side, quantity, price, life=b"0"):
    head = struct.pack(">cQIcI8sQccQ", b"A", 1, ref, side, quantity, SYMBOL, price, life, b"Y", 900 + ref)
    return head + TAIL + b"L" + bytes(14) + bytes(2)


def replaced(old, new, side, quantity, price):
    head = struct.pack(">cQIIcI8sQccQ", b"U", 1, old, new, side, quantity, SYMBOL, price, b"0", b"Y", 900 + new)
    return head + TAIL + b"L" + bytes(14) + bytes(2)


def executed(ref, quantity, price, flag):
    return struct.pack(">cQIIQcQH", b"E", 1, ref, quantity, price, flag, 5000 + ref, 0)


def canceled(ref, quantity, reason=b"I"):
    return struct.pack(">cQIIc", b"C", 1, ref, quantity, reason)


def cancel_rejected(ref):
    return struct.pack(">cQI", b"I", 1, ref)


def rejected(ref, reason=0x1D):
    return struct.pack(">cQIH", b"J", 1, ref, reason) + bytes(14)


def run(script):
    dut = TradeToWire()
    sim = Simulator(dut)
    sim.add_clock(1e-6)

    async def bench(ctx):
        wire = Wire(ctx, dut)
        wire.start()
        await wire.arm()
        await script(wire)

    sim.add_testbench(bench)
    sim.run()


async def enter_and_rest(wire):
    """Buy 60 of 100, the rest is cancelled; the exit of 60 is accepted."""
    await wire.view(BID, ASK, bid_volume=4000)
    await wire.hear(accepted(1, b"B", 100, ASK + 100, b"3"))
    await wire.hear(executed(1, 60, ASK, b"R"))
    await wire.hear(canceled(1, 40))
    await wire.hear(accepted(2, b"S", 60, ASK + 300))


ENTRY = (b"O", 1, b"B", 100, ASK + 100, b"3")
LEAVE = (b"O", 2, b"S", 60, ASK + 300, b"0")
