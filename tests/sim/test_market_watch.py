"""Mids and books against a few orders of which every sum is plain."""

from sim.market_watch import MarketWatch
from sim.sessions import encode

STOCK = b"PWAA    "


def add(time: int, reference: int, side: bytes, shares: int, price: int) -> bytes:
    return encode.add(7, time, reference, side, shares, STOCK, price)


def test_mids_are_kept_when_they_change_and_both_sides_are_there():
    watch = MarketWatch(["PWAA", "PWZZ"])
    messages = [
        add(10, 1, b"B", 100, 250_000),
        add(20, 2, b"S", 100, 250_100),
        add(30, 3, b"B", 300, 250_000),  # the mid stays
        add(40, 4, b"B", 50, 250_050),
        encode.delete(7, 50, 4),
        encode.replace(7, 60, 2, 5, 200, 250_200),
        encode.delete(7, 70, 5),  # no ask: no mid
        encode.add(8, 80, 6, b"B", 100, b"OTHER   ", 1),
    ]
    assert list(watch.watch(messages)) == messages
    assert watch.mids == {"PWAA": [(20, 500_100), (40, 500_150), (50, 500_100), (60, 500_200)], "PWZZ": []}
    assert watch.levels("PWAA", True) == ((250_000, 400),)
    assert watch.levels("PWAA", False) == ()
    assert watch.levels("PWZZ", True) == ()
