"""The reader of OUCH bytes beside the exchange's encoder and log: all that is said in a day of hard requests."""

import random
import struct

import pytest

from hdl.wire import ouch50
from sim.exchange.ledger import accounts_of
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from sim.soak.ouch_log import OuchLogError, OuchReckoning, fields_of
from tests.sim.exchange.exchange_play import SYMBOL, Play, enter_message

TROUBLE = Trouble(
    reject_enter=0.05, reject_replace=0.1, dead_on_entry=0.05, dead_on_replace=0.05, cancel_pending=0.2,
    cancel_reject=0.1, slide=0.1, break_trade=0.1, self_match=0.2, restate=0.2, reprioritize=0.2, pending_ns=300,
    break_ns=900, change_ns=500,
)  # fmt: skip


def replace_message(orig, ref, shares, price, tif):
    return struct.pack(">cIIIQccc14sH", b"U", orig, ref, shares, price, tif, b"Y", b"N", b"PW".ljust(14), 0)


def request(rng, kind, ref, alive, price):
    if kind == "O":
        options = rng.choice([b"", b"\x02\x19Y", b"\x02\x0cP"])
        side, tif = rng.choice([b"B", b"S", b"T"]), rng.choice([b"0", b"3"])
        return enter_message(ref, side, 100 * rng.randint(1, 5), price, tif, SYMBOL, options)
    if kind == "U":
        return replace_message(rng.choice(alive), ref, 100 * rng.randint(1, 6), price, b"0")
    if kind == "X":
        return struct.pack(">cII", b"X", rng.choice(alive), rng.choice([0, 100]))
    return struct.pack(">cIcI", b"M", rng.choice(alive), b"T", 100) if kind == "M" else b"Q"


def played(seed):
    """Some hundred random requests and session messages; the reckoning, the venue, and the letters that were said."""
    rng = random.Random(seed)
    play = Play(Fees(), Rules(trouble=TROUBLE, seed=seed, tell_day=True))
    reckoning = OuchReckoning(3_000, -2_000)
    letters = set()
    ref = 0
    for n in range(400):
        side = rng.choice("BS")
        price = 250_000 + 100 * rng.randint(-3, 0) if side == "B" else 250_100 + 100 * rng.randint(0, 3)
        play.add(n + 1, side, 100 * rng.randint(1, 4), price)
        if n == 0:
            play.session("S", event_code="O")
        alive = list(play.venue.orders)
        kind = rng.choice("OOOUXMQ" if alive else "O")
        price = 250_000 + 100 * rng.randint(-4, 5)
        ref += kind in "OU"
        message = request(rng, kind, ref, alive, price)
        reckoning.asked(message)
        play.time += 10
        play.venue.on_order(play.time, message)
        play.time += 1_500
        for _, data in play.venue.answers_until(play.time + 2_000):
            reckoning.told(data)
            letters.add(chr(data[0]))
    return reckoning, play.venue, letters


def test_what_the_bytes_add_up_to_is_what_the_exchange_holds():
    seen = set()
    for seed in range(12):
        reckoning, venue, letters = played(seed)
        seen |= letters
        account = accounts_of(venue.log.entries).get("TEST")
        held = reckoning.holdings()["TEST"]
        assert account is not None
        assert (held.position, held.cash) == (account.position, account.cash)
        for buy, shares in ((True, held.open_buy), (False, held.open_sell)):
            assert shares == sum(o.open for o in venue.orders.values() if o.buy == buy)
    assert seen == set("AUECJBPIMQDTRS"), "an answer of the exchange was never tried"


@pytest.mark.parametrize("outbound", [True, False])
def test_every_field_is_where_the_gatewares_table_has_it(outbound):
    """Two tables typed in apart: distinct bytes packed by one are read by the other."""
    formats = ouch50.OUT if outbound else ouch50.IN
    for letter in "SAUCDEBFJPITMRQ" if outbound else "OUXMQ":
        message = formats[letter]
        values = {}
        for number, field in enumerate(message.fields[1:], start=1):
            if field.name != "appendage_length":
                text = chr(96 + number) * field.width
                values[field.name] = number * 0x01010101 % (1 << 8 * field.width) if field.numeric else text
        read = fields_of(message.pack(**values), outbound=outbound)
        assert [v for name, v in read.items() if name not in ("type", "appendage")] == list(values.values())


def test_contradictions_are_told():
    reckoning = OuchReckoning(0, 0)
    with pytest.raises(OuchLogError, match="no message of this direction"):
        reckoning.told(b"Z")
    with pytest.raises(OuchLogError, match="has 12 bytes, not 13"):
        reckoning.told(b"P" + bytes(11))
    with pytest.raises(OuchLogError, match="does not live"):
        reckoning.told(b"C" + bytes(16) + b"U")
    with pytest.raises(OuchLogError, match="nobody asked"):
        reckoning.told(b"J" + bytes(28))
    with pytest.raises(OuchLogError, match="no fill that stands"):
        reckoning.told(b"B" + bytes(35))
