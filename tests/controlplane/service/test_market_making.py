"""The market maker through the real service: where it may quote, how near, and who says so; on a plain card."""

import asyncio

import grpc
import pytest

from controlplane.config.models import ServiceConfig
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of

OPERATOR, AGENT = pb.ROLE_OPERATOR, pb.ROLE_AGENT
NAME = "market_making"


def held(card, *names):
    """Registers of a card as it has them, written or not."""
    return list(card.read(names).values())


async def header(channel):
    lease = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="test"))
    return pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="a test")


async def switch_on(channel):
    request = pb.ToggleModuleRequest(header=await header(channel), strategy_name=NAME, state=True)
    return await rpc.StrategyServiceStub(channel).ToggleModule(request)


async def quotes(channel, ratio, half_spread, **fields):
    values = {"strategy_name": NAME, "imbalance_ratio": ratio, "half_spread": half_spread} | fields
    request = pb.UpdateThresholdsRequest(header=await header(channel), **values)
    return await rpc.StrategyServiceStub(channel).UpdateThresholds(request)


async def refused(call, code, words):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() == code, words_of(caught.value)
    assert words in words_of(caught.value)


def changed(config, **symbol):
    """The configuration with the prerequisites or switches of its first symbol changed."""
    table = config.model_dump()
    prerequisites = {name: symbol.pop(name) for name in ("rebate",) if name in symbol}
    for row in table["symbols"][:1]:
        row |= symbol
        row["prerequisites"] |= prerequisites
    return ServiceConfig.model_validate(table)


def test_a_card_that_is_built_without_it_cannot_be_told_to_quote(serving, plain_card, demo_config):
    plain_card.identity.market_maker = False

    async def script(channels):
        words = "the card's configuration plain was built without it"
        await refused(switch_on(channels[OPERATOR]), grpc.StatusCode.FAILED_PRECONDITION, words)
        status = await rpc.CardServiceStub(channels[OPERATOR]).GetStatus(pb.GetStatusRequest())
        assert {module.strategy_name: module.available for module in status.modules} == {"imbalance": True, NAME: False}
        told = await rpc.CardServiceStub(channels[OPERATOR]).GetCapabilities(pb.GetCapabilitiesRequest())
        assert list(told.strategies) == ["imbalance"]
        assert held(plain_card, "modules.maker") == [0]

    run(serving, plain_card, demo_config, script)


def run(serving, card, config, script):
    async def scenario():
        async with serving(card, config) as (_service, channels):
            await script(channels)

    asyncio.run(scenario())


def test_start_gives_the_card_the_makers_settings_and_no_size(serving, plain_card, demo_config):
    async def script(_channels):
        v = plain_card.values
        assert held(plain_card, "modules.maker", "maker[0].size", "maker[0].inventory") == [0, 0, 0]
        # half_spread 1, max_spread 1, move 1, skew 655
        assert v["maker[1].prices"] == 1 | 1 << 8 | 1 << 16 | 655 << 24
        assert held(plain_card, "maker[2].ratio", "maker[2].located") == [0x0300, 1_000_000]
        assert (v["maker[0].throttle"], v["maker[0].cooldown"]) == (156_250, 15_625_000)
        assert held(plain_card, *(f"maker[{i}].control" for i in range(4))) == [1, 1, 1, 0]

    run(serving, plain_card, demo_config, script)


@pytest.mark.parametrize("why", [{"rebate": 0}, {"rebate": -1}, {"market_making": False}])
def test_a_symbol_without_a_rebate_is_not_quoted(serving, plain_card, demo_config, why):
    async def script(_channels):
        assert held(plain_card, *(f"maker[{i}].control" for i in range(3))) == [0, 1, 1]
        assert plain_card.values["slot[0].control"] & 1, "the taker may trade it"

    run(serving, plain_card, changed(demo_config, **why), script)


def test_it_is_not_switched_on_where_no_symbol_has_a_rebate(serving, plain_card, demo_config):
    table = demo_config.model_dump()
    for row in table["symbols"]:
        row["prerequisites"]["rebate"] = 0

    async def script(channels):
        failed = grpc.StatusCode.FAILED_PRECONDITION
        await refused(switch_on(channels[OPERATOR]), failed, "PWAA: a share that adds liquidity brings 0 micro-dollars")
        assert held(plain_card, "modules.maker") == [0]

    run(serving, plain_card, ServiceConfig.model_validate(table), script)


def test_an_operator_switches_it_on_and_limits_reach_its_quotes(serving, plain_card, demo_config):
    async def script(channels):
        await switch_on(channels[OPERATOR])
        request = pb.UpdateRiskParametersRequest(
            header=await header(channels[OPERATOR]), max_inventory=400, order_size=200
        )
        await rpc.RiskServiceStub(channels[OPERATOR]).UpdateRiskParameters(request)
        v = plain_card.values
        assert v["modules.maker"] == 1
        assert [(v[f"maker[{i}].inventory"], v[f"maker[{i}].size"]) for i in range(3)] == [(400, 200)] * 3

    run(serving, plain_card, demo_config, script)


def test_thresholds_are_held_to_the_envelope(serving, plain_card, demo_config):
    async def script(channels):
        operator, agent = channels[OPERATOR], channels[AGENT]
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        await quotes(operator, 2.5, 3)
        assert plain_card.values["maker[1].ratio"] == 0x0280
        assert plain_card.values["maker[1].prices"] == 3 | 1 << 8 | 1 << 16 | 655 << 24, "the rest stays"
        answer = await rpc.StrategyServiceStub(operator).GetThresholds(pb.GetThresholdsRequest(strategy_name=NAME))
        assert (answer.imbalance_ratio, answer.half_spread, answer.min_volume) == (2.5, 3, 0)
        await refused(quotes(operator, 3.5, 3), invalid, "at most 3 is accepted")
        await refused(quotes(operator, 2.5, 0), invalid, "at least 1 is accepted")
        await refused(quotes(operator, float("nan"), 3), invalid, "imbalance_ratio")
        await refused(quotes(operator, 2.5, 256), invalid, "0 to 255 half-ticks")
        await refused(quotes(operator, 2.5, 3, min_volume=7), invalid, "market_making has no such threshold")
        await refused(quotes(operator, 2.5, 3, strategy_name="imbalance"), invalid, "imbalance has no such threshold")
        lease = await header(operator)
        await rpc.LeaseServiceStub(operator).ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch))
        asked = await quotes(agent, 2.5, 1)
        assert "half_spread" in "; ".join(asked.asked.beyond), "nearer than the unattended part: a person is asked"
        assert plain_card.values["maker[1].prices"] & 0xFF == 3
        await quotes(agent, 2.0, 2)
        assert plain_card.values["maker[1].prices"] & 0xFF == 2

    run(serving, plain_card, demo_config, script)
