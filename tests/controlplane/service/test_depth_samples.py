"""Ladders out of records that may be lost: each is of one view, whole, or said not to be."""

import random

import pytest

from controlplane.card.device import EventRecord
from controlplane.card.event_table import RecordType
from controlplane.service.depth_samples import DepthSamples, Ladder
from tests.controlplane.ladders import FOLLOW, five, records_of

SLOTS = 3


class Tape:
    """Records of a card, in order, and the views that they are of."""

    def __init__(self):
        self.records = []
        self.views = {}

    def add(self, kind, words=(), *, slot=255, detail=0, cause=0, time=0):
        number = len(self.records) + 1
        padded = (*words, 0, 0, 0, 0, 0)[:5]
        self.records.append(
            EventRecord(RecordType[kind], slot, 255, detail, number, number, time, 0, 0, cause, 1, padded)
        )

    def view(self, slot, cause, bids, asks, flags=0):
        """Note a view; give what the card says of it, as arguments of :meth:`add`."""
        self.views[slot, cause] = tuple(five(bids)), tuple(five(asks))
        return [
            (kind, words, {"slot": slot, "detail": detail, "cause": cause, "time": cause})
            for kind, detail, words in records_of(bids, asks, flags)
        ]


def played(tape, lost=()):
    """Give the samples of a tape some of whose records were lost."""
    samples = DepthSamples(SLOTS)
    return [s for r in tape.records if r.sequence not in lost for s in samples.take(r)]


def made_tape(rng, views):
    """Views of all slots, whose levels are told with other records between them, now and then overtaken."""
    tape, cause = Tape(), 100
    while cause < 100 + views:
        cause += 1
        slot = rng.randrange(SLOTS)
        levels = [[(rng.randrange(1, 1 << 32), rng.randrange(1, 1 << 32)) for _ in range(rng.randrange(6))]
                  for _ in range(2)]  # fmt: skip
        told = tape.view(slot, cause, *levels)
        for kind, words, where in told:
            tape.add(kind, words, **where)
            if rng.random() < 0.2:
                tape.add("TRADE_PRINT", (1, 2), slot=rng.randrange(SLOTS))
            if rng.random() < 0.1:
                # A view that the card tells while it tells another's levels: without its own.
                cause += 1
                other = rng.randrange(SLOTS)
                ((_, alone, there), *_) = tape.view(other, cause, [(7, 7)], [(9, 9)])
                tape.add("DEPTH", (*alone[:4], alone[4] & ~FOLLOW), **there)
    tape.add("MARKET")
    return tape


def right(tape, samples):
    """Fail where a ladder is not that of its view; give how many are whole."""
    for sample in samples:
        bids, asks = tape.views[sample.slot, sample.exchange_time]
        assert (sample.bid_price, sample.ask_price) == (bids[0][0], asks[0][0])
        if sample.ladder is Ladder.WHOLE:
            assert (sample.bids, sample.asks) == (bids, asks)
        else:
            assert (sample.bids, sample.asks) == ((), ())
    return sum(sample.ladder is Ladder.WHOLE for sample in samples)


def test_without_a_loss_every_view_is_told_once_and_with_its_levels_unless_overtaken():
    tape = made_tape(random.Random(1), 400)
    samples = played(tape)
    whole = right(tape, samples)
    assert sorted((s.slot, s.exchange_time) for s in samples) == sorted(tape.views)
    assert Ladder.LOST not in {s.ladder for s in samples}
    assert 100 < whole < len(samples)


@pytest.mark.parametrize("seed", range(20))
def test_losses_anywhere_never_mix_two_views(seed):
    rng = random.Random(seed)
    tape = made_tape(rng, 300)
    lost = {r.sequence for r in tape.records if rng.random() < 0.07}
    start = rng.randrange(1, len(tape.records) - 30)
    lost |= set(range(start, start + rng.randrange(30)))
    samples = played(tape, lost)
    whole = right(tape, samples)
    # Every DEPTH that came is told, once.
    told = [(r.slot, r.cause) for r in tape.records if r.type == RecordType.DEPTH and r.sequence not in lost]
    assert sorted((s.slot, s.exchange_time) for s in samples if (s.slot, s.exchange_time) in told) == sorted(told)
    assert Ladder.LOST in {s.ladder for s in samples}
    assert whole > 20


