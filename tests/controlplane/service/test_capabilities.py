"""What card and service say they are, and what each role is told that it may call."""

import asyncio

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc


def test_the_cards_identity_and_the_callers_rights(serving, plain_card, demo_config):
    # 4 slots, 8 bytes a beat, 32 levels a side, 16 own orders, 4096 orders of the market: see docs/registers.md.
    plain_card.values["identity.sizes"] = 4 | 8 << 8 | 32 << 16 | 16 << 32 | 4096 << 40
    plain_card.values["identity.git_hash"] = 0x00C0FFEE12345678

    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            return {
                role: await rpc.CardServiceStub(channel).GetCapabilities(pb.GetCapabilitiesRequest())
                for role, channel in channels.items()
            }

    told = asyncio.run(scenario())
    first = told[pb.ROLE_VIEWER]
    assert (first.slots, first.feed_width, first.row_levels, first.own_orders, first.table_orders) == (
        4,
        8,
        32,
        16,
        4096,
    )
    assert (first.git_hash, first.config_name, first.soft) == ("00c0ffee12345678", "plain", True)
    assert (list(first.symbols), list(first.strategies)) == (["PWAA", "PWBB", "PWCC"], ["imbalance", "market_making"])
    allowed = {role: set(answer.allowed_calls) for role, answer in told.items()}
    assert allowed[pb.ROLE_VIEWER] < allowed[pb.ROLE_OPERATOR]
    assert {role for role in allowed if "CardService.Kill" in allowed[role]} == set(allowed)
    assert {role for role in allowed if "CardService.Arm" in allowed[role]} == {pb.ROLE_OPERATOR}
    assert {role for role in allowed if "CardService.Disarm" in allowed[role]} == {pb.ROLE_OPERATOR, pb.ROLE_AGENT}


def test_what_is_not_told_is_refused(serving, plain_card, demo_config):
    """Every call that a role is not told of is refused with PERMISSION_DENIED: the list is the table itself."""

    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            services = pb.DESCRIPTOR.services_by_name.values()
            every = {f"{s.name}.{m.name}": (s, m) for s in services for m in s.methods if not m.server_streaming}
            for channel in channels.values():
                told = await rpc.CardServiceStub(channel).GetCapabilities(pb.GetCapabilitiesRequest())
                for name in every.keys() - set(told.allowed_calls):
                    service, method = every[name]
                    stub = getattr(rpc, f"{service.name}Stub")(channel)
                    request = getattr(pb, method.input_type.name)()
                    with pytest.raises(grpc.aio.AioRpcError) as refused:
                        await getattr(stub, method.name)(request)
                    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED, name

    asyncio.run(scenario())
