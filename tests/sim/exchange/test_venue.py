"""The simulated exchange: every expectation is worked out by hand from the OUCH rules and the stated fill model."""

import random

import pytest

from sim.exchange.log import Fees
from sim.exchange.ouch import OuchError
from sim.exchange.venue import Venue
from tests.sim.exchange.exchange_play import L_IN, L_OUT, LOCATE, SYMBOL, Play, enter_message

DAY = b"0"


@pytest.fixture
def play():
    p = Play(Fees(fee_remove=3_000, fee_add=-2_000, commission=100))
    p.add(1, "B", 300, 250_000)
    p.add(2, "S", 200, 250_100)
    p.add(3, "S", 400, 250_200)
    return p


def test_immediate_order_walks_the_levels_and_the_rest_is_canceled(play):
    assert play.enter(b"B", 1_000, 250_200) == [
        ("A", 1, 1_000, 250_200),
        ("E", 1, 200, 250_100, b"R"),
        ("E", 1, 400, 250_200, b"R"),
        ("C", 1, 400, b"I"),
    ]
    fills = list(play.venue.log.fills())
    assert [(f.shares, f.price, f.fee, f.side, f.symbol, f.match) for f in fills] == [
        (200, 250_100, 200 * 3_100, "B", "TEST", 1),
        (400, 250_200, 400 * 3_100, "B", "TEST", 2),
    ]
    assert not play.venue.orders


def test_shares_taken_are_not_there_again_until_the_level_changes(play):
    assert play.enter(b"B", 150, 250_100)[1:] == [("E", 1, 150, 250_100, b"R")]
    assert play.enter(b"B", 150, 250_100)[1:] == [("E", 2, 50, 250_100, b"R"), ("C", 2, 100, b"I")]
    play.add(9, "S", 10, 250_100)
    assert play.enter(b"B", 300, 250_100)[1:] == [("E", 3, 210, 250_100, b"R"), ("C", 3, 90, b"I")]


def test_an_order_meets_the_book_of_its_arrival(play):
    venue = play.venue
    play.time += 10
    sent = play.time
    venue.on_order(sent, enter_message(1, b"B", 100, 250_100))
    # The quote goes in the very nanosecond of the arrival: the session's message comes first.
    play.time = sent + L_IN
    venue.on_session_message(play.time, play.message("D", order_reference_number=2))
    assert venue.next_time is None
    answers = venue.answers_until(sent + L_IN + L_OUT)
    assert [(at - sent, data[:1]) for at, data in answers] == [(L_IN + L_OUT, b"A"), (L_IN + L_OUT, b"C")]


def test_day_order_takes_then_rests_then_adds(play):
    assert play.enter(b"B", 500, 250_100, tif=DAY) == [("A", 1, 500, 250_100), ("E", 1, 200, 250_100, b"R")]
    # A sell order comes at our price: up to its shares, at our price.
    play.add(5, "S", 120, 250_100)
    assert play.answers() == [("E", 1, 120, 250_100, b"A")]
    # One comes below: still at our price.
    play.add(6, "S", 1_000, 250_000)
    assert play.answers() == [("E", 1, 180, 250_100, b"A")]
    assert [f.fee for f in play.venue.log.fills()] == [200 * 3_100, 120 * -1_900, 180 * -1_900]


def test_resting_order_waits_behind_what_was_displayed_before_it(play):
    assert play.enter(b"B", 100, 250_000, tif=DAY) == [("A", 1, 100, 250_000)]
    play.add(7, "B", 500, 250_000)  # joins behind us
    play.execute(1, 200)  # 300 were ahead: 100 are left
    assert play.answers() == []
    play.execute(1, 100)  # none ahead now, and nothing left of this trade
    assert play.answers() == []
    play.execute(7, 60)
    assert play.answers() == [("E", 1, 60, 250_000, b"A")]
    play.trade(60, 250_000)  # a hidden trade at our price
    assert play.answers() == [("E", 1, 40, 250_000, b"A")]


def test_cancels_ahead_leave_no_more_ahead_than_is_displayed(play):
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.session("X", order_reference_number=1, cancelled_shares=280)
    play.execute(1, 20)  # 20 displayed, 20 ahead
    assert play.answers() == []
    play.trade(30, 250_000)
    assert play.answers() == [("E", 1, 30, 250_000, b"A")]


