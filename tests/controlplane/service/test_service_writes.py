"""Writes through the real service over its real sockets: roles, lease, envelope, VERIFY, audit, on a plain card."""

import asyncio
import json
import stat

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from controlplane.service.roles import ALLOWED, WRITES
from controlplane.service.startup import StartupError

FRESH = pb.ExchangeStatement(next_order_number=1)
OPERATOR, AGENT, VIEWER = pb.ROLE_OPERATOR, pb.ROLE_AGENT, pb.ROLE_VIEWER


async def lease(channel, holder="test", seconds=0):
    answer = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder=holder, seconds=seconds))
    return answer.lease_epoch


def header(epoch, mode=pb.WRITE_MODE_COMMIT, reason="a test"):
    return pb.WriteHeader(lease_epoch=epoch, mode=mode, reason=reason)


async def limits(channel, epoch, inventory, size, **kw):
    request = pb.UpdateRiskParametersRequest(header=header(epoch, **kw), max_inventory=inventory, order_size=size)
    return await rpc.RiskServiceStub(channel).UpdateRiskParameters(request)


async def thresholds(channel, epoch, ratio, volume, **kw):
    request = pb.UpdateThresholdsRequest(
        header=header(epoch, **kw), strategy_name="imbalance", imbalance_ratio=ratio, min_volume=volume
    )
    return await rpc.StrategyServiceStub(channel).UpdateThresholds(request)


async def toggle(channel, epoch, state, name="imbalance", **kw):
    request = pb.ToggleModuleRequest(header=header(epoch, **kw), strategy_name=name, state=state)
    return await rpc.StrategyServiceStub(channel).ToggleModule(request)


async def refusal(call, code, *words):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() == code, words_of(caught.value)
    for word in words:
        assert word in words_of(caught.value)


async def asked(call, *words):
    result = await call
    assert list(result.changes) == []
    for word in words:
        assert word in "; ".join(result.asked.beyond)
    return result.asked


async def rows(channel):
    return (await rpc.AuditServiceStub(channel).Query(pb.AuditQueryRequest())).rows


def test_every_method_of_the_proto_has_roles():
    named = {f"{s.name}.{m.name}" for s in pb.DESCRIPTOR.services_by_name.values() for m in s.methods}
    assert set(ALLOWED) == named
    assert {m for m in WRITES if OPERATOR not in ALLOWED[m]} == set()
    assert ALLOWED["CardService.Arm"] == {OPERATOR}
    assert ALLOWED["CardService.Kill"] == {OPERATOR, AGENT, VIEWER}


def test_start_sets_the_card_up_with_everything_off(serving, plain_card, demo_config, tmp_path):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            for name in ("operator.sock", "agent.sock", "viewer.sock"):
                assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
            v = plain_card.values
            assert v["slot[0].symbol"] == int.from_bytes(b"PWAA    ", "little")
            assert [v[f"slot[{i}].ceiling_inventory"] for i in range(3)] == [1000] * 3
            assert v.get("slot[3].ceiling_inventory", 0) == 0
            assert v["slot[1].control"] == 0b111
            assert v["risk.fee_add"] == 2**32 - 2000
            assert v["telemetry.depth_interval"] == 15_625_000
            assert v["control.lease"] == 1000 + 46_875_000_000
            status = await rpc.CardServiceStub(channels[VIEWER]).GetStatus(pb.GetStatusRequest())
            assert not status.armed
            assert status.role == VIEWER
            assert [s.symbol for s in status.symbols] == ["PWAA", "PWBB", "PWCC"]
            assert not any(m.enabled for m in status.modules)
            answer = await rpc.RiskServiceStub(channels[VIEWER]).GetLimits(pb.GetLimitsRequest())
            assert (answer.max_inventory, answer.order_size, answer.ceiling_order_size) == (0, 0, 500)
            assert (await rows(channels[VIEWER]))[0].method == "Startup"

    asyncio.run(scenario())


def test_an_armed_card_is_left_alone(serving, plain_card, demo_config):
    plain_card.armed = True

    async def scenario():
        async with serving(plain_card, demo_config):
            pass

    with pytest.raises(StartupError, match="armed"):
        asyncio.run(scenario())
    assert plain_card.writes == []


