"""What goes wrong between card and exchange, one scenario each: frames and OUCH bytes in, bytes out.

After every one position, cash and open orders on the card are the exchange's own and those that the bytes of the order
session add up to (``sim/soak/ouch_log.py``, typed in from the protocol's field tables alone).
"""

from contextlib import contextmanager

import pytest

from hdl.strategy.host_orders import HostOutcome, HostStep
from hdl.strategy.taker_types import TakerState
from hdl.types import Refusal, Role
from sim.bench.steer import SteeredCard
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.soak.ouch_log import OuchReckoning, fields_of
from sim.soak.session import Recorded, differences

FEES = Fees(fee_remove=3_000, fee_add=-2_000, commission=100)
SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
SLOTS = range(len(SYMBOLS))
BOUNDARY = 50_000_000
SIZE = 500
SETTLE = 500_000_000


@pytest.fixture(scope="module")
def session():
    return make_messages(3, 5_000, "bursts").messages


def steer(card, **ticks):
    """Follow the made symbols with fees as the exchange has them, and a taker that trades often."""
    card.set("risk.fee_remove", FEES.fee_remove)
    card.set("risk.fee_add", FEES.fee_add & 0xFFFF_FFFF)
    card.set("risk.commission", FEES.commission)
    card.follow(SYMBOLS)
    for slot in SLOTS:
        card.set("slot.taker_ratio", 0x0180, index=slot)
        card.set("slot.taker_order_size", SIZE, index=slot)
        card.set("slot.taker_ticks", index=slot, **({"take_profit": 2, "stop": 1, "slip": 1} | ticks))


@contextmanager
def trading_card(**ticks):
    """A card that is steered so, and armed."""
    with SteeredCard("demo") as card:
        steer(card, **ticks)
        card.arm()
        yield card


def quote(card):
    """Let the maker quote every symbol in the taker's place."""
    for slot in SLOTS:
        card.set("maker.prices", index=slot, half_spread=1, max_spread=2, move=1)
        card.set("maker.size", 100, index=slot)
        card.set("maker.inventory", 300, index=slot)
        card.set("maker.control", 1, index=slot)
    card.set("modules.taker", 0)
    card.set("modules.maker", 1)


class Timed(Recorded):
    """The exchange recorded, and when each message left the card."""

    def __init__(self, venue, reckoning):
        super().__init__(venue, reckoning)
        self.left = []

    def on_order(self, time, ouch):
        self.left.append((time, fields_of(ouch, outbound=False)))
        super().on_order(time, ouch)


class Played:
    """A session played to its end; ``spoken`` is every order message, as (said by the exchange, fields)."""

    def __init__(
        self,
        card,
        messages,
        *,
        venue=None,
        reckoning=None,
        on_boundary=None,
        drop=None,
        exchange=None,
        settle=500_000_000,
    ):
        self.venue = venue or Venue(FEES)
        self.reckoning = reckoning or OuchReckoning(FEES.fee_remove, FEES.fee_add, FEES.commission)
        self.recorded = recorded = Timed(self.venue, self.reckoning)
        settings = PlayerSettings(
            clock_period_ps=card.config.clock_period_ps,
            boundary_ns=BOUNDARY,
            settle_ns=settle,
            wait_for_host=False,
        )
        Player(
            card.model, exchange(recorded) if exchange else recorded, settings, on_boundary=on_boundary, drop=drop
        ).play(messages)
        self.spoken = [(out, fields_of(ouch, outbound=out)) for out, ouch in recorded.spoken]

    def asked(self, letter):
        return [said for out, said in self.spoken if not out and said["type"] == letter]

    def told(self, letter):
        return [said for out, said in self.spoken if out and said["type"] == letter]

    def fills_unheard_of(self, letter):
        """Fills that the card had not heard of when it sent a message of this type for their order."""
        named = {}
        for time, said in self.recorded.left:
            if said["type"] == letter:
                named.setdefault(said.get("orig_user_ref_num", said["user_ref_num"]), time)
        way = self.venue.latency_out_ns
        return [f for f in self.told("E") if f["timestamp"] + way > named.get(f["user_ref_num"], 1 << 63)]


def position(card, slot):
    value = card.get_slot("slot.position", slot)
    return value - (1 << 32) if value >> 31 else value


def taker_state(card, slot):
    return TakerState(card.get_slot("slot.state", slot) >> 32 & 0xFF)


def slots_held(card):
    """Slots in which something is held and its exit is not being worked at this moment."""
    return [slot for slot in SLOTS if position(card, slot) and taker_state(card, slot) == TakerState.RESTING]


class Once:
    """Calls ``act(card, slots)`` at the first boundary at which something is held and its exit rests."""

    def __init__(self, card, act):
        self.card, self.act, self.at, self.slots = card, act, None, []

    def __call__(self, now):
        if self.at is None and slots_held(self.card):
            self.at, self.slots = now, slots_held(self.card)
            self.act(self.card, self.slots)


