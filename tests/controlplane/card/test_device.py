"""The driver's Python binding against a card in plain Python."""

import struct
import threading

import pytest

from controlplane.card.device import Device, DeviceError
from controlplane.card.library import find_library
from controlplane.card.register_table import ABI_VERSION

# Written from hdl/telemetry/records.py: offsets 0, 1, 2, 3, 4, 8, 16, 24, 28, 32, 40, then words from 44.
RECORD = struct.Struct("<4B I Q Q I I Q I 5I")


def record(sequence, *, type=1, words=(0, 0, 0, 0, 0), card_time=0):
    return RECORD.pack(type, 2, 1, 65, sequence, card_time, 34_200_000_000_000, 7, 6, 99, 3, *words)


@pytest.fixture
def device(fake_card):
    with Device.open(fake_card.url, timeout_ms=5000) as opened:
        fake_card.requests.clear()
        yield opened


def test_identity(device):
    identity = device.identity
    assert identity.config_name == "python"
    assert identity.git_hash == "0123456789abcdef"
    assert (identity.slots, identity.width, identity.row_levels) == (4, 8, 32)
    assert (identity.own_orders, identity.table_orders) == (16, 4096)
    assert (identity.abi_version, identity.clock_period_ps, identity.soft) == (ABI_VERSION, 6400, True)


def test_another_abi_is_refused(fake_card):
    fake_card.registers[0x08] = ABI_VERSION + 1
    with pytest.raises(
        DeviceError, match=f"ABI version {ABI_VERSION + 1}, this library knows version {ABI_VERSION}"
    ) as caught:
        Device.open(fake_card.url)
    assert caught.value.status == "PW_ERROR_UNKNOWN_CARD"


def test_a_device_of_another_make_is_refused(fake_card):
    fake_card.registers[0] = 0xDEAD
    with pytest.raises(DeviceError, match="no Pennywire card"):
        Device.open(fake_card.url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("pci:0", "supported: unix:PATH, udp:HOST"),
        ("udp:127.0.0.1:x", "is no address"),
        ("unix:", "nothing after the colon"),
        ("/run/link.sock", "supported: unix:PATH"),
        ("unix:/nowhere/link.sock", "No such file"),
        ("unix:" + "x" * 200, "use a shorter one"),
    ],
)
def test_bad_urls_say_what_is_wrong(url, words):
    with pytest.raises(DeviceError, match=words):
        Device.open(url)


def test_read_is_one_batch_of_registers_and_fields(device, fake_card):
    fake_card.registers[0x10C0 + 0x200 * 3] = (1 << 32) - 250  # slot[3].position, signed field of 32 bits
    fake_card.registers[0x108] = 0b1001 | 2 << 8
    names = ["slot[3].position", "slot[3].position.shares", "control.status.armed", "control.status.kill_cause"]
    assert device.read(names) == {
        "slot[3].position": (1 << 32) - 250,
        "slot[3].position.shares": -250,
        "control.status.armed": 1,
        "control.status.kill_cause": 2,
    }
    assert fake_card.requests == [(1, [(0x10C0 + 0x600, 0), (0x108, 0)])]


def test_a_large_read_is_split_by_the_limit_of_a_datagram(device, fake_card):
    fake_card.registers.update({0x580 + 8 * n: n for n in range(16)})
    names = [f"risk.refused[{n}]" for n in range(16)]
    names += [
        f"slot[{n}].{r}" for n in range(4) for r in ("tick", "bbo", "cash", "state", "volumes", "symbol", "control")
    ]
    names += [f"slot[{n}].{r}" for n in range(4) for r in ("triggers", "taker_ratio", "taker_ticks", "max_inventory")]
    names += [f"slot[{n}].{r}" for n in range(4) for r in ("open_shares", "short_sale")]
    values = device.read(names)
    assert [values[f"risk.refused[{n}]"] for n in range(16)] == list(range(16))
    assert [len(items) for _, items in fake_card.requests] == [64, len(names) - 64]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("control.stats", "no register 'control.stats'"),
        ("control.status.arm", "has no field 'arm'; it has armed, killed"),
        ("slot[4].position", "this card has 4 of them"),
        ("slot[].position", "no register"),
        ("slot[-1].position", "no register"),
        ("slot[99999].position", "no register"),
        ("", "no register"),
        ("control.command", "write-only"),
    ],
)
def test_names_that_are_not_there(device, fake_card, name, words):
    with pytest.raises(DeviceError, match=words.replace("[", r"\[")):
        device.read([name])
    assert fake_card.requests == []


