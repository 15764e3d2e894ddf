"""How fast sessions run through the verilated gateware, and through a book in software, in one call."""

import gzip
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.bench.agreement import agreement
from sim.bench.figures import Figure
from sim.bench.steer import SteeredCard
from sim.card_port import Arrival, Port
from sim.replay.replay import Replay, compiling
from sim.sessions.binaryfile import read_messages, write_messages
from sim.sessions.encode import time_of
from sim.sessions.frames import FrameMaker, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.sessions.tracked import Tracked
from sim.verilated.batch import ArrivalBatch

__all__ = ["EngineRun", "card_rate", "engine_rate", "filter_rate", "recorded_day", "replay", "software_rate"]

#: Below the folder of real data.
REAL_DAY = Path("itch") / "amzn_20120621_fullday.itch50.gz"
_BEGIN = 16
_SEED = 7
#: Of a long session so few views are compared: one in so many.
_SAMPLE = 16


def _seconds(work: Callable[[], object]) -> float:
    """Seconds of processor time that some work takes: what others do on this machine at the time does not count."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def card_rate(config: str, path: Path, symbols: list[str]) -> float:
    """Play a session into a whole card that follows ``symbols``, frames at their own times; give messages a second.

    Raises
    ------
    RuntimeError
        The card heard another number of messages than the file has.
    """
    with SteeredCard(config) as card:
        card.follow(symbols)
        messages = 0

        def play() -> None:
            nonlocal messages
            packets = list(pack_messages(((time_of(m), m) for m in read_messages(path)), FrameMaker()))
            start = card.model.now + _BEGIN
            period, first = card.config.clock_period_ps, packets[0].time
            arrivals = [Arrival(start + (p.time - first) * 1000 // period, Port.FEED, p.frame) for p in packets]
            card.model.queue(ArrivalBatch.of(arrivals))
            card.model.play([], arrivals[-1].time + _BEGIN, stop_on_order=False)
            messages = sum(p.count for p in packets)

        seconds = _seconds(play)
        heard = card.get("feed.messages")
    if heard != messages:
        raise RuntimeError(f"{path.name} has {messages} messages, the card heard {heard}")
    return messages / seconds


@dataclass(frozen=True)
class EngineRun:
    """A session through the feed half: messages, seconds of processor time, cycles, and cycles without input."""

    messages: int
    seconds: float
    cycles: int
    rest_cycles: int


def engine_rate(config: str, path: Path, symbols: list[str]) -> EngineRun:
    """Play a session through the verilated feed half of the engine, from its file to the last view."""
    with Replay(symbols, config) as run:
        seconds = _seconds(lambda: run.play(path))
        return EngineRun(run.messages, seconds, run.cycles, run.rest_cycles)


def software_rate(path: Path) -> float:
    """Put a session through ``itch-book``, five levels deep; give messages a second.

    Raises
    ------
    ModuleNotFoundError
        ``itch-book`` is not installed: it comes with the ``dev`` extra.
    RuntimeError
        It heard another number of messages than the file has.
    """
    import itch_book  # a development dependency: only the benchmark asks for it

    messages = sum(1 for _ in read_messages(path))
    session = itch_book.Session([], 5, [])  # no table but the five levels after every change

    def feed() -> None:
        session.feed(path.read_bytes())
        session.take_depth()

    seconds = _seconds(feed)
    heard = session.stats()["messages"]
    if heard != messages:
        raise RuntimeError(f"{path.name} has {messages} messages, itch-book heard {heard}")
    return messages / seconds


def filter_rate(path: Path, symbol: str, target: Path) -> float:
    """Filter a session to one symbol, from file to file; give messages a second."""
    tracked = Tracked([symbol])
    seconds = _seconds(lambda: tracked.filter_file(path, target))
    return (tracked.passed + tracked.skipped) / seconds


def recorded_day(data: Path, work: Path) -> Path:
    """Unpack the recorded day from the folder of real data into a folder; give its path."""
    day = work / REAL_DAY.stem
    with gzip.open(data / REAL_DAY) as packed, day.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return day


def replay(
    config: str, data: Path | None, work: Path, *, messages: int, made: int, rounds: int = 3
) -> dict[str, Figure]:
    """Measure the replay of a real day, of a long made one, of a short one through the whole card, and the filter.

    Parameters
    ----------
    config : str
        Name of the configuration.
    data : Path or None
        Folder of real data; without it the long made session is the day.
    work : Path
        Where sessions are written.
    messages, made : int
        Lengths of the short and of the long made session.
    rounds : int
        Runs of each side, in turn; the fastest of each counts, as the least disturbed.

    Raises
    ------
    RuntimeError
        The gateware's views are not those of the software book.
    """
    work.mkdir(parents=True, exist_ok=True)
    names = [s.symbol for s in MADE_SYMBOLS]
    short, long = work / "bench-short.itch50", work / "bench-long.itch50"
    write_messages(short, make_messages(_SEED, messages).messages)
    write_messages(long, make_messages(_SEED, made).messages)
    day, symbols, name = long, names, f"a made session of {made:,} messages (seed {_SEED})"
    if data is not None:
        day, symbols, name = recorded_day(data, work), ["AMZN"], f"the recorded day {REAL_DAY.stem}"
    compared = agreement(config, day, symbols)
    if day != long:
        compared += agreement(config, long, names, every=_SAMPLE)
    days: list[EngineRun] = []
    longs: list[EngineRun] = []
    books: list[float] = []
    for _ in range(rounds):
        days.append(engine_rate(config, day, symbols))
        books.append(software_rate(day))
        longs.append(engine_rate(config, long, names) if day != long else days[-1])
    engine, book = max(r.messages / r.seconds for r in days), max(books)
    run = days[0]
    how = f"of processor time of one core; best of {rounds}"
    by = compiling(config)
    compiled = f"compiled by {by.compiler}" + (" twice, trained on made sessions" if by.training else "")
    filtered = max(filter_rate(long, names[0], work / "bench-kept.itch50") for _ in range(rounds))
    return {
        "replay_messages_per_second": Figure(
            round(engine),
            "messages/s",
            f"{name} from file to the last view of the verilated feed and book, {compiled}, a second {how}",
        ),
        "replay_made_messages_per_second": Figure(
            round(max(r.messages / r.seconds for r in longs)),
            "messages/s",
            f"a made session of {made:,} messages (seed {_SEED}), all of three symbols, the same way",
        ),
        "replay_cycles_per_message": Figure(
            run.cycles / run.messages, "cycles", f"simulated for a message of {name}, book at rest included"
        ),
        "replay_rest_cycles_per_message": Figure(
            run.rest_cycles / run.messages,
            "cycles",
            "of these, without input: the book came to rest, rows were refilled",
        ),
        "replay_views_compared": Figure(
            compared, "views", "five levels a side equal to itch-book's, or this table would not be"
        ),
        "replay_software_book_messages_per_second": Figure(
            round(book), "messages/s", f"{name} through itch-book, five levels, in the same call; {how}"
        ),
        "replay_ratio_to_software_book": Figure(
            engine / book, "ratio", f"verilated feed and book to itch-book on {name}; one is a circuit, cycle by cycle"
        ),
        "replay_card_messages_per_second": Figure(
            round(card_rate(config, short, names)),
            "messages/s",
            f"a made session of {messages:,} messages (seed {_SEED}) through the whole card at its own times",
        ),
        "filter_messages_per_second": Figure(
            round(filtered), "messages/s", f"the long made session filtered to {names[0]}, file to file, a second {how}"
        ),
    }
