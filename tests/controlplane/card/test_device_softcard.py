"""The binding and the driver against the soft card: the gateware's own registers, host link and event stream."""

import subprocess
import sys
from pathlib import Path

import pytest

from controlplane.card.device import Device, DeviceError
from controlplane.card.register_table import REGISTERS
from hdl.configs import CONFIGS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def soft_card(tmp_path_factory):
    """Run a loopback soft card, which builds in seconds; give the process and its URLs."""
    directory = tmp_path_factory.mktemp("card")
    command = [sys.executable, "-m", "sim.softcard", "--dir", directory, "--loopback", "--udp", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()
            assert words[:3] == ["soft", "card", "ready:"]
            yield process, {"unix": f"unix:{directory / 'link.sock'}", "udp": words[-1]}
        finally:
            process.kill()


@pytest.fixture(params=["unix", "udp"])
def device(soft_card, request):
    with Device.open(soft_card[1][request.param]) as opened:
        yield opened


def test_identity_is_that_of_the_configuration(device):
    config = CONFIGS["demo"]
    identity = device.identity
    assert (identity.config_name, identity.soft, identity.market_maker) == (config.name, True, True)
    assert (identity.slots, identity.width) == (config.slots, config.width)
    assert (identity.row_levels, identity.own_orders) == (config.row_levels, config.own_orders)
    assert (identity.table_orders, identity.clock_period_ps) == (config.table_orders, config.clock_period_ps)


def test_every_readable_register_answers(device):
    rows = [(row, n) for row in REGISTERS if row.readable for n in range(row.count or device.identity.slots)]
    names = [row.name.replace("[]", f"[{n}]") for row, n in rows]
    values = device.read(names)
    assert len(values) == len(names)
    assert values["slot[3].taker_ratio"] == 0x0300
    assert values["slot[0].tick"] == 100


def test_writes_hold_and_raise_the_epoch(device):
    before = device.read(["control.config_epoch"])["control.config_epoch"]
    device.write({"slot[1].taker_ratio": 0x0280, "slot[1].taker_ticks.stop": 4, "risk.fee_remove.value": -3000})
    names = ["slot[1].taker_ratio", "slot[1].taker_ticks.stop", "slot[1].taker_ticks.take_profit"]
    assert list(device.read(names).values()) == [0x0280, 4, 3]
    assert device.read(["risk.fee_remove.value"]) == {"risk.fee_remove.value": -3000}
    # Of the three only those of the slot raise it: see card.rdl.
    assert device.read(["control.config_epoch"])["control.config_epoch"] == before + 2


def test_locked_registers_hold_while_armed(device):
    before = device.read(["control.locked_writes"])["control.locked_writes"]
    device.arm()
    try:
        with pytest.raises(DeviceError, match=r"slot\[0\].tick is locked while the card is armed"):
            device.write({"slot[0].tick": 1})
    finally:
        device.disarm()
    values = device.read(["slot[0].tick", "control.locked_writes"])
    assert values == {"slot[0].tick": 100, "control.locked_writes": before + 1}


def test_marks_come_back_in_order(device):
    device.subscribe()
    for token in range(100):
        device.mark(token)
    records = []
    while len(records) < 100:
        got = device.poll_events(1000, 10_000)
        assert got, "the marks stopped coming"
        records += got
    assert [(r.name, r.word("token")) for r in records] == [("HEARTBEAT", n) for n in range(100)]
    assert device.lost == 0


def test_a_card_that_ends_is_said(soft_card):
    process, urls = soft_card
    with Device.open(urls["unix"]) as device, Device.open(urls["udp"]) as far:
        device.subscribe()
        process.terminate()
        process.wait()
        with pytest.raises(DeviceError, match="closed the connection"):
            device.read(["control.time"])
        with pytest.raises(DeviceError, match="closed the connection"):
            device.poll_events(1, 10_000)
        with pytest.raises(DeviceError, match="no card listens there"):
            far.read(["control.time"])
