"""ITCH 5.0: the bytes of a message to fields, for every type, from the table."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.feed.mold import FeedMessage
from hdl.types import EventKind, Side
from hdl.wire.fields import MessageFormat
from hdl.wire.itch50 import ITCH50, LONGEST, PREFIX

__all__ = ["EVENT_KINDS", "LAYOUTS", "ItchDecoder", "ItchMessage"]


def _layout(message: MessageFormat) -> data.FlexibleLayout:
    """Lay a message out over its bytes, first byte most significant: every field is a slice."""
    return data.FlexibleLayout(
        8 * LONGEST, {f.name: data.Field(unsigned(8 * f.width), 8 * (LONGEST - f.end)) for f in message}
    )


#: Every field of every type, as views on :attr:`hdl.feed.mold.FeedMessage.content`; first character of text on top.
LAYOUTS = {letter: _layout(message) for letter, message in ITCH50.items()}

#: What each type does to a book.
EVENT_KINDS = {
    "A": EventKind.ADD,
    "F": EventKind.ADD,
    "E": EventKind.EXECUTE,
    "C": EventKind.EXECUTE_PRICE,
    "X": EventKind.CANCEL,
    "D": EventKind.DELETE,
    "U": EventKind.REPLACE,
    "P": EventKind.TRADE,
    "Q": EventKind.CROSS,
    "B": EventKind.BROKEN,
}

#: The specification's names of what is one thing to a book: field of :class:`ItchMessage`, then names.
_SAME = {
    "reference": ("order_reference_number", "original_order_reference_number"),
    "new_reference": ("new_order_reference_number",),
    "shares": ("shares", "executed_shares", "cancelled_shares"),
    "price": ("price", "execution_price", "cross_price"),
    "match": ("match_number",),
    "stock": ("stock",),
    "code": (
        "event_code",
        "trading_state",
        "reg_sho_action",
        "breached_level",
        "operational_halt_action",
        "cross_type",
    ),
}


class ItchMessage(data.Struct):
    """One message decoded: what books and market states need of it, and the message itself."""

    #: Type letter.
    type: unsigned(8)
    locate: unsigned(16)
    exchange_time: unsigned(48)
    kind: EventKind
    side: Side
    printable: unsigned(1)
    reference: unsigned(64)
    new_reference: unsigned(64)
    shares: unsigned(32)
    price: unsigned(32)
    match: unsigned(64)
    #: First character lowest, as in the symbol registers.
    stock: unsigned(64)
    #: The letter that says what happened: event code, trading state, Reg SHO action, halt action, cross type.
    code: unsigned(8)
    #: Market code of an operational halt.
    market: unsigned(8)
    source: FeedMessage


class ItchDecoder(wiring.Component):
    """Tells a message's type, checks its length against the type's, and gives its fields.

    The layouts of all 23 types lie over the same bytes (:data:`LAYOUTS`), so a field costs wires and one choice by
    type. Fields that a type does not have are zero. A cross's 64-bit shares saturate at 2**32 - 1. ``printable`` is
    set for executions and trades without such a field. A side letter other than ``S`` counts as a buy.

    Ports
    -----
    message_valid, message
        From :class:`hdl.feed.mold.MoldReceiver`.
    decoded_valid, decoded
        A message of known type and right length.
    messages, unknown_types, wrong_sizes
        Pulses; exactly one for each message. Shorter than the prefix that all types share: a wrong size, whatever the
        type says. Unknown types are skipped.

    Latency: none, no register; ``message`` comes from registers and what follows registers the result.

    Source: TotalView-ITCH 5.0 (``hdl.wire.itch50``).
    """

    message_valid: In(1)
    message: In(FeedMessage)
    decoded_valid: Out(1)
    decoded: Out(ItchMessage)
    messages: Out(1)
    unknown_types: Out(1)
    wrong_sizes: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        out = self.decoded
        content = self.message.content
        view = {letter: data.View(layout, content) for letter, layout in LAYOUTS.items()}
        prefix = view["S"]  # the prefix is every type's
        known = Signal()
        right = Signal()
        wide = Signal(64)  # shares, before they saturate
        m.d.comb += [
            out.source.eq(self.message),
            out.type.eq(prefix.message_type),
            out.locate.eq(prefix.stock_locate),
            out.exchange_time.eq(prefix.timestamp),
            out.shares.eq(Mux(wide[32:] != 0, 0xFFFF_FFFF, wide)),
        ]
        with m.Switch(prefix.message_type):
            for letter, message in ITCH50.items():
                with m.Case(ord(letter)):
                    fields = view[letter]
                    m.d.comb += [known.eq(1), right.eq(self.message.length == message.length)]
                    m.d.comb += out.kind.eq(EVENT_KINDS.get(letter, EventKind.NONE))
                    for target, names in _SAME.items():
                        for name in names:
                            if name not in message:
                                continue
                            value = fields[name]
                            if target == "stock":
                                value = Cat(value.word_select(i, 8) for i in reversed(range(8)))
                            m.d.comb += (wide if target == "shares" else out[target]).eq(value)
                    if "buy_sell_indicator" in message:
                        m.d.comb += out.side.eq(Mux(fields["buy_sell_indicator"] == ord("S"), Side.SELL, Side.BUY))
                    if "market_code" in message:
                        m.d.comb += out.market.eq(fields["market_code"])
                    if "printable" in message:
                        m.d.comb += out.printable.eq(fields["printable"] == ord("Y"))
                    elif letter in "EPQ":
                        m.d.comb += out.printable.eq(1)
        runt = self.message.length < PREFIX[-1].end
        m.d.comb += [
            self.messages.eq(self.message_valid & known & right & ~runt),
            self.unknown_types.eq(self.message_valid & ~known & ~runt),
            self.wrong_sizes.eq(self.message_valid & (runt | (known & ~right))),
            self.decoded_valid.eq(self.messages),
        ]
        return m
