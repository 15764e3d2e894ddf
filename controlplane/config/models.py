"""What the service is told before it starts: one TOML file that only an operator edits.

Money is written in whole micro-dollars (1/1,000,000 dollar), prices in 1/10,000 dollar, sizes in shares: no
number of the file is rounded on its way to the card, except the imbalance ratio, which the card keeps in Q8.8.
"""

import datetime
import ipaddress
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "EnvelopePart",
    "Fees",
    "Heartbeat",
    "Limits",
    "MakerDefaults",
    "Prerequisites",
    "Requests",
    "ServiceConfig",
    "SymbolConfig",
    "TakerDefaults",
    "Telemetry",
    "UdpHost",
]

#: Largest number of shares a limit register holds.
MAX_SHARES = (1 << 31) - 1
#: OUCH 5.0 refuses orders of a million shares and more.
MAX_ORDER_SHARES = 999_999
#: Largest ratio in Q8.8.
MAX_RATIO = 255 + 255 / 256
#: Largest number of ticks, or half-ticks, that a register holds.
MAX_TICKS = 255

Shares = Annotated[int, Field(strict=True, ge=0, le=MAX_SHARES)]
OrderShares = Annotated[int, Field(strict=True, ge=0, le=MAX_ORDER_SHARES)]
Ratio = Annotated[float, Field(gt=0, le=MAX_RATIO, allow_inf_nan=False)]
Ticks = Annotated[int, Field(strict=True, ge=0, le=MAX_TICKS)]
MicroDollars = Annotated[int, Field(strict=True, ge=-(1 << 31), lt=1 << 31)]


