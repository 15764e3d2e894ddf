"""Timing diagram of the order relay: an order goes to the host, and the exchange's answer to the card."""

import struct

from wave_record import Inputs, Scene, bit, when

from hdl.net.frame import Beat
from hdl.regs.order_relay import OPEN, START, UP, OrderRelay

__all__ = ["relay"]

#: Header, owner, number, flags, length and sequence of docs/hostlink.md.
_REQUEST = struct.Struct("<HBBIHHIQIHHQ")
_CANCEL = b"X" + bytes(8)
_CANCELED = b"C" + bytes(17)


def _request(number: int, flags: int, sequence: int, message: bytes = b"") -> bytes:
    head = _REQUEST.pack(0x5750, 1, 5, number, int(bool(message)), 0, 0, 7, 0, flags, len(message), sequence)
    return head + message.ljust(-(-len(message) // 8) * 8, b"\0")


def _beats(frame: bytes) -> list[int]:
    """Give the beats of a frame, as bits."""
    beats = [frame[at : at + 8] for at in range(0, len(frame), 8)]
    return [
        Beat(8).const({"data": list(b.ljust(8, b"\0")), "count": len(b), "last": at == len(beats) - 1}).as_bits()
        for at, b in enumerate(beats)
    ]


def relay() -> Scene:
    """A Cancel leaves the card as a datagram; Canceled comes as one and goes to the card."""
    block = OrderRelay(2)
    rx, tx, card, exchange = block.rx, block.tx, block.card, block.exchange

    def cycle(heard: int | None = None, said: int | None = None) -> Inputs:
        return [
            (rx.valid, int(heard is not None)),
            (rx.payload.as_value(), heard or 0),
            (card.valid, int(said is not None)),
            (card.payload.as_value(), said or 0),
        ]

    before: list[Inputs] = []
    for request in (_request(1, 1 << OPEN, 0), _request(2, 1 << START | 1 << UP, 5)):
        before += [*(cycle(beat) for beat in _beats(request)), *(cycle() for _ in range(10))]
    orders = [cycle(said=beat) for beat in _beats(_CANCEL)]
    answer = [cycle(beat) for beat in _beats(_request(3, 1 << UP, 5, _CANCELED))]
    script = [cycle(), *orders, *(cycle() for _ in range(9)), *answer, *(cycle() for _ in range(12))]

    return Scene(
        "Order relay: an order to the host, an answer to the card",
        block,
        script,
        {
            "card.valid": bit(card.valid),
            "tx.valid": bit(tx.valid),
            "tx last": when(tx.valid, lambda ctx: "last" if ctx.get(tx.payload.last) else ""),
            "rx.valid": bit(rx.valid),
            "rx.ready": bit(rx.ready),
            "exchange.valid": bit(exchange.valid),
            "exchange last": when(exchange.valid, lambda ctx: "last" if ctx.get(exchange.payload.last) else ""),
            "wanted": lambda ctx: str(ctx.get(block.wanted)),
            "up": bit(block.up),
        },
        fixed=[(tx.ready, 1), (exchange.ready, 1)],
        before=before,
    )
