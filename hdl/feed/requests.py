"""When to ask for what is missing, and when to give up."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FeedRequest", "RequestPacing"]


class FeedRequest(data.Struct):
    """A request for messages ``sequence`` up to, not including, ``sequence + count`` of ``session``."""

    #: First character lowest.
    session: unsigned(80)
    sequence: unsigned(64)
    count: unsigned(16)


class RequestPacing(wiring.Component):
    """Asks for what is missing; asks again where no answer brings anything, waiting twice as long each time; gives up.

    An answer that brought something starts the count anew: what it left out is asked for at once.

    Parameters
    ----------
    most : int
        Messages asked for at once, at most.

    Ports
    -----
    begin, horizon
        Pulse: a gap was found, and the number the feed is at. The first request is for what is below it.
    active
        A gap is open.
    missing, next_missing
        Something is missing; the lowest number of it.
    answered
        Pulse: an answer ended that brought something.
    session
        The session followed.
    timeout, tries
        Cycles to wait for the first answer; requests in a row that may bring nothing, at least 1.
    card_time
        Now.
    requests
        A request, offered until it is taken; it follows what is missing meanwhile.
    give_up
        Pulse: the last try brought nothing.
    asking
        A request is to be sent.

    Latency: a request is offered in the cycle in which something is missing, if none is waited for.
    """

    def __init__(self, most: int = 256) -> None:
        self._most = most
        super().__init__(
            {
                "begin": In(1),
                "horizon": In(64),
                "active": In(1),
                "missing": In(1),
                "next_missing": In(64),
                "answered": In(1),
                "session": In(80),
                "timeout": In(32),
                "tries": In(8),
                "card_time": In(64),
                "requests": Out(stream.Signature(FeedRequest)),
                "give_up": Out(1),
                "asking": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        request = self.requests.payload
        until = Signal(64)  # where the hole ends, as far as it is known
        above = Signal(64)
        waited_for = Signal()  # an answer is
        since, wait = Signal(64), Signal(40)
        tried = Signal(8)
        late = Signal()
        m.d.comb += [
            above.eq(Mux(self.next_missing < until, until, self.horizon)),
            request.session.eq(self.session),
            request.sequence.eq(self.next_missing),
            request.count.eq(
                Mux((above - self.next_missing)[:64] > self._most, self._most, (above - self.next_missing)[:16])
            ),
            self.asking.eq(self.active & self.missing & ~waited_for),
            self.requests.valid.eq(self.asking),
            late.eq(self.active & waited_for & ((self.card_time - since)[:64] >= wait)),
            self.give_up.eq(late & (tried >= self.tries)),
        ]
        with m.If(self.answered):
            m.d.sync += [waited_for.eq(0), tried.eq(0), wait.eq(self.timeout)]
        with m.Elif(late):
            m.d.sync += [waited_for.eq(0), wait.eq(Mux(wait[-1], wait, wait << 1))]
        with m.Elif(self.requests.valid & self.requests.ready):
            m.d.sync += [waited_for.eq(1), since.eq(self.card_time), until.eq(above)]
            with m.If(tried != 0xFF):
                m.d.sync += tried.eq(tried + 1)
        with m.If(self.begin):
            m.d.sync += [until.eq(self.horizon), waited_for.eq(0), tried.eq(0), wait.eq(self.timeout)]
        return m