def test_trades_through_fill_up_to_their_shares(play):
    play.enter(b"S", 100, 250_300, tif=DAY)
    play.trade(40, 250_400)
    assert play.answers() == [("E", 1, 40, 250_300, b"A")]
    play.add(8, "S", 70, 250_500)
    play.execute(8, 70)
    assert play.answers() == [("E", 1, 60, 250_300, b"A")]
    # A trade on the other side of the book, however far, is none of our queue.
    play.enter(b"B", 100, 249_000, tif=DAY)
    play.execute(3, 10)
    play.trade(10, 249_100)
    assert play.answers() == []


def test_price_then_time_among_own_orders(play):
    play.enter(b"B", 100, 249_900, tif=DAY)
    play.enter(b"B", 100, 249_900, tif=DAY)
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.add(9, "S", 250, 249_900)
    assert play.answers() == [
        ("E", 3, 100, 250_000, b"A"),
        ("E", 1, 100, 249_900, b"A"),
        ("E", 2, 50, 249_900, b"A"),
    ]


def test_replace_is_for_the_whole_chain_and_loses_its_place(play):
    play.enter(b"S", 500, 250_300, tif=DAY)
    play.trade(100, 250_400)
    assert play.answers() == [("E", 1, 100, 250_300, b"A")]
    assert play.replace(1, 500, 250_200) == [("U", 1, 2, 400, 250_200)]
    play.execute(3, 400)  # the 400 displayed there were ahead
    assert play.answers() == []
    # Through the bid: what is there, at its price, as remover; the rest stays.
    assert play.replace(2, 500, 249_900) == [("U", 2, 3, 400, 249_900), ("E", 3, 300, 250_000, b"R")]
    assert play.venue.orders[3].open == 100
    assert play.venue.orders[3].executed == 400
    assert play.cancel(3) == [("C", 3, 100, b"U")]


def test_replaces_that_are_ignored_or_cancel(play):
    play.enter(b"S", 100, 250_300, tif=DAY)
    assert play.replace(99, 100, 250_300, ref=5) == []  # no such order: 5 is not used up
    assert play.replace(1, 100, 250_300, ref=1) == []  # a number used before
    assert play.replace(1, 100, 250_301, ref=6) == [("C", 1, 100, b"Z")]  # no whole cent
    assert play.enter(b"S", 100, 250_300, tif=DAY, ref=4) == [("A", 4, 100, 250_300)]
    assert play.replace(4, 100, 249_900, tif=b"3", ref=7) == [("U", 4, 7, 100, 249_900), ("E", 7, 100, 250_000, b"R")]
    assert [e.kind for e in play.venue.log.entries].count("ignored") == 2


def test_replace_for_no_more_than_is_executed_cancels(play):
    play.enter(b"S", 100, 250_300, tif=DAY)
    play.trade(60, 250_400)
    play.answers()
    assert play.replace(1, 60, 250_300) == [("C", 1, 40, b"Z")]


def test_cancels(play):
    play.enter(b"S", 500, 250_300, tif=DAY)
    play.trade(100, 250_400)
    play.answers()
    assert play.cancel(1, 500) == []  # nothing to take away
    assert play.cancel(1, 300) == [("C", 1, 200, b"U")]  # 100 executed, 200 stay open
    assert play.venue.orders[1].open == 200
    assert play.cancel(1) == [("C", 1, 200, b"U")]
    assert play.cancel(1) == []
    assert play.cancel(77) == []


def test_numbers_used_before_are_passed_over(play):
    assert play.enter(b"B", 10, 250_100, ref=5) != []
    assert play.enter(b"B", 10, 250_100, ref=5) == []
    assert play.enter(b"B", 10, 250_100, ref=4) == []
    assert play.order(b"Q") == [("Q", 6)]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"shares": 0}, 0x13),
        ({"shares": 1_000_000}, 0x13),
        ({"price": 0}, 0x1D),
        ({"price": 2_000_000_000}, 0x1D),
        ({"price": 250_150}, 0x1D),
        ({"symbol": "NOSUCH  "}, 0x17),
        ({"side": b"T"}, 0x27),
    ],
)
def test_rejected(play, fields, reason):
    order = {"side": b"B", "shares": 100, "price": 250_100, **fields}
    assert play.enter(**order) == [("J", 1, reason)]
    assert play.enter(b"B", 100, 250_100, ref=1) == []  # the number is used up
    assert play.venue.log.entries[0].reason == f"0x{reason:04X}"


