"""The line between a card and the exchange: both directions keep their order, whatever each message's latency."""

from collections import deque

from sim.exchange.latency import Latency, LatencyDraws

__all__ = ["Line"]


class Line:
    """Messages on their way. Times are ns since midnight.

    Parameters
    ----------
    inward, outward : Latency
        From the card's transmitter to the exchange, and back.
    seed : int
        Every latency follows from it.
    """

    def __init__(self, inward: Latency, outward: Latency, seed: int = 0) -> None:
        self.inward, self.outward = inward, outward
        self._in = LatencyDraws(inward, f"{seed}/in")
        self._out = LatencyDraws(outward, f"{seed}/out")
        self._arriving: deque[tuple[int, bytes]] = deque()
        self._answers: deque[tuple[int, bytes]] = deque()
        self._sent = self._arrived = self._told = 0

    @property
    def busy(self) -> bool:
        """Whether a message of the card is on its way."""
        return bool(self._arriving)

    @property
    def next_arrival(self) -> int | None:
        """When the next message of the card is at the exchange; ``None`` for none."""
        return self._arriving[0][0] if self._arriving else None

    @property
    def last_arrival(self) -> int:
        """When the last message of the card that was sent so far is, or was, at the exchange."""
        return self._arrived

    @property
    def next_answer(self) -> int | None:
        """When the next answer is at the card; ``None`` for none."""
        return self._answers[0][0] if self._answers else None

    def send(self, time: int, message: bytes, now: int) -> None:
        """Put a message of the card on its way at ``time``; the exchange is at ``now``.

        Raises
        ------
        ValueError
            It could arrive before what has happened already, or it left before an earlier one.
        """
        earliest = time + self.inward.least
        if earliest < now or time < self._sent:
            raise ValueError(
                f"an order of {time} ns arrives from {earliest} ns on; the exchange is at {now} ns already, and the "
                f"last order left at {self._sent} ns"
            )
        self._sent = time
        # One session is one stream: what was sent later never overtakes.
        self._arrived = max(time + self._in.draw(), self._arrived)
        self._arriving.append((self._arrived, message))

    def take_arrived(self) -> tuple[int, bytes]:
        """Take the next message off the line, with the time of its arrival."""
        return self._arriving.popleft()

    def answer(self, now: int, message: bytes) -> None:
        """Put an answer of ``now`` on its way."""
        self._told = max(now + self._out.draw(), self._told)
        self._answers.append((self._told, message))

    def due(self, time: int) -> list[tuple[int, bytes]]:
        """Take the answers off that are at the card by ``time``, with those times."""
        due = []
        while self._answers and self._answers[0][0] <= time:
            due.append(self._answers.popleft())
        return due
