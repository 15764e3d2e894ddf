"""What may be changed how far, by whom: pure checks of what is wanted against what is and what a person allowed.

A value that makes no sense is refused whatever it would do. A value that raises risk is refused beyond the envelope
for everybody, and beyond the unattended part for an agent. A value that lowers risk is never refused.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from controlplane.config.models import MAX_ORDER_SHARES, MAX_RATIO, MAX_SHARES, MAX_TICKS, EnvelopePart, ServiceConfig
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardIdentity
from controlplane.service.refusal import ConfirmationNeededError, RefusedError

__all__ = [
    "MODULES",
    "NO_RATIO",
    "Posture",
    "built_into",
    "check_limits",
    "check_quotes",
    "check_start",
    "check_strategy",
    "check_thresholds",
    "ratio_to_card",
]

#: Strategies by the name callers use: the module's register.
MODULES = {"imbalance": "modules.taker", "market_making": "modules.maker"}
#: Posture of a maker that no imbalance makes pull its quotes: above every ratio of the card.
NO_RATIO = 1 << 16


@dataclass(frozen=True, slots=True)
class Posture:
    """How bold the card is set now, over all symbols: where they differ, the least bold or the boldest value.

    ``ratio`` and ``quote_ratio`` are in 1/256, ``half_spread`` in half-ticks.
    """

    max_inventory: int
    order_size: int
    ratio: int
    min_volume: int
    half_spread: int
    quote_ratio: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A setting: request field, part's field, value wanted and now, limits of both parts, larger is bolder."""

    field: str
    value: float
    now: float
    envelope: float
    unattended: float
    larger_is_bolder: bool

    def raises(self) -> bool:
        return self.value > self.now if self.larger_is_bolder else self.value < self.now

    def beyond(self, limit: float) -> bool:
        return self.value > limit if self.larger_is_bolder else self.value < limit

    def words(self, limit: float, of: str) -> str:
        bound = "at most" if self.larger_is_bolder else "at least"
        return f"{self.value:g} goes beyond {of}: {bound} {limit:g} is accepted (now {self.now:g})"


def ratio_to_card(ratio: float) -> int:
    """Give a ratio in the card's Q8.8, rounded to the nearest 1/256."""
    return round(ratio * 256)


def _refuse_nonsense(wrong: Sequence[tuple[str, str]]) -> None:
    if wrong:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "these values make no sense", fields=list(wrong))


def _judge(role: int, wanted: Sequence[_Wanted]) -> None:
    bold = [w for w in wanted if w.raises()]
    outside = [(w.field, w.words(w.envelope, "the envelope")) for w in bold if w.beyond(w.envelope)]
    if outside:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "this goes beyond the envelope", fields=outside)
    if role != pb.ROLE_AGENT:
        return
    alone = [w for w in bold if w.beyond(w.unattended)]
    if alone:
        raise ConfirmationNeededError(
            grpc.StatusCode.PERMISSION_DENIED,
            "a person must confirm this: it goes beyond what is signed for unattended use",
            preconditions=[
                ("CONFIRMATION", w.field, w.words(w.unattended, "the unattended part of the envelope")) for w in alone
            ],
        )


def _shares(field: str, value: int, most: int) -> list[tuple[str, str]]:
    return [] if 0 <= value <= most else [(field, f"must be 0 to {most} shares, not {value}")]


def _ratio(ratio: float) -> list[tuple[str, str]]:
    if math.isfinite(ratio) and ratio * 256 >= 1 and ratio <= MAX_RATIO:
        return []
    return [("imbalance_ratio", f"must be above 0 and at most {MAX_RATIO:.2f}, not {ratio}")]


def check_limits(role: int, config: ServiceConfig, now: Posture, max_inventory: int, order_size: int) -> None:
    """Check new limits.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: no number of shares, or beyond the envelope.
    ConfirmationNeededError
        PERMISSION_DENIED: an agent beyond the unattended part.
    """
    _refuse_nonsense(
        _shares("max_inventory", max_inventory, MAX_SHARES) + _shares("order_size", order_size, MAX_ORDER_SHARES)
    )
    envelope, unattended = config.envelope, config.unattended
    _judge(
        role,
        (
            _Wanted(
                "max_inventory",
                max_inventory,
                now.max_inventory,
                envelope.max_inventory,
                unattended.max_inventory,
                True,
            ),
            _Wanted(
                "order_size",
                order_size,
                now.order_size,
                envelope.max_order_size,
                unattended.max_order_size,
                True,
            ),
        ),
    )


def check_thresholds(role: int, config: ServiceConfig, now: Posture, ratio: float, min_volume: int) -> None:
    """Check new thresholds of the imbalance taker; a smaller one trades more often and so raises risk.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: not a number, not above zero, too large, or beyond the envelope.
    ConfirmationNeededError
        PERMISSION_DENIED: an agent beyond the unattended part.
    """
    _refuse_nonsense(_ratio(ratio) + _shares("min_volume", min_volume, MAX_SHARES))
    envelope, unattended = config.envelope, config.unattended
    _judge(
        role,
        (
            _Wanted(
                "imbalance_ratio",
                ratio_to_card(ratio) / 256,
                now.ratio / 256,
                envelope.min_imbalance_ratio,
                unattended.min_imbalance_ratio,
                False,
            ),
            _Wanted(
                "min_volume",
                min_volume,
                now.min_volume,
                envelope.min_min_volume,
                unattended.min_min_volume,
                False,
            ),
        ),
    )


