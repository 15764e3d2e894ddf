"""What the exchange says of the account, from its log, beside the venue's own state."""

from sim.exchange.log import Fees
from sim.exchange.statement import statement_of
from tests.sim.exchange.exchange_play import Play

DAY = b"0"


def test_positions_open_orders_and_the_next_number():
    play = Play(Fees())
    play.add(1, "B", 300, 250_000)
    play.add(2, "S", 200, 250_100)
    assert statement_of(play.venue.log.entries) == {"symbols": [], "open_orders": 0, "next_order_number": 1}
    play.enter(b"B", 150, 250_100)
    play.enter(b"B", 100, 249_900, tif=DAY)
    play.enter(b"S", 60, 250_300, tif=DAY)
    said = statement_of(play.venue.log.entries)
    assert said == {
        "symbols": [{"symbol": "TEST", "position_shares": 150, "open_buy_shares": 100, "open_sell_shares": 60}],
        "open_orders": 2,
        "next_order_number": 4,
    }
    # The venue's own books, which the log's reader does not look at.
    assert sum(o.open for o in play.venue.orders.values()) == 160
    assert len(play.venue.orders) == said["open_orders"]
