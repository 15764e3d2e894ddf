"""One sequence of messages from one line or from two."""

from amaranth import Module, Mux
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.feed.arbiter import JOINED, LineArbiter
from hdl.feed.blocks import ENDS
from hdl.feed.capture import SHELVES
from hdl.feed.line import line_item
from hdl.feed.mold import MoldReceiver
from hdl.net.udp_receiver import payload_signature

__all__ = ["JoinedFeed"]

_FROM_EITHER = (
    *("message_valid", "message", "gap", "session_changed", "joined", "joined_late", "session"),
    *("session_epoch", "next_sequence", "duplicates"),
)


class JoinedFeed(wiring.Component):
    """A :class:`hdl.feed.mold.MoldReceiver` for each line, and a :class:`hdl.feed.arbiter.LineArbiter`.

    With ``two_lines`` low, line A's receiver is all there is: it keeps the sequence itself, declares a gap at once, and
    the arbiter adds nothing, not even its cycle. A card that is built for one line has that receiver only, and looks
    neither at ``two_lines`` nor at line B.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    lines : int
        1 or 2.
    window, queue : int
        As of the arbiter.

    Ports
    -----
    packet_a, packet_b
        UDP payloads of the lines.
    two_lines
        Line B is heard, and the two are joined. Changed within a session it makes a gap.
    wrong_sizes
        By line, whether it is joined or not.
    packets
        By line.
    The others
        As of the receiver and the arbiter.

    Latency: as of the receiver; one cycle more with ``two_lines``.
    """

    def __init__(self, width: int = 8, *, lines: int = 2, window: int = 256, queue: int = SHELVES - 1) -> None:
        if lines not in (1, 2):
            raise ValueError(f"a card hears one line of the feed or two, not {lines!r}")
        self._width, self._lines, self._window, self._queue = width, lines, window, queue
        super().__init__(
            {
                "packet_a": In(payload_signature(width)),
                "packet_b": In(payload_signature(width)),
                "two_lines": In(1),
                "join": In(1),
                "reorder": In(8),
                "timeout": In(32),
                "card_time": In(64),
                **JOINED,
                "packets": Out(2),
                "wrong_sizes": Out(data.ArrayLayout(range(ENDS + 2), 2)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.mold_a = a = MoldReceiver(self._width, 1 if self._lines == 1 else SHELVES)
        connect(m, flipped(self.packet_a), a.packet)
        m.d.comb += self.wrong_sizes[0].eq(a.wrong_sizes)
        if self._lines == 1:
            m.d.comb += [
                a.join.eq(self.join),
                *(getattr(self, name).eq(getattr(a, name)) for name in (*_FROM_EITHER, "gap_valid", "packets", "busy")),
            ]
        else:
            m.submodules.mold_b = b = MoldReceiver(self._width)
            connect(m, flipped(self.packet_b), b.packet)
            self._join(m, a, b)
        return m

    def _join(self, m: Module, a: MoldReceiver, b: MoldReceiver) -> None:
        """Put the arbiter behind the two, and choose between it and line A's receiver alone."""
        m.submodules.arbiter = arbiter = LineArbiter(self._window, self._queue)
        two = self.two_lines
        for i, (mold, port) in enumerate(((a, arbiter.a), (b, arbiter.b))):
            line_item(m, mold, two, port)
            m.d.comb += [arbiter.contents[i].eq(mold.message.content), mold.write_shelf.eq(arbiter.write_shelves[i])]
        m.d.comb += [
            a.free.eq(two),
            b.free.eq(1),
            # Alone, line A keeps one message; what waited when line B was left is not read.
            a.read_shelf.eq(Mux(two, arbiter.read_shelves[0], arbiter.write_shelves[0])),
            b.read_shelf.eq(arbiter.read_shelves[1]),
            a.join.eq(self.join & ~two),
            arbiter.enable.eq(two),
            arbiter.join.eq(self.join & two),
            *(getattr(arbiter, name).eq(getattr(self, name)) for name in ("reorder", "timeout", "card_time")),
            *(getattr(self, name).eq(Mux(two, getattr(arbiter, name), getattr(a, name))) for name in _PLAIN),
            *(getattr(self, name).eq(getattr(arbiter, name)) for name in _OF_TWO),
            # Line B is left: what the arbiter says last is still heard.
            self.gap_valid.eq(Mux(two, 0, a.gap_valid) | arbiter.gap_valid),
            self.packets.eq(a.packets | b.packets << 1),
            self.wrong_sizes[1].eq(b.wrong_sizes),
            self.busy.eq(a.busy | b.busy | arbiter.busy),
        ]
        for name in ("message", "gap"):
            with m.If(two | (arbiter.gap_valid if name == "gap" else 0)):
                m.d.comb += getattr(self, name).eq(getattr(arbiter, name))
            with m.Else():
                m.d.comb += getattr(self, name).eq(getattr(a, name))


_PLAIN = tuple(name for name in _FROM_EITHER if name not in ("message", "gap"))
_OF_TWO = ("foreign", "won", "skipped", "overflows", "diverged", "timed_out", "exceeded")
