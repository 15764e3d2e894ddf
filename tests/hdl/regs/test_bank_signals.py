"""The bank's hardware side: the signals that blocks ask for by name."""

import pytest
from amaranth import ResetInserter, Signal
from amaranth.sim import Simulator

from hdl.configs import CONFIGS
from hdl.regs.bank import RegisterBank
from hdl.regs.bus import BusStatus

CONFIG = CONFIGS["demo"]


async def access(ctx, bank, address, value=None):
    """Read, or write ``value``; give (status, read data, cycles from strobe to acknowledgement)."""
    strobe = bank.bus.read if value is None else bank.bus.write
    ctx.set(bank.bus.address, address)
    ctx.set(bank.bus.wdata, value or 0)
    ctx.set(strobe, 1)
    await ctx.tick()
    ctx.set(strobe, 0)
    cycles = 1
    while not ctx.get(bank.bus.ack):
        await ctx.tick()
        cycles += 1
    result = ctx.get(bank.bus.status), ctx.get(bank.bus.rdata), cycles
    await ctx.tick()
    return result


def simulate(bank, testbench):
    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(testbench)
    simulator.run()


def test_counters_saturate():
    bank = RegisterBank(CONFIG)
    step, refused = bank.count("feed.frames", bits=32), bank.count_array("risk.refused")

    async def bench(ctx):
        ctx.set(step, 0xFFFF_FFFE)
        ctx.set(refused[3], 1)
        await ctx.tick()
        ctx.set(refused[3], 0)
        ctx.set(step, 0)
        assert await access(ctx, bank, 0x230) == (BusStatus.OK, 0xFFFF_FFFE, 4)
        ctx.set(step, 1)
        await ctx.tick().repeat(3)
        assert (await access(ctx, bank, 0x230))[1] == 0xFFFF_FFFF
        ctx.set(step, 0xFFFF_FFFF)
        await ctx.tick()
        ctx.set(step, 0)
        assert (await access(ctx, bank, 0x230))[1] == 0xFFFF_FFFF
        assert [(await access(ctx, bank, 0x580 + 8 * n))[1] for n in range(16)] == [0] * 3 + [1] + [0] * 12

    simulate(bank, bench)


def test_strobes_are_one_cycle_three_after_the_write():
    bank = RegisterBank(CONFIG)
    arm, kill = bank.strobe("control.command.arm"), bank.strobe("control.command.kill")
    ahead = bank.ahead("control.command.kill")
    bind = bank.slot_strobe("join", "bind")
    locate = bank.slot_value("join", "locate")
    seen, early = [], []

    async def watch(ctx):
        async for _, _, a, k, b, place, first in ctx.tick().sample(arm, kill, bind[2], locate[2], ahead):
            seen.append((a, k, b, place))
            early.append(first)

    async def bench(ctx):
        assert (await access(ctx, bank, 0x100, 0b101))[0] == BusStatus.OK
        assert (await access(ctx, bank, 0x1410, 1 << 16 | 77))[0] == BusStatus.OK
        assert (await access(ctx, bank, 0x100, 0b1001))[0] == BusStatus.OK  # not the kill
        assert (await access(ctx, bank, 0x108, 0b100))[0] == BusStatus.NOT_WRITABLE
        assert (await access(ctx, bank, 0x100))[0] == BusStatus.OK  # a read of it is no write

    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_process(watch)
    simulator.run()
    assert [s[0] for s in seen].count(1) == 2
    assert [s[1] for s in seen].count(1) == 1
    assert [cycle for cycle, first in enumerate(early) if first] == [1]
    assert seen[3][:2] == (1, 1)
    assert [s[2:] for s in seen if s[2]] == [(1, 77)]


def test_written_fires_for_an_equal_value_too():
    bank = RegisterBank(CONFIG)
    pulse, token = bank.written("control.mark")
    fired = []

    async def watch(ctx):
        async for _, _, p, t in ctx.tick().sample(pulse, token):
            if p:
                fired.append(t)

    async def bench(ctx):
        await access(ctx, bank, 0x120, 5)
        await access(ctx, bank, 0x120, 5)
        assert (await access(ctx, bank, 0x120))[1] == 0  # write-only

    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_process(watch)
    simulator.run()
    assert fired == [5, 5]