def test_roles_are_kept_apart(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            denied = grpc.StatusCode.PERMISSION_DENIED
            await refusal(lease(channels[VIEWER]), denied, "ROLE_VIEWER")
            epoch = await lease(channels[AGENT])
            arm = rpc.CardServiceStub(channels[AGENT]).Arm(pb.ArmRequest(header=header(epoch), statement=FRESH))
            await refusal(arm, denied, "may not call CardService.Arm")
            assert not plain_card.armed
            last = (await rows(channels[VIEWER]))[-1]
            assert (last.method, last.role) == ("CardService.Arm", AGENT)
            assert last.result.startswith("refused")
            # Anyone may kill, and needs nothing for it.
            await rpc.CardServiceStub(channels[VIEWER]).Kill(pb.KillRequest())
            assert plain_card.killed
            operator = await lease(channels[OPERATOR])
            card = rpc.CardServiceStub(channels[OPERATOR])
            failed = grpc.StatusCode.FAILED_PRECONDITION
            await refusal(card.Arm(pb.ArmRequest(header=header(operator), statement=FRESH)), failed, "release the kill")
            await card.ReleaseKill(pb.ReleaseKillRequest(header=header(operator)))
            await card.Arm(pb.ArmRequest(header=header(operator), statement=FRESH))
            assert plain_card.armed
            await card.Disarm(pb.DisarmRequest(header=header(operator)))
            assert not plain_card.armed

    asyncio.run(scenario())


def test_a_card_that_sends_no_orders_is_not_armed(serving, plain_card, demo_config):
    plain_card.identity.trades = plain_card.identity.market_maker = False

    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            card = rpc.CardServiceStub(channels[OPERATOR])
            arm = card.Arm(pb.ArmRequest(header=header(await lease(channels[OPERATOR])), statement=FRESH))
            words = "configuration plain sends no orders: flash one that does"
            await refusal(arm, grpc.StatusCode.FAILED_PRECONDITION, words)
            assert not plain_card.armed
            told = await card.GetCapabilities(pb.GetCapabilitiesRequest())
            assert list(told.strategies) == []
            await card.Kill(pb.KillRequest())
            assert plain_card.killed

    asyncio.run(scenario())


def test_lease_has_one_holder_and_an_operator_takes_it(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            failed = grpc.StatusCode.FAILED_PRECONDITION
            await refusal(limits(channels[AGENT], 1, 100, 100), failed, "acquire a lease")
            first = await lease(channels[AGENT], "one")
            await refusal(lease(channels[AGENT], "two"), failed, "one (ROLE_AGENT)")
            taken = await lease(channels[OPERATOR], "boss")
            assert taken > first
            await refusal(limits(channels[AGENT], first, 100, 100), failed, "not the live one")
            await refusal(lease(channels[AGENT], "one"), failed, "boss")
            # The epoch is no password: it is of use only at the socket of its role.
            await refusal(limits(channels[AGENT], taken, 100, 100), failed)
            release = pb.ReleaseLeaseRequest(lease_epoch=taken)
            await rpc.LeaseServiceStub(channels[OPERATOR]).ReleaseLease(release)
            short = await lease(channels[AGENT], "one", 0.05)
            await asyncio.sleep(0.1)
            await refusal(limits(channels[AGENT], short, 100, 100), failed, "not the live one")
            for wrong in (-1, float("nan"), float("inf"), 301):
                await refusal(lease(channels[AGENT], "x", wrong), grpc.StatusCode.INVALID_ARGUMENT, "seconds")

    asyncio.run(scenario())


def test_limits_within_the_envelope_and_not_beyond(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            agent, invalid = channels[AGENT], grpc.StatusCode.INVALID_ARGUMENT
            epoch = await lease(agent)
            result = await limits(agent, epoch, 300, 100)
            assert {c.register: (c.before, c.after) for c in result.changes}["slot[2].max_inventory"] == (0, 300)
            v = plain_card.values
            assert [v[f"slot[{i}].max_inventory"] for i in range(3)] == [300] * 3
            assert (v["slot[0].max_order_size"], v["slot[0].taker_order_size"]) == (100, 100)
            before = dict(v)
            await asked(limits(agent, epoch, 301, 100), "max_inventory", "at most 300")
            await asked(limits(agent, epoch, 300, 101), "order_size")
            verify = limits(agent, epoch, 300, 101, mode=pb.WRITE_MODE_VERIFY)
            await refusal(verify, grpc.StatusCode.PERMISSION_DENIED, "a person must confirm")
            assert v == before
            await refusal(limits(agent, epoch, 1001, 100), invalid, "envelope", "at most 1000")
            for bad in ((-1, 100), (100, -1), (2**31, 100), (100, 1_000_000)):
                await refusal(limits(agent, epoch, *bad), invalid, "shares")
            operator = await lease(channels[OPERATOR])
            await limits(channels[OPERATOR], operator, 1000, 500)
            await refusal(limits(channels[OPERATOR], operator, 1001, 500), invalid, "at most 1000")
            await rpc.LeaseServiceStub(channels[OPERATOR]).ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=operator))
            # The agent may lower what it could not have raised, even to a value beyond its own part.
            epoch = await lease(agent)
            await limits(agent, epoch, 900, 400)
            assert v["slot[0].max_inventory"] == 900
            await limits(agent, epoch, 0, 0)
            assert v["slot[1].max_inventory"] == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), float("-inf"), 0.0, -1.0, 0.001, 255.999, 1e300])
def test_ratios_that_make_no_sense(serving, plain_card, demo_config, ratio):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            before = dict(plain_card.values)
            epoch = await lease(channels[OPERATOR])
            call = thresholds(channels[OPERATOR], epoch, ratio, 2000)
            await refusal(call, grpc.StatusCode.INVALID_ARGUMENT, "imbalance_ratio")
            assert plain_card.values == before

    asyncio.run(scenario())


