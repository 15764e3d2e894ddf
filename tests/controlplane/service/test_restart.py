"""A service that starts anew says where the card is not as it was left, before it writes anything."""

import asyncio
import json

import pytest

from controlplane.card.device import DeviceError
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import RefusedError
from controlplane.service.startup import StartupError
from controlplane.store.audit_check import read_audit


async def limits(channels, inventory, size):
    channel = channels[pb.ROLE_OPERATOR]
    lease = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="boss"))
    header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="test")
    request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=size)
    await rpc.RiskServiceStub(channel).UpdateRiskParameters(request)


@pytest.fixture
def lived(serving, plain_card, demo_config, tmp_path):
    """A card whose service set limits of 400 and 200 and ended."""

    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            await limits(channels, 400, 200)

    asyncio.run(scenario())
    return plain_card


@pytest.fixture
def restart(serving, demo_config, tmp_path):
    """Start the service anew; give the audit rows of that start."""

    def run(card):
        before = len(read_audit(tmp_path / "pennywire.sqlite", 1000))

        async def scenario():
            async with serving(card, demo_config):
                pass

        try:
            asyncio.run(scenario())
        except (StartupError, RefusedError) as error:
            run.failed = error
        return [entry for _, _, entry in read_audit(tmp_path / "pennywire.sqlite", 1000)[before:]]

    return run


def test_a_card_as_it_was_left_is_passed_over(lived, restart):
    assert [row.method for row in restart(lived)] == ["Startup"]
    # The start itself set limits to zero, and that is what is compared with next time.
    assert [row.method for row in restart(lived)] == ["Startup"]


def test_what_another_changed_is_said_before_anything_is_written(lived, restart, monkeypatch):
    lived.values |= {"slot[1].max_inventory": 999, "modules.taker": 1}

    def refuse(items):
        raise DeviceError("no write today")

    monkeypatch.setattr(lived, "write", refuse)
    (row,) = restart(lived)
    assert "no write today" in str(restart.failed)
    assert row.method == "Restart"
    assert json.loads(row.before) == {"modules.taker": 0, "slot[1].max_inventory": 400}
    assert json.loads(row.after) == {"modules.taker": 1, "slot[1].max_inventory": 999}
    assert "slot[1].max_inventory is 0x3e7, committed was 0x190" in row.result


def test_a_write_that_was_cut_in_two_is_said(lived, restart):
    lived.values["slot[0].max_inventory"] = 500
    rows = restart(lived)
    assert [row.method for row in rows] == ["Restart", "Startup"]
    assert json.loads(rows[0].after) == {"slot[0].max_inventory": 500}


def test_a_card_that_was_reset_is_said(lived, restart):
    lived.values.clear()
    row = restart(lived)[0]
    assert row.method == "Restart"
    assert json.loads(row.before)["slot[0].symbol"] == int.from_bytes(b"PWAA    ", "little")
    assert " more" in row.result


def test_of_an_armed_card_it_is_said_too_and_nothing_is_written(lived, restart):
    lived.armed, lived.values["slot[2].taker_order_size"] = True, 7
    written = len(lived.writes)
    (row,) = restart(lived)
    assert "slot[2].taker_order_size is 0x7" in row.result
    assert len(lived.writes) == written
    assert "armed" in str(restart.failed)
