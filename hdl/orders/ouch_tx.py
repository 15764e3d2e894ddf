"""Encoder of the OUCH 5.0 messages that the card sends."""

from amaranth import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.types import OrderIntentKind, Side, TimeInForce
from hdl.wire import ouch50

__all__ = ["OuchTransmitter", "TransmitKind", "TransmitOrder"]

WIDTH = 8
#: Appendage of a located short sale: length, tag, ``Y``.
LOCATED = ouch50.option(ouch50.TAG_SHARES_LOCATED, b"Y")
#: Appendage of a post-only order: length, tag, ``P``.
POST_ONLY = ouch50.option(ouch50.TAG_POST_ONLY, b"P")
OPTION_BYTES = len(LOCATED)


class TransmitKind(enum.Enum, shape=3):
    """What is sent: the kinds of an intent, with their numbers, and what is of no order."""

    ENTER = OrderIntentKind.ENTER.value
    REPLACE = OrderIntentKind.REPLACE.value
    CANCEL = OrderIntentKind.CANCEL.value
    MODIFY = OrderIntentKind.MODIFY.value
    QUERY = 4


#: OUCH type letter of each.
LETTERS = {
    TransmitKind.ENTER: "O",
    TransmitKind.REPLACE: "U",
    TransmitKind.CANCEL: "X",
    TransmitKind.MODIFY: "M",
    TransmitKind.QUERY: "Q",
}
WITH_OPTIONS = (TransmitKind.ENTER, TransmitKind.REPLACE)


class TransmitOrder(data.Struct):
    """One message to send."""

    kind: TransmitKind
    side: Side
    short: unsigned(1)
    #: To be refused by the exchange rather than take.
    post_only: unsigned(1)
    time_in_force: TimeInForce
    shares: unsigned(32)
    price: unsigned(32)
    symbol: unsigned(64)
    #: Number of the order that a REPLACE replaces, or a CANCEL or MODIFY names.
    orig_user_ref: unsigned(32)
    #: New number of ENTER and REPLACE.
    user_ref: unsigned(32)


def _text(text: str) -> Value:
    """Bytes of a text, first in the lowest."""
    return Const(int.from_bytes(text.encode("ascii"), "little"), 8 * len(text))


def _swapped(value: Value) -> Value:
    """Big-endian bytes of a number, first in the lowest."""
    return Cat(*reversed([value[i : i + 8] for i in range(0, len(value), 8)]))


def _hex_digit(nibble: Value) -> Value:
    """ASCII of a hexadecimal digit, upper case."""
    return Const(0, 8) | Mux(nibble < 10, nibble + ord("0"), nibble + (ord("A") - 10))


