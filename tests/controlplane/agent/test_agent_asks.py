"""Calm and earning: the rules ask a person for more, once; what is asked is good for a while and for one state."""

import asyncio

import grpc
import pytest

from controlplane.agent.rules import plan_of
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from tests.controlplane.agent.test_agent_decides import OPEN, SECOND, armed, tools, trade

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

ASKS = ["get_performance_report", "get_confirmations", "update_risk_parameters"]
LOOKS = ["get_performance_report", "get_confirmations"]


class Desk:
    """The operator's side."""

    def __init__(self, channels):
        self.channel = channels[pb.ROLE_OPERATOR]
        self.confirmations = rpc.ConfirmationServiceStub(self.channel)

    async def write(self, call):
        leases = rpc.LeaseServiceStub(self.channel)
        lease = await leases.AcquireLease(pb.AcquireLeaseRequest(holder="boss"))
        try:
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="test")
            return await call(header)
        finally:
            await leases.ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch))

    async def approve(self, number, method="RiskService.UpdateRiskParameters"):
        return await self.write(
            lambda header: self.confirmations.Approve(pb.ApproveRequest(header=header, id=number, method=method))
        )

    async def refused(self, number):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.approve(number)
        assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        return words_of(caught.value)


@pytest.fixture
def earning(serving, plain_card, demo_config, eventually, tmp_path):
    """Run a scenario after a good stretch; it takes ``decide``, the desk, the clock, and what makes another stretch."""
    from controlplane.agent.run import decide

    def run(scenario):
        now = [1000.0]

        async def whole():
            async with serving(plain_card, demo_config, clock=lambda: now[0]) as (service, channels):
                await armed(channels)
                await decide(tmp_path)
                stretches = 0

                async def earn():
                    nonlocal stretches
                    trade(plain_card, OPEN + stretches * 600 * SECOND, 9, 700)
                    stretches += 1
                    await eventually(lambda: len(service.state.ledger.fills) == 18 * stretches)

                await earn()
                await scenario(lambda: decide(tmp_path), Desk(channels), now, earn)

        asyncio.run(whole())

    return run


def held(card):
    return [card.values[f"slot[{slot}].{name}"] for name in ("max_inventory", "max_order_size") for slot in range(3)]


def test_it_asks_for_half_as_much_again_and_a_person_grants_it(earning, plain_card):
    async def scenario(decide, desk, _now, _earn):
        first = await decide()
        assert tools(first) == ASKS
        assert first.calls[2]["args"] == {"max_inventory": 450, "order_size": 150}
        assert first.calls[2]["result"]["status"] == "asked"
        # Nothing is changed until a person says so.
        assert held(plain_card) == [300] * 3 + [100] * 3
        number = first.calls[2]["result"]["confirmation"]
        assert f"request {number}" in first.said
        waits = await decide()
        assert tools(waits) == LOOKS
        assert "waits for a person" in waits.said
        await desk.approve(number)
        assert held(plain_card) == [450] * 3 + [150] * 3
        # What was earned under the old size says nothing of the new one.
        assert tools(await decide()) == ["get_performance_report"]

    earning(scenario)


def test_what_was_denied_is_not_asked_again(earning, plain_card):
    async def scenario(decide, desk, _now, earn):
        number = (await decide()).calls[2]["result"]["confirmation"]
        await desk.confirmations.Deny(pb.DenyRequest(id=number, reason="not today"))
        await earn()
        after = await decide()
        assert tools(after) == LOOKS
        assert "was denied: it is not asked again" in after.said
        assert held(plain_card) == [300] * 3 + [100] * 3

    earning(scenario)


def test_a_request_is_good_for_its_time_only(earning, plain_card, demo_config):
    async def scenario(decide, desk, now, earn):
        number = (await decide()).calls[2]["result"]["confirmation"]
        now[0] += demo_config.confirmation_seconds
        assert "ran out" in await desk.refused(number)
        await earn()
        assert "was expired: it is not asked again" in (await decide()).said
        assert held(plain_card) == [300] * 3 + [100] * 3

    earning(scenario)


