"""What goes beyond the part signed for unattended use: asked of a person, granted once, in time, on the same card."""

import asyncio
import json
from contextlib import asynccontextmanager

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.confirmations import MOST_PENDING, Confirmations
from controlplane.service.refusal import words_of

OPERATOR, AGENT, VIEWER = pb.ROLE_OPERATOR, pb.ROLE_AGENT, pb.ROLE_VIEWER
LIMITS = "RiskService.UpdateRiskParameters"
FAILED = grpc.StatusCode.FAILED_PRECONDITION


class Desk:
    """An agent and an operator at one service, each with its lease when it needs it."""

    def __init__(self, channels):
        self.channels = channels

    @asynccontextmanager
    async def header(self, role, mode=pb.WRITE_MODE_COMMIT):
        leases = rpc.LeaseServiceStub(self.channels[role])
        lease = await leases.AcquireLease(pb.AcquireLeaseRequest(holder=f"role {role}"))
        yield pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=mode, reason="a test")
        await leases.ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch))

    async def limits(self, inventory, size, role=AGENT):
        async with self.header(role) as header:
            request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=size)
            return await rpc.RiskServiceStub(self.channels[role]).UpdateRiskParameters(request)

    async def switch_on(self):
        async with self.header(AGENT) as header:
            request = pb.ToggleModuleRequest(header=header, strategy_name="imbalance", state=True)
            return await rpc.StrategyServiceStub(self.channels[AGENT]).ToggleModule(request)

    async def approve(self, number, method=LIMITS, mode=pb.WRITE_MODE_COMMIT):
        async with self.header(OPERATOR, mode) as header:
            request = pb.ApproveRequest(header=header, id=number, method=method)
            try:
                return await rpc.ConfirmationServiceStub(self.channels[OPERATOR]).Approve(request)
            except grpc.aio.AioRpcError as error:
                return error

    async def deny(self, number, reason="no"):
        return await rpc.ConfirmationServiceStub(self.channels[OPERATOR]).Deny(pb.DenyRequest(id=number, reason=reason))

    async def states(self):
        found = await rpc.ConfirmationServiceStub(self.channels[VIEWER]).List(pb.ListConfirmationsRequest())
        return {
            c.id: pb.ConfirmationState.Name(c.state).removeprefix("CONFIRMATION_STATE_") for c in found.confirmations
        }

    async def rows(self):
        return (await rpc.AuditServiceStub(self.channels[VIEWER]).Query(pb.AuditQueryRequest())).rows


@pytest.fixture
def desk(serving, plain_card, demo_config):
    """Run a scenario that takes a desk."""

    def run(scenario, config=demo_config):
        async def whole():
            async with serving(plain_card, config) as (_service, channels):
                return await scenario(Desk(channels))

        return asyncio.run(whole())

    return run


def refused(error, *words):
    assert isinstance(error, grpc.aio.AioRpcError), error
    assert error.code() == FAILED
    for word in words:
        assert word in words_of(error)


def test_what_was_asked_is_done_once_a_person_approves(desk, plain_card):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        assert plain_card.values.get("slot[0].max_inventory", 0) == 0
        assert json.loads(asked.asked_for) == {"max_inventory": "900", "order_size": "400"}
        assert 100 < asked.seconds_left <= 120
        assert await desk.states() == {asked.id: "PENDING"}
        checked = await desk.approve(asked.id, mode=pb.WRITE_MODE_VERIFY)
        assert len(checked.changes) == 15
        assert plain_card.values.get("slot[0].max_inventory", 0) == 0
        done = await desk.approve(asked.id)
        assert {c.register: c.after for c in done.changes}["slot[2].max_inventory"] == 900
        assert plain_card.values["slot[1].taker_order_size"] == 400
        assert await desk.states() == {asked.id: "APPROVED"}
        refused(await desk.approve(asked.id), "good once")
        results = [(r.method.split(".")[1], r.role, r.result.split(":")[0]) for r in (await desk.rows())[1:]]
        assert results == [
            ("UpdateRiskParameters", AGENT, "asked of a person"),
            ("Approve", OPERATOR, "verified"),
            ("Approve", OPERATOR, "committed"),
            ("Approve", OPERATOR, "refused"),
        ]
        row = (await desk.rows())[3]
        assert row.reason == f"confirms {asked.id}: a test"
        assert json.loads(row.after)["slot[0].max_inventory"] == 900

    desk(scenario)


def test_an_id_is_good_for_its_own_call_only(desk, plain_card):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        before = dict(plain_card.values)
        refused(await desk.approve(asked.id, "StrategyService.ToggleModule"), "not of 'StrategyService.ToggleModule'")
        refused(await desk.approve(asked.id + 7), "nothing was asked")
        refused(await desk.approve(0), "nothing was asked")
        assert {k: v for k, v in plain_card.values.items() if k != "control.lease"} == {
            k: v for k, v in before.items() if k != "control.lease"
        }
        assert await desk.states() == {asked.id: "PENDING"}

    desk(scenario)


