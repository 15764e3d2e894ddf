"""The verilated model behind its C ABI: time granted, arrivals, captured bytes, the cache."""

import random
import struct
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from amaranth.hdl import Shape

from hdl.configs import CONFIGS
from hdl.regs.description import describe
from hdl.types import DepthView
from sim.card_port import Arrival, Port
from sim.verilated import build, model
from sim.verilated.batch import ArrivalBatch
from sim.verilated.build import BuildError, build_card, build_component
from sim.verilated.model import CardModel, RegisterError

CONFIG = CONFIGS["demo"]
FRAMES, ANSWERS, TIME = 0x230, 0x438, 0x118


@pytest.fixture(scope="module")
def library():
    return build_card(CONFIG, loopback=True)


@pytest.fixture
def card(library):
    with CardModel(CONFIG, library=library, keep_views=True) as loopback:
        yield loopback


def test_time_stands_still_but_for_play(card):
    assert card.now == 0
    assert card.idle
    for _ in range(50):
        card.read(TIME)
        card.write(0x110, 5)
    assert (card.now, card.read(TIME), card.cycles) == (0, 0, 0)
    assert card.play([], 12345).now == 12345
    assert card.read(TIME) == 12345
    assert card.play([], 12345).now == 12345
    assert card.play([], 100).now == 12345  # time never goes back


def test_idle_time_is_skipped(card):
    played = card.play([Arrival(10**12, Port.FEED, b"late")], 2 * 10**12, stop_on_order=False)
    assert played.now == 2 * 10**12
    assert [o.data for o in played.orders] == [b"late"]
    assert 10**12 < played.orders[0].time < 10**12 + 20
    assert card.cycles < 200


@pytest.mark.parametrize("length", [1, 7, 8, 9, 64, 1514])
def test_bytes_come_back_whole(card, length):
    data = random.Random(length).randbytes(length)
    played = card.play([Arrival(50, Port.FEED, data)], 1000)
    assert [o.data for o in played.orders] == [data]
    assert played.orders[0].time >= 50 + (length + 7) // 8 - 1
    assert played.now == played.orders[0].time + 1


def test_an_order_ends_the_run_and_the_rest_stays_queued(card):
    arrivals = [Arrival(100 * n, Port.FEED, bytes([n]) * 20) for n in range(1, 6)]
    played = card.play(arrivals, 10_000)
    assert (played.consumed, [o.data[0] for o in played.orders]) == (1, [1])
    assert not card.idle
    seen = []
    while (played := card.play([], 10_000)).orders:
        seen += [o.data[0] for o in played.orders]
    assert (seen, played.consumed, played.now) == ([2, 3, 4, 5], 5, 10_000)
    assert card.idle


def test_frames_of_one_port_enter_one_after_the_other(card):
    played = card.play([Arrival(7, Port.FEED, bytes(80)) for _ in range(10)], 1000, stop_on_order=False)
    times = [o.time for o in played.orders]
    assert [b - a for a, b in pairwise(times)] == [10] * 9
    assert card.read(FRAMES) == 10


def test_the_ports_are_independent(card):
    card.play([Arrival(10, Port.FEED, bytes(800)), Arrival(10, Port.ORDERS, bytes(40))], 40, stop_on_order=False)
    assert card.read(ANSWERS) == 1


def test_arrivals_after_the_grant_wait_for_the_next(card):
    played = card.play([Arrival(500, Port.FEED, b"x"), Arrival(501, Port.FEED, b"y")], 500, stop_on_order=False)
    assert (played.consumed, [o.data for o in played.orders]) == (1, [b"x"])
    assert [o.data for o in card.play([], 600).orders] == [b"y"]


def test_how_time_is_cut_makes_no_difference(library):
    def run(steps, ask):
        rng = random.Random(7)
        with CardModel(CONFIG, library=library) as card:
            time, out, events = 0, [], b""
            for _ in range(40):
                time += rng.choice((1, 5, 40, 100_000))
                card.queue(ArrivalBatch.of([Arrival(time, Port.FEED, rng.randbytes(rng.randrange(1, 90)))]))
            for until in (*steps, 5_000_000):
                while (played := card.play([], until, stop_on_order=ask)).orders:
                    out += played.orders
                    if card.idle:
                        card.read(TIME)
                events += card.events()
            return out, events

    whole = run((), ask=False)
    assert len(whole[0]) == 40
    assert run((), ask=True) == whole
    assert run(range(20_000, 5_000_000, 77_777), ask=True) == whole


