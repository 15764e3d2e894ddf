"""Taking the packed views of a card apart."""

from amaranth.lib.data import Layout

from hdl.types import DEPTH, DepthView, Level

VIEW = Layout.cast(DepthView)
LEVEL = Layout.cast(Level)


def unpack(raw: bytes):
    """Sequence, bids, asks and whether either side is incomplete, of a packed view."""
    bits = int.from_bytes(raw, "little")

    def cut(offset, width):
        return (bits >> offset) & ((1 << width) - 1)

    def field(name):
        return cut(VIEW[name].offset, VIEW[name].width)

    def side(name):
        base = VIEW[name].offset
        levels = []
        for i in range(DEPTH):
            at = base + i * LEVEL.size
            levels.append(tuple(cut(at + LEVEL[n].offset, LEVEL[n].width) for n in ("price", "shares")))
        return tuple(level for level in levels if level[1])

    return field("sequence"), side("bids"), side("asks"), bool(field("bid_incomplete") | field("ask_incomplete"))
