"""Taker, gate, positions and the real order port together: views in, OUCH out; OUCH in, position and cash out.

The bytes of both directions are packed and cut here with ``struct``, from the specification's offsets.
"""

import struct

from amaranth import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hdl.orders.port import OrderPort
from hdl.strategy.taker_types import AlarmCode, TakerState
from hdl.types import Refusal
from tests.hdl.strategy.trade_bench import ROWS, SLOTS, TradeBench, TradePath

BID, ASK = 100_000, 100_100
SYMBOL = b"PWAA    "


class TradeToWire(wiring.Component):
    """A :class:`TradePath` that speaks to an exchange."""

    def __init__(self):
        super().__init__({})
        self.path = TradePath()
        self.orders = OrderPort(ROWS, SLOTS)

    def elaborate(self, platform):
        m = Module()
        m.submodules.path, m.submodules.orders = path, orders = self.path, self.orders
        m.d.comb += [
            orders.intents.valid.eq(path.gate.granted.valid),
            orders.intents.payload.eq(path.gate.granted.payload),
            path.gate.granted.ready.eq(orders.intents.ready),
            path.taker.answers.valid.eq(orders.answers.valid),
            path.taker.answers.payload.eq(orders.answers.payload),
            path.arming.impossible.eq(orders.impossible),
            path.gate.table_full.eq(orders.open_orders == ROWS),
            orders.killed.eq(path.arming.killed),
            orders.session_up.eq(path.arming.session_up),
            orders.card_time.eq(path.arming.card_time),
            orders.symbols[0].eq(int.from_bytes(SYMBOL, "little")),
            orders.capacity.eq(ord("P")),
            orders.tx.ready.eq(1),
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
        return self.ctx.get(self.dut.positions.cash[0])


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


def test_first_byte_two_cycles_after_the_view():
    async def script(wire):
        await wire.view(BID, ASK, bid_volume=4000)
        seen = wire.now - 20
        assert [at - seen for at, _ in wire.sent] == [2]

    run(script)


def test_stop_with_a_fill_on_the_way():
    async def script(wire):
        await enter_and_rest(wire)
        assert wire.messages() == [ENTRY, LEAVE]
        assert wire.state() == TakerState.RESTING
        await wire.view(ASK - 200, ASK - 100)
        assert wire.messages()[2:] == [(b"U", 2, 3, 60, ASK - 400, b"0")]
        await wire.hear(executed(2, 20, ASK + 300, b"A"))
        await wire.hear(replaced(2, 3, b"S", 40, ASK - 400))
        assert wire.state() == TakerState.STOPPING
        await wire.hear(executed(3, 40, ASK - 200, b"R"))
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)
        gross = (20 * 300 - 40 * 200) * 100
        assert wire.cash() == gross - 60 * 3500 - 20 * -1500 - 40 * 3500
        assert (wire.refused, wire.alarms) == ([], [])
        await wire.view(BID, ASK, bid_volume=4000)
        assert wire.messages()[3:] == [(b"O", 4, b"B", 100, ASK + 100, b"3")]

    run(script)


def test_exit_filled_whole_while_its_replace_is_on_the_way():
    async def script(wire):
        await enter_and_rest(wire)
        await wire.view(ASK - 200, ASK - 100)
        await wire.hear(executed(2, 60, ASK + 300, b"A"))  # and never a word about number 3
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)
        assert wire.ctx.get(wire.port.open_orders) == 0
        assert wire.ctx.get(wire.dut.positions.open_sell[0]) == 0

    run(script)


def test_short_entry_is_marked_and_located():
    async def script(wire):
        await wire.view(BID, ASK, ask_volume=4000)
        assert wire.messages() == [(b"O", 1, b"T", 100, BID - 100, b"3")]
        assert wire.sent[0][1][45:] == b"\x00\x03" + b"\x02\x19Y"
        await wire.hear(accepted(1, b"T", 100, BID - 100, b"3"))
        await wire.hear(executed(1, 100, BID, b"R"))
        assert wire.messages()[1:] == [(b"O", 2, b"B", 100, BID - 300, b"0")]
        assert wire.position() == -100

    run(script)


def test_kill_cancels_the_exit_and_leaves_the_position_unmanaged():
    async def script(wire):
        await enter_and_rest(wire)
        wire.ctx.set(wire.dut.arming.kill, 1)
        await wire.step()
        wire.ctx.set(wire.dut.arming.kill, 0)
        await wire.step(20)
        assert wire.messages()[2:] == [(b"X", 2, 0)]
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.state() == TakerState.UNMANAGED
        assert wire.refused == [Refusal.KILLED]
        assert wire.alarms == [AlarmCode.UNMANAGED]
        for _ in range(3):
            await wire.view(BID - 500, ASK - 500, bid_volume=9000)
        assert len(wire.sent) == 3, "a killed card is silent"
        wire.ctx.set(wire.dut.arming.release, 1)
        await wire.step()
        wire.ctx.set(wire.dut.arming.release, 0)
        await wire.arm()
        await wire.view(BID - 500, ASK - 500)
        assert wire.messages()[3:] == [(b"O", 3, b"S", 60, BID - 500 - 200, b"0")], "the stop was passed meanwhile"

    run(script)


def test_an_answer_that_no_order_explains_kills():
    async def script(wire):
        await enter_and_rest(wire)
        await wire.hear(executed(77, 60, ASK, b"R"))
        assert wire.ctx.get(wire.dut.arming.killed) == 1
        assert wire.position() == 60

    run(script)