def test_each_single_record_that_is_lost_costs_its_ladder_and_no_other():
    bids, asks = [(100 - n, 10 + n) for n in range(5)], [(101 + n, 20 + n) for n in range(5)]
    for missing in range(2, 7):  # a level of the first view
        tape = Tape()
        # The second view has the first one's cause and prices: only the numbers tell them apart.
        for levels in (bids, [bids[0], *[(1, share) for _, share in bids[1:]]]):
            for kind, words, where in tape.view(0, 5, levels, asks):
                tape.add(kind, words, **where)
        first, second = played(tape, {missing})
        assert (first.ladder, first.bids, first.asks) == (Ladder.LOST, (), ())
        assert (second.ladder, second.bids[1][0], second.asks) == (Ladder.WHOLE, 1, tuple(asks))


def test_a_trigger_on_the_view_that_was_told_has_its_levels():
    tape = Tape()
    told = tape.view(0, 5, [(100, 10), (99, 1)], [(101, 20)])
    ((_, words, where), *levels) = told
    again = ("DEPTH", (*words[:4], words[4] & ~FOLLOW), where | {"detail": 1})
    for kind, said, place in (told[0], again, *levels, again):
        tape.add(kind, said, **place)
    # While the levels are on their way the trigger adds nothing; afterwards it is told with them.
    assert [(s.ladder, s.bids[1], s.asks[0]) for s in played(tape)] == [(Ladder.WHOLE, (99, 1), (101, 20))] * 2
    # Of another view it shows no level.
    tape.add("DEPTH", again[1], **(where | {"cause": 6}))
    assert (played(tape)[-1].ladder, played(tape)[-1].bids) == (Ladder.UNTOLD, ())


def test_a_book_that_goes_stale_is_said_at_once():
    tape = Tape()
    for kind, words, where in tape.view(1, 5, [(100, 10)], [(101, 20)]):
        tape.add(kind, words, **where)
    tape.add("SYMBOL_STATE", (7,), slot=1, detail=0b110011)
    tape.add("SYMBOL_STATE", (7,), slot=1, detail=0b110001)
    tape.add("DEPTH", (1, 2, 3, 4, 0), slot=1, cause=6)
    samples = played(tape)
    assert [s.stale for s in samples] == [False, True, False]
    assert samples[1].bids == samples[0].bids
    known = DepthSamples(SLOTS)
    known.set_stale(1, True)
    assert known.take(tape.records[-1])[0].stale


def test_flags_are_the_cards():
    names = ("bid_incomplete", "ask_incomplete", "locked", "crossed")
    for bit, name in enumerate(names):
        tape = Tape()
        tape.add("DEPTH", (1, 2, 3, 4, 1 << bit), slot=0)
        (sample,) = played(tape)
        assert {n for n in names if getattr(sample, n)} == {name}


@pytest.mark.parametrize("wrong", [{"cause": 5, "time": 5}, {"detail": 1}], ids=["of another view", "of another place"])
def test_a_level_that_is_not_the_next_is_not_taken(wrong):
    tape = Tape()
    for cause in (5, 6):
        told = tape.view(0, cause, [(100 + cause, 10)], [(200, 20)])
    ((kind, words, where), *levels) = told
    tape.add(kind, words, **where)
    for number, (kind, words, where) in enumerate(levels):
        tape.add(kind, words, **(where | (wrong if number == 2 else {})))
    tape.add("MARKET")
    assert Ladder.WHOLE not in {sample.ladder for sample in played(tape)}