class OuchTransmitter(wiring.Component):
    """Sends one OUCH message a frame, without session framing.

    ``start`` with ``order`` begins a message: its first beat is valid in the same cycle, so that the owner adds no
    cycle. What follows the first beat is read from ``rest``, the same message one cycle later, so that nothing but its
    first eight bytes hangs on an order that is only being chosen. Both stay as they are until ``busy`` falls, ``order``
    until the first beat is taken. ``busy`` is high from the cycle after ``start`` until the cycle of the last beat,
    that one included. ``first`` and ``last`` pulse when the first and the last beat are taken. ``start`` while a
    message is under way is ignored: the owner waits for ``busy`` to fall.

    What is fixed: display ``Y``, no intermarket sweep, continuous market. The client order identifier is ``PW``, the
    user reference number as eight hexadecimal digits, and four spaces. A short sale (side ``T``) carries SharesLocated,
    a post-only order PostOnly before it; a Replace says both again.

    Ports
    -----
    start, order, rest : the message
    capacity : OUCH capacity letter
    busy, first, last : see above
    tx : frames

    Latency: none. A message takes as many cycles as it has beats (Enter 6, Replace 5, with options one more, Cancel
    and Modify 2, Account Query 1), more where the taker of the frames waits.

    Source of the format: ``hdl.wire.ouch50``.
    """

    start: In(1)
    order: In(TransmitOrder)
    rest: In(TransmitOrder)
    capacity: In(8)
    busy: Out(1)
    first: Out(1)
    last: Out(1)
    tx: Out(frame_signature(WIDTH))

    def _messages(self, order: data.View) -> dict[TransmitKind, Value]:
        """Bytes of each message as one value, first byte lowest."""
        nibbles = [order.user_ref[i : i + 4] for i in range(28, -4, -4)]
        clordid = Cat(_text("PW"), *(_hex_digit(n) for n in nibbles), _text("    "))
        side = Mux(order.side == Side.BUY, _text("B"), Mux(order.short, _text("T"), _text("S")))
        tif = Mux(order.time_in_force == TimeInForce.IMMEDIATE, _text("3"), _text("0"))
        price = _swapped(Cat(order.price, Const(0, 32)))
        options = OPTION_BYTES * (order.short + order.post_only)
        appendage_length = _swapped((Const(0, 16) | options)[:16])
        common = {
            "quantity": _swapped(order.shares),
            "price": price,
            "time_in_force": tif,
            "display": _text("Y"),
            "inter_market_sweep_eligibility": _text("N"),
            "clordid": clordid,
        }
        values = {
            TransmitKind.ENTER: {
                **common,
                "type": _text("O"),
                "user_ref_num": _swapped(order.user_ref),
                "side": side,
                "symbol": order.symbol,
                "capacity": self.capacity,
                "cross_type": _text("N"),
                "appendage_length": appendage_length,
            },
            TransmitKind.REPLACE: {
                **common,
                "type": _text("U"),
                "orig_user_ref_num": _swapped(order.orig_user_ref),
                "user_ref_num": _swapped(order.user_ref),
                "appendage_length": appendage_length,
            },
            TransmitKind.CANCEL: {
                "type": _text("X"),
                "user_ref_num": _swapped(order.orig_user_ref),
                "quantity": _swapped(order.shares),
            },
            TransmitKind.MODIFY: {
                "type": _text("M"),
                "user_ref_num": _swapped(order.orig_user_ref),
                "side": side,
                "quantity": _swapped(order.shares),
            },
            TransmitKind.QUERY: {"type": _text("Q")},
        }
        messages = {}
        for kind, fields in values.items():
            parts = []
            for field in ouch50.IN[LETTERS[kind]]:
                value = Value.cast(fields[field.name])
                if len(value) != 8 * field.width:
                    raise ValueError(f"{field.name} takes {field.width} bytes, not {len(value)} bits")
                parts.append(value)
            messages[kind] = Cat(*parts)
        located, post_only = (Const(int.from_bytes(text, "little"), 8 * OPTION_BYTES) for text in (LOCATED, POST_ONLY))
        for kind in WITH_OPTIONS:
            messages[kind] = Cat(messages[kind], Mux(order.post_only, post_only, located), located)
        return messages

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        beat = Signal(range(8))
        under_way = Signal()
        payload = self.tx.payload

        size = Signal(range(64))
        word, first_word, next_word = (Signal(8 * WIDTH, name=name) for name in ("word", "first_word", "next_word"))
        begins, alone = Signal(), Signal()  # alone: the first beat is the last one as well
        first_count, left = Signal(range(WIDTH + 1)), Signal(range(64))
        for kind, message in self._messages(self.order).items():
            with m.If(self.order.kind == kind):
                m.d.comb += first_word.eq(message[: 8 * WIDTH])
                m.d.comb += [alone.eq(len(message) <= 8 * WIDTH), first_count.eq(min(len(message) // 8, WIDTH))]
        for kind, message in self._messages(self.rest).items():
            with m.If(self.rest.kind == kind):
                size_of = len(message) // 8
                if kind in WITH_OPTIONS:
                    size_of = size_of - 2 * OPTION_BYTES + OPTION_BYTES * (self.rest.short + self.rest.post_only)
                m.d.comb += size.eq(size_of)
                with m.Switch(beat):
                    for i in range(8 * WIDTH, len(message), 8 * WIDTH):
                        with m.Case(i // (8 * WIDTH)):
                            m.d.comb += next_word.eq(message[i : i + 8 * WIDTH])

        m.d.comb += [
            begins.eq(beat == 0),
            word.eq(Mux(begins, first_word, next_word)),
            left.eq(size - WIDTH * beat),
            payload.last.eq(Mux(begins, alone, left <= WIDTH)),
            payload.count.eq(Mux(begins, first_count, Mux(left <= WIDTH, left, WIDTH))),
            payload.error.eq(0),
            self.tx.valid.eq(self.start | under_way),
            self.busy.eq(under_way),
            self.first.eq(self.tx.valid & self.tx.ready & begins),
            self.last.eq(self.tx.valid & self.tx.ready & payload.last),
        ]
        for i in range(WIDTH):
            with m.If(i < payload.count):
                m.d.comb += payload.data[i].eq(word.word_select(i, 8))

        with m.If(self.tx.valid):
            m.d.sync += under_way.eq(1)
            with m.If(self.tx.ready):
                m.d.sync += beat.eq(beat + 1)
                with m.If(payload.last):
                    m.d.sync += [beat.eq(0), under_way.eq(0)]
        return m
