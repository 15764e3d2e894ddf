"""Between plain Python and the gateware: packing events, playing them, reading views back."""

import hashlib
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path

from amaranth.back import verilog
from amaranth.hdl import Const, Value
from book_bench import BookBench
from book_model import KINDS, BookModel, Event

from hdl.types import DEPTH, DepthView, MarketEvent
from sim.verilated.build import only_one


def _offsets(struct: type) -> dict[str, tuple[int, int]]:
    """Offset and width of each field of a struct, for shifting by hand: fast enough for a whole day."""
    layout = struct.as_shape()
    return {name: (field.offset, field.width) for name, field in layout}


#: As the player writes them.
COUNTERS = (
    "unknown_references",
    "duplicate_references",
    "zero_adds",
    "over_executions",
    "table_overflows",
    "levels_spilled",
    "refills",
    "events_applied",
    "live_orders",
    "lost",
    "max_level",
    "stale_slots",
    "cycles",
)
_EVENT = _offsets(MarketEvent)
_VIEW = _offsets(DepthView)


def ports_of(block: BookBench) -> list[Value]:
    """Every port but the constant ``ready`` of streams that never wait, which Amaranth refuses as a port."""
    values = (Value.cast(value) for _, _, value in block.signature.flatten(block))
    return [value for value in values if not isinstance(value, Const)]


def pack(event: Event) -> int:
    """Pack an event into the vector of its port."""
    word = 0
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name == "kind":
            value = KINDS.index(value)
        offset, width = _EVENT[field.name]
        assert 0 <= value < 1 << width, f"{field.name} = {value} does not fit {width} bits"
        word |= value << offset
    return word


def unpack(word: int) -> dict[str, object]:
    """Take a view apart: ``bids`` and ``asks`` are lists of (price, shares) without the absent levels."""
    view: dict[str, object] = {}
    for name, (offset, width) in _VIEW.items():
        value = word >> offset & ((1 << width) - 1)
        if name in ("bids", "asks"):
            levels = [(value >> 64 * i & 0xFFFFFFFF, value >> (64 * i + 32) & 0xFFFFFFFF) for i in range(DEPTH)]
            there = [level for level in levels if level != (0, 0)]
            assert levels[: len(there)] == there, f"a hole among the levels {levels}"
            view[name] = there
        else:
            view[name] = value
    return view


@cache
def build(slots: int, table_orders: int, row_levels: int, queue: int) -> Path:
    """Build the player of a bench, once per content of it; give the program."""
    bench = BookBench(slots, table_orders, row_levels, queue=queue)
    text = verilog.convert(bench, name="top", ports=ports_of(bench), emit_src=False, strip_internal_attrs=True)
    player = Path(__file__).with_name("book_player.cpp")
    digest = hashlib.sha256(text.encode() + player.read_bytes()).hexdigest()[:16]
    folder = Path(__file__).resolve().parents[3] / "build" / "book_player" / digest
    program = folder / "player"
    with only_one(folder):
        if not program.exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "top.v").write_text(text)
            flags = "--cc --exe --build -j 2 -O3 -Wno-fatal -Wno-lint -Wno-style --x-initial fast -CFLAGS -Os"
            command = ["verilator", *flags.split(), "--top-module", "top", "--prefix", "Vtop"]
            command += ["--Mdir", str(folder / "obj"), "-o", str(program), str(folder / "top.v"), str(player)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return program


def play(
    sizes: tuple[int, int, int], events: Sequence[Event], gaps: Sequence[int], work: Path, *, queue: int = 0
) -> dict[str, object]:
    """Play events into a bench of these sizes; give the counters, the latencies, and ``views`` taken apart."""
    program = build(*sizes, queue)
    words = -(-MarketEvent.as_shape().size // 32)
    given = b"".join(
        struct.pack("<i", gap) + pack(event).to_bytes(4 * words, "little")
        for gap, event in zip(gaps, events, strict=True)
    )
    (work / "events").write_bytes(given)
    done = subprocess.run(
        [program, work / "events", work / "answers"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    raw = (work / "answers").read_bytes()
    tail = 4 * len(COUNTERS)
    result: dict[str, object] = dict(zip(COUNTERS, struct.unpack(f"<{len(COUNTERS)}I", raw[-tail:]), strict=True))
    size = 12 + 4 * -(-DepthView.as_shape().size // 32)
    assert (len(raw) - tail) % size == 0
    views = []
    taken = []
    latencies = set()
    for at in range(0, len(raw) - tail, size):
        shown, came, overflowed = struct.unpack_from("<3I", raw, at)
        latencies.add(shown - came)
        taken.append(came)
        views.append(unpack(int.from_bytes(raw[at + 12 : at + size], "little")) | {"overflowed": overflowed})
    result |= {"views": views, "latencies": sorted(latencies), "taken": taken}
    return result


def check(events: Sequence[Event], result: dict[str, object], *, slots: int = 64) -> dict[str, int]:
    """Compare every view and the counters with the model; give how often each side said incomplete.

    A side that says incomplete must still show nothing false: its levels are the first of the model's. An order that
    the table says it cannot hold is left out of the model too, so that everything after it is compared as well.
    """
    model = BookModel()
    seen = {"incomplete": 0, "complete": 0}
    views = result["views"]
    assert len(views) == len(events)
    for number, (event, view) in enumerate(zip(events, views, strict=True)):
        if event.slot >= slots:
            assert view["bid_incomplete"]
            assert view["ask_incomplete"]
            assert not view["bids"] + view["asks"]
            model.counts.events += event.kind not in ("NONE", "REFRESH")
            continue
        model.apply(event, fits=not view["overflowed"])
        where = f"after event {number}, {event}"
        bids, asks = model.top(event.slot, 0), model.top(event.slot, 1)
        for name, true, flag in (("bids", bids, "bid_incomplete"), ("asks", asks, "ask_incomplete")):
            shown = view[name]
            if view[flag]:
                seen["incomplete"] += 1
                assert len(shown) < DEPTH, where
                assert shown == true[: len(shown)], f"{where}: {name} show {shown}, are {true}"
            else:
                seen["complete"] += 1
                assert shown == true, f"{where}: {name} show {shown}, are {true}"
        if view["bids"] and view["asks"]:
            best_bid, best_ask = view["bids"][0][0], view["asks"][0][0]
            assert view["locked"] == (best_bid == best_ask), where
            assert view["crossed"] == (best_bid > best_ask), where
        else:
            assert view["locked"] == view["crossed"] == 0, where
        shares, price = model.trade
        assert (view["trade_shares"], view["trade_price"]) == (shares, price if shares else 0), where
        assert view["kind"] == KINDS.index(event.kind), where
        assert view["trade_match"] == event.match, where
        for name in ("slot", "exchange_time", "sequence", "session_epoch", "card_time"):
            assert view[name] == getattr(event, name), where
    counts = model.counts
    assert result["unknown_references"] == counts.unknown_references
    assert result["duplicate_references"] == counts.duplicate_references
    assert result["zero_adds"] == counts.zero_adds
    assert result["over_executions"] == counts.over_executions
    assert result["events_applied"] == counts.events
    assert result["table_overflows"] == counts.table_overflows == sum(view["overflowed"] for view in views)
    assert result["live_orders"] == len(model.orders)
    assert result["latencies"] == [6]
    return seen
