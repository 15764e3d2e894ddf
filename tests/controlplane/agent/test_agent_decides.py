"""The agent with its keyless model against the real service; the card is plain Python."""

import asyncio

import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

SECOND = 1_000_000_000
OPEN = 34_200 * SECOND
DOLLARS_25 = 250_000


def trade(card, start, count, move):
    """Let the card buy 100 at 25.01 ``count`` times; each time the mid then moves by ``move`` (1/10,000 dollar)."""
    for i in range(count):
        at, order = start + i * 30 * SECOND, 10 * i + 1
        card.now = (at + 9 * SECOND - OPEN) * 1000 // 6400 + 10_000
        card.say("DEPTH", (DOLLARS_25, DOLLARS_25 + 100, 9000, 1000, 0), slot=0, exchange_time=at)
        card.say("TRIGGER", (9000, 1000, DOLLARS_25, DOLLARS_25 + 100, 0x900), slot=0, side=0, exchange_time=at)
        card.say(
            "ORDER_SENT",
            (DOLLARS_25 + 100, 100, 9, 0, 0x11),
            slot=0,
            side=0,
            exchange_time=at,
            order=order,
            chain=order,
        )
        fill = {"slot": 0, "side": 0, "detail": ord("R"), "order": order, "chain": order}
        card.say("ORDER_EXECUTED", (DOLLARS_25 + 100, 100, 1, 0, 0), exchange_time=at, **fill)
        later, exit_price = at + 9 * SECOND, DOLLARS_25 + 50 + move
        card.say("DEPTH", (exit_price - 50, exit_price + 50, 3000, 3000, 0), slot=0, exchange_time=later)
        exit_order = {"slot": 0, "side": 1, "order": order + 1, "chain": order + 1}
        card.say("ORDER_SENT", (exit_price, 100, 40, 0, 0x5), exchange_time=later, **exit_order)
        card.say("ORDER_EXECUTED", (exit_price, 100, 2, 0, 0), detail=ord("A"), exchange_time=later, **exit_order)


async def armed(channels):
    lease = await rpc.LeaseServiceStub(channels[pb.ROLE_OPERATOR]).AcquireLease(pb.AcquireLeaseRequest(holder="boss"))
    header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="test")
    await rpc.CardServiceStub(channels[pb.ROLE_OPERATOR]).Arm(
        pb.ArmRequest(header=header, statement=pb.ExchangeStatement(next_order_number=1))
    )
    release = pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch)
    await rpc.LeaseServiceStub(channels[pb.ROLE_OPERATOR]).ReleaseLease(release)


def decisions(serving, card, config, eventually, tmp_path, moves):
    """Decide once, then once after each stretch of trading; give the records."""
    from controlplane.agent.run import decide

    async def scenario():
        found = []
        async with serving(card, config) as (service, channels):
            await armed(channels)
            found.append(await decide(tmp_path))
            for number, move in enumerate(moves):
                trade(card, OPEN + number * 600 * SECOND, 9, move)
                fills = service.state.ledger.fills
                await eventually(lambda fills=fills, wanted=(number + 1) * 18: len(fills) == wanted)
                found.append(await decide(tmp_path))
            log = await rpc.AuditServiceStub(channels[pb.ROLE_VIEWER]).Query(pb.AuditQueryRequest())
        return found, list(log.rows)

    return asyncio.run(scenario())


def tools(record):
    return [call["tool"] for call in record.calls]


def test_starts_within_the_unattended_part(serving, plain_card, demo_config, eventually, tmp_path):
    (first,), log = decisions(serving, plain_card, demo_config, eventually, tmp_path, [])
    assert first.error == ""
    assert tools(first) == [
        "get_performance_report",
        "update_risk_parameters",
        "update_thresholds",
        "toggle_scalping_module",
    ]
    assert all(call["result"]["status"] == "done" for call in first.calls), first.calls
    values = plain_card.values
    assert (values["slot[0].max_inventory"], values["slot[2].taker_order_size"]) == (300, 100)
    assert (values["slot[1].taker_ratio"], values["slot[1].taker_min_volume"]) == (0x0300, 1500)
    assert values["modules.taker"] == 1
    assert [row.role for row in log if row.who == "agent"] == [pb.ROLE_AGENT] * 3
    assert "calm" in log[-1].reason


def test_calm_trading_is_left_alone(serving, demo_config, eventually, tmp_path, plain_card):
    calm, _ = decisions(serving, plain_card, demo_config, eventually, tmp_path, [300, 300])
    assert [tools(r) for r in calm[1:]] == [["get_performance_report"]] * 2
    assert plain_card.values["modules.taker"] == 1


def test_toxic_makes_it_careful_and_then_off_for_good(serving, demo_config, eventually, tmp_path, plain_card):
    toxic, _ = decisions(serving, plain_card, demo_config, eventually, tmp_path, [-300, -300, -300])
    assert tools(toxic[1]) == ["get_performance_report", "update_risk_parameters", "update_thresholds"]
    assert "ticks worse" in toxic[1].said
    assert plain_card.values["slot[0].max_inventory"] == 150
    assert plain_card.values["slot[0].taker_ratio"] == 0x0480
    assert tools(toxic[2]) == ["get_performance_report", "toggle_scalping_module"]
    assert plain_card.values["modules.taker"] == 0
    assert tools(toxic[3]) == ["get_performance_report"]
    assert "a person decides" in toxic[3].said


def test_what_was_traded_before_a_change_is_not_held_against_it(serving, demo_config, eventually, tmp_path, plain_card):
    from controlplane.agent.run import decide

    async def scenario():
        async with serving(plain_card, demo_config) as (service, channels):
            await armed(channels)
            await decide(tmp_path)
            trade(plain_card, OPEN, 9, -300)
            await eventually(lambda: len(service.state.ledger.fills) == 18)
            return [await decide(tmp_path), await decide(tmp_path)]

    careful, again = asyncio.run(scenario())
    assert tools(careful) == ["get_performance_report", "update_risk_parameters", "update_thresholds"]
    assert tools(again) == ["get_performance_report"]
    assert plain_card.values["modules.taker"] == 1


def test_does_nothing_while_disarmed_and_repeats_itself(serving, plain_card, demo_config, tmp_path):
    from controlplane.agent.run import decide

    async def scenario():
        async with serving(plain_card, demo_config):
            return [await decide(tmp_path) for _ in range(2)]

    first, second = asyncio.run(scenario())
    assert tools(first) == ["get_performance_report"]
    assert "not armed" in first.said
    assert first == second
