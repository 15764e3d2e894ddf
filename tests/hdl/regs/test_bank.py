"""The register bank and the host link, through the verilated loopback card: what a host sees."""

import random
import re
import struct
from dataclasses import replace

import pytest

from hdl.configs import CONFIGS
from hdl.regs.description import SOURCE, describe
from sim.verilated.build import build_card
from sim.verilated.model import CardModel, RegisterError

CONFIG = CONFIGS["demo"]
HEADER = struct.Struct("<HBBIHHI")
ITEM = struct.Struct("<IIQ")
READ, WRITE = 1, 2
ALL = (1 << 64) - 1

COMMAND, STATUS, LEASE, MARK, EPOCH, LOCKED_WRITES, LINK_ERRORS = 0x100, 0x108, 0x110, 0x120, 0x128, 0x130, 0x138
ARM, DISARM = 1, 2
SLOT = 0x1000
STRIDE = 0x200


@pytest.fixture(scope="module")
def library():
    return build_card(CONFIG, loopback=True)


@pytest.fixture
def card(library):
    with CardModel(CONFIG, library=library) as model:
        yield model


def number(text):
    text = text.replace("_", "")
    match = re.fullmatch(r"(?:\d+'h)?([0-9A-Fa-f]+)", text)
    return int(match[1], 16 if "'h" in text else 10)


def resets_of_the_source():
    """Find each register's value after reset by patterns in the source's text, apart from its compiler.

    A register that is there once a slot has the value at each of the card's slots.
    """
    text = re.sub(r"//[^\n]*|\"[^\"]*\"", "", SOURCE.read_text())
    resets = {}
    blocks = re.findall(r"regfile \{(.*?)\n    \} \w+(?:\[SLOTS\])? @ (0x[0-9A-F]+)(?: \+= (0x[0-9A-F]+))?", text, re.S)
    for body, base, stride in blocks:
        places = [int(base, 16) + n * int(stride, 16) for n in range(CONFIG.slots)] if stride else [int(base, 16)]
        write_only_block = re.search(r"^\s*default sw = w;", body.split("reg {")[0])
        for reg, offset in re.findall(r"reg \{(.*?)\} \w+(?:\[16\])? @ (0x[0-9A-F]+);", body, re.S):
            value = 0
            if "default sw = w" not in reg and not write_only_block:
                for low, reset in re.findall(r"\w+\[\d+:(\d+)\]\s*=\s*([^;]+);", reg):
                    value |= number(reset.strip()) << int(low)
            resets.update({place + int(offset, 16): value for place in places})
    return resets


def test_every_register_has_its_reset_value(card):
    resets = resets_of_the_source()
    assert resets[0x1058] == 0x08_01_02_00_02_03  # retries, max_spread, stop_slip, slip, stop, take_profit
    resets.update(
        {
            0x10: int.from_bytes(b"demo", "little"),
            0x28: 4 | 8 << 8 | 32 << 16 | 16 << 32 | 4096 << 40,
            0x30: 6400,
            0x38: 0b1111,
        }
    )
    arrays = {0x580 + 8 * n: 0 for n in range(16)}
    expected = resets | arrays
    assert len(expected) > 150
    found = {address: card.read(address) for address in expected}
    assert found == expected


def test_every_bit_that_can_be_written_can_be_read(card):
    rng = random.Random(1)
    for register in describe(CONFIG.slots):
        if not (register.readable and register.writable):
            continue
        mask = sum(f.mask for f in register.fields)
        for index in range(register.count):
            address = register.address + index * register.stride
            for value in (ALL, 0, rng.getrandbits(64)):
                card.write(address, value)
                assert card.read(address) == value & mask, register.full_name(index)


def test_what_a_card_is_built_without_does_not_switch_on():
    """Line B, the market maker, and on another card all that orders."""
    config = replace(CONFIG, lines=1, maker=False)
    with CardModel(config, library=build_card(config, loopback=True)) as card:
        assert card.read(0x38) == 0b1001
        assert switched_on(card) == [1, 0, 1]
        card.write(0x288, ALL)
        # What waits for a missing message is still set, though nothing waits.
        assert card.read(0x288) == 0xFFFF_FFFF_0000_FF00