def test_memory_registers_are_read_by_slot():
    bank = RegisterBank(CONFIG)
    first, second = bank.slot_port("taker_ticks"), bank.slot_port("taker_ticks")

    async def bench(ctx):
        ctx.set(second.slot, 3)
        assert ctx.get(first.row.take_profit) == 3
        await access(ctx, bank, 0x1058 + 0x200, 0x08_01_02_00_07_09)
        ctx.set(first.slot, 1)
        assert (ctx.get(first.row.take_profit), ctx.get(first.row.stop)) == (9, 7)
        assert (ctx.get(second.row.take_profit), ctx.get(second.row.stop)) == (3, 2)

    simulate(bank, bench)


def test_registers_that_a_reset_clears_are_read_by_slot_too():
    bank = RegisterBank(CONFIG)
    money, again = bank.slot_port("trade.adjust_cash"), bank.slot_port("trade.adjust_cash")
    address = next(r for r in bank.description if r.key == "trade.adjust_cash").place(2)
    reset = Signal()

    async def bench(ctx):
        ctx.set(money.slot, 2)
        ctx.set(again.slot, 1)
        await access(ctx, bank, address, (1 << 64) - 7)
        assert (ctx.get(money.row.value), ctx.get(again.row.value)) == (-7, 0)
        assert (await access(ctx, bank, address))[1] == (1 << 64) - 7
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert ctx.get(money.row.value) == 0
        assert (await access(ctx, bank, address))[1] == 0

    simulator = Simulator(ResetInserter(reset)(bank))
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()


def test_what_is_shown_is_asked_for_by_slot_in_the_fixed_time():
    bank = RegisterBank(CONFIG)
    position, balance = bank.slot_show("position"), bank.slot_show("maker.balance")
    places = {r.key: r for r in bank.description if r.key in ("slot.position", "maker.balance")}

    async def answer(ctx):
        """Another number for every slot, and nothing that holds it."""
        async for _ in ctx.changed(position.slot, balance.slot):
            ctx.set(position.row.shares, -5 - ctx.get(position.slot))
            ctx.set(balance.row.shares, 100 + ctx.get(balance.slot))

    async def bench(ctx):
        for slot in (1, 3, 0):
            seen = await access(ctx, bank, places["slot.position"].place(slot))
            assert seen == (BusStatus.OK, (-5 - slot) & 0xFFFF_FFFF, 4)
            seen = await access(ctx, bank, places["maker.balance"].place(slot))
            assert seen == (BusStatus.OK, 100 + slot, 4)
        assert (await access(ctx, bank, places["slot.position"].place(1), 7))[0] == BusStatus.NOT_WRITABLE

    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_testbench(answer, background=True)
    simulator.run()


def test_a_write_is_told_with_its_slot_and_another_value_is_told_apart():
    """Locked registers tell of no write that is dropped."""
    bank = RegisterBank(CONFIG)
    located, changed, symbol = bank.slot_write("maker.located"), bank.slot_changed("symbol"), bank.slot_value("symbol")
    places = {r.key: r for r in bank.description if r.key in ("maker.located", "slot.symbol")}
    told, others = [], []

    async def watch(ctx):
        async for _, _, strobe, slot, shares, *seen in ctx.tick().sample(
            located.strobe, located.slot, located.row.shares, *changed, symbol[2]
        ):
            if strobe:
                told.append((slot, shares))
            if any(seen[:-1]):
                others.append(tuple(seen))

    async def bench(ctx):
        for slot, shares in ((2, 900), (0, 50), (2, 900)):
            await access(ctx, bank, places["maker.located"].place(slot), shares)
        for value in (77, 77, 78):
            await access(ctx, bank, places["slot.symbol"].place(2), value)
        ctx.set(bank.armed, 1)
        assert (await access(ctx, bank, places["maker.located"].place(1), 5))[0] == BusStatus.LOCKED
        await access(ctx, bank, places["slot.symbol"].place(2))

    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_process(watch)
    simulator.run()
    assert told == [(2, 900), (0, 50), (2, 900)]
    assert others == [(0, 0, 1, 0, 77), (0, 0, 1, 0, 78)]


