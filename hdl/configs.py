"""Named sizes of the card. A configuration is a promise about memory, not about behaviour."""

from dataclasses import dataclass

__all__ = ["CONFIGS", "CardConfig"]


@dataclass(frozen=True)
class CardConfig:
    """Sizes of one card.

    Attributes
    ----------
    name : str
        At most 16 ASCII characters; the identity registers carry it.
    width : int
        Bytes of a feed beat (8 at 156.25 MHz).
    slots : int
        Symbols followed at once, at most 64.
    table_orders : int
        Live orders of the market that the order table can hold, over all slots; a power of two.
    row_levels : int
        Price levels a side kept sorted; five of them are shown.
    own_orders : int
        Rows of the card's own order table: own orders alive at once, at most 128.
    clock_period_ps : int
        The card clock; card time in cycles times this is picoseconds.
    description : str
        What it is for, in a sentence.
    """

    name: str
    width: int
    slots: int
    table_orders: int
    row_levels: int
    own_orders: int
    clock_period_ps: int
    description: str


CONFIGS = {
    c.name: c
    for c in (
        CardConfig(
            name="demo",
            width=8,
            slots=4,
            table_orders=4096,
            row_levels=32,
            own_orders=16,
            clock_period_ps=6400,
            description="four symbols: the demo, replays of a few symbols, the tests",
        ),
    )
}
