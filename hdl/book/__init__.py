"""The order book: order table, sorted rows of price levels, five-level depth views."""
