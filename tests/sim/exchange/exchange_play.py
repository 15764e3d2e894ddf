"""Plays a venue by hand: session messages from ITCH's table, orders and answers laid out from the OUCH document."""

import struct

from hdl.wire.itch50 import ITCH50
from sim.exchange.venue import Venue

SYMBOL = "TEST    "
LOCATE = 7
L_IN, L_OUT = 1_000, 2_000


def enter_message(ref, side, shares, price, tif=b"3", symbol=SYMBOL, appendage=b""):
    fixed = struct.pack(">cIcI8sQccccc14sH", b"O", ref, side, shares, symbol.encode(), price, tif, b"Y", b"P", b"N",
                        b"N", b"PW".ljust(14), len(appendage))  # fmt: skip
    return fixed + appendage


class Play:
    """A venue with a session; times are ns, prices 1/10,000 dollar."""

    def __init__(self, fees=None, rules=None):
        self.venue = Venue(fees, L_IN, L_OUT, rules)
        self.time = 0
        self.next_ref = 1
        self.session("R", stock=SYMBOL, market_category="Q", financial_status_indicator="N", round_lot_size=100,
                     round_lots_only="N", issue_classification="C", issue_sub_type="Z", authenticity="P",
                     short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1", etp_flag="N",
                     etp_leverage_factor=0, inverse_indicator="N")  # fmt: skip

    def message(self, letter, **fields):
        return ITCH50[letter].pack(stock_locate=LOCATE, timestamp=self.time, **fields)

    def session(self, letter, **fields):
        """A session message, 10 ns after the last."""
        self.time += 10
        self.venue.on_session_message(self.time, self.message(letter, **fields))

    def add(self, reference, side, shares, price):
        self.session(
            "A", order_reference_number=reference, buy_sell_indicator=side, shares=shares, stock=SYMBOL, price=price
        )

    def execute(self, reference, shares):
        self.session("E", order_reference_number=reference, executed_shares=shares, match_number=1)

    def reg_sho(self, action):
        self.session("Y", stock=SYMBOL, reg_sho_action=action)

    def trade(self, shares, price):
        self.session("P", order_reference_number=0, buy_sell_indicator="B", shares=shares, stock=SYMBOL, price=price,
                     match_number=1)  # fmt: skip

    def order(self, message):
        """Send a message of the card; it is dealt with before this returns."""
        self.time += 10
        self.venue.on_order(self.time, message)
        self.time += L_IN
        return self.answers()

    def enter(self, side, shares, price, *, tif=b"3", ref=None, symbol=SYMBOL, located=False, post_only=False):
        if ref is None:
            ref = self.next_ref
        self.next_ref = max(self.next_ref, ref + 1)
        options = (b"\x02\x19Y" if located else b"") + (b"\x02\x0cP" if post_only else b"")
        return self.order(enter_message(ref, side, shares, price, tif, symbol, options))

    def replace(self, orig, shares, price, *, tif=b"0", ref=None, post_only=False):
        if ref is None:
            ref = self.next_ref
        self.next_ref = max(self.next_ref, ref + 1)
        options = b"\x02\x0cP" if post_only else b""
        fixed = struct.pack(
            ">cIIIQccc14sH", b"U", orig, ref, shares, price, tif, b"Y", b"N", b"PW".ljust(14), len(options)
        )
        return self.order(fixed + options)

    def cancel(self, ref, shares=0):
        return self.order(struct.pack(">cII", b"X", ref, shares))

    def answers(self):
        """Answers of what has happened by now, short: letter and the fields that matter."""
        told = []
        for at, data in self.venue.answers_until(self.time + L_OUT):
            letter, stamp = struct.unpack(">cQ", data[:9])
            assert at == stamp + L_OUT
            told.append((letter.decode(), *READERS[letter](data)))
        return told


def _fields(form, *offsets):
    return lambda data: tuple(struct.unpack_from(">" + f, data, o)[0] for f, o in zip(form, offsets, strict=True))


#: Fields by offset, typed in from the OUCH 5.0 document.
READERS = {
    b"A": _fields("IIQ", 9, 14, 26),  # number, shares, price
    b"U": _fields("IIIQ", 9, 13, 18, 30),  # old number, number, shares, price
    b"E": _fields("IIQc", 9, 13, 17, 25),  # number, shares, price, liquidity
    b"C": _fields("IIc", 9, 13, 17),  # number, shares, reason
    b"J": _fields("IH", 9, 13),  # number, reason
    b"M": _fields("IcI", 9, 13, 14),
    b"Q": _fields("I", 9),
    b"B": _fields("IQ", 9, 13),  # number, match
    b"P": _fields("I", 9),
    b"I": _fields("I", 9),
    b"D": _fields("IIcIQc", 9, 13, 17, 18, 22, 30),  # number, shares, reason, prevented, price, liquidity
    b"R": _fields("Ic", 9, 13),  # number, reason
    b"T": _fields("IQcQ", 9, 13, 21, 22),  # number, price, display, reference
    b"S": _fields("c", 9),
}