@pytest.fixture(scope="module")
def plain(session):
    """The session with nothing in the way, and when a position was first held at a boundary."""
    with trading_card() as card:
        once = Once(card, lambda *_: None)
        played = Played(card, session, on_boundary=once)
        assert not differences(card, played.venue, played.reckoning)
        assert once.at, "the session must hold a position over a boundary, or the scenarios show nothing"
        return played, once


def test_partial_fills_of_either_leg(plain):
    played, _ = plain
    entered = {o["user_ref_num"]: o for o in played.asked("O")}
    filled = {}
    for fill in played.told("E"):
        filled.setdefault(fill["user_ref_num"], []).append(fill["quantity"])
    immediate = {n for n, order in entered.items() if order["time_in_force"] == "3"}
    assert [n for n in immediate & filled.keys() if sum(filled[n]) < entered[n]["quantity"]], "an entry filled in part"
    assert [n for n in filled if n not in immediate and len(filled[n]) > 1], "an exit filled in parts"


def test_a_fill_races_the_cancel(session):
    """Quotes are pulled by a kill of the host while 40 ms lie between card and exchange, each way."""
    with trading_card() as card:
        quote(card)
        killed = []

        def on_boundary(now):
            quoted = sum(card.get_slot("slot.open_shares", slot) != 0 for slot in SLOTS)
            if quoted and len(killed) % 2 == 0:
                card.set("control.command", kill=1)
                killed.append(now)
            elif killed and len(killed) % 2 == 1:
                card.set("control.command", release=1)
                card.set("control.command", arm=1)
                killed.append(now)

        played = Played(card, session, venue=Venue(FEES, "40000000", "40000000"), on_boundary=on_boundary)
        assert played.fills_unheard_of("X"), "a fill was on its way when its order was cancelled"
        assert not differences(card, played.venue, played.reckoning)


def test_a_fill_races_the_replace(session):
    """Quotes are moved while 40 ms lie between card and exchange, each way."""
    with trading_card() as card:
        quote(card)
        played = Played(card, session, venue=Venue(FEES, "40000000", "40000000"))
        assert played.fills_unheard_of("U"), "the old order was filled when its Replace was on its way"
        assert not differences(card, played.venue, played.reckoning)


@pytest.mark.parametrize("leg", ["entry and exit", "stop"])
def test_legs_are_rejected(session, leg):
    trouble = Trouble(reject_replace=0.5) if leg == "stop" else Trouble(reject_enter=0.3)
    with trading_card() as card:
        played = Played(card, session, venue=Venue(FEES, rules=Rules(trouble=trouble, seed=5)))
        refused = {said["user_ref_num"] for said in played.told("J")}
        if leg == "stop":
            assert refused & {o["user_ref_num"] for o in played.asked("U")}
        else:
            lives = {o["user_ref_num"]: o["time_in_force"] for o in played.asked("O")}
            assert {lives[number] for number in refused} == {"0", "3"}, "entries and exits"
        assert not differences(card, played.venue, played.reckoning)


def test_a_halt_while_something_is_held(session, plain):
    _, once = plain
    slot = once.slots[0]
    after = next(i for i, m in enumerate(session) if time_of(m) > once.at)
    trading = next(m for m in session if m[:1] == b"H" and m[11:19] == SYMBOLS[slot].ljust(8).encode())
    halt = trading[:5] + time_of(session[after]).to_bytes(6, "big") + trading[11:19] + b"H" + trading[20:]
    with trading_card() as card:
        seen = Once(card, lambda *_: None)
        played = Played(card, [*session[:after], halt, *session[after:]], on_boundary=seen)
        assert seen.at == once.at, "all was as without the halt until then"
        assert card.get_slot("slot.state", slot) >> 2 & 1, "the symbol is halted"
        assert not differences(card, played.venue, played.reckoning)


@pytest.mark.parametrize("cancel_exit", [0, 1])
def test_a_gap_while_something_is_held(session, plain, cancel_exit):
    _, once = plain
    lost = next(i for i, m in enumerate(session) if time_of(m) > once.at) + 1

    def drop(packet):
        return packet.sequence <= lost < packet.sequence + packet.count

    with SteeredCard("demo") as card:
        steer(card)
        card.set("risk.on_stale", cancel_exit)
        card.arm()
        played = Played(card, session, drop=drop)
        assert card.get("feed.gaps") == 1
        assert bool(played.asked("X")) == bool(cancel_exit)
        held = [slot for slot in SLOTS if position(card, slot)]
        assert not cancel_exit or held, "nobody sells what a stale book has left unmanaged"
        assert not differences(card, played.venue, played.reckoning)


