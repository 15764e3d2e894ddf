"""The taker's rules from outside: frames in, OUCH bytes out, and each rule read off the bytes and their times alone.

Take profit and stop are far away here, so that what closes a position is the rule that is looked at.
"""

import pytest

from sim.exchange.book import SessionBooks
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS
from tests.system.test_order_scenarios import SLOTS, Played, SteeredCard, differences, steer
from tests.system.test_order_scenarios import session as session

NEVER = 255
TICK = 100
MS = 1_000_000
LOCATES = {made.symbol: made.locate for made in MADE_SYMBOLS}


class Position:
    """One position of a symbol, from its entry to the exit's last fill; times in ns since midnight."""

    def __init__(self, symbol, left, entry):
        self.symbol, self.left, self.entry = symbol, left, entry
        self.fills, self.held, self.numbers = [], 0, {entry["user_ref_num"]}
        self.exit = self.moved = self.over = None

    @property
    def buys(self):
        return self.entry["side"] == "B"


def positions_of(played):
    """Cut what was said into positions; two of a symbol at once, or an exit without one, fail here."""
    back = played.venue.latency_out_ns
    heard = [(said["timestamp"] + back, 1, said) for said in map(dict, played.told("E"))]
    events = sorted([(time, 0, said) for time, said in played.recorded.left] + heard, key=lambda row: (row[0], row[1]))
    current, done, owner = {}, [], {}
    for time, heard_of, said in events:
        if heard_of:
            position = owner[said["user_ref_num"]]
            position.held += said["quantity"] if said["user_ref_num"] in position.numbers else -said["quantity"]
            if said["user_ref_num"] in position.numbers:
                position.fills.append((time, said["price"]))
            if position.held == 0:
                position.over = time
                done.append(current.pop(position.symbol))
        elif said["type"] == "O" and said["time_in_force"] == "3":
            before = current.get(said["symbol"])
            assert before is None or not before.fills, "an entry while something is held"
            current[said["symbol"]] = owner[said["user_ref_num"]] = Position(said["symbol"], time, said)
        elif said["type"] == "O":
            position = current[said["symbol"]]
            assert position.held == said["quantity"], "the exit is for all that is held"
            assert said["side"][0] in ("S" if position.buys else "B", "T")
            position.exit, owner[said["user_ref_num"]] = time, position
        elif said["type"] == "U":
            position = owner[said["user_ref_num"]] = owner[said["orig_user_ref_num"]]
            position.moved = position.moved or time
    return done


def play(session, *, settings=(), **ticks):
    """Play the session; give its positions. ``settings``: register, whole value or fields, of every slot."""
    with SteeredCard("demo") as card:
        steer(card, **({"take_profit": NEVER, "stop": NEVER, "slip": 1} | ticks))
        for name, value in settings:
            for slot in SLOTS:
                card.set(name, index=slot, **(value if isinstance(value, dict) else {"value": value}))
        card.arm()
        played = Played(card, session)
        assert not differences(card, played.venue, played.reckoning)
        return positions_of(played), played


def cycles(milliseconds):
    return round(milliseconds * MS / 6.4)


def next_message(session, symbol, time):
    """Time of the first message of a symbol that the card hears at or after a time."""
    locate = LOCATES[symbol]
    return next((time_of(m) for m in session if time_of(m) >= time and int.from_bytes(m[1:3], "big") == locate), None)


def quotes_at(session, time):
    """Best bid and offer of every symbol, of the messages before a time."""
    books = SessionBooks()
    for message in session:
        if time_of(message) >= time:
            break
        books.apply(message)
    sides = {name: books.of(locate) for name, locate in LOCATES.items()}
    return {name: tuple(book.levels(buy)[0][0] for buy in (True, False)) for name, book in sides.items()}


def test_a_time_stop_closes_what_is_old(session):
    limit = 400
    done, _ = play(session, settings=[("trade.taker_time_stop", {"cycles": cycles(limit)})])
    assert len(done) >= 5
    for position in done:
        age = position.moved - position.fills[0][0]
        # It is looked at when the symbol's next view comes; feed and order are under way for some microseconds.
        late = next_message(session, position.symbol, position.fills[0][0] + limit * MS)
        assert limit * MS <= age <= late - position.fills[0][0] + MS


def test_without_a_rule_that_closes_it_a_position_stays(session):
    done, played = play(session)
    assert not played.asked("U")
    assert not done


def test_the_guard_closes_what_the_book_turns_against_at_once(session):
    window = 300
    guard = {"ticks": 1, "window": cycles(window)}
    done, _ = play(session, settings=[("trade.taker_guard", guard)])
    assert len(done) >= 2
    for position in done:
        first = position.fills[0][0]
        assert 0 <= position.moved - first <= window * MS
        worst = (max if position.buys else min)(price for _, price in position.fills)
        bid, offer = quotes_at(session, position.moved)[position.symbol]
        assert bid <= worst - TICK if position.buys else offer >= worst + TICK


def test_a_cool_down_lies_between_two_positions_of_a_symbol(session):
    rest = 1_500

    def gaps(done):
        last, found = {}, []
        for position in sorted(done, key=lambda p: p.left):
            if position.symbol in last:
                found.append(position.left - last[position.symbol])
            last[position.symbol] = position.over
        return found

    near = {"take_profit": 2, "stop": 1}
    without = gaps(play(session, **near)[0])
    done = gaps(play(session, settings=[("slot.taker_cooldown", {"cycles": cycles(rest)})], **near)[0])
    assert min(without) < rest * MS, "without a cool-down it is shorter, or this shows nothing"
    assert done
    assert min(done) >= rest * MS


@pytest.mark.parametrize(("switch", "side"), [("taker_buy", "B"), ("taker_sell", "T")])
def test_one_direction_is_one_direction(session, switch, side):
    _, played = play(session, settings=[("slot.control", {"enable": 1, switch: 1})], take_profit=2, stop=1)
    entries = [said for said in played.asked("O") if said["time_in_force"] == "3"]
    assert entries
    assert {said["side"] for said in entries} == {side}
