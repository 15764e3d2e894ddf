"""The session maker, checked by a book of the test's own that knows nothing of how the session was made."""

import hashlib
import itertools
import random
import statistics
from collections import Counter
from pathlib import Path

import pytest

from hdl.wire.itch50 import ITCH50
from sim.sessions.binaryfile import read_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages, make_session
from sim.sessions.regimes import REGIMES, HawkesGaps

OPEN = 34_200 * 10**9


class Replay:
    """Plain dictionaries: orders by reference, shares by price."""

    def __init__(self) -> None:
        self.orders: dict[int, list] = {}
        self.levels: dict[int, tuple[Counter, Counter]] = {}
        self.most_levels = 0

    def apply(self, m: dict) -> None:
        kind, locate = m["message_type"], m["stock_locate"]
        if kind in "AF":
            self.add(locate, m["order_reference_number"], m["buy_sell_indicator"], m["shares"], m["price"])
        elif kind in "EC":
            self.reduce(locate, m["order_reference_number"], m["executed_shares"])
        elif kind == "X":
            order = self.orders[m["order_reference_number"]]
            assert m["cancelled_shares"] < order[2], "a partial cancel leaves something"
            self.reduce(locate, m["order_reference_number"], m["cancelled_shares"])
        elif kind == "D":
            self.reduce(locate, m["order_reference_number"], self.orders[m["order_reference_number"]][2])
        elif kind == "U":
            old = self.orders[m["original_order_reference_number"]]
            self.reduce(locate, m["original_order_reference_number"], old[2])
            self.add(locate, m["new_order_reference_number"], old[1], m["shares"], m["price"])

    def add(self, locate: int, reference: int, side: str, shares: int, price: int) -> None:
        assert reference not in self.orders
        assert shares > 0
        assert price % 100 == 0
        self.orders[reference] = [locate, side, shares, price]
        book = self.levels.setdefault(locate, (Counter(), Counter()))
        book[side == "S"][price] += shares
        self.most_levels = max(self.most_levels, len(book[side == "S"]))

    def reduce(self, locate: int, reference: int, shares: int) -> None:
        order = self.orders[reference]
        assert order[0] == locate
        assert 0 < shares <= order[2]
        order[2] -= shares
        level = self.levels[locate][order[1] == "S"]
        level[order[3]] -= shares
        if not level[order[3]]:
            del level[order[3]]
        if not order[2]:
            del self.orders[reference]

    def best(self, locate: int) -> tuple[int, int]:
        bids, asks = self.levels[locate]
        return max(bids), min(asks)


