"""A service that starts anew says where the card is not as it was left, before it writes anything."""

import asyncio
import json

import grpc
import pytest

from controlplane.card.device import DeviceError
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import RefusedError
from controlplane.service.startup import StartupError
from controlplane.store.audit_check import read_audit


async def limits(channels, inventory, size):
    channel, header = await operator(channels)
    request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=size)
    await rpc.RiskServiceStub(channel).UpdateRiskParameters(request)


def settings(card, register):
    """Give a register of every symbol; one that no one wrote is at its reset value, zero for those asked for here."""
    return [card.values.get(register.replace("[]", f"[{slot}]"), 0) for slot in range(3)]


async def operator(channels):
    """Give the operator's channel and a header that commits."""
    channel = channels[pb.ROLE_OPERATOR]
    lease = await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="boss"))
    return channel, pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="test")


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

    def run(card, then=None, config=demo_config, **extra):
        before = len(read_audit(tmp_path / "pennywire.sqlite", 1000))

        async def scenario():
            async with serving(card, config, **extra) as (_service, channels):
                if then:
                    await then(channels)

        try:
            asyncio.run(scenario())
        except (StartupError, RefusedError) as error:
            run.failed = error
        return [entry for _, _, entry in read_audit(tmp_path / "pennywire.sqlite", 1000)[before:]]

    return run


def test_a_card_as_it_was_left_is_passed_over(lived, restart):
    assert [row.method for row in restart(lived)] == ["Startup"]
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
    # The committed value is more careful, and is taken up.
    assert settings(lived, "slot[].max_inventory") == [400] * 3


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


async def bolder(channels):
    """Set thresholds below the file's start values, and switch on."""
    channel, header = await operator(channels)
    stub = rpc.StrategyServiceStub(channel)
    await stub.UpdateThresholds(
        pb.UpdateThresholdsRequest(header=header, strategy_name="imbalance", imbalance_ratio=2.0, min_volume=800)
    )
    await stub.UpdateThresholds(
        pb.UpdateThresholdsRequest(header=header, strategy_name="market_making", imbalance_ratio=2.5, half_spread=4)
    )
    await stub.ToggleModule(pb.ToggleModuleRequest(header=header, strategy_name="imbalance", state=True))


def test_what_was_committed_is_taken_up_again(lived, restart):
    restart(lived, bolder)
    prices = lived.values["maker[0].prices"]
    kept = dict(lived.values)
    (row,) = restart(lived)
    assert {n: v for n, v in lived.values.items() if v != kept[n] and n != "control.lease"} == {}
    assert settings(lived, "slot[].max_inventory") == [400] * 3
    assert settings(lived, "maker[].size") == [200] * 3
    assert settings(lived, "slot[].taker_ratio") == [0x200] * 3
    assert (lived.values["modules.taker"], lived.values["maker[0].prices"]) == (1, prices)
    assert "were taken up again" in row.reason
    assert "wait" not in row.reason


def test_a_card_that_was_reset_gets_bold_settings_on_an_operators_word_only(lived, restart):
    restart(lived, bolder)
    lived.values.clear()
    rows = restart(lived)
    assert [row.method for row in rows] == ["Restart", "Startup"]
    assert "wait for `pennywire resume`" in rows[1].reason
    assert settings(lived, "slot[].max_inventory") == [0] * 3
    assert not lived.values.get("modules.taker")
    # What a reset card happens to have does not count: the file's start values do.
    assert settings(lived, "slot[].taker_order_size") == [0] * 3
    assert settings(lived, "slot[].taker_min_volume") == [1000] * 3
    assert lived.read(["slot[0].taker_ratio"])["slot[0].taker_ratio"] == 0x300
    # What is more careful than the file is taken up without asking: half-spread of 4, ratio of 2.5.
    assert [lived.values[f"maker[{slot}].prices"] & 0xFF for slot in range(3)] == [4] * 3
    assert settings(lived, "maker[].ratio") == [0x280] * 3

    async def say_so(channels):
        channel, header = await operator(channels)
        risk = rpc.RiskServiceStub(channel)
        verify = pb.WriteHeader(lease_epoch=header.lease_epoch, mode=pb.WRITE_MODE_VERIFY, reason="look")
        shown = await risk.TakeUp(pb.TakeUpRequest(header=verify))
        assert {c.register: c.after for c in shown.changes}["slot[1].max_inventory"] == 400
        assert settings(lived, "slot[].max_inventory") == [0] * 3
        # An agent may not.
        agent = channels[pb.ROLE_AGENT]
        with pytest.raises(grpc.aio.AioRpcError, match="may not call"):
            await rpc.RiskServiceStub(agent).TakeUp(pb.TakeUpRequest(header=header))
        await risk.TakeUp(pb.TakeUpRequest(header=header))
        assert settings(lived, "slot[].max_inventory") == [400] * 3
        assert settings(lived, "slot[].taker_min_volume") == [800] * 3
        assert lived.values["modules.taker"] == 1
        with pytest.raises(grpc.aio.AioRpcError) as none_left:
            await risk.TakeUp(pb.TakeUpRequest(header=header))
        assert "nothing waits" in none_left.value.details()

    # It waits through another restart as well.
    restart(lived, say_so)


def test_what_is_set_anew_waits_no_more(lived, restart):
    lived.values.clear()

    async def set_anew(channels):
        await limits(channels, 50, 10)

    restart(lived, set_anew)

    async def none_waits(channels):
        channel, header = await operator(channels)
        with pytest.raises(grpc.aio.AioRpcError):
            await rpc.RiskServiceStub(channel).TakeUp(pb.TakeUpRequest(header=header))

    restart(lived, none_waits)
    assert settings(lived, "slot[].max_inventory") == [50] * 3


def test_what_somebody_lowered_by_another_way_stays_low(lived, restart):
    lived.values |= {f"slot[{slot}].max_inventory": 100 for slot in range(3)}
    rows = restart(lived)
    assert [row.method for row in rows] == ["Restart", "Startup"]
    assert settings(lived, "slot[].max_inventory") == [100] * 3
    assert settings(lived, "slot[].max_order_size") == [200] * 3


def test_a_smaller_envelope_another_symbol_and_a_changed_file_take_nothing_up(lived, restart, demo_config):
    restart(lived, bolder)
    part = {"max_inventory": 300, "max_order_size": 150, "strategies": ("market_making",)}
    small = demo_config.model_copy(
        update={
            "envelope": demo_config.envelope.model_copy(update=part),
            "unattended": demo_config.unattended.model_copy(update={"max_order_size": 100, "strategies": ()}),
            "taker": demo_config.taker.model_copy(update={"min_volume": 1500}),
        }
    )
    (row,) = restart(lived, config=small)
    assert settings(lived, "slot[].max_inventory") == [0] * 3
    assert lived.values["modules.taker"] == 0
    assert settings(lived, "slot[].taker_min_volume") == [1500] * 3
    assert settings(lived, "slot[].taker_ratio") == [0x200] * 3
    for words in ("400 is beyond the envelope", "and "):
        assert words in row.reason
    turned = small.model_copy(update={"symbols": small.symbols[1:] + small.symbols[:1]})
    restart(lived, config=turned)
    assert settings(lived, "slot[].taker_ratio") == [0x300] * 3


def test_a_fresh_start_takes_up_nothing(lived, restart):
    restart(lived, bolder)
    restart(lived, fresh=True)
    assert settings(lived, "slot[].max_inventory") == [0] * 3
    assert settings(lived, "slot[].taker_ratio") == [0x300] * 3
    assert lived.values["modules.taker"] == 0
