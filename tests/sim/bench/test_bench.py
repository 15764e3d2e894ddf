"""The benchmark's figures: the file's form, and numbers that are counted here another way."""

import json
import subprocess
import sys
from io import StringIO
from itertools import pairwise

import pytest
from amaranth.lib.data import Layout
from bench_card import BenchCard
from rich.console import Console

from hdl.configs import CONFIGS
from hdl.types import DepthView, EventKind, OrderIntentKind
from sim.bench import stages as stages_module
from sim.bench.figures import HEADER, Figure, merge, show
from sim.bench.kill import count_kills, kill
from sim.bench.line_rate import FRAME_BYTES, TRAFFIC, line_rate, play_line_rate
from sim.bench.probe import Sample
from sim.bench.replay import replay
from sim.bench.stages import StageCounts, count_stages, stages
from sim.bench.steer import SteeredCard
from sim.bench.wire_time import ON_WIRE_ONLY, WireClock, back_to_back
from sim.exchange.log import Fees
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.frames import Packing
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.verilated.build import ROOT

#: Keys that others rely on.
KEYS = {
    *("decode_cycles_max", "book_cycles_min", "book_cycles_max", "imbalance_cycles_max", "ii_cycles_max"),
    *("ii_replace_cycles_max", "line_rate_10g_dropped", "line_rate_10g_queue_max", "replay_messages_per_second"),
    *("replay_ratio_to_software_book", "trigger_to_order_cycles_min", "trigger_to_order_cycles_max"),
    *("kill_to_silence_cycles_max", "kill_to_last_cancel_cycles", "gate_cycles"),
}
VIEW = Layout.cast(DepthView)


def view_field(raw: bytes, name: str) -> int:
    place = VIEW[name]
    return int.from_bytes(raw, "little") >> place.offset & (1 << place.width) - 1


def sample(now: int, **fields: int) -> Sample:
    return Sample(**(dict.fromkeys(Sample.__dataclass_fields__, 0) | {"now": now, **fields}))


def test_every_key_is_there_and_says_what_it_is(tmp_path, monkeypatch):
    """All of a run in small, but the card with the tap: what comes of its samples has a test of its own."""
    counts = StageCounts([3, 4], [6], [8], [2], [4], [1], [10, 12], [10])
    monkeypatch.setattr(stages_module, "_trade", lambda *_: counts)
    monkeypatch.setattr(stages_module, "_burst", lambda *_: StageCounts())
    target = tmp_path / "deep" / "bench.json"
    figures = stages("demo", tmp_path, seeds=[1], messages=1, burst=1)
    figures |= line_rate("demo", 60)
    figures |= kill("demo", offsets=1)
    figures |= replay("demo", None, tmp_path, messages=1_000, made=2_000, rounds=1)
    merge(target, figures, {"config": "demo", "git_hash": "0" * 40})
    merge(target, {"proofs_passed": Figure(1, "proofs", "of another target")})
    written = json.loads(target.read_text())
    header = written.pop(HEADER)
    assert header == {"config": "demo", "git_hash": "0" * 40}
    assert KEYS | {"proofs_passed"} <= set(written)
    for key, figure in written.items():
        assert set(figure) == {"value", "unit", "what"}, key
        assert isinstance(figure["value"], int | float), key
        assert figure["unit"], key
        assert figure["what"], key
    assert (written["decode_cycles_max"]["value"], written["book_cycles_min"]["value"]) == (4, 6)
    assert (figures["trigger_to_order_cycles_min"].value, figures["trigger_to_order_cycles_max"].value) == (10, 12)
    assert written["replay_messages_per_second"]["value"] > 0