def switched_on(card):
    """What ``modules.taker``, ``modules.maker`` and ``orders.session`` keep of all ones."""
    addresses = (0x700, 0x708, 0x410)
    for address in addresses:
        card.write(address, ALL)
    return [card.read(address) for address in addresses]


def test_a_card_without_orders_switches_none_of_it_on():
    config = replace(CONFIG, maker=False, trades=False)
    with CardModel(config, library=build_card(config, loopback=True)) as card:
        assert card.read(0x38) == 0b0011
        assert switched_on(card) == [0, 0, 0]


def test_slots_do_not_alias(card):
    for n in range(CONFIG.slots):
        card.write(SLOT + n * STRIDE, 0x1111 * (n + 1))  # symbol, in flip-flops
        card.write(SLOT + n * STRIDE + 0x48, 7 + n)  # taker_min_volume, in a memory
    assert [card.read(SLOT + n * STRIDE) for n in range(4)] == [0x1111, 0x2222, 0x3333, 0x4444]
    assert [card.read(SLOT + n * STRIDE + 0x48) for n in range(4)] == [7, 8, 9, 10]


@pytest.mark.parametrize(
    "address", [0x40, 0x148, 0x580 - 8, 0x600 - 8 + 0x80, 0x1028, 0x1800, 0x3000, 0x101, 0xFFFFFFF8]
)
def test_nothing_at_the_address(card, address):
    with pytest.raises(RegisterError, match="no register"):
        card.read(address)
    with pytest.raises(RegisterError, match="no register"):
        card.write(address, ALL)


def test_what_cannot_be_written(card):
    for register in describe(CONFIG.slots):
        if not register.writable:
            with pytest.raises(RegisterError, match="not writable"):
                card.write(register.address, ALL)
    assert card.read(0x0) == int.from_bytes(b"PENNYWIR", "little")


def test_locked_while_armed(card):
    locked = [r for r in describe(CONFIG.slots) if r.locked]
    assert {r.key for r in locked} >= {"slot.ceiling_inventory", "slot.symbol", "feed.destination", "orders.user_ref"}
    before = {r.address: card.read(r.address) for r in locked}
    card.write(COMMAND, ARM)
    assert card.read(STATUS) & 1
    for tries, register in enumerate(locked, 1):
        with pytest.raises(RegisterError, match="locked"):
            card.write(register.address, ALL)
        assert card.read(LOCKED_WRITES) == tries
    assert {r.address: card.read(r.address) for r in locked} == before
    card.write(SLOT + 0x80, 500)  # a limit is not locked
    assert card.read(SLOT + 0x80) == 500
    card.write(COMMAND, DISARM)
    card.write(SLOT + 0x90, 900)
    assert card.read(SLOT + 0x90) == 900
    assert card.read(LOCKED_WRITES) == len(locked)


def test_strobes_that_need_a_disarmed_card(card):
    card.write(SLOT + 0x10, 1 << 16 | 1 << 17 | 1 << 18 | 1234)  # disarmed: taken
    assert card.read(LOCKED_WRITES) == 0
    card.write(COMMAND, ARM)
    card.write(SLOT + 0x10, 1 << 19)  # marking stale is never refused
    with pytest.raises(RegisterError, match="locked"):
        card.write(SLOT + 0x10, 1 << 18 | 1 << 19)
    with pytest.raises(RegisterError, match="locked"):
        card.write(0x210, 1)
    assert card.read(LOCKED_WRITES) == 2


def test_epoch_counts_accepted_configuration_writes(card):
    assert card.read(EPOCH) == 0
    card.write(SLOT + 0x40, 0x0400)
    assert card.read(EPOCH) == 1
    card.write(SLOT + STRIDE, 0x4141)
    assert card.read(EPOCH) == 2
    card.write(LEASE, 77)  # no configuration
    card.write(COMMAND, ARM)
    with pytest.raises(RegisterError, match="locked"):
        card.write(SLOT, 0)
    card.read(SLOT + 0x40)
    assert card.read(EPOCH) == 2
    card.write(0x700, 1)
    assert card.read(EPOCH) == 3


def ask(card, kind, items, *, magic=0x5750, version=1, request=5, count=None, extra=b""):
    head = HEADER.pack(magic, version, kind, request, len(items) if count is None else count, 0, 0)
    return card.host(head + b"".join(ITEM.pack(a, 0, v) for a, v in items) + extra)


