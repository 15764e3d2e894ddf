"""The ladder that a host hears: five levels a side of one view, against known answers and against ``itch-book``.

First the records of the card alone, on a real morning; then what a client of the service is streamed, through soft
card, driver and service as processes.
"""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
from bench_card import BenchCard
from test_independent_book import FRAME_CYCLES, changes_by_itch_book
from test_known_books import known_states

from controlplane.config.text import changed
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from sim.card_port import Arrival, Port
from sim.sessions.binaryfile import read_messages
from sim.sessions.frames import FrameMaker, Packing, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.softcard.client import MarketClient

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "controlplane" / "config" / "demo.toml"
FOLLOW = 16
TIMEOUT = 120
#: Packets between two boundaries.
PART = 20


def five(levels):
    return [*levels, *[(0, 0)] * (5 - len(levels))]


def packets_of(messages, **packing):
    timed = ((int.from_bytes(m[5:11], "big"), m) for m in messages)
    return list(pack_messages(timed, FrameMaker(), Packing(**packing)))


def test_the_levels_of_a_real_morning_are_the_known_ones(real_data):
    messages = list(read_messages(real_data("itch/aapl_20200130_first10k.itch50")))
    packets = packets_of(messages, window_ns=10**12, seed=1)
    with BenchCard() as card:
        card.set("telemetry.depth_interval", 2 * FRAME_CYCLES)
        card.follow(["ZVZZT", "ZWZZT", "AAPL"])
        start = card.model.now + 100
        arrivals = [Arrival(start + i * FRAME_CYCLES, Port.FEED, p.frame) for i, p in enumerate(packets)]
        card.model.play(arrivals, arrivals[-1].time + 10_000)
        records = card.records()
        assert card.get("telemetry.dropped") == 0
    told = {}
    for record in records:
        if record["name"] == "DEPTH" and record["flags"] & FOLLOW:
            told[record["slot"], record["cause"]] = []
        elif record["name"] == "DEPTH_LEVEL":
            levels = told[record["slot"], record["cause"]]
            assert record["detail"] == len(levels)
            levels.append(record)
    state, known = ((), ()), {0: ((), ())}  # before the first message
    upcoming = {
        index: (bids, asks)
        for index, bids, asks in known_states(real_data("itch/aapl_20200130_first10k.top5_every_change.csv.gz"))
    }
    for index in range(1, len(messages) + 1):
        state = known[index] = upcoming.get(index, state)
    for (slot, cause), levels in told.items():
        bids = [(level["bid_price"], level["bid_shares"]) for level in levels]
        asks = [(level["ask_price"], level["ask_shares"]) for level in levels]
        assert (bids, asks) == tuple(five(side) for side in (known[cause] if slot == 2 else ((), ()))), (
            f"message {cause}"
        )
    print(f"ladder: {len(told)} of a real morning are the known ones")
    assert len(told) > 100
    assert sum(len(bids) == len(asks) == 5 for bids, asks in (known[cause] for slot, cause in told if slot == 2)) > 50


@contextlib.contextmanager
def process(ready, *arguments):
    """Start a Python process, wait for its line that begins with ``ready``, end it."""
    with subprocess.Popen([sys.executable, "-u", *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        try:
            line = child.stdout.readline()
            assert line.startswith(ready), line
            yield
        finally:
            child.kill()


def listen(stream, samples):
    """Collect a stream until it is cancelled."""
    with contextlib.suppress(grpc.RpcError):
        for sample in stream:
            samples.append(sample)


def states_by_time(messages):
    """By symbol and exchange time: what ``itch-book`` says of the five levels after a message of that time."""
    symbols = {s.locate: s.symbol for s in MADE_SYMBOLS}
    changes = changes_by_itch_book(messages)
    now = {symbol: ((), ()) for symbol in symbols.values()}
    states = {}
    for number, message in enumerate(messages, start=1):
        if number in changes:
            locate, bids, asks = changes[number]
            now[symbols[locate]] = bids, asks
        symbol = symbols.get(int.from_bytes(message[1:3], "big"))
        if symbol:
            states.setdefault((symbol, int.from_bytes(message[5:11], "big")), []).append(now[symbol])
    return states


def test_a_client_of_the_service_is_streamed_the_book_of_itch_book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    config = folder / "card.toml"
    config.write_text(changed(CONFIG.read_text(), {"telemetry.depth_interval_microseconds": 100}))
    messages = make_messages(23, 3_000).messages
    packets = packets_of(messages, window_ns=10**12, seed=5)
    card = ("-m", "sim.softcard", "--dir", str(folder), "--boundary-seconds", "60")
    serve = ("-m", "controlplane.cli.main", "serve", "--device", f"unix:{folder / 'link.sock'}")
    with (
        process("soft card ready", *card),
        process("serving", *serve, "--config", str(config), "--dir", str(folder / "run")),
        MarketClient(folder / "market.sock") as player,
        grpc.insecure_channel(f"unix:{folder / 'run' / 'viewer'}.sock") as channel,
    ):
        market = rpc.MarketServiceStub(channel)
        samples = []
        stream = market.StreamDepth(pb.StreamDepthRequest())
        listening = threading.Thread(target=listen, args=(stream, samples))
        listening.start()
        now = player.play([], 0).now
        for number in range(0, len(packets), PART):
            part = packets[number : number + PART]
            arrivals = [Arrival(now + 1000 + i * 2000, Port.FEED, p.frame) for i, p in enumerate(part)]
            now = player.play(arrivals, now + 1000 + PART * 2000, stop_on_order=False).now
            player.boundary(number + 1)
        # A boundary is over when the service has taken in all that came before it: so much is to be streamed.
        day = market.GetDayStatistics(pb.GetDayStatisticsRequest(), timeout=TIMEOUT)
        assert day.records_lost == 0
        wanted = sum(row.depth_samples for row in day.symbols)
        end = time.monotonic() + TIMEOUT
        while sum(bool(s.bid_price and s.ask_price) for s in samples) < wanted:
            assert time.monotonic() < end, "the stream did not bring what the day counts"
            time.sleep(0.02)
        stream.cancel()
        listening.join()
    states = states_by_time(messages)
    whole = [s for s in samples if s.ladder == pb.LADDER_STATE_WHOLE]
    for sample in whole:
        shown = [[(level.price, level.shares) for level in side] for side in (sample.bids, sample.asks)]
        right = [[five(bids), five(asks)] for bids, asks in states[sample.symbol, sample.exchange_time]]
        assert shown in right, f"{sample.symbol} at {sample.exchange_time}"
        assert not sample.stale
    assert {sample.symbol for sample in whole} == {s.symbol for s in MADE_SYMBOLS}
    print(f"ladder: {len(whole)} of {len(samples)} samples of the stream are whole, and those of itch-book")
    assert len(whole) > 40
    assert not any(s.ladder == pb.LADDER_STATE_LOST or s.skipped for s in samples)
    assert len(whole) > 0.9 * len(samples)
