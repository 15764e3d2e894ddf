"""Settings across a restart: what callers had committed is taken up again, and makes the card no bolder than found.

Settings are what callers change while the service runs: limits, thresholds, switches. All else comes from the file at
each start. A committed setting that is bolder than what the card has, and than the file's start value (zero or off for
limits and switches), is held back for an operator's word: somebody lowered it by another way (decision 0028). Of a card
that was reset, which shows in a slot without its symbol, only the file's start values count. A setting that the file's
start value was changed over, that today's envelope does not allow, or that was of another symbol, is not taken up.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.config.models import ServiceConfig
from controlplane.service.envelope import MODULES, ratio_to_card
from controlplane.service.fields import pack, unpack

__all__ = ["TakenUp", "is_setting", "take_up"]

_INDEX = re.compile(r"\[(\d+)\]")
#: A ratio of quotes of zero is no limit: bolder than every ratio.
_NO_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class _Setting:
    """The field that is the setting, the envelope's bound of it, and whether larger is bolder."""

    field: str
    bound: str
    larger_is_bolder: bool = True
    ratio: bool = False

    def boldness(self, value: int) -> int:
        if self.bound == "max_quote_ratio" and not value:
            value = _NO_LIMIT
        return value if self.larger_is_bolder else -value

    def most(self, config: ServiceConfig) -> int:
        bound = getattr(config.envelope, self.bound)
        return self.boldness(ratio_to_card(bound) if self.ratio else bound)


_SETTINGS = {
    "slot[].max_inventory": _Setting("shares", "max_inventory"),
    "slot[].max_order_size": _Setting("shares", "max_order_size"),
    "slot[].taker_order_size": _Setting("shares", "max_order_size"),
    "maker[].inventory": _Setting("shares", "max_inventory"),
    "maker[].size": _Setting("shares", "max_order_size"),
    "slot[].taker_ratio": _Setting("ratio", "min_imbalance_ratio", larger_is_bolder=False, ratio=True),
    "slot[].taker_min_volume": _Setting("shares", "min_min_volume", larger_is_bolder=False),
    "maker[].ratio": _Setting("ratio", "max_quote_ratio", ratio=True),
    "maker[].prices": _Setting("half_spread", "min_half_spread", larger_is_bolder=False),
}
_SWITCHES = {register: name for name, register in MODULES.items()}


def is_setting(register: str) -> bool:
    """Say whether callers may change a register while the service runs."""
    return _INDEX.sub("[]", register) in _SETTINGS or register in _SWITCHES


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What a start writes, and what of the committed waits for an operator's word.

    Attributes
    ----------
    items : dict of str to int
        Every register of the start, with the settings that are taken up.
    held : dict of str to int
        Committed settings that are bolder than the card was found and the file's start.
    dropped : tuple of str
        Why other committed settings are not taken up, in words.
    """

    items: dict[str, int]
    held: dict[str, int]
    dropped: tuple[str, ...]


def _may_be_on(config: ServiceConfig, strategy: str) -> bool:
    fit = [s.maker_failures() if strategy == "market_making" else s.failures() for s in config.symbols]
    return strategy in config.envelope.strategies and not all(fit)


def _taken(start: int, committed: int, found: int, setting: _Setting, register: str) -> tuple[int, bool]:
    """Give the value to write, and whether the committed one is bolder than it may be."""
    wanted, has, first = (unpack(register, value)[setting.field] for value in (committed, found, start))
    allowed = max(has, first, key=setting.boldness)
    bolder = setting.boldness(wanted) > setting.boldness(allowed)
    fields = unpack(register, start) | {setting.field: allowed if bolder else wanted}
    return pack(register, **fields), bolder


def take_up(
    start: Mapping[str, int],
    last_start: Mapping[str, int],
    committed: Mapping[str, int],
    card: Mapping[str, int],
    config: ServiceConfig,
) -> TakenUp:
    """Find what a start writes.

    Parameters
    ----------
    start : mapping
        Registers as the file has them, limits at zero and modules off.
    last_start : mapping
        The same of the start before; empty: there was none.
    committed : mapping
        Registers as they were last committed.
    card : mapping
        Registers as the card has them now.
    config : ServiceConfig
        Envelope, symbols and their prerequisites.
    """
    items, held, dropped = dict(start), {}, []
    for register, value in start.items():
        if not is_setting(register) or register not in committed or committed[register] == value:
            continue
        index = _INDEX.search(register)
        symbol = f"slot[{index[1]}].symbol" if index else ""
        if last_start.get(register) != value:
            dropped.append(f"{register}: the file's start value was changed since")
        elif symbol and committed.get(symbol) != start[symbol]:
            dropped.append(f"{register}: it was another symbol's")
        elif register in _SWITCHES:
            if not _may_be_on(config, _SWITCHES[register]):
                dropped.append(f"{register}: envelope or prerequisites forbid {_SWITCHES[register]}")
            elif card[register] & 1:
                items[register] = committed[register]
            else:
                held[register] = committed[register]
        else:
            setting = _SETTINGS[_INDEX.sub("[]", register)]
            wanted = unpack(register, committed[register])[setting.field]
            if setting.boldness(wanted) > setting.most(config):
                dropped.append(f"{register}: {wanted} is beyond the envelope")
                continue
            found = card[register] if card[symbol] == committed[symbol] else value
            items[register], bolder = _taken(value, committed[register], found, setting, register)
            if bolder:
                held[register] = pack(register, **unpack(register, value) | {setting.field: wanted})
    return TakenUp(items, held, tuple(dropped))
