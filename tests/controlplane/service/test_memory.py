"""The service's memory while it is watched, asked, written to and fed: it does not grow with time.

The short form takes some seconds and is part of ``make test``; ``make memory`` takes an hour. What may grow is what the
day makes: a mid that changed (16 bytes), an order, a fill. Depth comes at the card's own rate here, ten a second of
each symbol, and prices move now and then.
"""

import asyncio
import gc
import multiprocessing
import os
import threading
import time
import tracemalloc
from pathlib import Path

import grpc

from controlplane.config.load import load_config
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.control_service import SOCKETS, ControlService
from tests.controlplane.plain_card import PlainCard
from tests.controlplane.service.test_load import resident

CONFIG = Path(__file__).resolve().parents[3] / "controlplane" / "config" / "demo.toml"
SECONDS = float(os.environ.get("PENNYWIRE_MEMORY_SECONDS", "24"))
#: KiB of Python's objects that may come on top in the last third: mids, and a second's records on their way. In the
#: first third caches are filled, which on a slow machine takes a while.
MOST_OBJECTS = 192 + SECONDS / 10  # dozens of answers that are just being made, whatever the time
#: MiB of the whole process: SQLite fills its page caches, of 2 MiB each, in the first minutes.
MOST_RESIDENT = 6.0
WATCHERS = 5
_OPEN = 34_200_000_000_000


def tell(card, stop):
    number = 0
    while not stop.wait(0.1):
        number += 1
        card.values["control.lease"] = card.now + 10**12
        for slot in range(3):
            bid = 250_000 + 100 * (number // 20 % 5)
            card.now += 1
            card.say("DEPTH", (bid, bid + 100, number, 1000, 0), slot=slot, exchange_time=_OPEN + number * 100_000_000)
            # Marks as a player sends them: records are put on the disk, the ledger is compared with the card.
            card.say("HEARTBEAT", (number,), exchange_time=_OPEN + number * 100_000_000)


def serve(directory, pipe):
    """Run the service's process; whatever comes by the pipe asks for the bytes of Python's objects, None ends it."""
    tracemalloc.start()

    async def hold():
        card, quiet = PlainCard(), threading.Event()
        # A plain card keeps every write for the tests that ask; that is not the service's memory.
        card.writes = _Forgetful()
        service = ControlService(card, load_config(CONFIG), directory)
        telling = threading.Thread(target=tell, args=(card, quiet))
        await service.start()
        telling.start()
        while await asyncio.to_thread(pipe.recv):
            gc.collect()
            pipe.send(tracemalloc.get_traced_memory()[0])
        quiet.set()
        await service.stop()

    with (directory / "service.log").open("w") as log:
        os.dup2(log.fileno(), 1)
        asyncio.run(hold())


class _Forgetful:
    def append(self, _item):
        pass


async def use(directory, seconds):
    """Watch, ask and write as fast as one caller can, in streams that are opened and closed."""
    end, calls = time.monotonic() + seconds, 0
    target = f"unix:{directory / SOCKETS[pb.ROLE_OPERATOR]}"
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(target, options=options) as channel:
        risk, market = rpc.RiskServiceStub(channel), rpc.MarketServiceStub(channel)
        while time.monotonic() < end:
            streams = [market.StreamDepth(pb.StreamDepthRequest(most_per_second=20)) for _ in range(WATCHERS)]
            lease = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="memory"))
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="memory")
            for stream in streams:
                await stream.read()
            for number in range(20):
                size = 10 + number
                await risk.UpdateRiskParameters(
                    pb.UpdateRiskParametersRequest(header=header, max_inventory=2 * size, order_size=size)
                )
                await rpc.CardServiceStub(channel).GetStatus(pb.GetStatusRequest())
                await rpc.PerformanceServiceStub(channel).GetReport(pb.GetReportRequest())
                await rpc.AuditServiceStub(channel).Query(pb.AuditQueryRequest(after_id=1, limit=50))
                await rpc.ConfirmationServiceStub(channel).List(pb.ListConfirmationsRequest())
                calls += 5
            for stream in streams:
                stream.cancel()
    return calls


def test_memory_does_not_grow(tmp_path_factory):
    directory = tmp_path_factory.mktemp("s")
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=serve, args=(directory, other))
    process.start()
    sizes, calls = [], 0

    def look():
        pipe.send("how much?")
        assert pipe.poll(60), "the service does not answer"
        sizes.append((pipe.recv() / 1024, resident(process)))

    try:
        end = time.monotonic() + 120
        while not (directory / "viewer.sock").exists():
            assert process.is_alive(), (directory / "service.log").read_text()
            assert time.monotonic() < end, "the service did not start"
            time.sleep(0.02)
        for _third in range(3):
            calls += asyncio.run(use(directory, SECONDS / 3))
            look()
        pipe.send(None)
        process.join(60)
    finally:
        process.kill()
    assert process.exitcode == 0
    _, (objects, whole), (objects_after, whole_after) = sizes
    print(f"after {2 * SECONDS / 3:g} s: {objects:.0f} KiB of objects, {whole:.1f} MiB in all")
    print(f"after {SECONDS:g} s and {calls} calls: {objects_after:.0f} KiB of objects, {whole_after:.1f} MiB in all")
    assert objects_after - objects < MOST_OBJECTS
    assert whole_after - whole < MOST_RESIDENT
