"""The order book under cocotb: a story short enough to check by eye."""

from hdl.book.book import OrderBook


def test_a_story(run_cocotb):
    run_cocotb(OrderBook(slots=1, table_orders=32, row_levels=8), "cocotb_book")