def test_a_request_is_good_for_the_state_it_was_asked_in_only(earning, plain_card):
    async def scenario(decide, desk, _now, earn):
        number = (await decide()).calls[2]["result"]["confirmation"]
        # The operator sets another threshold: what was asked was asked of another card.
        stub = rpc.StrategyServiceStub(desk.channel)
        await desk.write(
            lambda header: stub.UpdateThresholds(
                pb.UpdateThresholdsRequest(
                    header=header, strategy_name="imbalance", imbalance_ratio=3.5, min_volume=1500
                )
            )
        )
        assert "not as it was when it was asked for" in await desk.refused(number)
        assert held(plain_card) == [300] * 3 + [100] * 3
        # It may be asked of the state as it is now.
        await earn()
        again = await decide()
        assert tools(again) == ASKS
        other = again.calls[2]["result"]["confirmation"]
        assert other != number
        await desk.approve(other)
        assert held(plain_card) == [450] * 3 + [150] * 3

    earning(scenario)


PART = {"max_inventory": 300, "max_order_size": 100, "min_imbalance_ratio": 2.5, "min_min_volume": 1000}
GOOD = {"pnl_microdollars": 90_000_000, "refusals": 0, "triggers": 9, "markouts": {"10s": {"average": 5.0, "fills": 9}}}
REPORT = {
    "status": "done",
    "card": {"armed": True, "killed": False, "market_open": True},
    "modules": {"imbalance": True},
    "limits": {"max_inventory": 300, "order_size": 100},
    "thresholds": {"imbalance_ratio": 3.0, "min_volume": 1500},
    "unattended": PART | {"strategies": ["imbalance"]},
    "envelope": {"max_inventory": 1000, "max_order_size": 500},
    "symbols": [{"symbol": "PWAA", "enabled": True, "stale": False, "halted": False}],
    "day": GOOD,
    "recent": GOOD,
    "records_lost": 0,
}
NOTHING = {"status": "done", "confirmations": []}


def test_it_asks_for_no_more_than_the_envelope():
    near = REPORT | {"limits": {"max_inventory": 900, "order_size": 120}}
    ((tool, wanted),) = plan_of(near, None, NOTHING).calls
    assert (tool, wanted) == ("update_risk_parameters", {"max_inventory": 1000, "order_size": 180})
    full = REPORT | {"limits": {"max_inventory": 1000, "order_size": 500}}
    full |= {name: GOOD | {"pnl_microdollars": 900_000_000} for name in ("day", "recent")}
    plan = plan_of(full, None, NOTHING)
    assert (plan.calls, "allows no more" in plan.why) == ((), True)


@pytest.mark.parametrize(
    "less",
    [
        {"recent": GOOD | {"pnl_microdollars": 39_000_000}},
        {"day": GOOD | {"pnl_microdollars": -1}},
        {"recent": GOOD | {"markouts": {"10s": {"average": -0.5, "fills": 9}}}},
        {"recent": GOOD | {"markouts": {"10s": {"average": 5.0, "fills": 7}}}},
        {"recent": GOOD | {"refusals": 21, "triggers": 90}},
        {"symbols": [{"symbol": "PWAA", "enabled": True, "stale": True, "halted": False}]},
        {"limits": {"max_inventory": 150, "order_size": 50}},
    ],
)
def test_it_asks_for_nothing_where_anything_is_missing(less):
    assert plan_of(REPORT, None, NOTHING).calls
    plan = plan_of(REPORT | less, None, NOTHING)
    assert (plan.calls, plan.looks) == ((), False)


def test_prerequisites_lost_take_the_module_off_and_keep_it_off():
    unfit = REPORT | {"symbols": [{"symbol": "PWAA", "enabled": False, "stale": False, "halted": False}]}
    assert plan_of(unfit).calls == (("toggle_scalping_module", {"strategy_name": "imbalance", "state": False}),)
    assert plan_of(unfit | {"modules": {"imbalance": False}}).calls == ()


def test_what_cannot_be_looked_up_is_not_asked():
    assert plan_of(REPORT, None, {"status": "failed", "words": "gone"}).calls == ()