def test_command_bits_are_told_beside_the_strobe_and_those_that_need_a_disarmed_card_only_then():
    bank = RegisterBank(CONFIG)
    join = bank.slot_write("join")
    place = next(r for r in bank.description if r.key == "slot.join").place
    told = []

    async def watch(ctx):
        names = ("bind", "trading", "whole", "stale")
        async for _, _, strobe, slot, locate, *pulses in ctx.tick().sample(
            join.strobe, join.slot, join.row.locate, *(getattr(join.row, name) for name in names)
        ):
            assert strobe or not any(pulses)
            if strobe:
                told.append((slot, locate, *pulses))

    async def bench(ctx):
        await access(ctx, bank, place(2), 0b0011 << 16 | 77)
        await access(ctx, bank, place(0), 0b1100 << 16 | 78)
        ctx.set(bank.armed, 1)
        assert (await access(ctx, bank, place(3), 0b1111 << 16 | 79))[0] == BusStatus.LOCKED

    simulator = Simulator(bank)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_process(watch)
    simulator.run()
    assert told == [(2, 77, 1, 1, 0, 0), (0, 78, 0, 0, 1, 1), (3, 79, 0, 0, 0, 1)]


def test_driven_values_and_write_back():
    bank = RegisterBank(CONFIG)
    armed, cause = bank.drive("control.status.armed"), bank.drive("control.status.kill_cause")
    bound = bank.slot_drive("state", "bound")
    strobe, next_ref = bank.write_back("orders.user_ref")

    state = next(r for r in bank.description if r.key == "slot.state")

    async def bench(ctx):
        ctx.set(armed, 1)
        ctx.set(cause, 0x2A)
        ctx.set(bound[1], 1)
        assert (await access(ctx, bank, 0x108))[1] == 0x2A01
        assert (await access(ctx, bank, state.place(1)))[1] & 1 == 1
        assert (await access(ctx, bank, state.place(0)))[1] & 1 == 0
        assert (await access(ctx, bank, 0x400))[1] == 1
        ctx.set(next_ref, 900)
        ctx.set(strobe, 1)
        await ctx.tick()
        ctx.set(strobe, 0)
        assert (await access(ctx, bank, 0x400))[1] == 900
        await access(ctx, bank, 0x400, 1000)
        assert (await access(ctx, bank, 0x400))[1] == 1000

    simulate(bank, bench)


def test_reset_clears_all_but_memories():
    bank = RegisterBank(CONFIG)
    enable = bank.slot_value("control", "enable")
    reset = Signal()

    async def bench(ctx):
        await access(ctx, bank, 0x1008, 7)
        await access(ctx, bank, 0x1040, 0x500)
        await access(ctx, bank, 0x1048, 0x500)
        await access(ctx, bank, 0x8A0, (1 << 64) - 1)
        assert (await access(ctx, bank, 0x8A0))[1] == (1 << 40) - 1
        assert ctx.get(enable[0]) == 1
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert ctx.get(enable[0]) == 0
        assert ctx.get(bank.config_epoch) == 0
        assert (await access(ctx, bank, 0x1040))[1] == 0x500
        assert (await access(ctx, bank, 0x1008))[1] == 0
        assert (await access(ctx, bank, 0x8A0))[1] == 0x5_0002_625A
        assert (await access(ctx, bank, 0x1048))[1] == 0x500
        await access(ctx, bank, 0x1008, 2)
        assert (await access(ctx, bank, 0x1008))[1] == 2

    simulator = Simulator(ResetInserter(reset)(bank))
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()


def test_misuse_is_named():
    bank = RegisterBank(CONFIG)
    cases = [
        (lambda: bank.value("control.status.armed"), "kind 'value'"),
        (lambda: bank.strobe("feed.destination.ip"), "kind 'strobe'"),
        (lambda: bank.drive("feed.destination.ip"), "kind 'drive'"),
        (lambda: [bank.drive("control.time"), bank.drive("control.time")], "driven already"),
        (lambda: [bank.count("feed.gaps"), bank.count("feed.gaps")], "counted already"),
        (lambda: bank.count("control.time"), "not a counter"),
        (lambda: bank.slot_port("position"), "that the host writes"),
        (lambda: bank.slot_show("symbol"), "that hardware drives"),
        (lambda: bank.slot_write("position"), "that the host writes"),
        (lambda: [bank.slot_show("cash"), bank.slot_drive("cash")], "driven already"),
        (lambda: [bank.slot_drive("bbo", "bid"), bank.slot_show("bbo")], "driven already"),
        (lambda: bank.slot_value("tick"), "kind 'value'"),
        (lambda: bank.write_back("control.lease"), "both sides"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
    Simulator(bank)  # elaborated, so that Amaranth does not complain of a block never used
