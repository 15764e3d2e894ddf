# amaranth: UnusedElaboratable=no
"""The event stream: numbers, order, stamps, and losses that are counted."""

import struct

import pytest
from amaranth.sim import Simulator

from hdl.telemetry.record import RecordType
from hdl.telemetry.record_queue import RecordQueue
from hdl.telemetry.source import Source
from hdl.telemetry.stamps import Stamps
from hdl.telemetry.stream import Telemetry

HEADER = struct.Struct("<HBBIHHI")
#: Of a record, straight from docs/hostlink.md and the record's description: type to detail, number, times, ...
RECORD = struct.Struct("<BBBBIQQIIQI5I")


def simulate(telemetry, bench, *, stall=lambda cycle: False, cycles=3000):
    """Run ``bench``; give every datagram, and the (sequence, total dropped) at the end."""
    datagrams, state = [], {"dropped": 0, "sequence": 0, "busy": 0}

    async def reader(ctx):
        current = b""
        for cycle in range(cycles):
            ready = not stall(cycle)
            ctx.set(telemetry.tx.ready, ready)
            ctx.set(telemetry.card_time, 1000 + cycle)
            valid, beat = ctx.get(telemetry.tx.valid), telemetry.tx.payload
            if valid and ready:
                current += bytes(ctx.get(beat.data[i]) for i in range(ctx.get(beat.count)))
                if ctx.get(beat.last):
                    datagrams.append(current)
                    current = b""
            await ctx.tick()
            state["dropped"] += ctx.get(telemetry.dropped)
        state["sequence"] = ctx.get(telemetry.sequence)
        state["busy"] = ctx.get(telemetry.busy)

    simulator = Simulator(telemetry)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.add_testbench(reader)
    simulator.run()
    return datagrams, state


async def put(ctx, port, **fields):
    for name, value in fields.items():
        ctx.set(getattr(port.payload, name), value)
    ctx.set(port.valid, 1)
    await ctx.tick()
    ctx.set(port.valid, 0)


def decode(datagram):
    assert len(datagram) == 80
    magic, version, kind, number, count, status, zero = HEADER.unpack_from(datagram)
    assert (magic, version, kind, count, status, zero) == (0x5750, 1, 0xC0, 1, 0, 0)
    record = RECORD.unpack_from(datagram, 16)
    assert record[4] == number
    return record


def test_a_record_is_laid_out_as_described():
    telemetry = Telemetry({"only": Source(RecordType.ORDER_EXECUTED), "own": Source(RecordType.ORDER_SENT)})

    async def bench(ctx):
        ctx.set(telemetry.config_epoch, 0xE0E1E2E3)
        await ctx.tick().repeat(5)
        await put(
            ctx, telemetry.only, type=RecordType.ORDER_EXECUTED, slot=3, side=1, detail=0x52,
            exchange_time=0x1122334455667788, order=0x0A0B0C0D, chain=0x01020304, cause=0x8000000000000007,
            word0=10, word1=20, word2=30, word3=40, word4=0xFFFFFFFF,
        )  # fmt: skip
        await put(ctx, telemetry.own, type=RecordType.ORDER_SENT, card_time=0xABCDEF)

    datagrams, state = simulate(telemetry, bench, cycles=60)
    first, second = map(decode, datagrams)
    assert first == (
        4, 3, 1, 0x52, 1, 1005, 0x1122334455667788, 0x0A0B0C0D, 0x01020304, 0x8000000000000007, 0xE0E1E2E3,
        10, 20, 30, 40, 0xFFFFFFFF,
    )  # fmt: skip
    assert (second[0], second[4], second[5]) == (1, 2, 0xABCDEF)
    assert state == {"dropped": 0, "sequence": 2, "busy": 0}


