"""The market maker in a made session: it quotes, is filled, leans, and is pulled; all counts agree at the end."""

import pytest
from bench_card import BenchCard

from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS, make_messages

MESSAGES = 8_000
SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
REMOVE, ADD = 3000, -2000
#: Half a half-tick for a hundred shares: ten ticks at most, with the limit of 1000.
SKEW = 655
CANCEL = 2
TAKER, MAKER = 1, 2


@pytest.fixture(scope="module")
def session():
    return make_messages(11, MESSAGES).messages


def quoting(card, **prices):
    """Follow the made symbols, and let the maker quote them; the taker stays off."""
    card.follow(SYMBOLS)
    for name, value in (("remove", 3000), ("add", (1 << 32) - 2000)):
        card.set(f"risk.fee_{name}", value)
    for slot in range(len(SYMBOLS)):
        card.set(f"maker[{slot}].prices", **({"half_spread": 1, "max_spread": 2, "move": 1} | prices))
        card.set(f"maker[{slot}].size", 100)
        card.set(f"maker[{slot}].inventory", 300)
        card.set(f"maker[{slot}].cooldown", 156_250)
        card.set(f"maker[{slot}].control", enable=1)
    card.arm()
    card.set("modules.taker", 0)
    card.set("modules.maker", 1)


def play(card, messages, *, on_boundary=None, drop=None):
    """Play a session; give the exchange, with its log."""
    venue = Venue(Fees(REMOVE, ADD, 0))
    settings = PlayerSettings(
        clock_period_ps=card.config.clock_period_ps, boundary_ns=1_000_000_000, wait_for_host=False
    )
    Player(card.model, venue, settings, on_boundary=on_boundary, drop=drop).play(messages)
    return venue


def recomputed(log):
    """Position, cash and open shares of each symbol, from the exchange's log alone."""
    totals = {s: {"position": 0, "cash": 0, "open": {}} for s in SYMBOLS}
    for entry in log:
        if entry.symbol not in totals:
            continue
        total, open_shares = totals[entry.symbol], totals[entry.symbol]["open"]
        if entry.kind in ("accepted", "replaced"):
            open_shares[entry.chain] = entry.shares
        elif entry.kind == "canceled":
            open_shares[entry.chain] -= entry.shares
        elif entry.kind == "executed":
            open_shares[entry.chain] -= entry.shares
            signed = entry.shares if entry.side == "B" else -entry.shares
            total["position"] += signed
            rate = ADD if entry.liquidity == "A" else REMOVE
            total["cash"] -= signed * entry.price * 100 + entry.shares * rate
    return totals


def assert_all_agree(card, venue):
    """Exchange, its log read anew, and card: one position, one cash, one number of open shares."""
    for slot, (symbol, total) in enumerate(recomputed(venue.log.entries).items()):
        assert card.get(f"slot[{slot}].position") == total["position"], symbol
        assert card.get(f"slot[{slot}].cash") == total["cash"], symbol
        resting = sum(o.open for o in venue.orders.values() if o.symbol.rstrip() == symbol)
        on_card = sum(card.get(f"slot[{slot}].open_shares.{side}") for side in ("buy", "sell"))
        assert on_card == resting == sum(total["open"].values()), symbol
    assert card.get("orders.impossible_answers") == card.get("orders.unknown_answers") == 0
    assert card.get("control.status.killed") == 0 or card.get("control.status.kill_cause") == 1


def sent(records):
    return [r for r in records if r["name"] == "ORDER_SENT"]