def test_sub_penny_below_a_dollar_and_located_short(play):
    assert play.enter(b"B", 100, 9_999) == [("A", 1, 100, 9_999), ("C", 1, 100, b"I")]
    assert play.enter(b"T", 100, 250_000, located=True) == [("A", 2, 100, 250_000), ("E", 2, 100, 250_000, b"R")]


def test_halted_symbol_rejects_and_does_not_fill(play):
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.session("H", stock=SYMBOL, trading_state="H", reason="T1  ")
    play.add(9, "S", 100, 250_000)
    assert play.answers() == []
    assert play.enter(b"B", 100, 250_100) == [("J", 2, 0x07)]
    play.session("H", stock=SYMBOL, trading_state="T", reason="T1  ")
    assert play.enter(b"B", 100, 250_100, ref=3)[1] == ("E", 3, 100, 250_000, b"R")


def test_the_close_cancels_what_rests(play):
    play.enter(b"B", 100, 250_000, tif=DAY)
    play.session("S", event_code="M")
    assert play.answers() == [("C", 1, 100, b"T")]
    assert play.enter(b"S", 100, 250_300, tif=DAY) == [("A", 2, 100, 250_300), ("C", 2, 100, b"E")]


def test_modify(play):
    play.enter(b"S", 500, 250_300, tif=DAY)
    message = b"M" + (1).to_bytes(4, "big")
    assert play.order(message + b"S" + (300).to_bytes(4, "big")) == [("M", 1, b"S", 300)]
    assert play.order(message + b"B" + (300).to_bytes(4, "big")) == []
    assert play.venue.orders[1].open == 300


@pytest.mark.parametrize("message", [b"", b"Z123", b"X123", b"O" + b"\0" * 46])
def test_what_is_no_ouch_is_an_error(play, message):
    with pytest.raises(OuchError):
        play.order(message)


def test_time_does_not_go_back(play):
    with pytest.raises(ValueError, match="cannot go back"):
        play.venue.on_session_message(1, play.message("S", event_code="Q"))
    with pytest.raises(ValueError, match="already"):
        play.venue.on_order(play.time - L_IN - 1, b"Q")
    with pytest.raises(ValueError, match="latencies"):
        Venue(latency_in_ns=-1)


def test_could_fill_is_never_wrongly_no(play):
    """Ask before each message of a made session; whenever a fill comes, the answer had been yes."""
    rng = random.Random(5)
    live, fills, yes, asked = {}, 0, 0, 0
    for n in range(4_000):
        if n % 20 == 0 and len(play.venue.orders) < 6:
            side = rng.choice((b"B", b"S"))
            play.enter(side, 100 * rng.randint(1, 5), 250_000 + 100 * rng.randint(-3, 4), tif=DAY)
        play.time += 10
        kind = rng.choice("AAAEXDUPC" if live else "A")
        reference = rng.choice(list(live)) if live else 0
        price = 250_000 + 100 * rng.randint(-4, 5)
        side = "B" if price < 250_050 else "S"
        shares = rng.randint(1, 300)
        body = {
            "A": {"order_reference_number": 1_000 + n, "buy_sell_indicator": side, "shares": shares, "stock": SYMBOL,
                  "price": price},
            "E": {"order_reference_number": reference, "executed_shares": shares, "match_number": n},
            "C": {"order_reference_number": reference, "executed_shares": shares, "match_number": n, "printable": "Y",
                  "execution_price": price},
            "X": {"order_reference_number": reference, "cancelled_shares": shares},
            "D": {"order_reference_number": reference},
            "U": {"original_order_reference_number": reference, "new_order_reference_number": 100_000 + n,
                  "shares": shares, "price": price},
            "P": {"order_reference_number": 0, "buy_sell_indicator": "B", "shares": shares, "stock": SYMBOL,
                  "price": price, "match_number": n},
        }[kind]  # fmt: skip
        message = play.message(kind, **body)
        could = play.venue.could_fill(message)
        play.venue.on_session_message(play.time, message)
        for key in ("order_reference_number", "new_order_reference_number"):
            if kind in "AU" and key in body:
                live[body[key]] = True
        if kind in "DU":
            live.pop(reference, None)
        told = play.answers()
        assert could or not told
        fills += len(told)
        yes += could
        asked += bool(play.venue.orders)
    assert fills > 50
    assert yes < asked / 2  # and not merely always yes
    assert play.venue.books.of(LOCATE).best_bid() > 0