def test_sources_take_turns_by_rank_and_keep_their_own_time():
    telemetry = Telemetry({name: Source(RecordType.STALE) for name in ("first", "second", "mark")})

    async def bench(ctx):
        for port, slot in ((telemetry.mark, 9), (telemetry.second, 2), (telemetry.first, 1)):
            ctx.set(port.payload.slot, slot)
            ctx.set(port.valid, 1)
        await ctx.tick()
        for port in (telemetry.mark, telemetry.second, telemetry.first):
            ctx.set(port.valid, 0)

    datagrams, _ = simulate(telemetry, bench, cycles=60)
    assert [(r[1], r[4], r[5]) for r in map(decode, datagrams)] == [(1, 1, 1000), (2, 2, 1000), (9, 3, 1000)]


def test_a_slow_host_loses_records_and_sees_it():
    """20 records into a queue of 8 with the link held: what arrives is whole, what is missing is counted."""
    telemetry = Telemetry({"only": Source(RecordType.HEARTBEAT)}, queue_depth=8)

    async def bench(ctx):
        for n in range(20):
            await put(ctx, telemetry.only, word0=n)
            await ctx.tick()

    datagrams, state = simulate(telemetry, bench, stall=lambda cycle: cycle < 200, cycles=500)
    records = [decode(d) for d in datagrams]
    assert 8 <= len(records) < 20
    assert state["dropped"] == 20 - len(records)
    assert state["sequence"] == 20
    assert [r[11] for r in records] == [r[4] - 1 for r in records]  # the number is the record's own, kept or lost


def test_a_burst_of_one_source_overflows_its_own_queue_only():
    telemetry = Telemetry({"loud": Source(RecordType.HEARTBEAT, depth=2), "quiet": Source(RecordType.STALE, depth=2)})

    async def bench(ctx):
        ctx.set(telemetry.loud.valid, 1)
        for n in range(30):
            ctx.set(telemetry.loud.payload.word0, n)
            ctx.set(telemetry.quiet.valid, n == 10)
            ctx.set(telemetry.quiet.payload.slot, 77)
            await ctx.tick()
        ctx.set(telemetry.loud.valid, 0)

    datagrams, state = simulate(telemetry, bench, cycles=600)
    records = [decode(d) for d in datagrams]
    assert state == {"dropped": 0, "sequence": 31, "busy": 0}
    assert sum(r[1] == 77 for r in records) == 1
    assert [r[4] for r in records] == list(range(1, 32))


@pytest.mark.parametrize(("depth", "in_block_ram"), [(4, False), (4, True), (20, False)])
def test_a_source_that_waits_keeps_so_many_and_loses_the_rest(depth, in_block_ram):
    """30 records at once at two sources: the second waits for the first, in look-up tables or in block RAM."""
    second = Source(RecordType.HEARTBEAT, depth=depth, in_block_ram=in_block_ram)
    telemetry = Telemetry({"first": Source(RecordType.STALE), "second": second})

    async def bench(ctx):
        for n in range(30):
            ctx.set(telemetry.first.valid, 1)
            ctx.set(telemetry.second.valid, 1)
            ctx.set(telemetry.second.payload.word0, n)
            await ctx.tick()
        ctx.set(telemetry.first.valid, 0)
        ctx.set(telemetry.second.valid, 0)

    datagrams, state = simulate(telemetry, bench, cycles=700)
    records = [decode(d) for d in datagrams]
    assert [(r[5], r[11]) for r in records if r[0] == RecordType.HEARTBEAT.value] == [
        (1000 + n, n) for n in range(depth)
    ]
    assert state == {"dropped": 30 - depth, "sequence": 60, "busy": 0}


def test_nothing_is_lost_or_doubled_under_backpressure():
    telemetry = Telemetry({"a": Source(RecordType.HEARTBEAT), "b": Source(RecordType.HEARTBEAT)})

    async def bench(ctx):
        for n in range(60):
            await put(ctx, telemetry.a if n % 3 else telemetry.b, word0=n)
            await ctx.tick().repeat(1 + n % 5)

    datagrams, state = simulate(telemetry, bench, stall=lambda cycle: cycle % 7 in (1, 2, 5), cycles=2000)
    assert sorted(decode(d)[11] for d in datagrams) == list(range(60))
    assert state == {"dropped": 0, "sequence": 60, "busy": 0}


