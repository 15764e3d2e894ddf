"""Two feed lines that each lose packets: the card sees what a line without loss would have shown it, and trades."""

import pytest
from bench_card import BenchCard

from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.make import MADE_SYMBOLS, make_messages

MESSAGES = 12_000
SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
#: Line B is as late as line A, so that what only it brings comes when it would have come.
LATENCY = 5_000


@pytest.fixture(scope="module")
def session():
    return make_messages(7, MESSAGES).messages


def play(session, *, two=True, drop=None, drop_b=None, line_b=LATENCY):
    """Play the session; give the card's counters, the books' views by sequence, and what it sent."""
    with BenchCard(keep_views=True) as card:
        if two:
            card.set("feed.arbitration", two_lines=1)
        card.follow(SYMBOLS)
        card.arm()
        settings = PlayerSettings(
            clock_period_ps=card.config.clock_period_ps, wait_for_host=False, line_b_latency_ns=line_b if two else None
        )
        player = Player(card.model, Venue(Fees()), settings, drop=drop, drop_b=drop_b)
        lengths = player.play(session)
        names = ("gaps", "messages", "a_first", "b_first", "divergences", "given_up", "a_overflows", "b_overflows")
        counts = {name: card.get(f"feed.{name}") for name in names}
        counts["next"] = card.get("feed.next_sequence")
        counts["stale"] = [card.get(f"slot[{i}].state.stale") for i in range(len(SYMBOLS))]
        counts["bbo"] = [card.get(f"slot[{i}].bbo") for i in range(len(SYMBOLS))]
        counts["volumes"] = [card.get(f"slot[{i}].volumes") for i in range(len(SYMBOLS))]
        counts["position"] = [card.get(f"slot[{i}].position") for i in range(len(SYMBOLS))]
        sent = [
            (r["cause"], r["detail"], r["slot"], r["side"], r["price"], r["shares"])
            for r in card.records()
            if r["name"] == "ORDER_SENT"
        ]
        return lengths, counts, sent


def test_losses_that_the_other_line_makes_good_change_nothing(session):
    _, want, sent = play(session, two=False)
    assert len(sent) >= 6
    # Every third packet is lost on one line or the other, never the same one on both.
    lengths, got, sent_two = play(
        session,
        drop=lambda p: p.sequence % 6 == 1,
        drop_b=lambda p: p.sequence % 6 == 4,
    )
    assert lengths.dropped_frames > 300
    assert lengths.dropped_frames_b > 300
    for name in ("gaps", "messages", "next", "stale", "bbo", "volumes", "position"):
        assert got[name] == want[name], name
    assert got["stale"] == [0] * len(SYMBOLS)
    assert sent_two == sent
    assert got["b_first"] > 300
    assert got["a_first"] + got["b_first"] == got["messages"]
    assert (got["divergences"], got["given_up"], got["a_overflows"], got["b_overflows"]) == (0, 0, 0, 0)


def test_a_packet_lost_on_both_lines_is_a_gap(session):
    half = len(session) // 2

    def drop(packet):
        return packet.sequence <= half < packet.sequence + packet.count

    lengths, got, sent = play(session, drop=drop, drop_b=drop, line_b=LATENCY + 3_000)
    assert (lengths.dropped_frames, lengths.dropped_frames_b) == (1, 1)
    assert got["gaps"] == 1
    assert got["stale"] == [1] * len(SYMBOLS)
    assert got["divergences"] == 0
    assert sent
    assert all(cause < half for cause, *_ in sent if cause >> 63 == 0)
