"""Flattening through the real service: who may, what must hold first, what is written, and what is told of it."""

import asyncio

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.fields import pack
from tests.controlplane.plain_card import PlainCard
from tests.controlplane.service.test_service_writes import AGENT, OPERATOR, VIEWER, header, lease, refusal, rows

TRADES = pack("slot[1].state", bound=1, opened=1, market_open=1)
PRICE = 102_500
GO, GIVE_UP = 1, 2


class HeldCard(PlainCard):
    """Armed, with 300 shares of the second symbol; takes the host's orders as docs/registers.md says."""

    def __init__(self):
        super().__init__()
        self.armed = True
        self.commands = []

    def hold(self):
        self.values |= {"slot[1].state": TRADES, "slot[1].position": 300, "orders.session": 1}
        self.values["control.lease"] = 1 << 40
        self.armed = True

    def write(self, items):
        super().write(items)
        if "host_order.command" in items:
            self.commands.append(items["host_order.command"])
            busy = self.values.get("host_order.state", 0) & 0xFF
            if items["host_order.command"] == GO and busy:
                self.values["host_order.not_taken"] = self.values.get("host_order.not_taken", 0) + 1
            elif items["host_order.command"] == GO:
                self.values["host_order.state"] = pack("host_order.state", step=2)
            else:
                self.values["host_order.state"] = pack("host_order.state", outcome=5)


@pytest.fixture
def held(serving, demo_config):
    """Run a scenario with a card that holds something; it gets the card and the channels by role."""

    def run(scenario):
        async def body():
            card = HeldCard()
            card.armed = False
            async with serving(card, demo_config) as (_service, channels):
                card.hold()
                await scenario(card, channels)

        asyncio.run(body())

    return run


async def flatten(channel, epoch, symbol="PWBB", worst_price=PRICE, shares=0, **kw):
    request = pb.FlattenRequest(header=header(epoch, **kw), symbol=symbol, worst_price=worst_price, shares=shares)
    return await rpc.CardServiceStub(channel).Flatten(request)


def test_an_operator_flattens_and_sees_how_it_goes(held, demo_config):
    assert demo_config.symbols[1].name == "PWBB"

    async def scenario(card, channels):
        epoch = await lease(channels[OPERATOR])
        await flatten(channels[OPERATOR], epoch, mode=pb.WRITE_MODE_VERIFY)
        assert not card.commands, "VERIFY writes nothing"
        result = await flatten(channels[OPERATOR], epoch, shares=200, reason="it does not move")
        assert card.commands == [GO]
        assert card.values["host_order.what"] == 1 | 3 << 16 | 200 << 32
        assert card.values["host_order.price"] == PRICE
        assert {c.register for c in result.changes} >= {"host_order.state", "host_order.price"}
        last = (await rows(channels[VIEWER]))[-1]
        assert (last.method, last.reason, last.result) == ("CardService.Flatten", "it does not move", "committed")
        stub = rpc.CardServiceStub(channels[VIEWER])
        card.values["slot[1].open_shares"] = 60 << 32
        status = await stub.GetFlatten(pb.GetFlattenRequest())
        assert (status.symbol, status.step) == ("PWBB", pb.FLATTEN_STEP_AWAITING_DEATHS)
        assert (status.position_shares, status.open_shares) == (300, 60)
        card.values |= {"slot[1].position": 100, "slot[1].open_shares": 0, "host_order.user_ref": 41}
        card.values["host_order.state"] = pack("host_order.state", outcome=1, executed=200)
        status = await stub.GetFlatten(pb.GetFlattenRequest())
        assert (status.step, status.outcome) == (pb.FLATTEN_STEP_IDLE, pb.FLATTEN_OUTCOME_OVER)
        assert (status.executed_shares, status.order_number, status.position_shares) == (200, 41, 100)
        card.values["host_order.state"] = pack("host_order.state", outcome=2, refusal=24)
        assert (await stub.GetFlatten(pb.GetFlattenRequest())).refusal == "reduce_only"

    held(scenario)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"slot[1].state": TRADES | 2}, "book is not whole"),
        ({"slot[1].state": TRADES | 4}, "halted"),
        ({"slot[1].state": 0b010001}, "market is not open"),
        ({"slot[1].position": 0}, "nothing is held"),
        ({"orders.session": 0}, "order session is down"),
        ({"trade[1].state": 1}, "a trade was broken"),
        ({"host_order.state": 4}, "under way"),
    ],
)
def test_what_must_hold_first(held, values, words):
    async def scenario(card, channels):
        card.values |= values
        epoch = await lease(channels[OPERATOR])
        for mode in (pb.WRITE_MODE_VERIFY, pb.WRITE_MODE_COMMIT):
            call = flatten(channels[OPERATOR], epoch, mode=mode)
            await refusal(call, grpc.StatusCode.FAILED_PRECONDITION, words)
        assert not card.commands
        assert (await rows(channels[VIEWER]))[-1].result.startswith("refused")

    held(scenario)


