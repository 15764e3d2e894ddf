"""The card's own orders: user reference numbers, the table of open orders, OUCH 5.0 out and in, the cancel sweep."""
