"""The exchange in real time: a session by multicast, orders over TCP, and the venue between them."""

import sys
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from sim.exchange.multicast import MulticastFeed
from sim.exchange.ouch import OuchError, read
from sim.exchange.session_server import SessionServer
from sim.exchange.venue import Venue
from sim.sessions.encode import time_of

__all__ = ["LiveExchange"]

_HEARTBEAT_SECONDS = 1.0
#: How long the loop sleeps at most, so that a request for missing messages is not kept waiting.
_LONGEST_SLEEP = 0.01
_NS = 1_000_000_000


class LiveExchange:
    """Publishes a session at its own pace, takes orders as they come, and answers them.

    Exchange time follows the wall clock from the session's first message on. It is never further than the next message
    that has not been published yet, so every order meets the book that was told when it came.

    Parameters
    ----------
    messages : iterable of bytes
        The session, in order.
    venue : Venue
        Where orders go.
    name, username, password : str
        Of the order session, as :class:`~sim.exchange.session_server.SessionServer` has them.
    address : str
        ``HOST:PORT`` at which the order session listens.
    feed : MulticastFeed, optional
        Publishes; the caller closes it. Without one the session only moves the book.
    speed : float
        Exchange seconds a second.
    longest_gap_seconds : float
        No stretch without a message takes longer than so many seconds of exchange time.
    start_on_login : bool
        The session begins with the first login; otherwise with :meth:`run`.

    Raises
    ------
    ValueError
        The session is empty, or a parameter makes no sense.
    OSError
        The address cannot be listened at.

    Attributes
    ----------
    server : SessionServer
        The order session.
    malformed : int
        Messages of the client that were no OUCH, or asked for what is not here; they were passed over.
    """

    def __init__(
        self,
        messages: Iterable[bytes],
        venue: Venue,
        name: str,
        username: str,
        password: str,
        *,
        address: str = "127.0.0.1:0",
        feed: MulticastFeed | None = None,
        speed: float = 1.0,
        longest_gap_seconds: float = 1.0,
        start_on_login: bool = False,
    ) -> None:
        if speed <= 0 or longest_gap_seconds <= 0:
            raise ValueError(f"speed and longest gap are above 0, not {speed} and {longest_gap_seconds}")
        self._messages = iter(messages)
        following = next(self._messages, None)
        if following is None:
            raise ValueError("the session has no message")
        self._following: bytes | None = following
        self._venue, self._feed = venue, feed
        self._speed, self._longest_gap = speed, round(longest_gap_seconds * _NS)
        self._start_on_login = start_on_login
        #: Exchange time, of which this wall-clock time in ns is the other name; None: time stands still.
        self._origin, self._started_at = time_of(following), None if start_on_login else time.monotonic_ns()
        self._reached = self._origin
        self._said_at = 0.0
        self._stopping = False
        self.malformed = 0
        self._moved = threading.Condition()  # and its lock guards all of the above, and the venue
        with self._moved:  # who logs in at once waits until there is a server to answer by
            self.server = SessionServer(name, username, password, self._hear, on_state=self._on_state, address=address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.server.close()

    @property
    def over(self) -> bool:
        """Whether every message of the session was published."""
        return self._following is None

    def stop(self) -> None:
        """End :meth:`run`; may be called in any thread, not in a signal handler."""
        with self._moved:
            self._stopping = True
            self._moved.notify_all()

    def run(self) -> None:
        """Publish and answer until :meth:`stop`; the order session is served after the session's end too."""
        with self._moved:
            while not self._stopping:
                self._publish_due()
                self._answer()
                self._speak()
                self._moved.wait(self._seconds_to_wait())

    def _now(self) -> int:
        """Exchange time, no further than before the next message that is not published."""
        if self._started_at is None:
            return self._reached
        now = self._origin + round((time.monotonic_ns() - self._started_at) * self._speed)
        if self._following is not None:
            left_out = time_of(self._following) - now - self._longest_gap
            if left_out > 0:
                self._origin += left_out
                now += left_out
            now = min(now, time_of(self._following) - 1)
        self._reached = max(self._reached, now)
        return self._reached

    def _publish_due(self) -> None:
        """Tell the book and the feed what is due, one packet at most."""
        if self._started_at is None or (self._feed is not None and self._feed.seconds_to_wait() > 0):
            return
        now = self._origin + round((time.monotonic_ns() - self._started_at) * self._speed)
        messages: list[bytes] = []
        while (message := self._following) is not None and (at := time_of(message)) <= now:
            if self._feed is not None and not self._feed.fits(messages, message):
                break
            self._venue.on_session_message(at, message)
            self._reached = max(self._reached, at)
            messages.append(message)
            self._following = next(self._messages, None)
        if messages and self._feed is not None:
            self._feed.publish(messages)
            self._said_at = time.monotonic()
        if messages and self._following is None and self._feed is not None:
            self._feed.end()

    def _answer(self) -> None:
        for _, message in self._venue.answers_until(self._now()):
            self.server.publish(message)

    def _speak(self) -> None:
        if self._feed is None:
            return
        self._feed.answer_requests()
        if time.monotonic() - self._said_at >= _HEARTBEAT_SECONDS:
            self._said_at = time.monotonic()
            self._feed.end() if self.over else self._feed.heartbeat()

    def _seconds_to_wait(self) -> float:
        """Give how long nothing is due, as far as is known now."""
        times = [] if self._following is None else [time_of(self._following)]
        if self._venue.acts_at is not None:
            times.append(self._venue.acts_at + self._venue.latency_out_ns)
        if self._venue.next_time is not None:
            times.append(self._venue.next_time)
        wait = _LONGEST_SLEEP
        if times and self._started_at is not None:
            wait = min(wait, (min(times) - self._now()) / self._speed / _NS)
        pace = 0.0 if self._feed is None else self._feed.seconds_to_wait()
        return max(0.0, wait, pace)

    # What the order session's thread calls.

    def _hear(self, message: bytes) -> tuple[()]:
        with self._moved:
            try:
                read(message)
            except OuchError as error:
                self.malformed += 1
                print(f"exchange: passed over: {error}", file=sys.stderr, flush=True)
                return ()
            self._venue.on_order(self._now(), message)
            self._answer()
            self._moved.notify_all()
        return ()

    def _on_state(self, up: bool) -> None:
        with self._moved:
            if up:
                self._venue.connect()
                if self._started_at is None:
                    self._started_at = time.monotonic_ns()
            else:
                self._venue.disconnect(self._now())
                self._answer()
            self._moved.notify_all()