def test_write_reads_back(device, fake_card):
    device.write({"slot[1].taker_ratio": 0x280, "slot[1].taker_min_volume": 900})
    assert fake_card.registers[0x1240] == 0x280
    assert fake_card.registers[0x1248] == 900
    batch = [(0x1240, 0x280), (0x1248, 900)]
    assert fake_card.requests == [(2, batch), (1, [(address, 0) for address, _ in batch])]


def test_writing_fields_keeps_the_others(device, fake_card):
    fake_card.registers[0x1058] = 0x08_01_02_00_02_03
    device.write({"slot[0].taker_ticks.take_profit": 5, "slot[0].taker_ticks.stop": 4})
    assert fake_card.registers[0x1058] == 0x08_01_02_00_04_05


def test_signed_fields_take_negative_numbers(device, fake_card):
    device.write({"risk.fee_add.value": -2000})
    assert fake_card.registers[0x508] == (1 << 32) - 2000
    assert device.read(["risk.fee_add.value"]) == {"risk.fee_add.value": -2000}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("slot[0].taker_ratio.ratio", 1 << 16, "holds 0 to 65535"),
        ("slot[0].taker_ratio", 1 << 16, "bits outside"),
        ("slot[0].max_inventory.shares", -1, "holds 0 to"),
        ("slot[0].position", 1, "read-only"),
        ("slot[0].nothing", 1, "no register"),
    ],
)
def test_values_that_do_not_fit_write_nothing(device, fake_card, name, value, words):
    with pytest.raises(DeviceError, match=words):
        device.write({"slot[0].taker_min_volume": 1, name: value})
    assert fake_card.requests == []


def test_a_locked_register_is_an_error_and_the_others_are_written(device, fake_card):
    fake_card.locked.add(0x1020)
    with pytest.raises(DeviceError, match=r"slot\[0\].tick is locked while the card is armed") as caught:
        device.write({"slot[0].tick": 1, "slot[0].taker_min_volume": 5})
    assert caught.value.status == "PW_ERROR_LOCKED"
    assert fake_card.registers[0x1048] == 5


def test_a_write_that_does_not_hold_is_an_error(device, fake_card):
    fake_card.stuck.add(0x1080)
    with pytest.raises(DeviceError, match="max_inventory reads back 0x0 where 0x64") as caught:
        device.write({"slot[0].max_inventory": 100})
    assert caught.value.status == "PW_ERROR_MISMATCH"


def test_arm_kill_release_disarm(device, fake_card):
    with pytest.raises(DeviceError, match="no heartbeat lease"):
        device.arm()
    device.heartbeat(1 << 40)
    assert fake_card.registers[0x110] == 1 << 40
    with pytest.raises(DeviceError, match="order session is down"):
        device.arm()
    fake_card.registers[0x108] |= 8
    device.arm()
    assert device.read(["control.status.armed"])["control.status.armed"] == 1
    device.disarm()
    device.kill()
    with pytest.raises(DeviceError, match=r"killed \(by the host\); release it first"):
        device.arm()
    device.release()
    device.arm()


def test_lease_by_duration_and_time(device, fake_card):
    fake_card.registers[0x118] = 1000
    device.heartbeat_for(1_000_001)  # 156,250.16 cycles of 6.4 ns, rounded up
    assert fake_card.registers[0x110] == 1000 + 156_251
    assert device.card_time() == 1000
    assert device.cycles_to_ns(1000) == 6400


