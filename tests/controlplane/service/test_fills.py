"""The day's executions one by one, an entry's with what became of the mid after it."""

import asyncio

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

OPEN = 34_200_000_000_000
SECOND = 1_000_000_000


def test_fills_with_their_markouts_and_a_histogram(serving, plain_card, demo_config, eventually):
    def depth(bid, seconds):
        plain_card.say("DEPTH", (bid, bid + 100, 1, 1, 0), slot=1, exchange_time=OPEN + seconds * SECOND)

    def order(number, side, price, flags, liquidity, seconds, cycles):
        said = {"slot": 1, "side": side, "order": number, "chain": number, "exchange_time": OPEN + seconds * SECOND}
        plain_card.say("ORDER_SENT", (price, 200, cycles, 0, flags), **said)
        plain_card.say("ORDER_EXECUTED", (price, 200, 1, 0, 0), detail=ord(liquidity), **said)

    async def scenario():
        async with serving(plain_card, demo_config) as (service, channels):
            stub = rpc.PerformanceServiceStub(channels[pb.ROLE_VIEWER])
            depth(90_000, 0)
            order(1, 1, 90_000, 0x11, "R", 1, 9)  # an entry that sells at the bid
            depth(89_800, 2)
            order(2, 0, 89_700, 0x05, "A", 3, 40)  # its exit
            order(3, 1, 89_800, 0x11, "R", 4, 9)
            depth(89_900, 11)
            await eventually(lambda: service.state.ledger.records == 9)
            every = await stub.GetFills(pb.GetFillsRequest())
            assert every.total == 3
            rows = [(f.symbol, f.sell, f.price, f.shares, f.fee_microdollars, f.order, f.entry) for f in every.fills]
            assert rows == [
                ("PWBB", True, 90_000, 200, 600_000, 1, True),
                ("PWBB", False, 89_700, 200, -400_000, 2, False),
                ("PWBB", True, 89_800, 200, 600_000, 3, True),
            ]
            # Sold at 9.00: a second later the mid was 8.985, ten seconds later 8.995; a minute has not passed.
            assert [(m.seconds, m.average) for m in every.fills[0].markouts] == [(1, 150.0), (10, 50.0)]
            assert list(every.fills[1].markouts) == []
            assert [(m.seconds, m.average) for m in every.fills[2].markouts] == [(1, -50.0)]
            later = await stub.GetFills(pb.GetFillsRequest(after=1, limit=1))
            assert [f.order for f in later.fills] == [2]
            beyond = await stub.GetFills(pb.GetFillsRequest(after=9))
            assert (len(beyond.fills), beyond.total) == (0, 3)
            report = await stub.GetReport(pb.GetReportRequest())
            # Of entries only.
            assert dict(report.latency.histogram) == {9: 2}

    asyncio.run(scenario())
