"""Trading states against a model: a long random day with losses, rolls and a host that meddles."""

import random
from itertools import product

import cocotb
from beats import layout_of
from feed_bench import SLOTS, FeedBench, join_word
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
    if letter == "R" and rng.random() < 0.1:
        values["stock"] = "\0" * 8  # what the register of a slot without a symbol has
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
            await b.join(slot, locate, bits)
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
        locates_now = [s.locate if s.bound else 0 for s in model.slots]
        assert await b.locates() == locates_now
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
            assert change["locate"] == locates_now[slot]
    assert b.totals.get("tracked", 0) == tracked > 300
    assert held > 20
    assert b.totals.get("healed", 0) == healed > 5
    assert upsets >= {1, 2, 3, 4, 5}


def message(letter, **values):
    """Give a message with its values; fields that are not named are zero, texts blank."""
    fields = [f for f in ITCH50[letter] if f.name not in ("message_type", "tracking_number")]
    return letter, {f.name: " " * f.width if f.kind is Kind.ALPHA else 0 for f in fields} | values


async def hear(b, model, session, messages, sequence):
    """Have model and gateware hear messages in one packet."""
    for number, (letter, values) in enumerate(messages, sequence):
        model.message(number, letter, values)
    packed = [ITCH50[letter].pack(**values) for letter, values in messages]
    await b.say(packed, session=session, sequence=sequence)


@cocotb.test()
async def words_meet_messages_in_every_cycle(dut):
    """Those of a snapshot and of the host wait, and are lost neither to each other nor to messages on end."""
    b = await FeedBench(dut).start()
    model = StatesModel(SLOTS)
    for slot, name in enumerate(SYMBOLS[:SLOTS]):
        model.follow(slot, name.ljust(8))
    b.follow(SYMBOLS[:SLOTS])
    await b.settle()
    directory = [message("R", stock=SYMBOLS[slot].ljust(8), stock_locate=slot + 1) for slot in (0, 1)]
    # System events are the shortest: at eight bytes a cycle two of them end in cycles on end. A snapshot is loaded of
    # the second slot, taken before all this: the feed's halt is newer.
    burst = [
        *(message("S", event_code="S") for _ in range(3)),
        message("H", stock_locate=1, trading_state="T"),
        message("H", stock_locate=2, trading_state="P"),
        message("S", event_code="Q"),
        message("S", event_code="S"),
        message("Y", stock_locate=1, reg_sho_action="0"),
        message("S", event_code="S"),
    ]
    names = ("trading", "operating", "unrestricted", "opened")
    plain, when, pulses = b.cycle, 0, []

    async def cycle():
        """One cycle, and in it what goes with it from ``when`` on, whatever else goes on."""
        here = pulses[b.now - when] if 0 <= b.now - when < len(pulses) else None
        if here:
            getattr(dut, here[0]).value = here[1]
        await plain()
        if here:
            getattr(dut, here[0]).value = here[2]

    b.cycle = cycle
    met = set()
    for run, (offset, host_first) in enumerate(product(range(30), (False, True))):
        if run:
            model.roll()
        await hear(b, model, f"W{run}", directory, 1)
        await b.settle()
        model.begun(1)
        dut.loading.value = dut.holding.value = 2
        await b.pulse("snapshot", word(begun=1))
        snapshot, host = word(3, states=names, stated=1), join_word(2, 9, 3)
        pulses = [("snapshot", snapshot, word(3, states=names)), ("slot_join", host, 0)]
        pulses, when = pulses[::-1] if host_first else pulses, b.now + offset
        b.take("decoded")
        await hear(b, model, f"W{run}", burst, 3)
        await b.idle(offset)
        await b.settle()
        ended = {at for at, _ in b.seen["decoded"]}
        met |= {(host_first, when in ended, when + 1 in ended)}
        model.stated(3, **dict.fromkeys(names, True), market=None)
        model.host(2, locate=9, bind=True, trading=True)
        assert b.flags() == model.flags(), (offset, host_first)
        assert await b.locates() == [s.locate if s.bound else 0 for s in model.slots]
        model.ended(whole=True)
        model.holding = False
        dut.holding.value = 0
        await b.pulse("snapshot", word(whole=1))
        await b.settle()
        assert b.flags() == model.flags()
    # Each of the two beside a message, before one, behind one, and between none, whichever comes first.
    assert len(met) == 8