def test_a_kill_while_something_is_held(session):
    with trading_card() as card:
        once = Once(card, lambda card, _: card.set("control.command", kill=1))
        played = Played(card, session, on_boundary=once)
        assert once.at
        assert played.asked("X")
        assert all(not card.get_slot("slot.open_shares", slot) for slot in SLOTS)
        assert [slot for slot in once.slots if position(card, slot)], "a kill cancels, and never flattens"
        assert not differences(card, played.venue, played.reckoning)


@pytest.mark.parametrize("latency", ["10000", "30000000"])
def test_what_the_stop_left_unmanaged_is_flattened_by_the_host(session, latency):
    """Every Replace is rejected, so the stop cannot be moved; a person flattens, at any price."""
    with trading_card(retries=0) as card:
        flattened = []

        def on_boundary(now):
            stuck = [s for s in SLOTS if position(card, s) and taker_state(card, s) == TakerState.UNMANAGED]
            if stuck and not flattened and not card.get("host_order.state") & 0xFF:
                held = position(card, stuck[0])
                card.set("host_order.what", slot=stuck[0], role=Role.FLATTEN.value)
                card.set("host_order.price", 1 if held > 0 else 1_999_999_900)
                card.set("host_order.command", go=1)
                flattened.append((stuck[0], held))

        rules = Rules(trouble=Trouble(reject_replace=1.0), seed=5)
        played = Played(card, session, venue=Venue(FEES, latency, latency, rules), on_boundary=on_boundary)
        assert flattened, "a stop was refused with something held"
        slot, held = flattened[0]
        state = card.get("host_order.state")
        assert HostStep(state & 0xFF) == HostStep.IDLE
        assert HostOutcome(state >> 8 & 0xFF) == HostOutcome.OVER, Refusal(state >> 16 & 0xFF)
        number, executed = card.get("host_order.user_ref"), state >> 32
        (order,) = [o for o in played.asked("O") if o["user_ref_num"] == number]
        assert (order["symbol"], order["time_in_force"]) == (SYMBOLS[slot], "3")
        assert order["side"] == ("S" if held > 0 else "B")
        fills = [f["quantity"] for f in played.told("E") if f["user_ref_num"] == number]
        assert sum(fills) == executed > 0
        assert not differences(card, played.venue, played.reckoning)


class Resumed:
    """An exchange that has heard the first messages of the session already."""

    def __init__(self, recorded, heard):
        self._recorded, self._left = recorded, heard
        self.latency_in_ns, self.latency_out_ns = recorded.latency_in_ns, recorded.latency_out_ns
        self.on_order = recorded.on_order

    @property
    def acts_at(self):
        return None if self._left else self._recorded.acts_at

    def on_session_message(self, time, message):
        if self._left:
            self._left -= 1
        else:
            self._recorded.on_session_message(time, message)

    def could_fill(self, message):
        return not self._left and self._recorded.could_fill(message)

    def answers_until(self, time):
        return [] if self._left else self._recorded.answers_until(time)


def test_a_restart_with_open_orders(session, plain):
    """A card is reset with an exit at the exchange, which cancels it.

    The exchange says where to go on (Account Query), and the host what is held, before it arms.
    """
    _, once = plain
    half = next(
        i for i, m in enumerate(session) if time_of(m) > once.at and time_of(m) - time_of(session[i - 1]) > 1_000_000
    )
    with trading_card() as card:
        before = Played(card, session[:half], settle=1)
        venue, reckoning = before.venue, before.reckoning
        assert venue.orders, "something must be open, or this shows nothing"
        numbers = card.get("orders.user_ref")
    lost = time_of(session[half - 1]) + 200_000
    venue.disconnect(lost)
    assert before.recorded.answers_until(lost + 500_000), "the exchange cancels what was open, and no card hears it"
    assert not venue.orders
    venue.connect()

    with SteeredCard("demo") as card:
        steer(card)

        def on_boundary(now):
            if now <= time_of(session[half]) or card.get("control.status") & 1:
                return
            if not card.get("account.answers"):
                card.set("account.command", query=1)  # where do we go on?
                return
            assert card.get("orders.user_ref") == numbers
            for slot, symbol in enumerate(SYMBOLS):
                held = reckoning.holdings().get(symbol)
                if held is not None:
                    card.set("trade.adjust_position", held.position & 0xFFFF_FFFF, index=slot)
                    card.set("trade.adjust_cash", held.cash & (1 << 64) - 1, index=slot)
                    card.set("trade.adjust", index=slot, apply=1)
            card.arm()

        after = Played(
            card, session, venue=venue, reckoning=reckoning, on_boundary=on_boundary,
            exchange=lambda recorded: Resumed(recorded, half),
        )  # fmt: skip
        assert [said["next_user_ref_num"] for said in after.told("Q")] == [numbers]
        assert min(o["user_ref_num"] for o in after.asked("O")) == numbers
        assert not differences(card, venue, reckoning)
