"""Login codes of the web page: whose they are, how long they are good, and that each is good once."""

import asyncio

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.login_rpc import CODE_SECONDS, MOST_CODES
from controlplane.service.refusal import words_of


@pytest.fixture
def desk(serving, plain_card, demo_config):
    """Run a scenario that takes ``make``, ``redeem``, the clock and the audit log's rows of logins."""

    def run(scenario):
        now = [50.0]

        async def whole():
            async with serving(plain_card, demo_config, clock=lambda: now[0]) as (service, channels):
                stubs = {role: rpc.LoginServiceStub(channel) for role, channel in channels.items()}

                async def make(role=pb.ROLE_OPERATOR, name="anna"):
                    return await stubs[role].MakeCode(pb.MakeLoginCodeRequest(name=name))

                async def redeem(code):
                    return await stubs[pb.ROLE_VIEWER].Redeem(pb.RedeemLoginCodeRequest(code=code))

                def rows():
                    return [e for _, e in service.state.audit.query(0, 1000) if e.method.startswith("LoginService")]

                await scenario(make, redeem, now, rows)

        asyncio.run(whole())

    return run


async def refused(redeem, code):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await redeem(code)
    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert "this code is not good" in words_of(caught.value)


def test_a_code_has_its_makers_role_and_is_good_once(desk):
    async def scenario(make, redeem, _now, rows):
        for role, name in ((pb.ROLE_OPERATOR, "anna"), (pb.ROLE_VIEWER, "ben")):
            made = await make(role, name)
            assert made.role == role
            found = await redeem(made.code)
            assert (found.name, found.role) == (name, role)
            await refused(redeem, made.code)
        assert [(r.who, r.role, r.method) for r in rows()] == [
            ("anna", pb.ROLE_OPERATOR, "LoginService.MakeCode"),
            ("anna", pb.ROLE_OPERATOR, "LoginService.Redeem"),
            ("ben", pb.ROLE_VIEWER, "LoginService.MakeCode"),
            ("ben", pb.ROLE_VIEWER, "LoginService.Redeem"),
        ]

    desk(scenario)


def test_a_code_runs_out_and_a_wrong_one_leaves_no_row(desk):
    async def scenario(make, redeem, now, rows):
        first, second = await make(), await make()
        now[0] += CODE_SECONDS - 0.1
        assert (await redeem(first.code)).name == "anna"
        now[0] += 0.1
        await refused(redeem, second.code)
        before = len(rows())
        for wrong in ("", "AAAA-AAAA-AAAA-AAAA", first.code[:-1]):
            await refused(redeem, wrong)
        assert len(rows()) == before

    desk(scenario)


def test_only_so_many_are_good_at_once(desk):
    async def scenario(make, redeem, _now, _rows):
        codes = [(await make()).code for _ in range(MOST_CODES + 1)]
        assert len(set(codes)) == MOST_CODES + 1
        await refused(redeem, codes[0])
        for code in codes[1:]:
            assert (await redeem(code)).role == pb.ROLE_OPERATOR

    desk(scenario)


def test_a_name_is_needed_that_the_audit_log_can_show(desk):
    async def scenario(make, _redeem, _now, rows):
        for name in ("", "x" * 65, "an\x1b[31mna"):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await make(name=name)
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
            assert "name" in words_of(caught.value)
        assert rows() == []

    desk(scenario)
