"""A card that does not trade: told all that makes another one order, it shows the book and sends nothing."""

import pytest
from told_card import ASK, BID, ToldCard


@pytest.mark.parametrize(("config", "orders"), [("demo", 1), ("listen", 0)])
def test_only_a_card_that_trades_orders(config, orders):
    with ToldCard(config=config) as card:
        assert card.get("control.status.armed") == orders
        assert len(card.heavy(shares=4_000)) == orders
        assert [card.get(f"slot[0].{side}") for side in ("bbo.bid", "bbo.ask", "volumes.bid")] == [BID, ASK, 4_000]
        assert not card.get("slot[0].state.stale")


def test_it_cannot_be_armed_and_can_be_killed():
    with ToldCard(config="listen") as card:
        armed, killed = "control.status.armed", "control.status.killed"
        card.set("control.command", arm=1)
        card.set("host_order.what", slot=0, side=0, shares=100)
        card.set("host_order.price", ASK)
        card.set("host_order.command", go=1)
        assert not card.run()
        assert [card.get(name) for name in (armed, killed, "control.status.session_up")] == [0, 0, 0]
        card.set("control.command", kill=1)
        card.run()
        assert [card.get(name) for name in (armed, killed)] == [0, 1]
        assert [record["detail"] for record in card.told("KILL")] == [1]
        card.set("control.command", release=1)
        card.run()
        assert [card.get(name) for name in (armed, killed)] == [0, 0]


def test_every_change_of_the_book_is_told():
    with ToldCard(config="listen", settings={"telemetry.depth_interval": 1}) as card:
        card.records()
        card.heavy(shares=2_500)
        card.print_trade(ASK, shares=40)
        records = card.records()
        prints, depth = ([r for r in records if r["name"] == name] for name in ("TRADE_PRINT", "DEPTH"))
        assert [(r["slot"], r["bid_price"], r["bid_volume"]) for r in depth][-1] == (0, BID, 2_500)
        assert [(r["price"], r["shares"]) for r in prints] == [(ASK, 40)]


def test_what_a_relay_says_is_counted_and_holds_nothing_up():
    with ToldCard(config="listen") as card:
        for _ in range(3):
            card.model.relay(bytes(40))
        assert card.model.relayed() == []
        assert card.get("relay.bad") == 3
        assert not card.quote(bid=BID + 100, ask=ASK + 100)
        assert card.get("slot[0].bbo.bid") == BID + 100