def test_a_batch_is_carried_out_in_order(card):
    answer = ask(card, WRITE, [(LEASE, 1), (0x40, 9), (STATUS, 1), (LEASE, 2)], request=0xDEADBEEF)
    assert HEADER.unpack_from(answer) == (0x5750, 1, 0x82, 0xDEADBEEF, 4, 0, 0)
    assert list(ITEM.iter_unpack(answer[16:])) == [(LEASE, 0, 1), (0x40, 1, 9), (STATUS, 2, 1), (LEASE, 0, 2)]
    assert card.read(LEASE) == 2


def test_the_largest_batch(card):
    answer = ask(card, READ, [(0x0, 0)] * 63 + [(0x8, 0)])
    items = list(ITEM.iter_unpack(answer[16:]))
    assert len(items) == 64
    assert items[0] == (0, 0, int.from_bytes(b"PENNYWIR", "little"))
    assert items[63] == (8, 0, describe(CONFIG.slots).constant("identity.abi"))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"magic": 0x5751}, 1),
        ({"version": 2}, 1),
        ({"kind": 3}, 2),
        ({"kind": 0x81}, 2),
        ({"kind": 0}, 2),
        ({"count": 0}, 3),
        ({"count": 2}, 3),
        ({"count": 65}, 3),
        ({"count": 0x8001}, 3),
        ({"extra": b"x"}, 3),
        ({"extra": bytes(8)}, 3),
        ({"extra": bytes(16)}, 3),
        ({"extra": bytes(5000)}, 3),
    ],
)
def test_a_bad_request_is_answered_and_changes_nothing(card, change, status):
    kind = change.pop("kind", WRITE)
    answer = ask(card, kind, [(LEASE, 99)], **change)
    assert HEADER.unpack(answer) == (0x5750, 1, kind | 0x80, 5, 0, status, 0)
    assert card.read(LINK_ERRORS) == 1
    assert card.read(LEASE) == 0


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15])
def test_shorter_than_a_header_is_not_answered(card, length):
    assert card.host(HEADER.pack(0x5750, 1, READ, 1, 0, 0, 0)[:length]) == b""
    assert card.read(LINK_ERRORS) == 1


def test_hostile_requests_write_nothing_wrong(card):
    """Random datagrams, half of them near misses: the registers are what a plain model of the link says."""
    rng = random.Random(20)
    lease, errors = 0, 0
    for turn in range(1500):
        kind = rng.choice((READ, WRITE, WRITE, 3, rng.randrange(256)))
        items = [(rng.choice((LEASE, LEASE, 0x40, STATUS)), rng.getrandbits(64)) for _ in range(rng.randrange(4))]
        count = len(items) if rng.random() < 0.7 else rng.randrange(1 << rng.choice((3, 7, 16)))
        magic, version = rng.choice((0x5750,) * 9 + (0,)), rng.choice((1,) * 9 + (7,))
        data = HEADER.pack(magic, version, kind, turn, count, 0, rng.getrandbits(32))
        data += b"".join(ITEM.pack(a, rng.getrandbits(32), v) for a, v in items)
        if rng.random() < 0.3:
            data = data[: rng.randrange(len(data) + 1)] + rng.randbytes(rng.choice((0, 0, 3, 16)))
        answer = card.host(data)
        if not data:
            continue
        if len(data) < 16:
            expected = None
        else:
            magic, version, kind, _, count, _, _ = HEADER.unpack_from(data)
            good_length = count <= 64 and len(data) == 16 + 16 * count
            expected = 1 if (magic, version) != (0x5750, 1) else 2 if kind not in (1, 2) else 0 if good_length else 3
        if expected is None:
            assert answer == b""
        else:
            assert HEADER.unpack_from(answer)[3] == struct.unpack_from("<I", data, 4)[0]
            assert HEADER.unpack_from(answer)[5] == expected
        errors += expected != 0
        if expected == 0 and kind == WRITE:
            for address, _, value in ITEM.iter_unpack(data[16:]):
                lease = value if address == LEASE else lease
    assert errors > 300
    assert (card.read(LEASE), card.read(LINK_ERRORS)) == (lease, errors)