def test_events_are_whole_records_and_views_decode(card):
    card.play([Arrival(10, Port.FEED, b"ABCDEFGH"), Arrival(30, Port.FEED, b"Z")], 100, stop_on_order=False)
    records = list(struct.iter_unpack("<BBBBIQ48x", card.events()))
    assert [(kind, detail, number) for kind, _, _, detail, number, _ in records] == [(23, 65, 1), (23, 90, 2)]
    assert 10 <= records[0][5] < 20
    assert card.events() == b""
    views = card.views()
    layout = DepthView.as_shape()
    assert len(views) == 2
    assert len(views[0]) == (Shape.cast(layout).width + 31) // 32 * 4
    first = DepthView.from_bits(int.from_bytes(views[0], "little") & (1 << Shape.cast(layout).width) - 1)
    assert first.sequence.to_bytes(8, "little") == b"ABCDEFGH"


def test_a_boundary_marks_the_card_and_lets_the_host_answer(library):
    tokens = []

    def answer(token):
        tokens.append(token)
        card.write(0x110, card.now + 1000)

    with CardModel(CONFIG, library=library, on_mark=answer) as card:
        card.boundary(3)
        card.boundary(4, wait_for_host=False)
        marks = [(r[0], r[5], r[6]) for r in struct.iter_unpack("<BBBBI36xII12x", card.events())]
        assert card.read(0x110) == 1000
    assert tokens == [1 << 31 | 3]
    assert marks == [(20, 1 << 31 | 3, 0), (20, 1 << 31 | 4, 1000)]


def test_mark_address_is_the_descriptions():
    assert describe(4).register("control.mark").address == model.MARK_ADDRESS


def test_misuse_is_named(card):
    with pytest.raises(ValueError, match="without bytes"):
        card.play([Arrival(1, Port.FEED, b"")], 10)
    with pytest.raises(RegisterError, match="read of register 0x0148: no register"):
        card.read(0x148)
    with pytest.raises(RegisterError, match="write of register 0x0000: not writable"):
        card.write(0, 1)
    with pytest.raises(KeyError, match="there are demo"):
        build_card("nothing")
    assert card.host(b"") == b""


def test_columns_that_lie_are_refused():
    good = ArrivalBatch.of([Arrival(5, Port.ORDERS, b"abc"), Arrival(6, Port.FEED, b"d")])
    packed = good.pack()
    again = ArrivalBatch.unpack(2, memoryview(packed))
    assert (again.times, again.lengths, again.ports, again.data) == (good.times, good.lengths, b"\1\0", b"abcd")
    for count, body in ((2, packed[:-1]), (3, packed), (2, packed + b"x"), (2, packed[:20]), (1, bytes(13))):
        with pytest.raises(ValueError, match=r"arrival"):
            ArrivalBatch.unpack(count, memoryview(body))
    with pytest.raises(ValueError, match="names port 9"):
        ArrivalBatch.unpack(1, memoryview(struct.pack("<QIB", 1, 1, 9) + b"x"))


def test_one_content_is_built_once(monkeypatch, tmp_path):
    """Two builders at once: one runs the tools, the other waits for it; a third finds the library there."""
    ran = []

    def run(command, work):
        ran.append(Path(command[0]).name)
        if ran[-1] == "verilator":
            (work / "model").mkdir()
            (work / "model" / "Vtop.mk").write_text("VERILATOR_ROOT = nowhere\n")
        elif ran[-1] == "g++":
            (work / "libcard.so").write_text("a library")

    monkeypatch.setattr(build, "CACHE", tmp_path)
    monkeypatch.setattr(build, "to_verilog", lambda _: "module top; endmodule")
    monkeypatch.setattr(build, "run_tool", run)
    found = []
    threads = [threading.Thread(target=lambda: found.append(build_component(None))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.append(build_component(None))
    assert ran == ["verilator", "make", "g++"]
    assert len(found) == 3
    assert len(set(found)) == 1
    assert found[0].read_text() == "a library"


def test_a_failing_tool_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "CACHE", tmp_path)
    monkeypatch.setattr(build, "to_verilog", lambda _: "module top(; endmodule")
    with pytest.raises(BuildError, match=r"(?s)verilator failed with status .*syntax error"):
        build_component(None)
    assert not list(tmp_path.glob("*/libcard.so"))