def test_quotes_are_filled_as_makers_and_everybody_counts_the_same(session):
    with BenchCard() as card:
        quoting(card, skew=SKEW)
        venue = play(card, session)
        assert_all_agree(card, venue)
        fills = [e for e in venue.log.entries if e.kind == "executed"]
        assert len(fills) >= 10
        assert {e.liquidity for e in fills} == {"A"}, "post-only orders never take"
        assert {e.side for e in fills} >= {"B"}
        assert {r["flags"] & 3 for r in sent(card.records())} == {MAKER}
        assert card.get("market_maker.entered") >= 6
        assert card.get("market_maker.moved") >= 20
        positions, held = {s: 0 for s in SYMBOLS}, 0
        for fill in fills:
            positions[fill.symbol] += fill.shares if fill.side == "B" else -fill.shares
            held = max(held, abs(positions[fill.symbol]))
        assert 100 <= held <= 300


def quoted(card):
    """Slots in which a quote is known to the maker."""
    return [i for i in range(len(SYMBOLS)) if card.get(f"maker[{i}].state")]


def later_orders(records, since):
    """Order types sent from a card time on."""
    return [r["detail"] for r in sent(records) if r["card_time"] >= since]


def in_the_middle(session):
    return time_of(session[len(session) // 2])


@pytest.mark.parametrize("how", ["kill", "module", "switches", "disarm"])
def test_what_the_host_switches_off_is_pulled(session, how):
    middle, told = in_the_middle(session), []
    with BenchCard() as card:
        quoting(card)

        def on_boundary(now):
            if now < middle or told:
                return
            told.append(card.get("control.time"))
            assert quoted(card), "it must quote before, or this shows nothing"
            if how == "kill":
                card.set("control.command", kill=1)
            elif how == "disarm":
                card.set("control.command", disarm=1)
            elif how == "module":
                card.set("modules.maker", 0)
            else:
                for slot in range(len(SYMBOLS)):
                    card.set(f"maker[{slot}].control", enable=0)

        venue = play(card, session, on_boundary=on_boundary)
        assert_all_agree(card, venue)
        kinds = later_orders(card.records(), told[0] + 100)
        assert set(kinds) <= {CANCEL}
        assert not quoted(card)
        assert not venue.orders


def test_quotes_are_pulled_after_a_gap(session):
    half = len(session) // 2

    def drop(packet):
        return packet.sequence <= half < packet.sequence + packet.count

    with BenchCard() as card:
        quoting(card)
        venue = play(card, session, drop=drop)
        records = card.records()
        (gap,) = (r["card_time"] for r in records if r["name"] == "GAP")
        assert set(later_orders(records, gap + 200)) <= {CANCEL}
        assert later_orders(records, gap), "there were quotes to pull"
        assert not quoted(card)
        assert not venue.orders
        assert_all_agree(card, venue)


def test_quotes_of_a_halted_symbol_are_pulled_and_the_others_stay(session):
    """A Trading Action H in the middle of the day, made of the symbol's own T."""
    half = len(session) // 2
    trading = next(m for m in session if m[:1] == b"H" and m[11:19] == SYMBOLS[0].ljust(8).encode())
    halt = trading[:5] + time_of(session[half]).to_bytes(6, "big") + trading[11:19] + b"H" + trading[20:]
    with BenchCard() as card:
        quoting(card)
        venue = play(card, [*session[: half + 1], halt, *session[half + 1 :]])
        records = card.records()
        halted = next(r for r in records if r["name"] == "SYMBOL_STATE" and r["exchange_time"] >= time_of(halt))
        later = [r for r in sent(records) if r["card_time"] > halted["card_time"] + 200]
        assert {r["detail"] for r in later if r["slot"] == 0} <= {CANCEL}
        assert {r["slot"] for r in later} >= {1, 2}
        assert card.get("maker[0].state") == 0
        assert_all_agree(card, venue)


def test_the_taker_and_the_maker_never_have_one_symbol_at_once(session):
    with BenchCard() as card:
        quoting(card)
        card.set("modules.taker", 1)
        card.set("maker[0].control", enable=0)
        venue = play(card, session)
        assert_all_agree(card, venue)
        modules = {}
        for record in sent(card.records()):
            modules.setdefault(record["slot"], set()).add(record["flags"] & 3)
        assert modules == {0: {TAKER}, 1: {MAKER}, 2: {MAKER}}
