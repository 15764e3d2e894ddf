"""Every check of the gate from outside: an order of the host that would pass, one thing changed, and nothing leaves.

The number of the refusal is read where the host reads it, in the counter of its own and in the GATE_REFUSED record. Not
here, since no order of the host can bring them about: BUSY (``test_taker_stories.py``) and OPEN_ORDERS
(``test_maker_stories.py``); and what nothing outside this card can: NO_LEASE (the kill comes with it), TABLE_FULL (four
symbols never have 16 orders) and REDUCE_ONLY (the card sizes a FLATTEN itself), which have tests of the block and a
proof.
"""

import pytest
from bench_card import BenchCard

from hdl.strategy.host_orders import HostOutcome, HostStep
from hdl.types import Refusal
from sim.card_port import Arrival, Port
from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.verilated.model import RegisterError
from tests.hdl.strategy.wire_bench import accepted, canceled, executed

SYMBOLS = [s.symbol for s in MADE_SYMBOLS]
BROKEN_BY_CONSENT = b"C"


@pytest.fixture(scope="module")
def session():
    return make_messages(11, 3_000).messages[:2_000]


def later(session, message):
    """A message of the session's first symbol said again at the end, changed."""
    return [*session, message[:5] + time_of(session[-1]).to_bytes(6, "big") + message[11:]]


def of_first(session, letter, at):
    name = SYMBOLS[0].ljust(8).encode()
    return next(m for m in session if m[:1] == letter and m[at : at + 8] == name)


def halted(session):
    trading = of_first(session, b"H", 11)
    return later(session, trading[:19] + b"H" + trading[20:])


def restricted(session):
    return later(session, of_first(session, b"Y", 11)[:19] + b"1")


def before_the_open(session):
    return [m for m in session if not (m[:1] == b"S" and m[11:12] == b"Q")]


class Desk:
    """A card that has followed the session and is armed; places orders of the host in its first slot."""

    def __init__(self, card, messages, *, locked=()):
        self.card = card
        card.follow(SYMBOLS)
        for name, fields in locked:
            card.set(name, **fields) if isinstance(fields, dict) else card.set(name, fields)
        card.arm()
        card.set("modules.taker", 0)
        settings = PlayerSettings(clock_period_ps=card.config.clock_period_ps, settle_ns=1, wait_for_host=False)
        Player(card.model, Venue(Fees()), settings).play(messages)
        self.number = card.get("orders.user_ref")

    def run(self, *said):
        """Let the exchange say something, and give the orders that leave."""
        model = self.card.model
        arrivals = [Arrival(model.now, Port.ORDERS, message) for message in said]
        return model.play(arrivals, model.now + 2_000, stop_on_order=False).orders

    def order(self, *, side=0, shares=100, price=None):
        card = self.card
        price = card.get("slot[0].bbo.ask" if side == 0 else "slot[0].bbo.bid") if price is None else price
        card.set("host_order.what", slot=0, side=side, role=0, shares=shares)
        card.set("host_order.price", price)
        card.set("host_order.command", go=1)
        return self.run()

    def refusal(self):
        """The refusal that the host reads; counter and record must say it too."""
        card = self.card
        assert HostStep(card.get("host_order.state.step")) == HostStep.IDLE
        assert HostOutcome(card.get("host_order.state.outcome")) == HostOutcome.REFUSED
        number = card.get("host_order.state.refusal")
        name = f"risk.refused[{number}]" if number < 16 else f"limits.refused[{number - 16}]"
        assert card.get(name) == 1
        assert [r["detail"] for r in card.records() if r["name"] == "GATE_REFUSED"] == [number]
        return Refusal(number)


def test_an_order_of_the_host_passes_when_nothing_is_in_the_way(session):
    with BenchCard() as card:
        desk = Desk(card, session)
        (sent,) = desk.order()
        assert sent.data[:1] == b"O"
        assert (sent.data[5:6], sent.data[10:18]) == (b"B", SYMBOLS[0].ljust(8).encode())
        number = card.get("host_order.user_ref")
        price = card.get("slot[0].bbo.ask")
        desk.run(accepted(number, b"B", 100, price, b"3"), executed(number, 40, price, b"R"), canceled(number, 60))
        assert HostOutcome(card.get("host_order.state.outcome")) == HostOutcome.OVER
        assert card.get("host_order.state.executed") == card.get("slot[0].position") == 40