def test_marks(device, fake_card):
    device.mark(77)
    assert fake_card.marks == [77]
    with pytest.raises(DeviceError, match="bit 31"):
        device.mark(1 << 31)


def test_events_come_decoded_and_losses_are_counted(device, fake_card):
    with pytest.raises(DeviceError, match="before pw_events_subscribe"):
        device.poll_events()
    device.subscribe()
    assert device.poll_events(16, 0) == []
    fake_card.send_events([record(10, words=(1500000, 100, 9, 0, 17), card_time=1 << 40), record(11, type=99)])
    fake_card.send_events([record(15, type=16)])
    first, second, third = device.poll_events(16, 5000) + device.poll_events(16, 0)
    assert first._asdict() == {
        "type": 1, "slot": 2, "side": 1, "detail": 65, "sequence": 10, "card_time": 1 << 40,
        "exchange_time": 34_200_000_000_000, "order": 7, "chain": 6, "cause": 99, "epoch": 3,
        "words": (1500000, 100, 9, 0, 17),
    }  # fmt: skip
    assert first.name == "ORDER_SENT"
    assert first.word("latency_cycles") == 9
    with pytest.raises(KeyError, match="no word 'match_lo'"):
        first.word("match_lo")
    assert (second.name, third.name) == ("TYPE_99", "POSITION")
    assert (device.received, device.lost) == (3, 3)


def test_levels_come_with_the_numbers_of_both_sides(device, fake_card):
    device.subscribe()
    # Type, slot, side, detail, number, times, order, chain, cause, epoch, five words: docs/blocks/telemetry.md.
    level = RECORD.pack(28, 2, 255, 4, 6, 99, 34_200_000_000_001, 0, 0, 77, 3, 249_600, 700, 250_500, 0xFFFF_FFFF, 0)
    fake_card.send_events([record(5, type=12, words=(250_000, 250_100, 3000, 900, 16)), level])
    best, last = device.poll_events(16, 5000)
    assert (best.name, best.word("bid_volume"), best.word("flags")) == ("DEPTH", 3000, 16)
    assert (last.name, last.slot, last.detail, last.cause) == ("DEPTH_LEVEL", 2, 4, 77)
    words = [last.word(name) for name in ("bid_price", "bid_shares", "ask_price", "ask_shares")]
    assert words == [249_600, 700, 250_500, 0xFFFF_FFFF]


def test_a_batch_larger_than_asked_for_is_kept(device, fake_card):
    device.subscribe()
    fake_card.send_events([record(n) for n in range(1, 65)])
    seen = [r.sequence for _ in range(7) for r in device.poll_events(10, 0)]
    assert seen == list(range(1, 65))


def test_hang_up_of_the_event_stream_is_said(device, fake_card):
    device.subscribe()
    fake_card.send_events([record(1)])
    fake_card.hang_up()
    assert len(device.poll_events(4, 5000)) == 1
    with pytest.raises(DeviceError, match="closed the connection") as caught:
        device.poll_events(4, 5000)
    assert caught.value.status == "PW_ERROR_CLOSED"


def test_requests_do_not_wait_for_a_poll_and_close_waits_for_it(fake_card):
    device = Device.open(fake_card.url)
    device.subscribe()
    got = []
    thread = threading.Thread(target=lambda: got.extend(device.poll_events(1, 60_000)))
    thread.start()
    assert device.read(["control.time"]) == {"control.time": 0}
    assert device.lost == 0
    fake_card.send_events([record(1)])
    device.close()
    thread.join()
    assert [r.sequence for r in got] == [1]
    with pytest.raises(DeviceError, match="is closed"):
        device.read(["control.time"])


def test_a_missing_library_says_make_driver(monkeypatch):
    monkeypatch.setenv("PENNYWIRE_LIB", "/nowhere/libpennywire.so")
    assert find_library() == "/nowhere/libpennywire.so"
    with pytest.raises(DeviceError, match="make driver"):
        Device.open("unix:/nowhere")
