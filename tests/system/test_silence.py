"""When the card must not trade: after a gap, without a heartbeat, before the open, while disarmed.

Each test plays the same short session; the first one shows that the card does trade it when nothing is in the way.
"""

import pytest
from bench_card import LONG, BenchCard

from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS, make_messages

MESSAGES = 12_000
SYMBOLS = [s.symbol for s in MADE_SYMBOLS]


@pytest.fixture(scope="module")
def session():
    messages = make_messages(7, MESSAGES).messages
    assert len(messages) >= MESSAGES
    return messages


def play(card, messages, *, drop=None, on_boundary=None, boundary_ns=10_000_000_000):
    """Play a session into a card; give what it sent: (card time, OUCH message) and the exchange times of boundaries."""
    venue = Venue(Fees())
    settings = PlayerSettings(clock_period_ps=card.config.clock_period_ps, boundary_ns=boundary_ns, wait_for_host=False)
    player = Player(card.model, venue, settings, drop=drop, on_boundary=on_boundary)
    lengths = player.play(messages)
    return lengths, venue, player


def sent(records):
    return [r for r in records if r["name"] == "ORDER_SENT"]


def test_the_session_is_traded_when_nothing_is_in_the_way(session):
    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.arm()
        lengths, venue, _ = play(card, session)
        records = card.records()
        assert lengths.orders["O"] >= 6
        assert len([e for e in venue.log.entries if e.kind == "executed"]) >= 6
        assert len(sent(records)) == lengths.orders.total()
        opened = min(time_of(m) for m in session if is_opening_cross(m))
        assert all(r["exchange_time"] >= opened for r in sent(records) if r["cause"] >> 63 == 0)


def test_nothing_is_traded_after_a_missing_packet(session):
    half = len(session) // 2

    def drop(packet):
        return packet.sequence <= half < packet.sequence + packet.count

    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.arm()
        lengths, _, _ = play(card, session, drop=drop)
        assert lengths.dropped_frames == 1
        assert card.get("feed.gaps") == 1
        records = card.records()
        gap = next(i for i, r in enumerate(records) if r["name"] == "GAP")
        assert records[gap]["expected_lo"] <= half + 1 < records[gap]["received_lo"] + 1
        before, after = records[:gap], records[gap:]
        assert sent(before), "the card must have traded before the gap, or this shows nothing"
        triggers = [r for r in after if r["name"] == "TRIGGER"]
        entries = [r for r in sent(after) if (r["flags"] >> 2) & 3 == 0 and r["detail"] == 0]
        assert not triggers
        assert not entries
        assert all(card.get(f"slot[{i}].state.stale") for i in range(len(SYMBOLS)))
        assert not sent(after), "exits are held too: the gate passes nothing for a stale book"


def test_nothing_is_traded_when_the_heartbeat_stops(session):
    stop = time_of(session[len(session) // 2])
    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.arm(lease_until=1 << 40)
        ends = []

        def on_boundary(now):
            if now >= stop and not ends:
                # The last word of a host that goes silent: a lease of one more exchange second.
                lease = card.get("control.time") + 156_250_000
                card.set("control.lease", lease)
                ends.append(lease)

        play(card, session, on_boundary=on_boundary)
        records = card.records()
        (lease,) = ends
        assert any(r["card_time"] < lease for r in sent(records))
        # A kill cancels what is open; nothing else may leave.
        late = [r for r in sent(records) if r["card_time"] >= lease]
        assert all(r["detail"] == 2 for r in late), late
        assert card.get("control.status.killed") == 1
        assert card.get("control.status.armed") == 0
        assert card.get("control.status.kill_cause") == 2


def is_open(message):
    """Whether this is System Event Q."""
    return (message[:1], message[11:12]) == (b"S", b"Q")


def is_opening_cross(message):
    """Whether this is a symbol's opening cross."""
    return (message[:1], message[39:40]) == (b"Q", b"O")


@pytest.mark.parametrize("opening", [is_open, is_opening_cross])
def test_nothing_is_traded_before_the_open(session, opening):
    """Without the market's open, or without the symbols' opening crosses, the whole day is before the open."""
    assert any(opening(m) for m in session)
    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.arm()
        lengths, _, _ = play(card, [m for m in session if not opening(m)])
        assert not lengths.orders
        assert not sent(card.records())
        assert card.get("book.events") > MESSAGES // 2, "the book must have followed the market all the same"


@pytest.mark.parametrize("missing", ["arm", "module", "slot", "lease"])
def test_nothing_is_traded_without(session, missing):
    with BenchCard() as card:
        card.follow(SYMBOLS)
        if missing in ("module", "slot"):
            card.arm()
        if missing == "module":
            card.set("modules.taker", 0)
        if missing == "slot":
            for i in range(len(SYMBOLS)):
                card.set(f"slot[{i}].control", enable=0, taker_buy=1, taker_sell=1)
        if missing == "arm":
            card.set("orders.session", 1)
            card.set("control.lease", LONG)
            card.set("modules.taker", 1)
        if missing == "lease":
            card.set("orders.session", 1)
            card.set("control.command", arm=1)
            card.set("modules.taker", 1)
            assert card.get("control.status.armed") == 0
        lengths, _, _ = play(card, session)
        assert not lengths.orders


def test_a_release_in_the_same_write_does_not_undo_a_kill():
    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.arm()
        assert card.get("control.status.armed") == 1
        card.set("control.command", kill=1, release=1)
        assert (card.get("control.status.killed"), card.get("control.status.armed")) == (1, 0)
        kills = [r for r in card.records() if r["name"] == "KILL"]
        assert len(kills) == 1, "one kill is told once, though it is heard twice"
        card.set("control.command", release=1)
        assert card.get("control.status.killed") == 0
