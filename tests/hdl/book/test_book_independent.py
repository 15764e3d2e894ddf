"""The book beside two books that nobody here wrote, after every event: made sessions, and messages nobody sends."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from book_play import play
from hostile import ALL, SHARED, SYMBOLS, HostileStream, Plain
from independent_books import EMPTY, ItchBook, Meatpy
from itch_events import event

from sim.sessions import encode
from sim.sessions.make import MADE_SYMBOLS, make_messages

DEMO = (4, 4096, 32)
REST = -(10**6)
MADE = {s.locate: s.symbol.ljust(8).encode() for s in MADE_SYMBOLS}


def compare(
    messages: Sequence[bytes], plain: Iterable[list[bytes]], books: list, locates: Iterable[int], work: Path
) -> dict[str, object]:
    """Play messages into the gateware and their plain forms into the books; compare every view with each book.

    A burst is 24 events at the full pace; then the book may rest, because refills need it.
    """
    slots = {locate: slot for slot, locate in enumerate(locates)}
    found = [
        (message, put, e)
        for index, (message, put) in enumerate(zip(messages, plain, strict=True))
        if (e := event(message, slots, index)) is not None or put
    ]
    events = [e for _, _, e in found if e is not None]
    gaps = [REST if number % 24 == 0 else 0 for number in range(len(events))]
    result = play(DEMO, events, gaps, work)
    views = iter(result["views"])
    compared = 0
    for message, put, e in found:
        for book in books:
            for said in put:
                book.apply(said)
        if e is None:
            continue
        view = next(views)
        assert not view["bid_incomplete"]
        assert not view["ask_incomplete"]
        for book in books:
            shown, true = (view["bids"], view["asks"]), book.top(encode.locate_of(message))
            assert shown == true, f"after {message!r}, event {e}: the card shows {shown}, {type(book).__name__} {true}"
            compared += 1
    assert compared == len(books) * len(events)
    assert result["table_overflows"] == 0
    return result


def run_made(seed: int, count: int, regime: str, work: Path) -> dict[str, object]:
    """A made session, as it is, beside both books."""
    messages = make_messages(seed, count, regime).messages
    result = compare(messages, [[m] for m in messages], [ItchBook(), Meatpy(MADE)], MADE, work)
    assert result["unknown_references"] == result["duplicate_references"] == result["over_executions"] == 0
    assert len(result["views"]) > count // 2
    return result


def run_shared(seed: int, count: int, work: Path) -> dict[str, object]:
    """Hostile messages that ``itch-book`` reads as the card does, as they are: its counters must be the card's."""
    stream = HostileStream(seed, SHARED)
    messages = list(stream.messages(count))
    assert set(stream.made) == SHARED - {"crossed"}
    book = ItchBook()
    result = compare(messages, [[m] for m in messages], [book], SYMBOLS, work)
    stats = book.stats()
    assert result["unknown_references"] == stats["missing_ref"] > count // 100
    assert result["zero_adds"] == stats["rejected"] > count // 100
    assert result["over_executions"] == stats["clamped"] > count // 100
    assert result["duplicate_references"] == stats["dup_ref"] == 0
    assert result["live_orders"] == stats["live_orders"]
    assert any(view["crossed"] for view in result["views"])
    assert result["refills"] > 0, "the rows never ran low: the stream is too tame"
    return result


def run_all(seed: int, count: int, work: Path) -> dict[str, object]:
    """Every hostility to the card; the other books are given what the written rules make of it."""
    stream = HostileStream(seed, ALL - {"reference zero", "huge level"})
    messages = list(stream.messages(count))
    assert set(stream.made) == ALL - {"crossed", "reference zero", "huge level"}
    plain = Plain()
    put = [plain.of(message) for message in messages]
    result = compare(messages, put, [ItchBook(), Meatpy(SYMBOLS)], SYMBOLS, work)
    assert result["unknown_references"] == plain.met["unknown"]
    assert result["duplicate_references"] == plain.met["duplicate"]
    assert result["zero_adds"] == plain.met["zero add"]
    assert result["over_executions"] == plain.met["over-execution"]
    assert result["live_orders"] == plain.live_orders
    assert any(view["crossed"] for view in result["views"])
    return result