def test_counts_come_from_the_samples_and_the_wire():
    add, replace, enter = EventKind.ADD.value, EventKind.REPLACE.value, OrderIntentKind.ENTER.value
    counts = count_stages(
        [
            sample(100, event=1, event_kind=add, event_sequence=5, book_ready=1, book_takes=1, book_kind=add),
            sample(101, event=1, event_kind=replace, event_sequence=6),
            sample(103, book_ready=1, book_takes=1, book_kind=replace),
            sample(104, book_ready=0),
            sample(105, view=1),
            sample(106, book_ready=1, imbalance=1, gate_takes=1),
            sample(108, gate_decides=1),
            sample(109, sent=1, sent_time=108, sent_kind=enter, sent_cause=6, transmits=1),
            sample(
                110, sent=1, sent_time=109, sent_kind=enter, sent_cause=5, transmits=1
            ),  # the transmitter was not idle
            sample(115, transmits=0),
            sample(117, gate_takes=1, gate_decides=1),
            sample(120, sent=1, sent_time=119, sent_kind=enter, sent_cause=5, transmits=1),
            sample(130, transmits=0),
            sample(140, sent=1, sent_kind=enter, sent_cause=1 << 63, transmits=1),  # no feed message decided it
        ],
        {5: 96, 6: 98},
    )
    assert counts == StageCounts(
        decode=[4, 3],
        book=[5],
        imbalance=[6],
        interval=[3],
        interval_replace=[3],
        gate=[2, 0],
        trigger_to_order=[10, 23],
        trigger_to_order_unqueued=[23],
    )


def test_the_wire_is_full_and_no_fuller():
    frames = [bytes(1514)] * 1000
    arrivals = back_to_back(frames, 50)
    seconds = (arrivals[-1].time - arrivals[0].time) * 6.4e-9
    assert 999 * (1514 + ON_WIRE_ONLY) * 8 / seconds == pytest.approx(10e9, rel=1e-4)
    assert {b.time - a.time for a, b in pairwise(arrivals)} == {192, 193}


@pytest.mark.parametrize("name", TRAFFIC)
def test_what_is_not_dropped_is_seen(name):
    """Views of the kind played, at the card's own tap, and what the card says it lost, make up what was played."""
    kinds = {"delete": {EventKind.DELETE.value}, "replace": {EventKind.REPLACE.value}}
    wanted = kinds.get(name, {EventKind.ADD.value, EventKind.DELETE.value})
    with SteeredCard("demo", keep_views=True) as card:
        last_byte = play_line_rate(card, TRAFFIC[name], 1_400, FRAME_BYTES[0])
        views = {view_field(v, "sequence"): v for v in card.model.views() if view_field(v, "kind") in wanted}
        assert len(views) + card.get("book.queue_overflows") == 1_400
        assert len(last_byte) == 1_400
    # The card's own word on when a message's last byte came is what the wire says.
    assert {s: view_field(v, "card_time") for s, v in views.items()} == {s: last_byte[s] for s in views}


def test_the_card_tells_the_same_latency_of_its_orders():
    with BenchCard() as card:
        card.follow(s.symbol for s in MADE_SYMBOLS)
        card.arm()
        clock = WireClock(card.model)
        settings = PlayerSettings(packing=Packing(window_ns=10**9, seed=3), wait_for_host=False)
        Player(clock, Venue(Fees()), settings).play(make_messages(3, 8_000).messages)
        sent = [r for r in card.records() if r["name"] == "ORDER_SENT" and not r["cause"] >> 63]
    assert len(sent) >= 3
    assert [r["latency_cycles"] for r in sent] == [r["card_time"] - clock.last_byte[r["cause"]] for r in sent]


def test_every_row_gets_its_cancel_and_nothing_begins_after_a_kill():
    config = CONFIGS["demo"]
    *early, full = count_kills(config, [50, 55, None])
    assert (full.open_orders, len(full.cancels)) == (config.own_orders,) * 2
    assert full.silence == 0, "with every row in use nothing can begin"
    for run in early:
        assert run.begun, "an order must have left before the kill, or this shows nothing"
        assert run.silence <= 2
        assert len(run.cancels) == len(run.begun)


def test_the_table_shows_every_key_and_value_however_long_the_rest():
    out = StringIO()
    show({"a_long_key_of_a_figure": Figure(1234567, "cycles", "word " * 200)}, Console(file=out, width=80))
    assert {"a_long_key_of_a_figure", "1,234,567", "cycles"} <= set(out.getvalue().split())


def test_a_figure_cannot_take_the_headers_place(tmp_path):
    with pytest.raises(ValueError, match="header"):
        merge(tmp_path / "bench.json", {HEADER: Figure(1, "", "")})


@pytest.mark.parametrize(("word", "status", "words"), [("--help", 0, "build/bench.json"), ("--fast", 2, "--fast")])
def test_a_word_behind_the_command_starts_no_measurement(word, status, words):
    command = [sys.executable, "-m", "sim.bench", word]
    # A measurement takes minutes.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert words in done.stdout + done.stderr