def check_quotes(role: int, config: ServiceConfig, now: Posture, ratio: float, half_spread: int) -> None:
    """Check new thresholds of the market maker; quotes nearer to the fair value, or left standing longer, raise risk.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: no number, out of range, or beyond the envelope.
    ConfirmationNeededError
        PERMISSION_DENIED: an agent beyond the unattended part.
    """
    wrong = _ratio(ratio)
    if not 0 <= half_spread <= MAX_TICKS:
        wrong.append(("half_spread", f"must be 0 to {MAX_TICKS} half-ticks, not {half_spread}"))
    _refuse_nonsense(wrong)
    envelope, unattended = config.envelope, config.unattended
    ratios = (ratio_to_card(ratio) / 256, now.quote_ratio / 256, envelope.max_quote_ratio, unattended.max_quote_ratio)
    spreads = (half_spread, now.half_spread, envelope.min_half_spread, unattended.min_half_spread)
    _judge(role, (_Wanted("imbalance_ratio", *ratios, True), _Wanted("half_spread", *spreads, False)))


def check_strategy(name: str) -> str:
    """Give the register that switches a strategy.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: no strategy has this name.
    """
    if name not in MODULES:
        words = f"no strategy is called {name!r}; there are {', '.join(MODULES)}"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "unknown strategy", fields=[("strategy_name", words)])
    return MODULES[name]


def built_into(card: CardIdentity) -> list[str]:
    """Give the strategies that a card's gateware has, by their names in :data:`MODULES`."""
    there = {"imbalance": card.trades, "market_making": card.market_maker}
    return [name for name in MODULES if there[name]]


def check_start(role: int, config: ServiceConfig, now: Posture, name: str, card: CardIdentity) -> None:
    """Check that a strategy may be switched on as the card is set now, ``now`` being the boldest of its symbols.

    Raises
    ------
    RefusedError
        FAILED_PRECONDITION: not in this gateware, or no symbol meets its prerequisites. INVALID_ARGUMENT: not in the
        envelope.
    ConfirmationNeededError
        PERMISSION_DENIED: an agent, where the strategy or a setting is beyond the unattended part.
    """
    check_strategy(name)
    if name not in built_into(card):
        words = f"the card's configuration {card.config_name} was built without it: flash one that has it"
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"{name} cannot be switched on",
            preconditions=[("GATEWARE", name, words)],
        )
    failures = {s.name: s.maker_failures() if name == "market_making" else s.failures() for s in config.symbols}
    failed = [("PREREQUISITE", symbol, "; ".join(words)) for symbol, words in failures.items() if words]
    if len(failed) == len(config.symbols):
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION, "no symbol meets the prerequisites", preconditions=failed
        )
    if name not in config.envelope.strategies:
        words = f"{name} is not in the envelope, which has {', '.join(config.envelope.strategies) or 'no strategy'}"
        raise RefusedError(
            grpc.StatusCode.INVALID_ARGUMENT, "this goes beyond the envelope", fields=[("strategy_name", words)]
        )
    if role != pb.ROLE_AGENT:
        return
    beyond = _beyond_unattended(config.unattended, now, name)
    if beyond:
        raise ConfirmationNeededError(
            grpc.StatusCode.PERMISSION_DENIED,
            "a person must confirm this: the card is set beyond what is signed for unattended use",
            preconditions=[("CONFIRMATION", subject, words) for subject, words in beyond],
        )


def _beyond_unattended(part: EnvelopePart, now: Posture, name: str) -> list[tuple[str, str]]:
    found = []
    if name not in part.strategies:
        found.append(("strategy_name", f"{name} is not in the unattended part"))
    if now.max_inventory > part.max_inventory:
        found.append(("max_inventory", f"is {now.max_inventory}; lower it to {part.max_inventory} first"))
    if now.order_size > part.max_order_size:
        found.append(("order_size", f"is {now.order_size}; lower it to {part.max_order_size} first"))
    if name == "market_making":
        if now.quote_ratio > ratio_to_card(part.max_quote_ratio):
            found.append(
                ("imbalance_ratio", f"is {now.quote_ratio / 256:g}; lower it to {part.max_quote_ratio:g} first")
            )
        if now.half_spread < part.min_half_spread:
            found.append(("half_spread", f"is {now.half_spread}; raise it to {part.min_half_spread} first"))
        return found
    if now.ratio < ratio_to_card(part.min_imbalance_ratio):
        found.append(("imbalance_ratio", f"is {now.ratio / 256:g}; raise it to {part.min_imbalance_ratio:g} first"))
    if now.min_volume < part.min_min_volume:
        found.append(("min_volume", f"is {now.min_volume}; raise it to {part.min_min_volume} first"))
    return found