@pytest.mark.parametrize(
    ("refusal", "messages", "locked", "then", "order"),
    [
        (Refusal.NOT_ARMED, None, (), ("control.command", {"disarm": 1}), {}),
        (Refusal.KILLED, None, (), ("control.command", {"kill": 1}), {}),
        (Refusal.SESSION_DOWN, None, (), ("orders.session", 0), {}),
        (Refusal.SLOT_DISABLED, None, (), ("slot[0].control", 0), {}),
        (Refusal.STALE, None, (), ("slot[0].join", {"stale": 1}), {}),
        (Refusal.HALTED, halted, (), None, {}),
        (Refusal.MARKET_CLOSED, before_the_open, (), None, {"price": 250_000}),
        (Refusal.ORDER_SIZE, None, (), None, {"shares": 501}),
        (Refusal.INVENTORY, None, (("slot[0].max_inventory", 99),), None, {}),
        (Refusal.INVENTORY, None, (("slot[0].ceiling_inventory", 99),), None, {}),
        (Refusal.SHORT_SALE, None, (("slot[0].short_sale", 0),), None, {"side": 1}),
        (Refusal.SHORT_SALE, None, (("maker[0].located", 99),), None, {"side": 1}),
        (Refusal.SHORT_SALE, restricted, (), None, {"side": 1}),
        (Refusal.MALFORMED, None, (), None, {"shares": 0}),
        (Refusal.PRICE_COLLAR, None, (("trade[0].collar", 100),), None, {"price": 1}),
        (Refusal.ORDER_RATE, None, (("limits.order_rate", {"burst": 1, "interval": (1 << 40) - 1}),), None, {}),
        (Refusal.GROSS_INVENTORY, None, (("limits.gross", 99),), None, {}),
        (Refusal.NOTIONAL, None, (("trade[0].max_notional", 1),), None, {}),
    ],
)
def test_one_thing_in_the_way(session, refusal, messages, locked, then, order):
    with BenchCard() as card:
        desk = Desk(card, messages(session) if messages else session, locked=locked)
        if then:
            name, value = then
            card.set(name, **value) if isinstance(value, dict) else card.set(name, value)
        assert not desk.order(**order)
        assert desk.refusal() == refusal
        assert card.get("orders.user_ref") == desk.number, "no number was used"


@pytest.mark.parametrize(
    ("refusal", "locked", "loss", "breaks"),
    [
        (Refusal.REPEATED, (("trade[0].repeat", (1 << 40) - 1),), 0, False),
        (Refusal.DAILY_LOSS, (("limits.daily_loss", 1_000_000),), 10_000, False),
        (Refusal.BROKEN_TRADE, (), 0, True),
    ],
)
def test_what_the_order_before_has_brought_about(session, refusal, locked, loss, breaks):
    with BenchCard() as card:
        desk = Desk(card, session, locked=locked)
        price = card.get("slot[0].bbo.ask")
        assert len(desk.order(price=price)) == 1
        number = card.get("host_order.user_ref")
        breaks_it = (
            b"B" + (1).to_bytes(8, "big") + number.to_bytes(4, "big")
            + (5000 + number).to_bytes(8, "big")  # the match, as wire_bench numbers it
            + BROKEN_BY_CONSENT + bytes(14)
        )  # fmt: skip
        desk.run(accepted(number, b"B", 100, price, b"3"), executed(number, 40, price + loss, b"R"))
        desk.run(*[breaks_it] * breaks, canceled(number, 60))
        assert card.get("slot[0].position") == 40
        if breaks:
            assert card.get("trade[0].state.broken") == 1
        assert not desk.order(price=price)
        assert desk.refusal() == refusal


@pytest.mark.parametrize(
    "name",
    ["slot[0].ceiling_inventory", "slot[0].ceiling_order_size", "trade[0].collar", "trade[0].max_notional",
     "trade[0].repeat", "limits.order_rate", "limits.open_orders", "limits.gross", "limits.daily_loss",
     "slot[0].short_sale", "maker[0].located", "risk.on_stale"],
)  # fmt: skip
def test_a_ceiling_is_locked_while_the_card_is_armed(name):
    with BenchCard() as card:
        card.follow(SYMBOLS)
        card.set(name, 1)
        card.arm()
        for value in (0, 2):
            with pytest.raises(RegisterError, match="locked while armed"):
                card.set(name, value)
        card.set("slot[0].max_inventory", 1 << 30)  # a limit is not locked: the smaller of it and its ceiling counts
        card.set("control.command", disarm=1)
        card.set(name, 0)


def test_an_own_quote_in_the_way(session):
    with BenchCard() as card:
        card.set("maker[0].prices", half_spread=1, max_spread=2, move=1)
        card.set("maker[0].size", 100)
        card.set("maker[0].inventory", 300)
        card.set("maker[0].control", 1)
        card.set("modules.maker", 1)
        desk = Desk(card, session)
        assert card.get("slot[0].open_shares.sell") == 100, "an offer of ours must rest"
        card.records()
        left = desk.order(price=1_000_000)
        assert {sent.data[:1] for sent in left} <= {b"X"}, "the quotes are pulled, and nothing is bought from ourselves"
        assert desk.refusal() == Refusal.OWN_CROSS