def test_thresholds_reach_the_ratio_register(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            agent = channels[AGENT]
            epoch = await lease(agent)
            await thresholds(agent, epoch, 2.5, 1000)
            assert [plain_card.values[f"slot[{i}].taker_ratio"] for i in range(3)] == [0x0280] * 3
            invalid = grpc.StatusCode.INVALID_ARGUMENT
            await asked(thresholds(agent, epoch, 2.4, 1000), "at least 2.5")
            await asked(thresholds(agent, epoch, 2.5, 999), "min_volume")
            await refusal(thresholds(agent, epoch, 1.4, 1000), invalid, "at least 1.5")
            await refusal(thresholds(agent, epoch, 3.0, -5), invalid, "min_volume")
            await thresholds(agent, epoch, 9.0, 100_000)
            answer = await rpc.StrategyServiceStub(agent).GetThresholds(
                pb.GetThresholdsRequest(strategy_name="imbalance")
            )
            assert (answer.imbalance_ratio, answer.min_volume) == (9.0, 100_000)

    asyncio.run(scenario())


def test_verify_changes_nothing_and_a_reason_is_asked_for(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            epoch = await lease(channels[AGENT])
            before = dict(plain_card.values)
            result = await limits(channels[AGENT], epoch, 200, 50, mode=pb.WRITE_MODE_VERIFY)
            assert len(result.changes) == 15
            assert plain_card.values == before
            invalid = grpc.StatusCode.INVALID_ARGUMENT
            await refusal(limits(channels[AGENT], epoch, 200, 50, reason=" "), invalid, "header.reason")
            unspecified = limits(channels[AGENT], epoch, 200, 50, mode=pb.WRITE_MODE_UNSPECIFIED)
            await refusal(unspecified, invalid, "header.mode")
            await limits(channels[AGENT], epoch, 200, 50)
            log = await rows(channels[VIEWER])
            assert [r.result.split(":")[0] for r in log[1:]] == ["verified", "refused", "refused", "committed"]
            assert json.loads(log[-1].after)["slot[0].max_inventory"] == 200
            assert (log[-1].who, log[-1].reason, log[-1].role) == ("test", "a test", AGENT)

    asyncio.run(scenario())


def test_a_module_starts_only_where_it_may(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            agent, operator = channels[AGENT], channels[OPERATOR]
            epoch = await lease(agent)
            invalid = grpc.StatusCode.INVALID_ARGUMENT
            await refusal(toggle(agent, epoch, True, "martingale"), invalid, "imbalance, market_making")
            await asked(toggle(agent, epoch, True, "market_making"), "not in the unattended part")
            await toggle(agent, epoch, True)
            assert plain_card.values["modules.taker"] == 1
            await toggle(agent, epoch, False)
            assert plain_card.values["modules.taker"] == 0
            epoch = await lease(operator)
            await limits(operator, epoch, 1000, 500)
            await rpc.LeaseServiceStub(operator).ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=epoch))
            epoch = await lease(agent)
            # An agent does not start with limits that a person set beyond the unattended part.
            await asked(toggle(agent, epoch, True), "lower it to 300")
            assert plain_card.values["modules.taker"] == 0
            await toggle(agent, epoch, False)

    asyncio.run(scenario())


def test_symbols_that_fail_their_prerequisites_are_not_enabled(serving, plain_card, demo_config):
    poor = demo_config.symbols[0].prerequisites.model_copy(update={"average_daily_volume": 5_000_000})
    wide = demo_config.symbols[0].prerequisites.model_copy(update={"spread_at_one_tick": 0.949})
    symbols = tuple(
        s.model_copy(update={"prerequisites": p}) for s, p in zip(demo_config.symbols, (poor, wide, None), strict=True)
    )
    config = demo_config.model_copy(update={"symbols": symbols})

    async def scenario():
        async with serving(plain_card, config) as (_service, channels):
            assert [plain_card.values.get(f"slot[{i}].control", 0) for i in range(3)] == [0, 0, 0]
            epoch = await lease(channels[OPERATOR])
            failed = grpc.StatusCode.FAILED_PRECONDITION
            words = ("5000000", "95%", "not known")
            await refusal(toggle(channels[OPERATOR], epoch, True), failed, *words)
            await refusal(
                rpc.CardServiceStub(channels[OPERATOR]).Arm(pb.ArmRequest(header=header(epoch), statement=FRESH)),
                failed,
                "prerequisites",
            )

    asyncio.run(scenario())


def test_a_card_that_does_not_answer_is_said_and_noted(serving, plain_card, demo_config):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            epoch = await lease(channels[AGENT])
            plain_card.failing = "no answer in 10000 ms"
            call = limits(channels[AGENT], epoch, 100, 100)
            await refusal(call, grpc.StatusCode.UNAVAILABLE, "no answer in 10000 ms")
            assert "no answer" in (await rows(channels[VIEWER]))[-1].result
            plain_card.failing = ""

    asyncio.run(scenario())