@pytest.mark.parametrize("regime", ["calm", "toxic"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_book_behind_a_session_is_whole(regime: str, seed: int):
    tape = make_messages(seed, 60_000, regime)
    assert len(tape.messages) == 60_000
    replay = Replay()
    last = reference = match = 0
    penny: Counter[bool] = Counter()
    spread: dict[int, tuple[int, int]] = {}
    most_orders = 0
    for data in tape.messages:
        m = ITCH50[chr(data[0])].unpack(data)
        assert m["timestamp"] >= last
        last = m["timestamp"]
        for field in ("order_reference_number", "new_order_reference_number"):
            if field in m and m["message_type"] in "AFU":
                assert m[field] > reference, "references rise"
                reference = m[field]
        if "match_number" in m:
            assert m["match_number"] > match
            match = m["match_number"]
        replay.apply(m)
        most_orders = max(most_orders, len(replay.orders))
        locate = m["stock_locate"]
        if last > OPEN and locate in replay.levels:
            bid, ask = replay.best(locate)
            assert bid < ask
            if locate in spread:
                since, width = spread[locate]
                penny[width == 100] += last - since
            spread[locate] = (last, ask - bid)
    assert penny[True] / penny.total() >= 0.95
    assert most_orders < 0.8 * 4096, "the demo's order table holds the whole book"
    assert replay.most_levels <= 32


@pytest.mark.parametrize("regime", ["calm", "toxic"])
def test_a_day_has_its_spin_its_open_and_its_close(regime: str):
    messages = [ITCH50[chr(m[0])].unpack(m) for m in make_messages(3, 5_000, regime).messages]
    codes = [m["event_code"] for m in messages if m["message_type"] == "S"]
    assert codes == ["O", "S", "Q", "M", "E", "C"]
    assert [m["message_type"] for m in messages[-3:]] == ["S", "S", "S"]
    opened = next(i for i, m in enumerate(messages) if m.get("event_code") == "Q")
    assert messages[opened]["timestamp"] == OPEN
    for made in MADE_SYMBOLS:
        mine = [m for m in messages if m.get("stock") == made.symbol.ljust(8)]
        directory = next(m for m in mine if m["message_type"] == "R")
        assert directory["stock_locate"] == made.locate
        assert next(m["trading_state"] for m in mine if m["message_type"] == "H") == "T"
        assert next(m["reg_sho_action"] for m in mine if m["message_type"] == "Y") == "0"
        cross = next(i for i, m in enumerate(messages) if m["message_type"] == "Q" and m in mine)
        assert cross > opened
        assert messages[cross]["cross_type"] == "O"


def test_the_default_day_is_long_enough_and_full_of_every_change(tmp_path: Path):
    made = make_session(tmp_path / "day.itch50", 11)
    assert made.messages >= 200_000
    assert made.closed - made.opened >= 600 * 10**9
    kinds = Counter(chr(m[0]) for m in read_messages(tmp_path / "day.itch50"))
    assert kinds.total() == made.messages
    for kind in "AFECXDUP":
        assert kinds[kind] >= 200, f"too few {kind} to test anything with"


def test_one_seed_is_one_file(tmp_path: Path):
    digests = []
    for name, seed, regime in (
        ("a", 5, "calm"),
        ("b", 5, "calm"),
        ("c", 6, "calm"),
        ("d", 5, "toxic"),
        ("e", 5, "halts"),
    ):
        make_session(tmp_path / name, seed, 20_000, regime)
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


def test_no_hash_order_goes_into_a_session(tmp_path: Path):
    """The digest is the same in an interpreter with other string hashes."""
    import os
    import subprocess
    import sys

    code = (
        "import hashlib; from sim.sessions.make import make_messages; "
        "print(hashlib.sha256(b''.join(make_messages(9, 3000).messages)).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).resolve().parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def followed(regime: str, seed: int) -> tuple[int, int]:
    """Imbalances of over three to one, a penny apart: how many the price follows by three cents before it turns by one.

    Written from the words of the strategy, not from the maker.
    """
    replay = Replay()
    watched: dict[int, tuple[int, int]] = {}
    won = lost = 0
    for data in make_messages(seed, 120_000, regime).messages:
        m = ITCH50[chr(data[0])].unpack(data)
        replay.apply(m)
        locate = m["stock_locate"]
        if m["timestamp"] <= OPEN or locate not in replay.levels:
            continue
        bid, ask = replay.best(locate)
        if locate in watched:
            way, start = watched[locate]
            moved = way * ((bid if way > 0 else ask) - start)
            if moved >= 300 or moved <= -100:
                won, lost = won + (moved > 0), lost + (moved < 0)
                del watched[locate]
        elif ask - bid == 100:
            bids, asks = replay.levels[locate]
            heavy = sum(bids[p] for p in sorted(bids)[-5:]), sum(asks[p] for p in sorted(asks)[:5])
            if heavy[0] > 3 * heavy[1]:
                watched[locate] = (1, bid)
            elif heavy[1] > 3 * heavy[0]:
                watched[locate] = (-1, ask)
    return won, lost


def test_calm_imbalances_tell_and_toxic_ones_trap():
    won, lost = followed("calm", 1)
    assert won + lost > 50
    assert won > 1.5 * lost
    won, lost = followed("toxic", 1)
    assert won + lost > 50
    assert lost > 3 * won


def test_wrong_wishes_are_refused_in_words(tmp_path: Path):
    with pytest.raises(ValueError, match="no regime is called 'sunny'; there are bursts, calm, "):
        make_session(tmp_path / "x", 1, 5_000, "sunny")
    with pytest.raises(ValueError, match="999 messages are too few"):
        make_session(tmp_path / "x", 1, 999)


def session_of(regime: str, messages: int = 30_000, seed: int = 2) -> list[dict]:
    return [ITCH50[chr(m[0])].unpack(m) for m in make_messages(seed, messages, regime).messages]


def mids(messages: list[dict]) -> dict[int, list[tuple[int, int]]]:
    """Time and bid + ask of each symbol whenever that changed."""
    replay, told = Replay(), {}
    for m in messages:
        replay.apply(m)
        locate = m["stock_locate"]
        if m["timestamp"] > OPEN and locate in replay.levels and m["message_type"] in "AFECXDU":
            doubled = sum(replay.best(locate))
            rows = told.setdefault(locate, [])
            if not rows or rows[-1][1] != doubled:
                rows.append((m["timestamp"], doubled))
    return told


@pytest.mark.parametrize("regime", sorted(set(REGIMES) - {"calm", "toxic"}))
def test_the_book_of_every_regime_is_whole(regime: str):
    replay, last = Replay(), 0
    for m in session_of(regime):
        assert m["timestamp"] >= last
        last = m["timestamp"]
        replay.apply(m)
        locate = m["stock_locate"]
        if locate in replay.levels and all(replay.levels[locate]):
            bid, ask = replay.best(locate)
            assert bid < ask, f"{m}"
    assert replay.most_levels <= 32


def test_a_quiet_market_goes_nowhere_and_others_move():
    def ways(regime: str) -> int:
        return max(
            max(mid for _, mid in rows) - min(mid for _, mid in rows) for rows in mids(session_of(regime)).values()
        )

    # bid + ask in 1/10,000 dollar: 1,600 is eight cents.
    assert ways("quiet") <= 1_600
    assert ways("calm") > 2_000
    assert ways("bursts") > 2_000


def test_moves_of_a_trend_follow_one_another_the_same_way():
    def same(regime: str) -> float:
        """Of moves by three cents and more, how many go the way of the one before."""
        alike, count = 0, 0
        for rows in mids(session_of(regime, 80_000)).values():
            moves, start = [], rows[0][1]
            for _, mid in rows:
                if abs(mid - start) >= 800:
                    moves.append(mid > start)
                    start = mid
            alike += sum(a == b for a, b in itertools.pairwise(moves))
            count += len(moves) - 1
        return alike / count

    assert same("trending") > 0.8
    assert same("trending") > same("calm") + 0.1


def test_an_informed_flow_hits_the_quotes_that_the_price_is_about_to_leave():
    """Shares executed on the side that then gives way, against the other, in the 20 ms before each move of a cent."""
    messages = session_of("informed", 60_000)
    sides, hits, given, other = {}, [], 0, 0
    replay, mid = Replay(), {}
    for m in messages:
        if m["message_type"] in "AF":
            sides[m["order_reference_number"]] = m["buy_sell_indicator"]
        elif m["message_type"] == "U":
            sides[m["new_order_reference_number"]] = sides[m["original_order_reference_number"]]
        replay.apply(m)
        locate = m["stock_locate"]
        if m["timestamp"] <= OPEN or locate not in replay.levels:
            continue
        if m["message_type"] == "E":
            hits.append((m["timestamp"], locate, sides[m["order_reference_number"]], m["executed_shares"]))
        doubled = sum(replay.best(locate))
        if locate in mid and doubled != mid[locate]:
            gave = "S" if doubled > mid[locate] else "B"
            for at, where, side, shares in hits[-40:]:
                if where == locate and m["timestamp"] - 20_000_000 <= at < m["timestamp"]:
                    given, other = given + shares * (side == gave), other + shares * (side != gave)
        mid[locate] = doubled
    assert given > 3 * other


def test_hawkes_changes_come_in_clusters_at_the_same_average_rate():
    def counts(branching: float) -> list[int]:
        gaps = HawkesGaps(branching, random.Random(4))
        bins, time = Counter(), 0.0
        while time < 400e9:
            time += gaps.next(10e6)
            bins[int(time // 100e6)] += 1
        return [bins[n] for n in range(4_000)]

    plain, clustered = counts(0.0), counts(0.8)
    # Theory: with branching n the counts of long bins vary 1 / (1 - n)^2 times as much as Poisson's, whose variance is
    # the mean.
    assert abs(statistics.fmean(plain) - 10) < 0.3
    assert abs(statistics.fmean(clustered) - 10) < 1.0
    assert 0.85 < statistics.variance(plain) / statistics.fmean(plain) < 1.15
    assert 4 < statistics.variance(clustered) / statistics.fmean(clustered) < 25
    with pytest.raises(ValueError, match="the changes never end"):
        HawkesGaps(1.0, random.Random(4))


def test_nothing_is_executed_in_a_halt_and_the_first_one_restricts_short_sales():
    halted, restricted, seen = set(), set(), Counter()
    for m in session_of("halts"):
        locate, kind = m["stock_locate"], m["message_type"]
        if kind == "H":
            (halted.discard if m["trading_state"] == "T" else halted.add)(locate)
            seen[m["trading_state"]] += m["timestamp"] > OPEN
        elif kind == "Y" and m["timestamp"] > OPEN:
            assert locate in halted
            assert locate not in restricted
            restricted.add(locate)
        elif kind in "ECP" and m["timestamp"] > OPEN:
            assert locate not in halted
    assert seen["H"] >= 5
    assert 0 <= seen["H"] - seen["T"] <= len(MADE_SYMBOLS)
    assert restricted
