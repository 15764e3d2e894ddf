"""Writes the stored session of ``pennywire card check``, and the book that is whole at its end.

    python scripts/bringup_session.py

The session is made (seed 1); what the book must show is said by ``itch-book``, which is not ours. The files change
only if the session maker does.
"""

import json
import struct
from pathlib import Path

import itch_book

from sim.sessions.make import MADE_SYMBOLS, make_messages

__all__ = ["expected_book", "write"]

TARGET = Path(__file__).resolve().parents[1] / "controlplane" / "bringup"
SEED, MESSAGES = 1, 2000
DEPTH = 5
#: Bytes of blocks in a packet, so that it fits any Ethernet frame.
_PACKET = 1200


def expected_book(messages: list[bytes], locate: int) -> dict[str, int]:
    """Give best prices and five-level volumes of a symbol at the end of a session, by ``itch-book``."""
    session = itch_book.Session([], DEPTH, [])
    session.feed(b"".join(struct.pack(">H", len(message)) + message for message in messages))
    rows = session.take_depth()
    last = max(row for row, at in enumerate(rows["locate"]) if at == locate)
    volumes = {side: sum(int(rows[f"{side}_sz_{k:02d}"][last]) for k in range(DEPTH)) for side in ("bid", "ask")}
    return {
        "bid": int(rows["bid_px_00"][last]),
        "ask": int(rows["ask_px_00"][last]),
        "bid_volume": volumes["bid"],
        "ask_volume": volumes["ask"],
    }


def write(folder: Path) -> None:
    """Write ``session.mold`` (packets without the session's name, each behind its length) and ``session.json``."""
    symbol = MADE_SYMBOLS[0]
    messages = make_messages(SEED, MESSAGES).messages
    packets: list[bytes] = []
    waiting: list[bytes] = []
    size, sequence = 0, 1
    for message in [*messages, None]:
        if message is None or size + 2 + len(message) > _PACKET:
            blocks = b"".join(struct.pack(">H", len(m)) + m for m in waiting)
            packets.append(struct.pack(">QH", sequence, len(waiting)) + blocks)
            sequence += len(waiting)
            waiting, size = [], 0
        if message is not None:
            waiting.append(message)
            size += 2 + len(message)
    (folder / "session.mold").write_bytes(b"".join(struct.pack(">H", len(packet)) + packet for packet in packets))
    about = {
        "symbol": symbol.symbol,
        "locate": symbol.locate,
        "messages": len(messages),
        "book": expected_book(messages, symbol.locate),
    }
    (folder / "session.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    write(TARGET)
