"""Joins the order relay to its registers, and the engine's order session to whoever carries it."""

from amaranth import Module, Mux

from hdl.engine import Engine
from hdl.net.port import NetworkPort
from hdl.regs.bank import RegisterBank
from hdl.regs.order_relay import OrderRelay

__all__ = ["join_relay", "refuse_relays"]

_COUNTERS = ("heard", "late", "refused", "bad", "repeated", "delivered", "resent", "vanished")


def join_relay(m: Module, card, bank: RegisterBank, engine: Engine, relay: OrderRelay) -> None:
    """Give the engine's ``ouch_tx`` and ``ouch_rx`` to the relay or to the card's own ports, and say who is up.

    Of the two only one hears the card and only one is heard: the other's messages wait.
    """
    host = bank.value("relay.carrier.host")
    m.d.comb += [
        card.ouch_tx.payload.eq(engine.ouch_tx.payload),
        relay.card.payload.eq(engine.ouch_tx.payload),
        card.ouch_tx.valid.eq(engine.ouch_tx.valid & ~host),
        relay.card.valid.eq(engine.ouch_tx.valid & host),
        engine.ouch_tx.ready.eq(Mux(host, relay.card.ready, card.ouch_tx.ready)),
        engine.ouch_rx.payload.eq(Mux(host, relay.exchange.payload, card.ouch_rx.payload)),
        engine.ouch_rx.valid.eq(Mux(host, relay.exchange.valid, card.ouch_rx.valid)),
        relay.exchange.ready.eq(engine.ouch_rx.ready & host),
        card.ouch_rx.ready.eq(engine.ouch_rx.ready & ~host),
        engine.session_up.eq(bank.value("orders.session.up") & (~host | relay.up)),
        relay.card_time.eq(card.card_time),
        relay.silence.eq(bank.value("relay.silence.cycles")),
    ]
    said, number = bank.written("relay.never_received.value")
    m.d.comb += [
        engine.orders.never_received.eq(said),
        engine.orders.never_received_from.eq(number),
        bank.drive("relay.status.opened").eq(relay.opened),
        bank.drive("relay.status.up").eq(relay.up),
        bank.drive("relay.status.taking_back").eq(engine.orders.taking_back),
        bank.drive("relay.owner.token").eq(relay.owner),
        bank.drive("relay.wanted.value").eq(relay.wanted),
        bank.drive("relay.messages.next").eq(relay.number),
        bank.drive("relay.messages.taken").eq(relay.taken),
        *(bank.count(f"relay.{name}").eq(getattr(relay, name)) for name in _COUNTERS),
    ]


def refuse_relays(m: Module, bank: RegisterBank, port: NetworkPort) -> None:
    """Take what a relay says to a card that sends no orders, and count it: nobody is there to answer."""
    heard = port.relay_rx
    m.d.comb += [heard.ready.eq(1), bank.count("relay.bad").eq(heard.valid & heard.payload.last)]
