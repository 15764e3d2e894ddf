"""The exchange's book against what independent books say of real sessions."""

import gzip

from sim.exchange.book import SessionBooks


def messages(data):
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def sides(text):
    return [tuple(int(n) for n in level.split(":")[:2]) for level in text.split(";") if level]


def test_aapl_after_every_change(real_data):
    states = real_data("itch/aapl_20200130_first10k.top5_every_change.csv.gz").read_bytes()
    known = iter(gzip.decompress(states).decode().splitlines())
    books = SessionBooks()
    index, expected = next_state(known)
    compared = 0
    for n, message in enumerate(messages(real_data("itch/aapl_20200130_first10k.itch50").read_bytes()), start=1):
        books.apply(message)
        if n == index:
            book = books.of(13)
            assert (book.levels(True)[:5], book.levels(False)[:5]) == expected, f"message {n}"
            compared += 1
            index, expected = next_state(known)
    assert compared == 8_038  # the empty book of the first message, and every change
    assert books.live_orders == 215
    assert books.locates["AAPL    "] == 13


def next_state(lines):
    for line in lines:
        head, _, rest = line.partition(",")
        bids, _, asks = rest.partition("|")
        return int(head), (sides(bids), sides(asks))
    return None, None


def test_messages_about_unknown_orders_are_counted_and_ignored(real_data):
    books = SessionBooks()
    for message in messages(real_data("itch/synthetic_abc_12k.itch50").read_bytes()):
        books.apply(message)
    assert books.unknown == 117
    book = books.of(next(locate for symbol, locate in books.locates.items() if symbol.startswith("ALC")))
    assert book.levels(True)[:5] == [(270600, 100), (270533, 100), (270467, 14), (269600, 15), (267600, 25)]
    assert book.levels(False)[:5] == [(205400, 100), (214200, 100), (216600, 9), (218400, 69), (220067, 100)]
