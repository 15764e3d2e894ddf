"""A snapshot in GLIMPSE 5.0's layout, of what an independent book holds."""

import struct
from collections.abc import Iterable

from hdl.wire.itch50 import ITCH50
from sim.sessions import encode

Order = tuple[int, bytes, int, int]  # reference, side, shares, price


def snapshot_messages(
    symbol: str, locate: int, orders: Iterable[Order], sequence: int, *, trading: bool = True, system: str = "Q"
) -> list[bytes]:
    """Messages of a snapshot that knows every message before ``sequence``; another symbol's are among them."""
    stock = symbol.ljust(8).encode()
    messages = [ITCH50["S"].pack(stock_locate=0, timestamp=1, event_code=letter) for letter in system]
    if trading:
        messages.append(ITCH50["H"].pack(stock_locate=locate, timestamp=2, stock=symbol, trading_state="T", reason=""))
    messages.append(ITCH50["Y"].pack(stock_locate=locate, timestamp=3, stock=symbol, reg_sho_action="0"))
    for number, (reference, side, shares, price) in enumerate(orders):
        messages.append(encode.add(locate, 4, reference, side, shares, stock, price))
        if number % 5 == 0:
            messages.append(encode.add(locate + 1, 4, reference + 1, b"B", 7, b"ZWZZT   ", 10_000))
    return [*messages, b"G" + f"{sequence:>20}".encode()]


def snapshot_bytes(messages: Iterable[bytes]) -> bytes:
    """The file of messages, each behind its length."""
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)
