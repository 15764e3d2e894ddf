"""Plays a session into a card: frames at their times, orders to the exchange, its answers back, time granted in steps.

Three clocks meet here. Exchange time is what the session's messages carry. A frame reaches the card ``feed_latency_ns``
after its last message. Card time counts cycles from a base that stands for the session's first message. The exchange
hears an order ``latency_in_ns`` after it left the card, and the card hears the answer ``latency_out_ns`` later still.

The order of things at the exchange is by time, whoever is ahead: it is moved on no further than to the time at which
an order that the card might send in its next cycle would arrive, and while an order rests there the card runs no
further than to the next session message that could fill it. So the fills do not depend on how the play is cut.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sim.card_port import Arrival, CardPort, Port, SentFrame
from sim.rerequest import RerequestServer
from sim.sessions.encode import time_of
from sim.sessions.frames import FrameMaker, Packet, Packing, pack_messages

__all__ = ["Exchange", "PlayError", "Player", "PlayerSettings", "RunLengths"]

_TOKENS = 0x7FFF_FFFF
#: The session's first message stands for a card time so far after the card's present.
_CYCLES_AHEAD = 16
_SETTLE_TRIES = 10


class PlayError(RuntimeError):
    """The card did not do what was asked of it."""


class Exchange(Protocol):
    """What the player needs of an exchange. All times are ns since midnight."""

    @property
    def latency_in_ns(self) -> int:
        """Least time from the card's transmitter to the exchange's book."""
        ...

    @property
    def latency_out_ns(self) -> int:
        """Most time from the exchange's book to the card."""
        ...

    @property
    def acts_at(self) -> int | None:
        """When it next acts whatever the session says: an order arrives that is on its way, or something is due."""
        ...

    def on_session_message(self, time: int, message: bytes) -> None:
        """Take in a message of the session, at its exchange time."""
        ...

    def on_order(self, time: int, ouch: bytes) -> None:
        """Take in a message of the card that left it at ``time``."""
        ...

    def answers_until(self, time: int) -> list[tuple[int, bytes]]:
        """Take out the answers that reach the card by ``time``, with those times."""
        ...

    def could_fill(self, message: bytes) -> bool:
        """Whether this message of the session could fill, cancel or restate a resting order."""
        ...


