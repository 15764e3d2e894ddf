"""Decoder of the exchange's OUCH 5.0 messages."""

from amaranth import Array, Cat, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.orders.structs import ExchangeAnswer, ExchangeAnswerKind
from hdl.wire import ouch50
from hdl.wire.fields import Field

__all__ = ["OuchReceiver"]

WIDTH = 8

#: Messages that speak of an order.
KINDS = {
    "A": ExchangeAnswerKind.ACCEPTED,
    "U": ExchangeAnswerKind.REPLACED,
    "E": ExchangeAnswerKind.EXECUTED,
    "C": ExchangeAnswerKind.CANCELED,
    "J": ExchangeAnswerKind.REJECTED,
    "B": ExchangeAnswerKind.BROKEN,
    "F": ExchangeAnswerKind.BROKEN,
    "D": ExchangeAnswerKind.SELF_MATCH,
    "P": ExchangeAnswerKind.CANCEL_PENDING,
    "I": ExchangeAnswerKind.CANCEL_REJECTED,
    "M": ExchangeAnswerKind.MODIFIED,
    "R": ExchangeAnswerKind.RESTATED,
    "T": ExchangeAnswerKind.PRIORITY,
}
#: Messages that are right and speak of no order: System Event, Account Query response.
NO_ORDER = ("S", "Q")
#: The one field of each message that goes into ``letter``.
LETTERS = {
    "A": "order_state",
    "U": "order_state",
    "E": "liquidity_flag",
    "C": "reason",
    "B": "reason",
    "F": "reason",
    "D": "reason",
    "M": "side",
    "R": "reason",
    "T": "display",
}
#: Words of a message that are kept: up to the last appendage length, at byte 66.
WORDS = 9


class OuchReceiver(wiring.Component):
    """Takes one OUCH message a frame, without session framing, and offers its fields in parallel.

    A message is believed when the frame has no error and is exactly as long as its type, with its appendage, says;
    the appendage itself is skipped. Anything else (a wrong length, an error, a type that OUCH does not have) raises
    ``unknown`` once and changes nothing.

    Ports
    -----
    rx : frames; not ready only while a whole message waits for the row table
    answers : fields of a message that speaks of an order
    seen : pulse, a frame has ended
    unknown : pulse, a frame that is not believed
    event, letter : pulse, a System Event
    next_number, number : pulse, the answer to an Account Query
    cause, exchange_time : of these two
    busy : part of a message is here

    Latency: ``answers`` is valid 2 cycles after the last beat; the pulses come 1 cycle after it.

    Source of the format: ``hdl.wire.ouch50``.
    """

    rx: In(frame_signature(WIDTH))
    answers: Out(stream.Signature(ExchangeAnswer))
    seen: Out(1)
    unknown: Out(1)
    event: Out(1)
    letter: Out(8)
    next_number: Out(1)
    number: Out(32)
    cause: Out(64)
    exchange_time: Out(64)
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        words = Array(Signal(8 * WIDTH, name=f"word{i}") for i in range(WORDS))
        text = Cat(*words)
        index = Signal(range(WORDS + 1))
        length = Signal(16)
        error = Signal()
        whole = Signal()
        move = Signal()
        payload = self.rx.payload

        def number(field: Field) -> Value:
            parts = [text.word_select(i, 8) for i in range(field.offset, field.end)]
            return Cat(*reversed(parts))

        # Collecting: a word a beat; bytes beyond the last word kept are counted only.
        started = Signal()
        m.d.comb += self.rx.ready.eq(~whole | move)
        with m.If(move):
            m.d.sync += whole.eq(0)
        with m.If(self.rx.valid & self.rx.ready):
            with m.If(index < WORDS):
                m.d.sync += [words[index].eq(payload.data.as_value()), index.eq(index + 1)]
            with m.If(~started):
                m.d.sync += length.eq(payload.count)
            with m.Elif(length < 0x8000):
                m.d.sync += length.eq(length + payload.count)
            m.d.sync += started.eq(1)
            with m.If(payload.last):
                m.d.sync += [whole.eq(1), index.eq(0), started.eq(0), error.eq(payload.error)]

        # Believing: one cycle, from the registers above.
        fits = Signal()
        acts = Signal()
        believed = Signal()  # it speaks of no order
        answer = Signal(ExchangeAnswer)
        count = Signal(63)
        price = Signal(64)
        m.d.comb += [
            answer.count.eq(count + 1),
            answer.type.eq(text[:8]),
            answer.timestamp.eq(number(ouch50.OUT["A"]["timestamp"])),
            answer.price_odd.eq(price[32:].any()),
            answer.price.eq(price[:32] | answer.price_odd.replicate(32)),
        ]
        with m.Switch(text[:8]):
            for letter, message in ouch50.OUT.items():
                with m.Case(ord(letter)):
                    appendage = number(message["appendage_length"]) if "appendage_length" in message else 0
                    m.d.comb += fits.eq((length == message.length + appendage) & ~error)
                    m.d.comb += believed.eq(letter in NO_ORDER)
                    if letter in KINDS:
                        m.d.comb += acts.eq(1)
                        self._fields(m, letter, answer, price, number)

        m.d.comb += move.eq(whole & (~self.answers.valid | self.answers.ready))
        with m.If(self.answers.ready):
            m.d.sync += self.answers.valid.eq(0)
        with m.If(move):
            m.d.sync += count.eq(count + 1)
            with m.If(fits & acts):
                m.d.sync += [self.answers.payload.eq(answer), self.answers.valid.eq(1)]
        m.d.comb += [
            self.seen.eq(move),
            self.unknown.eq(move & ~(fits & (acts | believed))),
            self.event.eq(move & fits & (text[:8] == ord("S"))),
            self.letter.eq(number(ouch50.OUT["S"]["event_code"])),
            self.next_number.eq(move & fits & (text[:8] == ord("Q"))),
            self.number.eq(number(ouch50.OUT["Q"]["next_user_ref_num"])),
            self.cause.eq(answer.count | (1 << 63)),
            self.exchange_time.eq(answer.timestamp),
            self.busy.eq(started | whole | self.answers.valid),
        ]
        return m

    @staticmethod
    def _fields(m: Module, letter: str, answer, price, number) -> None:
        """Join the fields of one message to the answer."""
        message = ouch50.OUT[letter]
        targets = {
            "user_ref_num": answer.user_ref,
            "orig_user_ref_num": answer.orig_user_ref,
            "quantity": answer.shares,
            "price": price,
            "order_reference_number": answer.reference,
            "match_number": answer.match,
            "decrement_shares": answer.shares,
            "quantity_prevented_from_trading": answer.prevented,
            "execution_price": price,
        }
        m.d.comb += answer.kind.eq(KINDS[letter])
        m.d.comb += [target.eq(number(message[name])) for name, target in targets.items() if name in message]
        if letter in LETTERS:
            m.d.comb += answer.letter.eq(number(message[LETTERS[letter]]))
        if letter == "J":
            m.d.comb += answer.reason.eq(number(message["reason"]))