class _Table(BaseModel):
    """A table of the file: unknown keys are errors, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EnvelopePart(_Table):
    """What nobody may go beyond while the service runs.

    Attributes
    ----------
    max_inventory : int
        Largest position in shares, either direction, counting everything that could still fill.
    max_order_size : int
        Largest order in shares.
    min_imbalance_ratio : float
        Smallest ratio of five-level volumes that may trigger: a smaller one trades more often.
    min_min_volume : int
        Smallest least volume of the heavy side, in shares.
    strategies : tuple of str
        Strategies that may be switched on.
    min_half_spread : int
        Smallest distance of a quote from the fair value, in half-ticks: a smaller one is filled more often.
    max_quote_ratio : float
        Largest ratio of five-level volumes against which a quote is left standing.
    """

    max_inventory: Shares
    max_order_size: OrderShares
    min_imbalance_ratio: Ratio
    min_min_volume: Shares
    strategies: tuple[str, ...] = ()
    min_half_spread: Ticks = 1
    max_quote_ratio: Ratio = 3.0

    def beyond(self, other: "EnvelopePart") -> list[str]:
        """Name the fields in which this part allows more than ``other``."""
        most = ("max_inventory", "max_order_size", "max_quote_ratio")
        least = ("min_imbalance_ratio", "min_min_volume", "min_half_spread")
        wider = [name for name in most if getattr(self, name) > getattr(other, name)]
        wider += [name for name in least if getattr(self, name) < getattr(other, name)]
        if not set(self.strategies) <= set(other.strategies):
            wider.append("strategies")
        return wider


class Limits(_Table):
    """Limits that the gate holds every order against that raises exposure. They lock when the card is armed.

    Zero turns one off. The limits on inventory and order size are in the envelope.

    Attributes
    ----------
    max_order_value_dollars : int
        Price times shares of an order. Needs ``collar``: the taker's entries are valued at its far edge.
    collar : int
        How far a price may be from the best price of the other side and from the last trade, in 1/10,000 dollar.
    repeat_microseconds : int
        How long an order that opens may not be sent again with the same side, price and shares, in card time.
    max_open_orders : int
        Own orders open at once, on the whole card.
    max_gross_inventory : int
        Shares held or that could fill, of all symbols together.
    order_burst, order_interval_microseconds : int
        At most ``order_burst`` orders at once, and one more for every interval.
    max_daily_loss : int
        Most that may be lost, realised and unrealised, in micro-dollars.
    """

    max_order_value_dollars: Annotated[int, Field(strict=True, ge=0, le=400_000_000_000)] = 0
    collar: Annotated[int, Field(strict=True, ge=0, lt=1 << 32)] = 0
    repeat_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    max_open_orders: Annotated[int, Field(strict=True, ge=0, le=255)] = 0
    max_gross_inventory: Annotated[int, Field(strict=True, ge=0, lt=1 << 40)] = 0
    order_burst: Annotated[int, Field(strict=True, ge=0, lt=1 << 16)] = 0
    order_interval_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    max_daily_loss: Annotated[int, Field(strict=True, ge=0, lt=1 << 63)] = 0

    @model_validator(mode="after")
    def _value_needs_a_collar(self) -> Self:
        if self.max_order_value_dollars and not self.collar:
            raise ValueError("max_order_value_dollars needs a collar: without one every entry would be refused")
        return self


class Fees(_Table):
    """Fees a share, in micro-dollars; a rebate is negative."""

    remove: MicroDollars
    add: MicroDollars
    commission: MicroDollars = 0


class Prerequisites(_Table):
    """What makes a symbol fit for scalping, with the day the values are of.

    Attributes
    ----------
    dated : datetime.date
        Day of the values.
    average_daily_volume : int
        Shares a day; must be above 5,000,000.
    spread_at_one_tick : float
        Part of the day during which the spread is one tick; must be at least 0.95.
    per_share_commission : int
        Micro-dollars; must be zero.
    rebate : int
        Micro-dollars a share for adding liquidity; market making needs it above zero.
    """

    dated: datetime.date
    average_daily_volume: Annotated[int, Field(strict=True, ge=0)]
    spread_at_one_tick: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    per_share_commission: Annotated[int, Field(strict=True, ge=0)]
    rebate: Annotated[int, Field(strict=True)] = 0

    def failures(self) -> list[str]:
        """Say in words what is not met; nothing when all is."""
        words = []
        if self.average_daily_volume <= 5_000_000:
            words.append(f"average daily volume {self.average_daily_volume} is not above 5000000 shares")
        if self.spread_at_one_tick < 0.95:
            words.append(f"the spread is one tick for {self.spread_at_one_tick:.1%} of the day, less than 95%")
        if self.per_share_commission > 0:
            words.append(f"a commission of {self.per_share_commission} micro-dollars a share is charged")
        return words

    def maker_failures(self) -> list[str]:
        """Say in words what is not met for market making, which lives on the rebate; nothing when all is."""
        words = self.failures()
        if self.rebate <= 0:
            words.append(f"a share that adds liquidity brings {self.rebate} micro-dollars, no rebate")
        return words


class SymbolConfig(_Table):
    """One symbol; its place in the file is its slot.

    ``tick`` is in 1/10,000 dollar. A symbol without ``prerequisites`` is followed and never enabled.
    ``may_sell_short``: strategies may sell to open, up to ``located_shares`` over the day and less than that at once.
    ``market_making``: the market maker may quote it, if there is a rebate; while it does, the taker opens nothing.
    """

    name: Annotated[str, Field(pattern=r"^[A-Z0-9.+=#^*$~-]{1,8}$")]
    tick: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 100
    may_sell_short: bool = False
    located_shares: Shares = 0
    market_making: bool = True
    prerequisites: Prerequisites | None = None

    def failures(self) -> list[str]:
        """Say why orders for this symbol are not enabled; nothing when they are."""
        if self.prerequisites is None:
            return ["its prerequisites are not known: the file has no [symbols.prerequisites] for it"]
        return self.prerequisites.failures()

    def maker_failures(self) -> list[str]:
        """Say why the market maker does not quote this symbol; nothing when it may."""
        if not self.market_making:
            return ["the file says market_making = false for it"]
        return self.prerequisites.maker_failures() if self.prerequisites else self.failures()


class TakerDefaults(_Table):
    """Start values of the imbalance taker, for every symbol; thresholds may be changed while it runs.

    Prices are in ticks, times are card time. ``time_stop_microseconds`` closes a position that is this old. The guard
    closes one at once if, within ``guard_microseconds`` of its first fill, the near side is ``guard`` ticks against the
    entry or, with ``guard_imbalance``, the other side grows heavy. Zero turns each off.
    """

    imbalance_ratio: Ratio = 3.0
    min_volume: Shares = 0
    take_profit: Ticks = 3
    stop: Ticks = 2
    slip: Ticks = 0
    stop_slip: Ticks = 2
    max_spread: Ticks = 1
    retries: Ticks = 8
    cooldown_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    time_stop_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    guard: Ticks = 0
    guard_imbalance: bool = False
    guard_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0


class MakerDefaults(_Table):
    """Start values of the market maker, for every symbol; half-spread and ratio may be changed while it runs.

    ``half_spread`` is in half-ticks, ``skew`` in 1/65,536 half-tick a share, ``max_spread`` and ``move`` are in ticks,
    times are card time. ``weighted``: the fair value is the mid weighted by the sizes of the best levels.
    """

    half_spread: Ticks = 1
    skew: Annotated[int, Field(strict=True, ge=0, le=65535)] = 655
    max_spread: Ticks = 1
    move: Ticks = 1
    weighted: bool = False
    imbalance_ratio: Ratio = 3.0
    throttle_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 1_000
    cooldown_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 100_000


class Heartbeat(_Table):
    """For how long the service vouches for the card at a time.

    On a board the lease is renewed every third of ``lease_seconds``. A soft card's time is granted by whoever plays
    the session, who must grant less than ``soft_lease_seconds`` between two marks.
    """

    lease_seconds: Annotated[float, Field(gt=0, le=60)] = 3.0
    soft_lease_seconds: Annotated[float, Field(gt=0, le=3600)] = 300.0


class Telemetry(_Table):
    """How often the card tells its depth: least card time between two samples of a symbol."""

    depth_interval_microseconds: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 100_000


class UdpHost(_Table):
    """A host on the feed's network: its Ethernet address (the router's, where it is not on this one), and UDP's.

    Without an Ethernet address the card finds it by ARP; for its own side it takes the one it has.
    """

    mac: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$")] = "00:00:00:00:00:00"
    ip: ipaddress.IPv4Address
    port: Annotated[int, Field(strict=True, ge=1, le=65535)]

    @property
    def mac_number(self) -> int:
        """The Ethernet address as the card has it, first octet highest."""
        return int(self.mac.replace(":", ""), 16)


class Requests(_Table):
    """Where the card asks for messages that its feed lines did not bring.

    Attributes
    ----------
    own, server : UdpHost
        Where requests come from and answers go to; the MoldUDP64 re-request server.
    timeout_microseconds : int
        How long the first answer is waited for, in card time; twice as long each time after that.
    tries : int
        Requests in a row that may bring nothing before the gap is given up.
    """

    own: UdpHost
    server: UdpHost
    timeout_microseconds: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] = 1_000
    tries: Annotated[int, Field(strict=True, ge=1, le=255)] = 5


class ServiceConfig(_Table):
    """The whole file.

    ``order_session_up`` is the host's word that the order session stands when the card is configured.
    ``cancel_exit_on_stale``: what becomes of a resting exit when the book goes stale or the lease runs out.
    ``join`` gives today's locate numbers of symbols for a card that joins a day that has begun: their books
    start empty and whole, and the market counts as open.
    ``confirmation_seconds``: for how long a person may approve what an agent asked for.
    ``requests``: without it nothing is asked for, and after a loss the books stay stale.
    """

    envelope: EnvelopePart
    unattended: EnvelopePart
    fees: Fees
    limits: Limits = Limits()
    symbols: Annotated[tuple[SymbolConfig, ...], Field(min_length=1, max_length=64)]
    taker: TakerDefaults = TakerDefaults()
    maker: MakerDefaults = MakerDefaults()
    heartbeat: Heartbeat = Heartbeat()
    telemetry: Telemetry = Telemetry()
    requests: Requests | None = None
    order_session_up: bool = True
    cancel_exit_on_stale: bool = False
    confirmation_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    join: dict[str, Annotated[int, Field(strict=True, ge=1, le=65535)]] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        wider = self.unattended.beyond(self.envelope)
        if wider:
            raise ValueError(f"the unattended part goes beyond the envelope in {', '.join(wider)}")
        names = [s.name for s in self.symbols]
        if len(set(names)) != len(names):
            raise ValueError(f"a symbol is named twice in {names}")
        strangers = sorted(set(self.join) - set(names))
        if strangers:
            raise ValueError(f"join names {', '.join(strangers)}, which [[symbols]] does not follow")
        for symbol in self.symbols:
            if self.fees.commission > 0 and symbol.prerequisites and symbol.prerequisites.per_share_commission == 0:
                raise ValueError(
                    f"fees.commission is {self.fees.commission} and {symbol.name} says per_share_commission = 0: "
                    "one of the two is wrong"
                )
        for symbol in self.symbols:
            if symbol.may_sell_short and not symbol.located_shares:
                raise ValueError(f"{symbol.name} may be sold short and no shares are located: say located_shares")
        if self.maker.half_spread < self.envelope.min_half_spread:
            raise ValueError(
                f"maker.half_spread {self.maker.half_spread} is below envelope.min_half_spread "
                f"{self.envelope.min_half_spread}"
            )
        if self.maker.imbalance_ratio > self.envelope.max_quote_ratio:
            raise ValueError(
                f"maker.imbalance_ratio {self.maker.imbalance_ratio} is above envelope.max_quote_ratio "
                f"{self.envelope.max_quote_ratio}"
            )
        if self.taker.imbalance_ratio < self.envelope.min_imbalance_ratio:
            raise ValueError(
                f"taker.imbalance_ratio {self.taker.imbalance_ratio} is below envelope.min_imbalance_ratio "
                f"{self.envelope.min_imbalance_ratio}"
            )
        if self.taker.min_volume < self.envelope.min_min_volume:
            raise ValueError(
                f"taker.min_volume {self.taker.min_volume} is below "
                f"envelope.min_min_volume {self.envelope.min_min_volume}"
            )
        return self
