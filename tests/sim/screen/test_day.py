"""A day's screen against sums by hand, a plain model over made days, and two books that others wrote."""

import gzip

from hdl.wire.itch50 import ITCH50
from sim.screen.day import screen_day
from sim.sessions.binaryfile import read_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages

S = 10**9
NINE_THIRTY = 34_200 * S
FOUR = 57_600 * S


class Tape:
    """Messages of one symbol, written by field name."""

    def __init__(self, symbol="ABCD", locate=5):
        self.messages, self.symbol, self.locate = [], symbol, locate

    def say(self, at, kind, **fields):
        if "stock" in ITCH50[kind]:
            fields["stock"] = self.symbol
        self.messages.append(ITCH50[kind].pack(stock_locate=self.locate, timestamp=int(at * S), **fields))

    def state(self, at, state):
        self.say(at, "H", trading_state=state, reason="")

    def add(self, at, reference, side, shares, price):
        self.say(at, "A", order_reference_number=reference, buy_sell_indicator=side, shares=shares, price=price)

    def delete(self, at, reference):
        self.say(at, "D", order_reference_number=reference)


def test_time_at_one_tick_by_hand():
    tape = Tape()
    tape.state(1, "T")
    tape.add(1, 1, "B", 100, 250_000)
    tape.add(1, 2, "S", 100, 250_100)
    tape.say(10, "S", event_code="Q")  # open: one tick
    tape.add(14, 3, "B", 100, 250_000)
    tape.delete(15, 2)  # 5 s at one tick; no ask now
    tape.add(17, 4, "S", 100, 250_200)  # two ticks
    tape.add(20, 5, "S", 100, 250_100)  # one tick
    tape.state(22, "H")  # 2 s
    tape.state(30, "T")  # the halt is no continuous time
    tape.say(33, "U", original_order_reference_number=5, new_order_reference_number=6, shares=50, price=250_300)  # 3 s
    tape.say(35, "S", event_code="M")
    tape.add(50, 9, "S", 100, 250_100)  # after the close
    day = screen_day(tape.messages)
    symbol = day.symbols["ABCD"]
    assert (day.opened, day.closed) == (10 * S, 35 * S)
    assert symbol.continuous_ns == (35 - 10 - 8) * S
    assert symbol.one_tick_ns == (5 + 2 + 3) * S
    assert symbol.at_one_tick == 10 / 17


def test_volume_by_hand():
    tape = Tape()
    tape.add(1, 1, "B", 1_000, 250_000)
    tape.say(2, "E", order_reference_number=1, executed_shares=100, match_number=1)
    tape.say(3, "C", order_reference_number=1, executed_shares=20, match_number=2, printable="Y", execution_price=1)
    tape.say(4, "C", order_reference_number=1, executed_shares=3_000, match_number=3, printable="N", execution_price=1)
    tape.say(5, "P", order_reference_number=0, buy_sell_indicator="B", shares=7, price=1, match_number=4)
    tape.say(6, "Q", shares=50_000, cross_price=1, match_number=5, cross_type="C")
    tape.say(7, "E", order_reference_number=99, executed_shares=100, match_number=6)
    day = screen_day(tape.messages)
    # Not printed: it is in the cross's own message. Of an unknown order: not known whose it is.
    assert day.symbols["ABCD"].volume == 100 + 20 + 7 + 50_000
    assert day.unknown == 1
    assert day.symbols["ABCD"].at_one_tick is None, "the market never opened: not known, and not zero"


def test_below_a_dollar_a_tick_is_a_hundredth_of_a_cent():
    tape = Tape()
    tape.state(1, "T")
    tape.add(1, 1, "B", 100, 9_998)
    tape.add(1, 2, "S", 100, 9_999)
    tape.say(2, "S", event_code="Q")
    tape.add(5, 3, "S", 100, 9_900)
    tape.say(6, "S", event_code="M")
    assert screen_day(tape.messages).symbols["ABCD"].one_tick_ns == 3 * S


def test_hours_are_measured_to_their_ends_and_not_to_the_next_message():
    tape = Tape()
    tape.state(1, "T")
    tape.add(1, 1, "B", 100, 250_000)
    tape.add(1, 2, "S", 100, 250_100)
    tape.delete(90, 1)
    day = screen_day(tape.messages, (10 * S, 20 * S))
    assert (day.symbols["ABCD"].continuous_ns, day.symbols["ABCD"].one_tick_ns) == (10 * S, 10 * S)
    assert screen_day(tape.messages[:3], (10 * S, 20 * S)).symbols["ABCD"].continuous_ns == 0


