"""How fast a recorded session runs through the verilated card, and through a book in software, in one call."""

import time
from pathlib import Path

from sim.bench.figures import Figure
from sim.bench.steer import SteeredCard
from sim.card_port import Arrival, Port
from sim.sessions.binaryfile import read_messages, write_messages
from sim.sessions.encode import time_of
from sim.sessions.frames import FrameMaker, pack_messages
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.verilated.batch import ArrivalBatch

__all__ = ["card_rate", "replay", "software_rate"]

#: Below the folder of real data.
REAL_SESSION = Path("itch") / "aapl_20200130_first10k.itch50"
_BEGIN = 16


def card_rate(config: str, path: Path, symbols: list[str]) -> tuple[int, float, int]:
    """Play a session into a card that follows ``symbols``.

    Returns
    -------
    tuple of int, float and int
        Messages; seconds from the first byte read of the file to the last event of the card; cycles simulated.

    Raises
    ------
    RuntimeError
        The card heard another number of messages than the file has.
    """
    with SteeredCard(config) as card:
        card.follow(symbols)
        begun = time.perf_counter()
        timed = ((time_of(m), m) for m in read_messages(path))
        packets = list(pack_messages(timed, FrameMaker()))
        start = card.model.now + _BEGIN
        period, first = card.config.clock_period_ps, packets[0].time
        arrivals = [Arrival(start + (p.time - first) * 1000 // period, Port.FEED, p.frame) for p in packets]
        card.model.queue(ArrivalBatch.of(arrivals))
        card.model.play([], arrivals[-1].time + _BEGIN, stop_on_order=False)
        seconds = time.perf_counter() - begun
        messages = sum(p.count for p in packets)
        cycles, heard = card.model.cycles, card.get("feed.messages")
    if heard != messages:
        raise RuntimeError(f"{path.name} has {messages} messages, the card heard {heard}")
    return messages, seconds, cycles


def software_rate(path: Path) -> tuple[int, float]:
    """Put a session through ``itch-book``, five levels deep; give messages and seconds.

    Raises
    ------
    ModuleNotFoundError
        ``itch-book`` is not installed: it comes with the ``dev`` extra.
    RuntimeError
        It heard another number of messages than the file has.
    """
    import itch_book  # a development dependency: only the benchmark asks for it

    messages = sum(1 for _ in read_messages(path))
    begun = time.perf_counter()
    session = itch_book.Session([], 5, [])  # no table but the five levels after every change
    session.feed(path.read_bytes())
    session.take_depth()
    seconds = time.perf_counter() - begun
    heard = session.stats()["messages"]
    if heard != messages:
        raise RuntimeError(f"{path.name} has {messages} messages, itch-book heard {heard}")
    return messages, seconds


def replay(config: str, data: Path | None, work: Path, *, messages: int, rounds: int = 3) -> dict[str, Figure]:
    """Measure the replay of a real session, or of a made one where there is no real one.

    Parameters
    ----------
    config : str
        Name of the configuration.
    data : Path or None
        Folder of real data.
    work : Path
        Where a made session is written.
    messages : int
        Length of a made session.
    rounds : int
        Runs of each side, in turn; the fastest of each counts, as the least disturbed.
    """
    if data is not None:
        path, symbols, name = data / REAL_SESSION, ["AAPL"], f"the recorded session {REAL_SESSION.name}"
    else:
        path, symbols = work / "bench.itch50", [s.symbol for s in MADE_SYMBOLS]
        name = f"a made session of {messages} messages (seed 7)"
        write_messages(path, make_messages(7, messages).messages)
    cards, books = [], []
    for _ in range(rounds):
        count, seconds, cycles = card_rate(config, path, symbols)
        cards.append(count / seconds)
        count, seconds = software_rate(path)
        books.append(count / seconds)
    return {
        "replay_messages_per_second": Figure(
            round(max(cards)),
            "messages/s",
            f"{name} from file to the last view of the verilated card, on one core of this machine; best of {rounds}",
        ),
        "replay_cycles_per_message": Figure(
            cycles / count, "cycles", f"simulated for a message of {name}; what is quiet is skipped"
        ),
        "replay_software_book_messages_per_second": Figure(
            round(max(books)),
            "messages/s",
            f"{name} through itch-book, five levels, in the same call; best of {rounds}",
        ),
        "replay_ratio_to_software_book": Figure(
            max(cards) / max(books), "ratio", f"verilated card to itch-book on {name}; one is a circuit, cycle by cycle"
        ),
    }
