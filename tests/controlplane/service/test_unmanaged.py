"""Which positions are said to be unmanaged: of a card that holds 300 shares, one thing after another works them."""

import asyncio

import pytest

from controlplane.cli.tables import print_status
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.fields import pack
from hdl.strategy.taker_types import TakerState
from hdl.types import Role
from tests.controlplane.plain_card import PlainCard


def state(taker=TakerState.IDLE, **flags):
    told = {"bound": 1, "opened": 1, "market_open": 1} | flags
    return {"slot[1].state": pack("slot[].state", taker_state=taker.value, **told)}


QUOTES = {"modules.maker": 1, "maker[1].control": 1, "slot[1].control": 1}


def hosts(slot):
    return {"host_order.state": 1, "host_order.what": pack("host_order.what", slot=slot, role=Role.FLATTEN.value)}


def ask(serving, config, values, *, armed=True, change=None):
    """Give what GetStatus says of the second symbol, and what stands on the terminal."""

    class Card(PlainCard):
        def read(self, names):
            found = super().read(names)
            if change and "maker[1].control" in names:
                self.values |= change
            return found

    async def body():
        card = Card()
        async with serving(card, config) as (_service, channels):
            card.values |= {"slot[1].position": 300, "orders.session": 1, "control.lease": 1 << 40} | values
            card.armed = armed
            stub = rpc.CardServiceStub(channels[pb.ROLE_VIEWER])
            return await stub.GetStatus(pb.GetStatusRequest())

    return asyncio.run(body())


@pytest.mark.parametrize(
    ("values", "armed", "unmanaged"),
    [
        (state(), True, True),
        (state(TakerState.UNMANAGED), True, True),
        (state(TakerState.COOLDOWN), True, True),
        (state(TakerState.RESTING), True, False),
        (state(TakerState.ENTERING), True, False),
        (state(TakerState.STOPPING), True, False),
        (state() | QUOTES, True, False),
        (state() | QUOTES, False, True),
        (state(stale=1) | QUOTES, True, True),
        (state(halted=1) | QUOTES, True, True),
        (state() | QUOTES | {"maker[1].control": 0}, True, True),
        (state() | QUOTES | {"orders.session": 0}, True, True),
        (state(TakerState.UNMANAGED) | QUOTES, True, True),
        (state(TakerState.UNMANAGED) | hosts(1), True, False),
        (state() | hosts(2), True, True),
        (state() | {"slot[1].position": 0}, True, False),
        (state() | {"slot[1].position": (1 << 32) - 300}, True, True),
    ],
)
def test_a_position_that_nothing_works_is_said_to_be_unmanaged(serving, demo_config, capsys, values, armed, unmanaged):
    status = ask(serving, demo_config, values, armed=armed)
    assert [row.unmanaged for row in status.symbols] == [False, unmanaged, False]
    print_status(status)
    assert ("UNMANAGED" in capsys.readouterr().out) == unmanaged


@pytest.mark.parametrize("change", [{"slot[1].position": 0}, {"slot[1].position": 200}, state(TakerState.RESTING)])
def test_what_changes_between_two_looks_is_not_said_of(serving, demo_config, change):
    status = ask(serving, demo_config, state(), change=change)
    assert not any(row.unmanaged for row in status.symbols)


def test_the_taker_has_no_other_states():
    """A state that is new to the service would be taken for one that works a position."""
    assert {s.name: s.value for s in TakerState} == {
        "IDLE": 0, "ENTERING": 1, "EXIT_WANTED": 2, "EXIT_SENT": 3, "RESTING": 4, "STOP_WANTED": 5, "STOP_SENT": 6,
        "STOPPING": 7, "COOLDOWN": 8, "UNMANAGED": 9,
    }  # fmt: skip
