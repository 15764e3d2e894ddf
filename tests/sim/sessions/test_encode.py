"""The fast encoders make the bytes that the ITCH table makes."""

import random

from hdl.wire.itch50 import ITCH50
from sim.sessions import encode

STOCK = b"PWAA    "


def test_every_encoder_equals_the_table():
    rng = random.Random(7)
    for _ in range(300):
        locate, shares, price = rng.randrange(1 << 16), rng.randrange(1 << 32), rng.randrange(1 << 32)
        time, reference, new, match = (rng.randrange(1 << bits) for bits in (48, 64, 64, 64))
        side = rng.choice("BS")
        common = {"stock_locate": locate, "timestamp": time}
        order = common | {"order_reference_number": reference}
        letter = side.encode()
        assert encode.add(locate, time, reference, letter, shares, STOCK, price) == ITCH50["A"].pack(
            **order, buy_sell_indicator=side, shares=shares, stock="PWAA", price=price
        )
        assert encode.add_attributed(locate, time, reference, letter, shares, STOCK, price, b"MPID") == ITCH50[
            "F"
        ].pack(**order, buy_sell_indicator=side, shares=shares, stock="PWAA", price=price, attribution="MPID")
        assert encode.execute(locate, time, reference, shares, match) == ITCH50["E"].pack(
            **order, executed_shares=shares, match_number=match
        )
        for printable, flag in ((True, "Y"), (False, "N")):
            assert encode.execute_at(locate, time, reference, shares, match, price, printable=printable) == ITCH50[
                "C"
            ].pack(**order, executed_shares=shares, match_number=match, printable=flag, execution_price=price)
        assert encode.cancel(locate, time, reference, shares) == ITCH50["X"].pack(**order, cancelled_shares=shares)
        assert encode.delete(locate, time, reference) == ITCH50["D"].pack(**order)
        message = encode.replace(locate, time, reference, new, shares, price)
        assert message == ITCH50["U"].pack(
            **common,
            original_order_reference_number=reference,
            new_order_reference_number=new,
            shares=shares,
            price=price,
        )
        assert encode.time_of(message) == time
        assert encode.locate_of(message) == locate
        assert encode.trade(locate, time, shares, STOCK, price, match) == ITCH50["P"].pack(
            **common,
            order_reference_number=0,
            buy_sell_indicator="B",
            shares=shares,
            stock="PWAA",
            price=price,
            match_number=match,
        )
