"""The event stream: numbers, order, stamps, and losses that are counted."""

import struct

from amaranth.sim import Simulator

from hdl.telemetry.record import RecordType
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
    telemetry = Telemetry(["only"])

    async def bench(ctx):
        ctx.set(telemetry.config_epoch, 0xE0E1E2E3)
        await ctx.tick().repeat(5)
        await put(
            ctx, telemetry.only, type=RecordType.ORDER_EXECUTED, slot=3, side=1, detail=0x52,
            exchange_time=0x1122334455667788, order=0x0A0B0C0D, chain=0x01020304, cause=0x8000000000000007,
            word0=10, word1=20, word2=30, word3=40, word4=0xFFFFFFFF,
        )  # fmt: skip
        await put(ctx, telemetry.only, type=RecordType.ARM, timed=1, card_time=0xABCDEF)

    datagrams, state = simulate(telemetry, bench, cycles=60)
    first, second = map(decode, datagrams)
    assert first == (
        4, 3, 1, 0x52, 1, 1005, 0x1122334455667788, 0x0A0B0C0D, 0x01020304, 0x8000000000000007, 0xE0E1E2E3,
        10, 20, 30, 40, 0xFFFFFFFF,
    )  # fmt: skip
    assert (second[0], second[4], second[5]) == (14, 2, 0xABCDEF)
    assert state == {"dropped": 0, "sequence": 2, "busy": 0}


def test_sources_take_turns_by_rank_and_keep_their_own_time():
    telemetry = Telemetry(["first", "second", "mark"])

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
    telemetry = Telemetry(["only"], queue_depth=8)

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
    telemetry = Telemetry({"loud": 2, "quiet": 2})

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


def test_nothing_is_lost_or_doubled_under_backpressure():
    telemetry = Telemetry(["a", "b"])

    async def bench(ctx):
        for n in range(60):
            await put(ctx, telemetry.a if n % 3 else telemetry.b, word0=n)
            await ctx.tick().repeat(1 + n % 5)

    datagrams, state = simulate(telemetry, bench, stall=lambda cycle: cycle % 7 in (1, 2, 5), cycles=2000)
    assert sorted(decode(d)[11] for d in datagrams) == list(range(60))
    assert state == {"dropped": 0, "sequence": 60, "busy": 0}