def test_what_a_type_does_not_have_is_none_whatever_the_source_says():
    """Of an ALARM the side may be none, and the slot; a KILL has neither, and no order."""
    telemetry = Telemetry({"alarm": Source(RecordType.ALARM), "killed": Source(RecordType.KILL)})
    garbage = {"slot": 5, "side": 1, "order": 77, "chain": 78, "word0": 1, "word2": 2, "word4": 3}

    async def bench(ctx):
        for side in (0, 1, 255):
            await put(ctx, telemetry.alarm, **garbage | {"side": side, "detail": 3})
            await ctx.tick().repeat(3)
        await put(ctx, telemetry.alarm, **garbage | {"slot": 255, "side": 1})
        await ctx.tick().repeat(3)
        await put(ctx, telemetry.killed, **garbage, detail=4)

    datagrams, _ = simulate(telemetry, bench, cycles=90)
    records = [(r[0], *r[1:4], r[7], r[8], r[11:]) for r in map(decode, datagrams)]
    alarm = 77, 0, (1, 0, 0, 0, 0)
    assert records == [
        (22, 5, 0, 3, *alarm),
        (22, 5, 1, 3, *alarm),
        (22, 5, 255, 3, *alarm),
        (22, 255, 1, 3, *alarm),
        (15, 255, 255, 4, 0, 0, (0, 0, 0, 0, 0)),
    ]


def test_the_sources_of_types_that_are_sent_together_keep_them_apart():
    telemetry = Telemetry({"depth": Source(RecordType.DEPTH, RecordType.DEPTH_LEVEL)})

    async def bench(ctx):
        await put(ctx, telemetry.depth, type=RecordType.DEPTH, slot=1, detail=1, word4=0x1F)
        await put(ctx, telemetry.depth, type=RecordType.DEPTH_LEVEL, slot=2, detail=4, word3=0xFFFFFFFF, word4=0)

    datagrams, _ = simulate(telemetry, bench, cycles=60)
    assert [(*r[:4], r[14], r[15]) for r in map(decode, datagrams)] == [
        (12, 1, 255, 1, 0, 0x1F),
        (28, 2, 255, 4, 0xFFFFFFFF, 0),
    ]


def test_the_first_word_is_offered_three_cycles_after_a_record_and_the_next_record_follows_at_once():
    telemetry = Telemetry({"only": Source(RecordType.HEARTBEAT)})
    offered = []

    async def bench(ctx):
        ctx.set(telemetry.tx.ready, 1)
        for cycle in range(30):
            ctx.set(telemetry.only.valid, cycle in (4, 5))
            offered.append(ctx.get(telemetry.tx.valid))
            await ctx.tick()

    simulator = Simulator(telemetry)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert offered == [7 <= cycle < 27 for cycle in range(30)]


def test_a_record_that_waits_through_a_flood_keeps_its_time():
    """Sixteen times are kept; 40 cycles of records, and one that waits behind them: rather than its time, they go."""
    telemetry = Telemetry(
        {"loud": Source(RecordType.HEARTBEAT), "mark": Source(RecordType.STALE)}, queue_depth=64, stamps=16
    )

    async def bench(ctx):
        ctx.set(telemetry.loud.valid, 1)
        for n in range(40):
            ctx.set(telemetry.loud.payload.word0, n)
            ctx.set(telemetry.mark.valid, n == 2)
            await ctx.tick()
        ctx.set(telemetry.loud.valid, 0)

    datagrams, state = simulate(telemetry, bench, cycles=700)
    records = [decode(d) for d in datagrams]
    assert [r[5] for r in records if r[0] == RecordType.STALE.value] == [1002]
    assert all(r[5] == 1000 + r[11] for r in records if r[0] == RecordType.HEARTBEAT.value)
    assert 0 < state["dropped"] == 41 - len(records) < 10
    assert state["sequence"] == 41
    assert [r[4] for r in records] == sorted(r[4] for r in records)


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="at least one source"):
        Telemetry({})
    for block, sizes in ((RecordQueue, (0, 1, 100)), (Stamps, (2, 3, 48))):
        for size in sizes:
            with pytest.raises(ValueError, match=f"{size} .* power of two"):
                block(size)
