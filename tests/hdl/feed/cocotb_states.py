"""Trading states against a model: a long random day with losses, rolls and a host that meddles."""

import random

import cocotb
from beats import layout_of
from feed_bench import SLOTS, FeedBench
from states_model import StatesModel

from hdl.feed.snapshot_types import SnapshotEnd, SnapshotWord
from hdl.wire.fields import Kind
from hdl.wire.itch50 import ITCH50

SYMBOLS = ["AAPL", "MSFT", "ZVZZT", "QQQ", "SPY"]
LETTERS = {
    "event_code": "OSQMEC",
    "trading_state": "HPQT",
    "reg_sho_action": "0123",
    "market_code": "QBX",
    "operational_halt_action": "HT",
    "cross_type": "OCHI",
    "breached_level": "123",
}


def some_message(rng, locates):
    """Make a message of a type that states care about, or one of any other type."""
    letter = rng.choice("SRRHHHYYhhQQWADPB" + "".join(ITCH50))
    symbol = rng.randrange(len(SYMBOLS))
    values = {}
    for field in ITCH50[letter]:
        if field.name in ("message_type", "tracking_number"):
            continue
        if field.name == "stock_locate":
            values[field.name] = locates[symbol]
        elif field.name == "stock":
            values[field.name] = SYMBOLS[symbol].ljust(8)
        elif field.name in LETTERS:
            values[field.name] = rng.choice(LETTERS[field.name])
        elif field.kind is Kind.ALPHA:
            values[field.name] = "B" * field.width
        else:
            values[field.name] = rng.getrandbits(8 * field.width)
    if letter == "R" and rng.random() < 0.1:
        values["stock_locate"] = rng.randrange(1, 9)
    return letter, values


def word(sequence=0, *, states=(), **pulses):
    """Bits of the loader's word."""
    word, end = layout_of(SnapshotWord), layout_of(SnapshotEnd)
    bits = sum(1 << end[name].offset for name in states) << word["states"].offset
    return bits | sequence << word["sequence"].offset | sum(1 << word[name].offset for name in pulses)


async def some_load(rng, b, model):
    """Begin a load, or end the one that runs, with a snapshot of now, of some messages ago or of some to come."""
    if not model.holding:
        slot = rng.randrange(SLOTS)
        model.begun(slot)
        b.dut.loading.value = b.dut.holding.value = 1 << slot
        await b.pulse("snapshot", word(begun=1))
        return
    names = [name for name in ("trading", "operating", "unrestricted", "opened") if rng.random() < 0.5]
    market = rng.choice([None, False, True])
    sequence = max(1, b.sequence + rng.randrange(-6, 4))
    model.stated(sequence, **{n: n in names for n in ("trading", "operating", "unrestricted", "opened")}, market=market)
    names += ["market_known"] * (market is not None) + ["market_open"] * bool(market)
    await b.pulse("snapshot", word(sequence, states=names, stated=1))
    whole = rng.random() < 0.6
    model.ended(whole=whole)
    model.holding = False
    b.dut.holding.value = 0
    await b.pulse("snapshot", word(**{"whole" if whole else "failed": 1}))


@cocotb.test()
async def a_random_day(dut):
    rng = random.Random(11)
    b = await FeedBench(dut).start()
    model = StatesModel(SLOTS)
    locates = [rng.randrange(1, 7) for _ in SYMBOLS]
    day = 0
    tracked = held = healed = 0
    upsets = set()
    for _ in range(1500):
        kind = rng.randrange(30)
        model.events, model.stale_causes, model.held, model.upsets = [], [], [], []
        b.take("event")
        b.take("held")
        b.take("upset")
        b.take("change")
        sequence = None
        if kind == 0:
            slot, symbol = rng.randrange(SLOTS), rng.choice([*SYMBOLS, ""])
            model.follow(slot, symbol.ljust(8) if symbol else "")
            b.follow([s.symbol for s in model.slots])
        elif kind == 1:
            slot, locate = rng.randrange(SLOTS), rng.randrange(1, 9)
            bits = rng.randrange(16)
            model.host(
                slot,
                locate=locate,
                bind=bool(bits & 1),
                trading=bool(bits & 2),
                whole=bool(bits & 4),
                stale=bool(bits & 8),
            )
            await b.pulse("slot_join", (locate | bits << 16) << 20 * slot)
        elif kind == 2:
            slot = rng.randrange(SLOTS)
            model.stale_by(2, [slot])
            dut.book_stale_slot.value = slot
            await b.pulse("book_stale_valid")
        elif kind == 3 and rng.random() < 0.3:
            model.stale_by(3, range(SLOTS))
            await b.pulse("queue_overflow")
        elif kind == 4 and day and rng.random() < 0.2:
            await b.pulse("join")
            model.open = True
            await b.settle()
            assert b.flags() == model.flags()
            sequence = rng.choice((1, 1000))
            model.missed = model.missed or sequence != 1
        elif kind == 5 and rng.random() < 0.5:
            if day:
                model.roll()
            day, sequence = day + 1, 1
            locates = [rng.randrange(1, 7) for _ in SYMBOLS]
        elif kind == 6 and day and rng.random() < 0.2:
            sequence = b.sequence + 3
            model.gap()
        elif kind == 10:
            exact = [i for i, s in enumerate(model.slots) if s.exact]
            slot = rng.choice(exact) if exact and rng.random() < 0.7 else rng.randrange(SLOTS)
            if rng.random() < 0.6:
                model.stale_by(2, [slot])
                dut.book_stale_slot.value = slot
                await b.pulse("book_stale_valid")
            healed += model.all_held(slot)
            dut.all_held_slot.value = slot
            await b.pulse("all_held_valid")
        elif kind in (7, 8, 9):
            await some_load(rng, b, model)
        if day == 0:
            continue
        messages = [some_message(rng, locates) for _ in range(rng.randrange(0, 5))]
        for number, (letter, values) in enumerate(messages, b.sequence if sequence is None else sequence):
            tracked += model.message(number, letter, values)
        await b.settle()
        await b.say(
            [ITCH50[letter].pack(**values) for letter, values in messages], session=f"D{day}", sequence=sequence
        )
        await b.settle()
        assert b.flags() == model.flags()
        assert [locate for locate, s in zip(b.locates(), model.slots, strict=True) if s.bound] == [
            s.locate for s in model.slots if s.bound
        ]
        assert [(e["kind"], e["slot"]) for e in b.take("event")] == model.events
        assert [(e["kind"], e["slot"]) for e in b.take("held")] == model.held
        assert b.take("upset") == model.upsets
        held += len(model.held)
        upsets.update(model.upsets)
        changes = b.take("change")
        assert [(c["slot"], c["cause"]) for c in changes if c["cause"]] == sorted(model.stale_causes)
        told = {c["slot"]: c for c in changes}
        for slot, change in told.items():
            assert {k: bool(v) for k, v in change["flags"].items()} == model.flags()[slot]
    assert b.totals.get("tracked", 0) == tracked > 300
    assert held > 20
    assert b.totals.get("healed", 0) == healed > 5
    assert upsets >= {1, 2, 3, 4, 5}