def test_a_made_day_against_dictionaries():
    messages = make_messages(3, 20_000, "halts").messages
    orders, since, total, penny, volume = {}, {}, {}, {}, {}
    trading, market = set(), False
    best = {}
    for data in messages:
        m = ITCH50[chr(data[0])].unpack(data)
        kind, locate, now = m["message_type"], m["stock_locate"], m["timestamp"]
        for one in since if kind == "S" else [locate]:
            if one in since and market and one in trading:
                total[one] = total.get(one, 0) + now - since[one]
                bid, ask = best.get(one, (0, 0))
                penny[one] = penny.get(one, 0) + (now - since[one]) * (bid > 0 and ask - bid == 100)
            since[one] = now
        if kind == "S":
            market = {"Q": True, "M": False}.get(m["event_code"], market)
        elif kind == "H":
            (trading.add if m["trading_state"] == "T" else trading.discard)(locate)
        elif kind in "AF":
            orders[m["order_reference_number"]] = [locate, m["buy_sell_indicator"], m["price"], m["shares"]]
        elif kind == "U":
            old = orders.pop(m["original_order_reference_number"])
            orders[m["new_order_reference_number"]] = [locate, old[1], m["price"], m["shares"]]
        elif kind in "DEXC":
            order = orders[m["order_reference_number"]]
            order[3] -= m.get("executed_shares", m.get("cancelled_shares", order[3]))
            if not order[3]:
                del orders[m["order_reference_number"]]
        if kind in "EPQ" or (kind == "C" and m["printable"] == "Y"):
            volume[locate] = volume.get(locate, 0) + m.get("executed_shares", m.get("shares"))
        if kind in "AFUDEXC":
            mine = [(side, price) for where, side, price, _ in orders.values() if where == locate]
            bids, asks = [p for side, p in mine if side == "B"], [p for side, p in mine if side == "S"]
            best[locate] = (max(bids, default=0), min(asks, default=0))
    day = screen_day(messages)
    for made in MADE_SYMBOLS:
        told = day.symbols[made.symbol]
        assert told.volume == volume[made.locate]
        assert (told.continuous_ns, told.one_tick_ns) == (total[made.locate], penny[made.locate])
        assert 0 < told.one_tick_ns < told.continuous_ns


def test_a_real_day_against_two_books_that_others_wrote(real_data):
    """AMZN, 2012-06-21: the spread after every change is known; here it is only weighed with time."""
    messages = list(read_messages(real_data("itch/amzn_20120621_fullday.itch50.gz")))
    spreads = {}
    with gzip.open(real_data("itch/amzn_20120621_fullday.top5_every_change.csv.gz"), "rt") as lines:
        for line in lines:
            index, sides = line.strip().split(",")
            bids, asks = sides.split("|")
            both = bids and asks
            spreads[int(index)] = int(asks.split(":")[0]) - int(bids.split(":")[0]) if both else 0
    at_tick = 0
    spread, since = 0, NINE_THIRTY
    for index, message in enumerate(messages, start=1):
        now = min(max(int.from_bytes(message[5:11], "big"), NINE_THIRTY), FOUR)
        at_tick += (now - since) * (spread == 100)
        spread, since = spreads.get(index, spread), now
    day = screen_day(messages, (NINE_THIRTY, FOUR)).symbols["AMZN"]
    assert day.one_tick_ns == at_tick > 0
    last = min(int.from_bytes(messages[-1][5:11], "big"), FOUR)
    [trades] = [int.from_bytes(m[5:11], "big") for m in messages if m[:1] == b"H"]
    assert day.continuous_ns == last - max(trades, NINE_THIRTY)
    executed = sum(int.from_bytes(m[19:23], "big") for m in messages if m[:1] == b"E")
    printed = sum(int.from_bytes(m[20:24], "big") for m in messages if m[:1] == b"P")
    assert day.volume == executed + printed


def test_progress_is_told():
    told = []
    messages = make_messages(1, 1_000).messages
    screen_day(messages * 401, None, lambda count, time: told.append((count, time)))
    assert [count for count, _ in told] == [200_000, 400_000]
    assert all(time > 0 for _, time in told)
