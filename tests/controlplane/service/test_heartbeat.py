"""The heartbeat: a mark is answered after everything before it is in the ledger; a dead reader means no heartbeat."""

import asyncio
import sqlite3

from grpc_health.v1 import health_pb2, health_pb2_grpc

from controlplane.config.models import Heartbeat as Lengths
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

PLAYER = 1 << 31
NINE_THIRTY = 34_200_000_000_000


def leases(card):
    return [value for name, value in card.writes if name == "control.lease"]


def test_players_mark_is_answered_when_the_ledger_has_all(serving, plain_card, demo_config, eventually, tmp_path):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            before = len(leases(plain_card))
            plain_card.say("HEARTBEAT", (5,))  # a mark of the host's own: nobody waits for it
            for i in range(500):
                plain_card.say("TRADE_PRINT", (250_000, 10, i, 0), slot=0, exchange_time=NINE_THIRTY + i)
            plain_card.now = 10_000_000
            plain_card.say("HEARTBEAT", (PLAYER | 1,))
            await eventually(lambda: len(leases(plain_card)) > before)
            report = await rpc.PerformanceServiceStub(channels[pb.ROLE_VIEWER]).GetReport(pb.GetReportRequest())
            assert (report.bars[0].trades, report.bars[0].volume) == (500, 5000)
            assert leases(plain_card)[before:] == [10_000_000 + 300 * 10**12 // 6400]

    asyncio.run(scenario())
    with sqlite3.connect(tmp_path / "events.sqlite") as connection:
        assert connection.execute("SELECT COUNT(*), SUM(word1) FROM record WHERE type = 11").fetchone() == (500, 5000)
    connection.close()


def test_a_board_is_vouched_for_until_its_events_end(serving, board_card, demo_config, eventually):
    config = demo_config.model_copy(update={"heartbeat": Lengths(lease_seconds=0.06)})

    async def scenario():
        async with serving(board_card, config) as (service, channels):
            await eventually(lambda: len(leases(board_card)) >= 4)
            health = health_pb2_grpc.HealthStub(channels[pb.ROLE_VIEWER])
            answer = await health.Check(health_pb2.HealthCheckRequest())
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            board_card.failing = "the card closed the connection"
            await eventually(lambda: not service.reader.is_alive())
            board_card.failing = ""
            stopped = len(leases(board_card))
            await asyncio.sleep(0.2)
            # One renewal may have been under way when the reader died.
            assert len(leases(board_card)) <= stopped + 1
            answer = await health.Check(health_pb2.HealthCheckRequest())
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
            of_one = await health.Check(health_pb2.HealthCheckRequest(service="pennywire.v1.CardService"))
            assert of_one.status == health_pb2.HealthCheckResponse.NOT_SERVING

    asyncio.run(scenario())


def test_a_service_that_stops_leaves_the_card_as_it_is(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (service, _channels):
            await service.heartbeat.vouch()
            plain_card.armed = True
            return len(plain_card.writes)

    assert asyncio.run(scenario()) == len(plain_card.writes)
    assert plain_card.armed