def run_only_meatpy(seed: int, count: int, work: Path) -> dict[str, object]:
    """What ``itch-book`` cannot hold: reference 0, and levels of more than 2**32 - 1 shares, which a view saturates."""
    stream = HostileStream(seed, ALL)
    messages = list(stream.messages(count))
    assert stream.made["reference zero"]
    assert stream.made["huge level"]
    plain = Plain()
    result = compare(messages, [plain.of(m) for m in messages], [Meatpy(SYMBOLS)], SYMBOLS, work)
    assert any((2**32 - 1) in (shares for _, shares in view["bids"] + view["asks"]) for view in result["views"])
    return result


@pytest.mark.parametrize("regime", ["calm", "toxic"])
def test_made_session(regime: str, tmp_path: Path) -> None:
    run_made(11, 8_000, regime, tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_hostile_messages_as_they_are(seed: int, tmp_path: Path) -> None:
    run_shared(seed, 8_000, tmp_path)


def test_every_hostile_message_as_the_rules_read_it(tmp_path: Path) -> None:
    run_all(3, 6_000, tmp_path)


def test_what_only_one_of_them_can_hold(tmp_path: Path) -> None:
    run_only_meatpy(4, 4_000, tmp_path)


def _add(reference: int, shares: int, price: int, locate: int = 7) -> bytes:
    return encode.add(locate, 34_200 * 10**9, reference, b"B", shares, SYMBOLS[locate], price)


_TIME = 34_200 * 10**9
#: Where the books differ: messages, bids of the first symbol on the card, in itch-book, in meatpy ("-": it raises).
DIFFERENCES = {
    "of an order that never was": ([_add(1, 100, 5_000), encode.delete(7, _TIME, 9)], *[[(5_000, 100)]] * 3),
    "duplicate reference": (
        [_add(1, 100, 5_000), _add(1, 50, 6_000)],
        [(5_000, 100)],
        [(6_000, 50)],
        [(6_000, 50), (5_000, 100)],
    ),
    "replace onto a live reference": (
        [_add(1, 100, 5_000), _add(2, 30, 4_000), encode.replace(7, _TIME, 1, 2, 9, 4_500)],
        [(4_000, 30)],
        [(4_500, 9)],
        [(4_500, 9), (4_000, 30)],
    ),
    "replace with no shares": ([_add(1, 9, 5_000), encode.replace(7, _TIME, 1, 2, 0, 6_000)], [], [], [(6_000, 0)]),
    "replace at no price": ([_add(1, 9, 5_000), encode.replace(7, _TIME, 1, 2, 8, 0)], [], [], [(0, 8)]),
    "add of no shares": ([_add(1, 0, 5_000)], [], [], [(5_000, 0)]),
    "more executed than there is": ([_add(1, 100, 5_000), encode.execute(7, _TIME, 1, 101, 1)], [], [], "-"),
    "of an order executed whole": (
        [_add(1, 100, 5_000), encode.execute(7, _TIME, 1, 100, 1), encode.delete(7, _TIME, 1)],
        [],
        [],
        "-",
    ),
    "of another symbol": ([_add(1, 100, 5_000), encode.cancel(300, _TIME, 1, 60)], [(5_000, 100)], [(5_000, 40)], None),
    "reference zero": ([_add(0, 100, 5_000)], [(5_000, 100)], [], [(5_000, 100)]),
    "a level beyond 32 bits": (
        [_add(1, 2**32 - 1, 5_000), _add(2, 2**32 - 1, 5_000)],
        [(5_000, 2**32 - 1)],
        [(5_000, 2**32 - 2)],
        [(5_000, 2**32 - 1)],
    ),
}


@pytest.mark.parametrize("what", DIFFERENCES)
def test_where_they_differ(what: str, tmp_path: Path) -> None:
    """The table of ``docs/blocks/book.md``: what each makes of a message on which they do not agree."""
    messages, ours, itch, meat = DIFFERENCES[what]
    slots = {locate: slot for slot, locate in enumerate(SYMBOLS)}
    events = [event(message, slots, index) for index, message in enumerate(messages)]
    views = play(DEMO, events, [0] * len(events), tmp_path)["views"]
    assert [v["bids"] for v in views if v["slot"] == 0][-1] == ours
    book, other = ItchBook(), Meatpy(SYMBOLS)
    for message in messages:
        book.apply(message)
    assert book.top(7)[0] == itch
    for message in messages[:-1]:
        other.apply(message)
    if meat == "-":
        with pytest.raises(Exception, match=r"(?i)volume|missing"):
            other.apply(messages[-1])
    else:
        other.apply(messages[-1])
        assert other.top(7)[0] == (itch if meat is None else meat)
    assert book.top(4001) == other.top(4001) == EMPTY
