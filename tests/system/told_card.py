"""A whole card whose market and exchange are the test's: frames and OUCH bytes in, OUCH bytes out.

What the exchange says is packed by ``tests/hdl/orders/order_bench.py`` and what the card says is read by
``sim/soak/ouch_log.py``, each typed in from the protocol's field tables and not from the card's.
"""

from bench_card import BenchCard

from hdl.strategy.taker_types import TakerState
from hdl.wire.itch50 import ITCH50
from sim.card_port import Arrival, Port
from sim.sessions import encode
from sim.sessions.frames import FrameMaker
from sim.soak.ouch_log import fields_of
from tests.hdl.orders.order_bench import accepted, canceled, executed

SYMBOLS = ("PWAA", "PWBB")
FIRST_LOCATE = 7
TICK = 100
BID, ASK = 100_000, 100_100
#: Cycles after which all is over that one thing said sets in motion.
SETTLE = 2_000
TAKER = {"take_profit": 3, "stop": 2, "slip": 1, "stop_slip": 2, "max_spread": 1, "retries": 2}
MAKER = {"half_spread": 1, "max_spread": 2, "move": 1}


class ToldCard(BenchCard):
    """An armed card with one strategy on, a one-tick market of 1,000 shares a side, and nothing sent yet.

    Parameters
    ----------
    strategy : {"taker", "maker"}
    config : str
        Of the card.
    ticks, prices : dict
        Fields of ``slot.taker_ticks`` and ``maker.prices`` other than those above.
    settings : dict
        Other registers, as value or as fields, written before the card is armed.
    book : dict
        How the market stands then, as for ``quote``.

    Every call that lets somebody speak gives what the card said of it, as a list of fields.
    """

    def __init__(self, strategy="taker", *, config="demo", ticks=(), prices=(), settings=(), book=()):
        super().__init__(config)
        self.frames, self.sequence, self.clock = FrameMaker(), 1, 34_200_000_000_000
        self.references, self.levels = 0, {}
        self.raw = []  # every message of the card
        self.follow(SYMBOLS)
        for slot in range(len(SYMBOLS)):
            self.set(f"slot[{slot}].taker_ticks", **(TAKER | dict(ticks)))
            self.set(f"maker[{slot}].prices", **(MAKER | dict(prices)))
            self.set(f"maker[{slot}].size", 100)
            self.set(f"maker[{slot}].inventory", 300)
            self.set(f"maker[{slot}].control", enable=strategy == "maker")
            self.join(slot, FIRST_LOCATE + slot)
        for name, value in dict(settings).items():
            self.set(name, **value) if isinstance(value, dict) else self.set(name, value)
        self.quote(**dict(book))
        if strategy == "taker":
            self.quote(slot=1)
        self.arm()
        self.set("modules.taker", strategy == "taker")
        self.set("modules.maker", strategy == "maker")
        self.records()

    def run(self, arrivals=(), cycles=SETTLE):
        """Let so many cycles pass after what comes in."""
        now = self.model.now
        sent = [s.data for s in self.model.play(list(arrivals), now + cycles, stop_on_order=False).orders]
        self.raw += sent
        return [fields_of(message, outbound=False) for message in sent]

    def hear(self, *messages, cycles=SETTLE):
        """Let the exchange say these."""
        now = self.model.now
        return self.run([Arrival(now + 1, Port.ORDERS, message) for message in messages], cycles)

    def market(self, *messages, cycles=SETTLE):
        """Let the feed carry these in one frame."""
        frame = self.frames.frame(self.sequence, list(messages))
        self.sequence += len(messages)
        return self.run([Arrival(self.model.now + 1, Port.FEED, frame)], cycles)

    def lose(self, messages=1):
        """Let the network lose so many messages of the feed."""
        self.sequence += messages

    def say(self, letter, slot=0, **fields):
        """Let the feed carry one message of the day of a symbol."""
        self.clock += 1_000
        names = {"stock": SYMBOLS[slot]} if letter in "HY" else {}
        return self.market(
            ITCH50[letter].pack(stock_locate=FIRST_LOCATE + slot, timestamp=self.clock, **names, **fields)
        )

    def change(self, side, price, shares, slot=0):
        """Give the message that makes one order of this price and size the only one of its side."""
        self.references += 1
        self.clock += 1_000
        new, old = self.references, self.levels.get((slot, side))
        self.levels[slot, side] = new, price
        locate = FIRST_LOCATE + slot
        if old is None:
            name = SYMBOLS[slot].ljust(8).encode()
            return encode.add(locate, self.clock, new, side, shares, name, price)
        return encode.replace(locate, self.clock, old[0], new, shares, price)

    def quote(self, bid=BID, ask=ASK, bid_shares=1_000, ask_shares=1_000, slot=0, cycles=SETTLE):
        """Quote so on both sides; the side that gives way moves first, so that they never meet."""
        sides = [(b"B", bid, bid_shares), (b"S", ask, ask_shares)]
        standing = self.levels.get((slot, b"S"))
        if standing is not None and bid >= standing[1]:
            sides.reverse()
        return self.market(*(self.change(*side, slot) for side in sides), cycles=cycles)

    def heavy(self, side=b"B", shares=4_000, slot=0):
        """Let one side show so many shares at its price."""
        return self.market(self.change(side, BID if side == b"B" else ASK, shares, slot))

    def print_trade(self, price, shares=10, slot=0):
        """Let a hidden order trade."""
        self.clock += 1_000
        name = SYMBOLS[slot].ljust(8).encode()
        return self.market(encode.trade(FIRST_LOCATE + slot, self.clock, shares, name, price, self.references))

    def taker_state(self, slot=0):
        """Where the taker stands with a slot."""
        return TakerState(self.get(f"slot[{slot}].state.taker_state"))

    def told(self, name):
        """Records of one type since the last call of ``records``."""
        return [record for record in self.records() if record["name"] == name]

    def counts(self, slot=0):
        """Position, and shares open to buy and to sell."""
        shares = [self.get(f"slot[{slot}].open_shares.{side}") for side in ("buy", "sell")]
        return self.get(f"slot[{slot}].position"), *shares


def shape(said):
    """What matters of a message of the card, as a tuple."""
    letter = said["type"]
    if letter == "O":
        return letter, said["user_ref_num"], said["side"], said["quantity"], said["price"], said["time_in_force"]
    if letter == "U":
        return letter, said["orig_user_ref_num"], said["user_ref_num"], said["quantity"], said["price"]
    if letter == "M":
        return letter, said["user_ref_num"], said["side"], said["quantity"]
    return letter, said["user_ref_num"], said["quantity"]


def shapes(said):
    """The shape of each."""
    return [shape(one) for one in said]


def bought(card, shares=60):
    """Have the taker buy ``shares`` of 100 and its exit, order 2, rest."""
    (entry,) = card.heavy()
    assert shape(entry) == ("O", 1, "B", 100, ASK + TICK, "3")
    (leave,) = card.hear(accepted(1, 100, ASK + TICK), executed(1, shares, ASK, match=1), canceled(1, 100 - shares))
    assert shape(leave) == ("O", 2, "S", shares, ASK + 3 * TICK, "0")
    assert not card.hear(accepted(2, shares, ASK + 3 * TICK, side=b"S"))
    assert card.taker_state() == TakerState.RESTING
    card.records()