def test_a_disarmed_card_flattens_nothing(held):
    async def scenario(card, channels):
        card.armed = False
        call = flatten(channels[OPERATOR], await lease(channels[OPERATOR]))
        await refusal(call, grpc.StatusCode.FAILED_PRECONDITION, "disarmed")

    held(scenario)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"symbol": "NONE"}, "no symbol 'NONE' is followed"),
        ({"worst_price": 0}, "worst_price"),
        ({"worst_price": -5}, "worst_price"),
        ({"worst_price": 1_999_999_901}, "worst_price"),
        ({"shares": -1}, "shares"),
    ],
)
def test_what_no_order_can_have(held, fields, words):
    async def scenario(card, channels):
        call = flatten(channels[OPERATOR], await lease(channels[OPERATOR]), **fields)
        await refusal(call, grpc.StatusCode.INVALID_ARGUMENT, words)
        assert not card.commands

    held(scenario)


@pytest.mark.parametrize("role", [AGENT, VIEWER])
def test_nobody_but_an_operator(held, role):
    async def scenario(card, channels):
        await refusal(flatten(channels[role], 1), grpc.StatusCode.PERMISSION_DENIED, "may not call")
        give_up = rpc.CardServiceStub(channels[role]).GiveUpFlatten(pb.GiveUpFlattenRequest(header=header(1)))
        await refusal(give_up, grpc.StatusCode.PERMISSION_DENIED, "may not call")
        assert not card.commands

    held(scenario)


def test_a_lease_and_a_reason_are_needed(held):
    async def scenario(card, channels):
        epoch = await lease(channels[OPERATOR])
        call = flatten(channels[OPERATOR], epoch, reason=" ")
        await refusal(call, grpc.StatusCode.INVALID_ARGUMENT, "reason")
        await refusal(flatten(channels[OPERATOR], epoch + 1), grpc.StatusCode.FAILED_PRECONDITION, "lease")
        assert not card.commands

    held(scenario)


def test_a_card_that_does_not_take_it_is_said(held):
    """Another order of the host begins between the look and the command."""

    async def scenario(card, channels):
        epoch = await lease(channels[OPERATOR])
        plain = card.write

        def late(items):
            if "host_order.command" in items:
                card.values["host_order.state"] = 4
            plain(items)

        card.write = late
        call = flatten(channels[OPERATOR], epoch)
        await refusal(call, grpc.StatusCode.FAILED_PRECONDITION, "the card did not take it")

    held(scenario)


def test_giving_up(held):
    async def scenario(card, channels):
        epoch = await lease(channels[OPERATOR])
        stub = rpc.CardServiceStub(channels[OPERATOR])
        call = stub.GiveUpFlatten(pb.GiveUpFlattenRequest(header=header(epoch)))
        await refusal(call, grpc.StatusCode.FAILED_PRECONDITION, "nothing to give up")
        await flatten(channels[OPERATOR], epoch)
        await stub.GiveUpFlatten(pb.GiveUpFlattenRequest(header=header(epoch)))
        assert card.commands == [GO, GIVE_UP]
        status = await stub.GetFlatten(pb.GetFlattenRequest())
        assert (status.step, status.outcome) == (pb.FLATTEN_STEP_IDLE, pb.FLATTEN_OUTCOME_GIVEN_UP)

    held(scenario)