@dataclass(frozen=True, slots=True)
class PlayerSettings:
    """How a session is played.

    Attributes
    ----------
    clock_period_ps : int
        The card's clock.
    feed_latency_ns : int
        From an exchange time to the frame at the card.
    answer_latency_ns : int
        From a request of the card for missing messages to the answer at the card.
    line_b_latency_ns : int or None
        The same on the feed's second line; None: there is none.
    boundary_ns : int
        Exchange time between two grants; boundaries lie at its multiples.
    settle_ns : int
        Exchange time that is played on after the last message, for orders on their way.
    packing : Packing
        How messages share frames.
    wait_for_host : bool
        Whether each boundary waits for the host's lease.
    """

    clock_period_ps: int = 6_400
    feed_latency_ns: int = 5_000
    answer_latency_ns: int = 50_000
    line_b_latency_ns: int | None = None
    boundary_ns: int = 10_000_000_000
    settle_ns: int = 1_000_000_000
    packing: Packing = field(default_factory=Packing)
    wait_for_host: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        for name in ("clock_period_ps", "boundary_ns", "settle_ns"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        for name in ("feed_latency_ns", "answer_latency_ns"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more")
        if self.line_b_latency_ns is not None and self.line_b_latency_ns < 0:
            raise ValueError(f"line_b_latency_ns is {self.line_b_latency_ns}; it must be 0 or more, or None")


@dataclass(slots=True)
class RunLengths:
    """How much was played.

    Attributes
    ----------
    messages : Counter
        Messages by type letter.
    frames, dropped_frames : int
        Frames given to the card on line A, and frames kept from it on purpose.
    frames_b, dropped_frames_b : int
        The same of line B.
    requests : int
        Frames of the card: requests for missing messages.
    orders : Counter
        OUCH messages of the card by type letter.
    answers : int
        OUCH messages to the card.
    first_time, last_time : int
        Exchange times of the first message and of the end of play, ns since midnight.
    first_cycle, last_cycle : int
        Card times of the same.
    boundaries : int
        Grants of time.
    """

    messages: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    dropped_frames: int = 0
    frames_b: int = 0
    dropped_frames_b: int = 0
    requests: int = 0
    orders: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    first_time: int = 0
    last_time: int = 0
    first_cycle: int = 0
    last_cycle: int = 0
    boundaries: int = 0


class Player:
    """Plays one session.

    Parameters
    ----------
    port : CardPort
        The card.
    exchange : Exchange
        Where its orders go.
    settings : PlayerSettings, optional
        Times and packing.
    on_boundary : callable, optional
        Called with the exchange time at each boundary, when the host has dealt with everything before it and while
        card time stands still.
    progress : callable, optional
        Called at each boundary with the number of messages played.
    drop : callable, optional
        Says of each packet whether it is kept from line A, as if the network had lost it.
    drop_b : callable, optional
        The same for line B.
    server : RerequestServer, optional
        Answers what the card asks for. With one, a heartbeat ends the session, so that a loss at its end is seen too.
    """

    def __init__(
        self,
        port: CardPort,
        exchange: Exchange,
        settings: PlayerSettings | None = None,
        *,
        on_boundary: Callable[[int], None] | None = None,
        progress: Callable[[int], None] | None = None,
        drop: Callable[[Packet], bool] | None = None,
        drop_b: Callable[[Packet], bool] | None = None,
        server: RerequestServer | None = None,
        frames: FrameMaker | None = None,
    ) -> None:
        self._port = port
        self._exchange = exchange
        self._settings = settings or PlayerSettings()
        self._on_boundary = on_boundary
        self._progress = progress
        self._drop = drop
        self._drop_b = drop_b
        self._server = server
        self._frames = frames or FrameMaker()
        self._lengths = RunLengths()
        self._sequence = 1
        #: Messages that the exchange has not seen yet.
        self._ahead: deque[tuple[int, bytes]] = deque()
        self._given = 0
        self._consumed = 0
        self._now = 0
        self._last_answer = 0
        self._last_reply = 0

    def cycle_of(self, time: int) -> int:
        """First card cycle that is not before an exchange time."""
        period = self._settings.clock_period_ps
        return self._lengths.first_cycle + -(-(time - self._lengths.first_time) * 1_000 // period)

    def time_of(self, cycle: int) -> int:
        """Exchange time of a card cycle, whole ns, rounded down."""
        return self._lengths.first_time + (cycle - self._lengths.first_cycle) * self._settings.clock_period_ps // 1_000

    def play(self, messages: Iterable[bytes]) -> RunLengths:
        """Play a session to its end.

        Raises
        ------
        PlayError
            The card left arrivals unread, stopped early, or sent an empty message.
        ValueError
            The session's times fall back.
        """
        stretches = self._stretches(messages)
        lengths = self._lengths
        opened = False
        for stretch, end in stretches:
            if not opened:
                self._start(stretch[0][0])
                opened = True
            self._play_stretch(self._arrivals(stretch), end)
            self._boundary(end)
        if opened:
            self._settle()
        return lengths

    def _settle(self) -> None:
        """Play on after the last message, until nothing is on its way."""
        arrivals = [] if self._server is None else self._heartbeat()
        for _ in range(_SETTLE_TRIES):
            end = self._lengths.last_time + self._settings.settle_ns
            self._play_stretch(arrivals, end)
            arrivals = []
            self._boundary(end)
            if self._consumed == self._given:
                return
        raise PlayError(
            f"the card took {self._consumed} of {self._given} arrivals, and no more in "
            f"{_SETTLE_TRIES * self._settings.settle_ns} ns after the session's end; is one of its ports stuck?"
        )

    def _heartbeat(self) -> list[Arrival]:
        """Say on each line how far the session has come."""
        settings, frame = self._settings, self._frames.frame(self._sequence, [])
        lines = [(Port.FEED, settings.feed_latency_ns)]
        if settings.line_b_latency_ns is not None:
            lines.append((Port.FEED_B, settings.line_b_latency_ns))
        # A frame of the session may still be on its way, and a port's times do not fall.
        return [Arrival(max(self._now, self.cycle_of(self._lengths.last_time + ns)), port, frame) for port, ns in lines]

    def _start(self, first: int) -> None:
        played = self._port.play([], 0)
        self._now = played.now
        self._consumed = self._given = played.consumed
        self._lengths.first_time = first
        # The answers' and frames' times are never in the card's past.
        self._lengths.first_cycle = played.now + _CYCLES_AHEAD

    def _stretches(self, messages: Iterable[bytes]) -> Iterator[tuple[list[tuple[int, bytes]], int]]:
        """Cut the session at the boundaries; yield messages with their times, and the boundary after them."""
        step = self._settings.boundary_ns
        stretch: list[tuple[int, bytes]] = []
        end = last = -1
        for message in messages:
            time = time_of(message)
            if time < last:
                raise ValueError(f"message {self._lengths.messages.total() + 1} is of {time} ns, before {last} ns")
            last = time
            if end < 0:
                end = (time // step + 1) * step
            while time >= end:
                yield stretch, end
                stretch = []
                end += step
            stretch.append((time, message))
            self._lengths.messages[chr(message[0])] += 1
        if stretch:
            yield stretch, end

    def _arrivals(self, stretch: list[tuple[int, bytes]]) -> list[Arrival]:
        self._ahead.extend(stretch)
        if self._server is not None:
            self._server.publish([message for _, message in stretch])
        arrivals = []
        for packet in pack_messages(stretch, self._frames, self._settings.packing, self._sequence):
            self._sequence = packet.sequence + packet.count
            if self._drop is not None and self._drop(packet):
                self._lengths.dropped_frames += 1
            else:
                time = self.cycle_of(packet.time + self._settings.feed_latency_ns)
                arrivals.append(Arrival(time, Port.FEED, packet.frame))
                self._lengths.frames += 1
            if self._settings.line_b_latency_ns is None:
                continue
            if self._drop_b is not None and self._drop_b(packet):
                self._lengths.dropped_frames_b += 1
            else:
                time = self.cycle_of(packet.time + self._settings.line_b_latency_ns)
                arrivals.append(Arrival(time, Port.FEED_B, packet.frame))
                self._lengths.frames_b += 1
        return arrivals

    def _play_stretch(self, arrivals: list[Arrival], end: int) -> None:
        """Play until the exchange time ``end``."""
        last_cycle = self.cycle_of(end)
        while True:
            self._move_exchange(min(self.time_of(self._now) + self._exchange.latency_in_ns, end))
            arrivals += self._answers(end)
            if self._now >= last_cycle and not arrivals:
                break
            until = max(self._now, min(last_cycle, self._next_fill(end)))
            played = self._port.play(arrivals, until)
            if played.now < until and not played.orders and not played.frames:
                raise PlayError(f"the card stopped at card time {played.now}, before {until}, without an order")
            self._given += len(arrivals)
            self._now = played.now
            arrivals = self._replies(played.frames)
            self._consumed = played.consumed
            for order in played.orders:
                if not order.data:
                    raise PlayError(f"the card sent an empty order at card time {order.time}")
                self._lengths.orders[chr(order.data[0])] += 1
                self._exchange.on_order(self.time_of(order.time), order.data)
        self._lengths.last_time = end
        self._lengths.last_cycle = self._now

    def _move_exchange(self, time: int) -> None:
        """Give the exchange the session's messages up to ``time``."""
        ahead = self._ahead
        while ahead and ahead[0][0] <= time:
            self._exchange.on_session_message(*ahead.popleft())

    def _answers(self, end: int) -> list[Arrival]:
        """Collect what the exchange has answered; all of it reaches the card after its present time."""
        reach = min(self.time_of(self._now) + self._exchange.latency_in_ns, end) + self._exchange.latency_out_ns
        arrivals = []
        for time, data in self._exchange.answers_until(reach):
            # Two answers of one moment keep their order; none may enter before the card's present.
            self._last_answer = max(self.cycle_of(time), self._last_answer, self._now)
            arrivals.append(Arrival(self._last_answer, Port.ORDERS, data))
        self._lengths.answers += len(arrivals)
        return arrivals

    def _replies(self, frames: Sequence[SentFrame]) -> list[Arrival]:
        """Have the card's requests answered."""
        arrivals = []
        for frame in frames:
            self._lengths.requests += 1
            answer = None if self._server is None else self._server.answer(frame.data)
            if answer is not None:
                time = self.cycle_of(self.time_of(frame.time) + self._settings.answer_latency_ns)
                self._last_reply = max(time, self._last_reply)
                arrivals.append(Arrival(self._last_reply, Port.ANSWERS, answer))
        return arrivals

    def _next_fill(self, end: int) -> int:
        """Card time to stop at, so that the exchange can be moved over what could next change an order."""
        latency = self._exchange.latency_in_ns
        acts_at = self._exchange.acts_at
        # What it does beyond the end waits for the next stretch: the exchange is not moved there in this one.
        latest = end if acts_at is None or acts_at > end else min(acts_at - latency, end)
        for time, message in self._ahead:
            if time - latency > latest:
                break
            if self._exchange.could_fill(message):
                return self.cycle_of(time - latency)
        return self.cycle_of(latest)

    def _boundary(self, end: int) -> None:
        self._port.boundary(self._lengths.boundaries & _TOKENS, wait_for_host=self._settings.wait_for_host)
        self._lengths.boundaries += 1
        if self._progress is not None:
            self._progress(self._lengths.messages.total() - len(self._ahead))
        if self._on_boundary is not None:
            self._on_boundary(end)
