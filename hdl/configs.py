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
    lines : int
        Lines of the feed that the card can hear and join, 1 or 2. Each has a port of its own on a board; one with a
        single port hears one.
    maker : bool
        The market maker is built. Without it the card quotes nothing; every register is where it was.
    trades : bool
        What decides, judges and orders is built. Without it the card hears, keeps books and shows them; it sends no
        order and cannot be armed. Every register is where it was.
    hosts_apart : bool
        Hosts have a port of their own, beside that of the only line (decision 0051).

    Raises
    ------
    ValueError
        A market maker on a card that does not trade; hosts on the port of line B.
    """

    name: str
    width: int
    slots: int
    table_orders: int
    row_levels: int
    own_orders: int
    clock_period_ps: int
    description: str
    lines: int = 2
    maker: bool = True
    trades: bool = True
    hosts_apart: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense together."""
        if self.maker and not self.trades:
            raise ValueError(f"configuration {self.name} has a market maker and does not trade: give it maker=False")
        if self.hosts_apart and self.lines == 2:
            raise ValueError(f"configuration {self.name} has line B on the hosts' port: give it lines=1")

    @property
    def ample_block_ram(self) -> bool:
        """Whether the order table, which takes most block RAM, leaves so much of it that look-up tables are dearer."""
        return self.table_orders <= 4096


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
        CardConfig(
            name="card10g",
            width=8,
            slots=64,
            table_orders=8192,
            row_levels=16,
            own_orders=64,
            clock_period_ps=6400,
            description="64 symbols that are traded: in simulation, and for a part with more logic than an ECP5-85F",
        ),
        CardConfig(
            name="ecpix5",
            width=8,
            slots=64,
            table_orders=16384,
            row_levels=8,
            own_orders=8,
            clock_period_ps=6400,
            description="64 symbols that are heard on one line, 256 live orders of the market for each on average",
            lines=1,
            maker=False,
            trades=False,
        ),
        CardConfig(
            name="fewsymbols",
            width=8,
            slots=8,
            table_orders=16384,
            row_levels=32,
            own_orders=8,
            clock_period_ps=6400,
            description="eight busy symbols that are heard on one line, 2,048 live orders for each on average",
            lines=1,
            maker=False,
            trades=False,
        ),
        CardConfig(
            name="listen",
            width=8,
            slots=2,
            table_orders=2048,
            row_levels=8,
            own_orders=8,
            clock_period_ps=6400,
            description="two symbols that are heard on one line and shown: it sends no order and cannot be armed",
            lines=1,
            maker=False,
            trades=False,
        ),
        CardConfig(
            name="scalp",
            width=8,
            slots=2,
            table_orders=2048,
            row_levels=8,
            own_orders=8,
            clock_period_ps=6400,
            description="two symbols and no market maker: the only one that an ECPIX-5 85F has the logic for",
            maker=False,
        ),
        CardConfig(
            name="tiny",
            width=8,
            slots=2,
            table_orders=256,
            row_levels=8,
            own_orders=8,
            clock_period_ps=6400,
            description="two thin symbols: the smallest with the market maker",
        ),
    )
}
