"""More orders than the table holds: the symbol goes stale, and is whole again when those without a place are gone."""

import pytest
from bench_card import BenchCard
from card_views import unpack
from independent_books import ItchBook

from hdl.wire.itch50 import ITCH50
from sim.card_port import Arrival, Port
from sim.sessions import encode
from sim.sessions.frames import FrameMaker, Packing, pack_messages

LOCATE, SLOT, SYMBOL = 13, 2, "AAPL"
STOCK = SYMBOL.ljust(8).encode()
#: More than the 4,096 orders of the table and the 16 of its stash.
ORDERS = 4_300
#: None of these has had to go without a place: the table is still half empty.
SAFE = 2_000


class Session:
    """A session of one symbol, played into a card message by message, with a book that hears it too."""

    def __init__(self, card):
        self.card, self.truth, self.messages = card, ItchBook(), []
        self.frames, self.time, self.next = FrameMaker(), 34_200 * 10**9, 1
        card.follow(["ZVZZT", "ZWZZT", SYMBOL])
        self.say(
            ITCH50["R"].pack(
                stock_locate=LOCATE, timestamp=1, stock=SYMBOL, market_category="Q", financial_status_indicator="N",
                round_lot_size=100, round_lots_only="N", issue_classification="C", issue_sub_type="Z", authenticity="P",
                short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1", etp_flag="N",
                etp_leverage_factor=0, inverse_indicator="N",
            )
        )  # fmt: skip

    def say(self, *messages, lose=0):
        """Play messages; the first ``lose`` of them never arrive."""
        first, self.next = self.next + lose, self.next + len(messages)
        for message in messages:
            self.truth.apply(message)
        timed = ((self.time, message) for message in messages[lose:])
        packing = Packing(window_ns=10**12, seed=2)
        packets = list(pack_messages(timed, self.frames, packing, first_sequence=first))
        start = self.card.model.now + 100
        arrivals = [Arrival(start + 400 * i, Port.FEED, p.frame) for i, p in enumerate(packets)]
        self.card.model.play(arrivals, arrivals[-1].time + 30_000, stop_on_order=False)

    def add(self, number):
        price = 1_500_000 + 100 * (number % 40) * (1 if number % 2 else -1)
        return encode.add(LOCATE, self.time, 4 * number + 1, b"S" if number % 2 else b"B", 100, STOCK, price)

    @property
    def stale(self):
        return self.card.get(f"slot[{SLOT}].state.stale")


@pytest.fixture
def full():
    """A card whose table is too full, whole until then."""
    with BenchCard(keep_views=True) as card:
        session = Session(card)
        session.say(*(session.add(n) for n in range(SAFE)))
        assert (session.stale, card.get("book.table_overflows")) == (0, 0)
        session.say(*(session.add(n) for n in range(SAFE, ORDERS)))
        assert session.stale == 1
        assert 100 < card.get("book.table_overflows") < 250
        yield session


def test_it_is_whole_again_when_every_order_without_a_place_was_deleted(full):
    card, time = full.card, full.time
    # Some of them are executed or canceled in part before; how much is left is not known, that one is gone is.
    late = list(range(SAFE, ORDERS))
    full.say(*(encode.execute(LOCATE, time, 4 * n + 1, 40, n) for n in late[1_500:]))
    assert full.stale == 1
    full.say(*(encode.delete(LOCATE, time, 4 * n + 1) for n in late[:-1]))
    # The last order came to a table that was full: it is the last one without a place.
    assert (full.stale, card.get("book.healed")) == (1, 0)
    card.model.views()
    full.say(encode.delete(LOCATE, time, 4 * late[-1] + 1))
    assert (full.stale, card.get("book.healed")) == (0, 1)
    assert card.get("book.live_orders") == SAFE
    # Whole indeed: whatever comes, five levels are those of a book that has had all of it.
    for n in range(ORDERS, ORDERS + 60):
        message = full.add(n) if n % 3 else encode.delete(LOCATE, time, 4 * (n - ORDERS) + 1)
        full.say(message)
        _, bids, asks, incomplete = unpack(card.model.views()[-1])
        assert (list(bids), list(asks), incomplete) == (*full.truth.top(LOCATE), False)
    states = [r for r in card.records() if r["slot"] == SLOT and r["name"] in ("STALE", "SYMBOL_STATE")]
    assert [r["detail"] for r in states if r["name"] == "STALE"] == [2]
    assert states[-1]["detail"] & 2 == 0


def test_it_stays_stale_when_one_of_them_may_live(full):
    time = full.time
    # Executed whole: it is gone, but the card cannot know, since it does not know how many shares it had.
    full.say(encode.execute(LOCATE, time, 4 * (ORDERS - 1) + 1, 100, 1))
    full.say(*(encode.delete(LOCATE, time, 4 * n + 1) for n in range(ORDERS - 1)))
    assert full.card.get("book.live_orders") == 0
    assert (full.stale, full.card.get("book.healed")) == (1, 0), "an empty book does not say that nothing lives"


def test_it_stays_stale_when_anything_else_was_amiss(full):
    time = full.time
    full.say(*(encode.delete(LOCATE, time, 4 * n + 1) for n in range(SAFE, SAFE + 20)), lose=3)
    full.say(*(encode.delete(LOCATE, time, 4 * n + 1) for n in range(SAFE + 20, ORDERS)))
    assert full.card.get("feed.gaps") == 1
    assert (full.stale, full.card.get("book.healed")) == (1, 0)
