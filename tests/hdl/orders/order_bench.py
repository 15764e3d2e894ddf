"""An OrderPort with plain ports for cocotb, and a decoder of OUCH written from the specification's table alone."""

import struct

from amaranth import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.orders.account import AccountReport
from hdl.orders.port import OrderPort
from hdl.orders.structs import AnswerDetail, SentRecord
from hdl.types import OrderAnswer, OrderIntent

SLOTS = 4
ROWS = 4
PULSES = (
    "entered",
    "replaced",
    "canceled",
    "answered",
    "unknown_answers",
    "executions",
    "rejects",
    "modified",
    "self_matched",
    "cancels_refused",
)


class OrderBench(wiring.Component):
    """Joins the port's streams that are always ready to valid and payload pins."""

    card_time: In(64)
    symbols: In(64 * SLOTS)
    capacity: In(8)
    killed: In(1)
    session_up: In(1)
    intents: In(stream.Signature(OrderIntent))
    tx: Out(frame_signature(8))
    rx: In(frame_signature(8))
    answer: Out(OrderAnswer)
    answer_valid: Out(1)
    detail: Out(AnswerDetail)
    sent: Out(SentRecord)
    sent_valid: Out(1)
    user_ref: Out(32)
    user_ref_write: In(1)
    user_ref_value: In(32)
    query: In(1)
    query_pending: Out(1)
    next_number: Out(32)
    day_over: Out(1)
    session_open: Out(1)
    report: Out(AccountReport)
    report_valid: Out(1)
    impossible: Out(1)
    placed: Out(1)
    impossible_slot: Out(8)
    modified: Out(1)
    self_matched: Out(1)
    cancels_refused: Out(1)
    open_orders: Out(8)
    entered: Out(1)
    replaced: Out(1)
    canceled: Out(1)
    answered: Out(1)
    unknown_answers: Out(1)
    executions: Out(1)
    rejects: Out(1)
    busy: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.port = port = OrderPort(ROWS)
        for name in ("intents", "rx", "tx"):
            wiring.connect(m, wiring.flipped(getattr(self, name)), getattr(port, name))
        for name in ("card_time", "capacity", "killed", "session_up", "user_ref_write", "user_ref_value", "query"):
            m.d.comb += getattr(port, name).eq(getattr(self, name))
        m.d.comb += port.symbol.eq(self.symbols.word_select(port.symbol_slot[:2], 64))
        for name in [
            "detail",
            "user_ref",
            "query_pending",
            "next_number",
            "day_over",
            "session_open",
            "impossible",
            "placed",
            "impossible_slot",
            "modified",
            "self_matched",
            "cancels_refused",
            "open_orders",
            "entered",
            "replaced",
            "canceled",
            "answered",
            "unknown_answers",
            "executions",
            "rejects",
            "busy",
        ]:
            m.d.comb += getattr(self, name).eq(getattr(port, name))
        m.d.comb += [
            self.answer.eq(port.answers.payload),
            self.answer_valid.eq(port.answers.valid),
            self.sent.eq(port.sent.payload),
            self.sent_valid.eq(port.sent.valid),
            self.report.eq(port.reports.payload),
            self.report_valid.eq(port.reports.valid),
        ]
        return m


def read_order(message: bytes) -> dict:
    """Take a client message apart; layouts typed in from the OUCH 5.0 document, not from the project's tables."""
    letter = message[:1]
    if letter == b"O":
        names = "type user_ref side shares symbol price tif display capacity sweep cross clordid appendage_length"
        fields = struct.unpack(">cIcI8sQccccc14sH", message[:47])
        size = 47
    elif letter == b"U":
        names = "type orig user_ref shares price tif display sweep clordid appendage_length"
        fields = struct.unpack(">cIIIQccc14sH", message[:40])
        size = 40
    elif letter == b"X":
        names, size = "type user_ref shares", 9
        fields = struct.unpack(">cII", message)
    elif letter == b"M":
        names, size = "type user_ref side shares", 10
        fields = struct.unpack(">cIcI", message)
    elif letter == b"Q":
        names, size, fields = "type", 1, (message,)
    else:
        raise ValueError(f"the card sent type {letter!r}")
    read = dict(zip(names.split(), fields, strict=True))
    read["appendage"] = message[size:]
    assert len(read["appendage"]) == read.get("appendage_length", 0)
    return read


def accepted(ref, shares, price, *, reference=77, state=b"L", t=1000, appendage=b"", side=b"B"):
    return (
        struct.pack(">cQIcI8sQccQcccc14sH", b"A", t, ref, side, shares, b"TEST    ", price, b"0", b"Y", reference,
                    b"P", b"N", b"N", state, b"x" * 14, len(appendage))
        + appendage
    )  # fmt: skip


def replaced(orig, ref, shares, price, *, reference=78, state=b"L", t=1000, appendage=b"", side=b"B"):
    return (
        struct.pack(">cQIIcI8sQccQcccc14sH", b"U", t, orig, ref, side, shares, b"TEST    ", price, b"0", b"Y",
                    reference, b"P", b"N", b"N", state, b"x" * 14, len(appendage))
        + appendage
    )  # fmt: skip


def executed(ref, shares, price, *, flag=b"R", match=5, t=1000, appendage=b""):
    return struct.pack(">cQIIQcQH", b"E", t, ref, shares, price, flag, match, len(appendage)) + appendage


def canceled(ref, shares, *, reason=b"U", t=1000):
    return struct.pack(">cQIIc", b"C", t, ref, shares, reason)


def rejected(ref, *, reason=0x13, t=1000):
    return struct.pack(">cQIH14s", b"J", t, ref, reason, b"x" * 14)


def broken(ref, *, match=5, t=1000):
    return struct.pack(">cQIQc14s", b"B", t, ref, match, b"E", b"x" * 14)


def system_event(letter, *, t=1000):
    return struct.pack(">cQc", b"S", t, letter)


def next_number(ref, *, t=1000):
    return struct.pack(">cQI", b"Q", t, ref)


def self_matched(ref, shares, *, prevented=0, price=250_100, flag=b"A", t=1000):
    return struct.pack(">cQIIcIQcc", b"D", t, ref, shares, b"Q", prevented or shares, price, flag, b"D")


def cancel_pending(ref, *, t=1000):
    return struct.pack(">cQI", b"P", t, ref)


def cancel_rejected(ref, *, t=1000):
    return struct.pack(">cQI", b"I", t, ref)


def modified(ref, shares, *, side=b"T", t=1000):
    return struct.pack(">cQIcI", b"M", t, ref, side, shares)


def restated(ref, *, reason=b"R", t=1000, appendage=b""):
    return struct.pack(">cQIcH", b"R", t, ref, reason, len(appendage)) + appendage


def priority_updated(ref, price, *, reference=79, display=b"Y", t=1000):
    return struct.pack(">cQIQcQ", b"T", t, ref, price, display, reference)


def corrected(ref, shares, price, *, match=5, t=1000):
    return struct.pack(">cQIIQcQc14s", b"F", t, ref, shares, price, b"R", match, b"N", b"x" * 14)
