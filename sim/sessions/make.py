"""The session maker: a trading day of three made symbols, all of it from a seed.

The day begins with the start-of-day spin of the real feed, opens, trades at a steady average rate and closes. The
order book behind it is kept whole all along: every message speaks of an order that lives, no price crosses, and the
spread is one cent but for short gaps. No clock, no hash order and no float that depends on the machine goes into it,
so one seed makes one file, byte for byte.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hdl.wire.itch50 import ITCH50
from sim.sessions.behaviour import SymbolBehaviour
from sim.sessions.binaryfile import write_messages
from sim.sessions.regimes import regime_of
from sim.sessions.tape import MadeBook, Tape

__all__ = [
    "LEAST_MESSAGES",
    "MADE_SYMBOLS",
    "MESSAGES_PER_SECOND",
    "MadeSession",
    "MadeSymbol",
    "make_messages",
    "make_session",
]

_SECOND = 1_000_000_000
#: Exchange times, ns since midnight.
_SYSTEM_START = (9 * 3600 + 29 * 60) * _SECOND
_OPEN = (9 * 3600 + 30 * 60) * _SECOND
#: Average over all symbols: 200,000 messages last over ten minutes.
MESSAGES_PER_SECOND = 300
#: The spin, the first books and the close need so many.
LEAST_MESSAGES = 1_000
_CLOSING = 3


@dataclass(frozen=True)
class MadeSymbol:
    """A made symbol: its name, its locate number of the day and its first bid in cents."""

    symbol: str
    locate: int
    first_bid: int


MADE_SYMBOLS = (MadeSymbol("PWAA", 17, 2500), MadeSymbol("PWBB", 203, 4000), MadeSymbol("PWCC", 1021, 6000))


@dataclass(frozen=True)
class MadeSession:
    """What was made: how many messages, and exchange times of the open and the close, ns since midnight."""

    messages: int
    opened: int
    closed: int


def make_session(
    path: Path,
    seed: int,
    messages: int = 220_000,
    regime: str = "calm",
    progress: Callable[[int, int], None] | None = None,
) -> MadeSession:
    """Make a session and write it as BinaryFILE (gzip if the name ends in ``.gz``).

    Parameters
    ----------
    path : Path
        Where to.
    seed : int
        One seed makes one file.
    messages : int
        How many messages, at least 1,000. The day's length follows: 300 a second.
    regime : str
        ``calm``: an imbalance mostly tells where the price goes. ``toxic``: it is mostly a trap.
    progress : callable, optional
        Called now and then with (messages made, messages).

    Raises
    ------
    ValueError
        Too few messages, or no such regime.
    """
    made = make_messages(seed, messages, regime, progress)
    write_messages(path, made.messages)
    return MadeSession(len(made.messages), _OPEN, made.time)


def make_messages(
    seed: int, messages: int, regime: str = "calm", progress: Callable[[int, int], None] | None = None
) -> Tape:
    """Make a session in memory; see :func:`make_session`. The tape's time is that of the close."""
    chosen = regime_of(regime)
    if messages < LEAST_MESSAGES:
        raise ValueError(f"{messages} messages are too few for a day; at least {LEAST_MESSAGES}")
    tape = Tape(_SYSTEM_START)
    _spin(tape)
    behaviours = []
    tape.advance(_OPEN - 20 * _SECOND)
    for made in MADE_SYMBOLS:
        book = MadeBook(tape, made.locate, _stock(made), made.first_bid, made.first_bid + 1)
        behaviour = SymbolBehaviour(book, chosen, f"{seed}/{regime}/{made.symbol}")
        behaviour.fill()
        tape.advance(tape.time + _SECOND)
        behaviours.append(behaviour)
    _open(tape)
    _trade(tape, behaviours, messages - _CLOSING, progress)
    _close(tape)
    return tape


def _stock(made: MadeSymbol) -> bytes:
    return made.symbol.encode("ascii").ljust(8)


def _say(tape: Tape, kind: str, locate: int = 0, **fields: int | str) -> None:
    tape.messages.append(ITCH50[kind].pack(stock_locate=locate, timestamp=tape.time, **fields))
    tape.time += 1_000


def _spin(tape: Tape) -> None:
    """Start of messages, start of system hours, and what the feed says of each symbol before the day."""
    _say(tape, "S", event_code="O")
    _say(tape, "S", event_code="S")
    _say(tape, "V", level_1=4_000_00000000, level_2=3_700_00000000, level_3=3_400_00000000)
    for made in MADE_SYMBOLS:
        _say(
            tape, "R", made.locate, stock=made.symbol, market_category="Q", financial_status_indicator="N",
            round_lot_size=100, round_lots_only="N", issue_classification="C", issue_sub_type="Z",
            authenticity="P", short_sale_threshold_indicator="N", ipo_flag="N", luld_reference_price_tier="1",
            etp_flag="N", etp_leverage_factor=0, inverse_indicator="N",
        )  # fmt: skip
        _say(tape, "H", made.locate, stock=made.symbol, trading_state="T", reason="")
        _say(tape, "Y", made.locate, stock=made.symbol, reg_sho_action="0")
        _say(
            tape, "L", made.locate, mpid="PWMA", stock=made.symbol, primary_market_maker="Y",
            market_maker_mode="N", market_participant_state="A",
        )  # fmt: skip


def _open(tape: Tape) -> None:
    """Open the market; each symbol's opening cross follows."""
    for made in MADE_SYMBOLS:
        _say(
            tape, "I", made.locate, paired_shares=8_000, imbalance_shares=0, imbalance_direction="N",
            stock=made.symbol, far_price=made.first_bid * 100, near_price=made.first_bid * 100,
            current_reference_price=made.first_bid * 100, cross_type="O", price_variation_indicator="L",
        )  # fmt: skip
    tape.advance(_OPEN)
    _say(tape, "S", event_code="Q")
    for made in MADE_SYMBOLS:
        tape.time += 20_000
        _say(
            tape, "Q", made.locate, shares=8_000, stock=made.symbol, cross_price=made.first_bid * 100,
            match_number=tape.match(), cross_type="O",
        )  # fmt: skip


def _trade(
    tape: Tape, behaviours: list[SymbolBehaviour], end: int, progress: Callable[[int, int], None] | None
) -> None:
    """Let the symbols trade until the tape holds ``end`` messages."""
    begun = tape.time
    first = len(tape.messages)
    queue = []
    for index, behaviour in enumerate(behaviours):
        behaviour.start(begun)
        queue.append((begun + 1_000_000 * (index + 1), index))
    heapq.heapify(queue)
    usual_gap = len(behaviours) * _SECOND / MESSAGES_PER_SECOND
    shown = 0
    while len(tape.messages) < end:
        time, index = heapq.heappop(queue)
        tape.advance(time)
        # Bursts come as they come; the quiet stretches make up for them, so that the average rate holds.
        due = first + MESSAGES_PER_SECOND * (tape.time - begun) // _SECOND
        gap = usual_gap * (2.5 if len(tape.messages) > due else 0.8)
        delay = behaviours[index].step(gap)
        heapq.heappush(queue, (tape.time + delay, index))
        if progress is not None and len(tape.messages) - shown >= 20_000:
            shown = len(tape.messages)
            progress(shown, end + _CLOSING)
    # One last step may have put a few messages too many; a book stays whole without its last changes.
    del tape.messages[end:]


def _close(tape: Tape) -> None:
    """Close the market, the system hours and the messages."""
    for code in "MEC":
        tape.advance(tape.time + _SECOND // 10)
        _say(tape, "S", event_code=code)
