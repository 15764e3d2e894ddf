"""Frames of one width to wider words, as the 8-byte ones that the blocks behind a port work in, and back."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature

__all__ = ["WORD", "FromWords", "ToWords"]

#: Bytes of a word unless it is said otherwise.
WORD = 8


class ToWords(wiring.Component):
    """Gathers the beats of a frame into words.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    word : int
        Bytes of a word: 4 or 8, not less than of a beat.

    Ports
    -----
    rx : In
        Frames, always ready. A beat that is not the last of its frame is full, as ``hdl.net.frame`` has it.
    words : Out
        The same frames in words, never waiting.

    Latency: none; a word is given in the cycle of its last beat.
    """

    def __init__(self, width: int, *, word: int = WORD) -> None:
        self._width, self._word = width, word
        super().__init__(
            {
                "rx": In(frame_signature(width, always_ready=True)),
                "words": Out(frame_signature(word, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W, word = self._width, self._word
        rx, out = self.rx, self.words
        if word == W:
            connect(m, flipped(rx), flipped(out))
            return m
        kept = Signal(8 * (word - W))
        part = Signal(range(word // W))
        done = rx.payload.last | (part == word // W - 1)
        data = Cat(rx.payload.data)
        with m.If(rx.valid):
            m.d.sync += part.eq(Mux(done, 0, part + 1))
        with m.Switch(part):
            for i in range(word // W):
                with m.Case(i):
                    m.d.comb += Cat(out.payload.data).eq(Cat(kept[: 8 * W * i], data))
                    with m.If(rx.valid):
                        m.d.sync += kept[8 * W * i : 8 * W * (i + 1)].eq(data)
        m.d.comb += [
            out.valid.eq(rx.valid & done),
            out.payload.count.eq(part * W + rx.payload.count),
            out.payload.last.eq(rx.payload.last),
            out.payload.error.eq(rx.payload.error & rx.payload.last),
        ]
        return m


class FromWords(wiring.Component):
    """Cuts the words of a frame into beats.

    Parameters
    ----------
    width : int
        Bytes of a beat: 1, 4 or 8.
    word : int
        Bytes of a word: 4 or 8, not less than of a beat.

    Ports
    -----
    words : In
        Frames in words; a word is taken with its last beat.
    tx : Out
        The same frames in beats.

    Latency: none.
    """

    def __init__(self, width: int, *, word: int = WORD) -> None:
        self._width, self._word = width, word
        super().__init__({"words": In(frame_signature(word)), "tx": Out(frame_signature(width))})

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        W, word = self._width, self._word
        words, tx = self.words, self.tx
        if word == W:
            connect(m, flipped(words), flipped(tx))
            return m
        part = Signal(range(word // W))
        left = Signal(range(word + 1))
        ends = left <= W
        m.d.comb += [
            left.eq(words.payload.count - part * W),
            tx.valid.eq(words.valid),
            Cat(tx.payload.data).eq(Cat(words.payload.data).word_select(part, 8 * W)),
            tx.payload.count.eq(Mux(ends, left, W)),
            tx.payload.last.eq(words.payload.last & ends),
            tx.payload.error.eq(words.payload.error & tx.payload.last),
            words.ready.eq(tx.ready & ends),
        ]
        with m.If(words.valid & tx.ready):
            m.d.sync += part.eq(Mux(ends, 0, part + 1))
        return m