@pytest.mark.parametrize("change", ["another write", "armed", "killed", "written by another host"])
def test_a_card_that_changed_meanwhile_is_not_what_was_asked_for(desk, plain_card, change):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        if change == "another write":
            await desk.limits(200, 50)
        elif change == "written by another host":
            plain_card.write({"slot[1].taker_min_volume": 9})
        else:
            setattr(plain_card, change, True)
        writes = len(plain_card.writes)
        refused(await desk.approve(asked.id), "not as it was")
        assert await desk.states() == {asked.id: "OUTDATED"}
        assert len(plain_card.writes) == writes
        plain_card.armed = False

    desk(scenario)


def test_time_runs_out(desk, plain_card, demo_config, eventually):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        while (await desk.states())[asked.id] == "PENDING":
            await asyncio.sleep(0.02)
        refused(await desk.approve(asked.id), "ran out")
        assert await desk.states() == {asked.id: "EXPIRED"}
        again = (await desk.limits(900, 400)).asked
        assert again.id > asked.id

    desk(scenario, demo_config.model_copy(update={"confirmation_seconds": 0.3}))
    assert plain_card.values.get("slot[0].max_inventory", 0) == 0


def test_denied_is_denied(desk, plain_card):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        with pytest.raises(grpc.aio.AioRpcError, match="reason"):
            await desk.deny(asked.id, " ")
        assert (await desk.deny(asked.id, "too much")).state == pb.CONFIRMATION_STATE_DENIED
        refused(await desk.approve(asked.id), "denied")
        with pytest.raises(grpc.aio.AioRpcError):
            await desk.deny(asked.id)
        row = (await desk.rows())[3]
        assert (row.method, row.reason, row.role) == ("ConfirmationService.Deny", "too much", OPERATOR)

    desk(scenario)
    assert plain_card.values.get("slot[0].max_inventory", 0) == 0


def test_nobody_but_an_operator_answers(desk):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        for role in (AGENT, VIEWER):
            stub = rpc.ConfirmationServiceStub(desk.channels[role])
            for call in (
                stub.Approve(pb.ApproveRequest(id=asked.id, method=LIMITS)),
                stub.Deny(pb.DenyRequest(id=asked.id, reason="x")),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await call
                assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
        assert await desk.states() == {asked.id: "PENDING"}
        # Without the lease an operator approves nothing either.
        with pytest.raises(grpc.aio.AioRpcError, match="lease"):
            await rpc.ConfirmationServiceStub(desk.channels[OPERATOR]).Approve(
                pb.ApproveRequest(
                    id=asked.id, method=LIMITS, header=pb.WriteHeader(mode=pb.WRITE_MODE_COMMIT, reason="x")
                )
            )

    desk(scenario)


def test_beyond_the_envelope_nobody_is_asked(desk):
    async def scenario(desk):
        for values in ((1001, 100), (300, 501), (2**31 - 1, 1)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await desk.limits(*values)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert await desk.states() == {}

    desk(scenario)


def test_what_lowers_risk_goes_at_once(desk, plain_card):
    async def scenario(desk):
        await desk.limits(1000, 500, OPERATOR)
        await desk.limits(900, 400)
        assert plain_card.values["slot[0].max_inventory"] == 900
        assert await desk.states() == {}
        # To start with what a person set beyond the part needs a person as well.
        asked = (await desk.switch_on()).asked
        assert plain_card.values.get("modules.taker", 0) == 0
        await desk.approve(asked.id, "StrategyService.ToggleModule")
        assert plain_card.values["modules.taker"] == 1

    desk(scenario)


def test_asking_again_is_the_same_request_and_only_so_many_wait(desk):
    async def scenario(desk):
        first = (await desk.limits(900, 400)).asked
        assert (await desk.limits(900, 400)).asked.id == first.id
        for number in range(1, MOST_PENDING):
            await desk.limits(900 + number, 400)
        assert len(await desk.states()) == MOST_PENDING
        with pytest.raises(grpc.aio.AioRpcError, match="cannot be asked"):
            await desk.limits(950, 400)
        await desk.deny(first.id)
        assert (await desk.limits(950, 400)).asked.id

    desk(scenario)


def test_requests_do_not_outlive_the_service(desk, plain_card):
    async def ask(desk):
        return (await desk.limits(900, 400)).asked.id

    number = desk(ask)

    async def approve(desk):
        refused(await desk.approve(number), "since the service started")
        assert await ask(desk) > number

    desk(approve)


def test_a_write_that_the_card_did_not_take_is_not_good_for_a_second_try(desk, plain_card, monkeypatch):
    async def scenario(desk):
        asked = (await desk.limits(900, 400)).asked
        from controlplane.card.device import DeviceError

        def refuse(items):
            raise DeviceError("no write today")

        with monkeypatch.context() as patched:
            patched.setattr(plain_card, "write", refuse)
            assert "no write today" in words_of(await desk.approve(asked.id))
        refused(await desk.approve(asked.id), "good once")

    desk(scenario)
    assert plain_card.values.get("slot[0].max_inventory", 0) == 0


def test_old_answers_are_forgotten():
    from types import SimpleNamespace

    from controlplane.service.confirmations import Question

    desk = Confirmations(60.0)
    status = SimpleNamespace(config_epoch=1, armed=False, killed=False)
    for number in range(1, 200):
        desk.keep(number, Question("m", str(number), "agent", "why", (), None), status)
        desk.answer(number, pb.CONFIRMATION_STATE_DENIED)
    assert [c.id for c in desk.messages(status)] == list(range(99, 200))
