"""An exchange from settings by name, as a command line and a sweep give them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sim.exchange.latency import Latency
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue

__all__ = ["SETTINGS", "venue_of"]

_LATENCIES = ("latency_in", "latency_out")
_FLAGS = ("halt_cancels", "cancel_on_disconnect", "tell_day")
_CHANCES = tuple(field.name for field in fields(Trouble) if not field.name.endswith("_ns"))
_TIMES = tuple(field.name for field in fields(Trouble) if field.name.endswith("_ns"))
_SHORT = ("reprice", "reject")
#: Every name there is.
SETTINGS = (*_LATENCIES, "seed", "short_restricted", *_FLAGS, *_CHANCES, *_TIMES)


def venue_of(settings: Mapping[str, Any], fees: Fees | None = None) -> Venue:
    """Make an exchange.

    Parameters
    ----------
    settings : mapping
        Value by name: ``latency_in`` and ``latency_out`` as :class:`~sim.exchange.latency.Latency` reads them, the
        fields of :class:`~sim.exchange.rules.Rules` and of :class:`~sim.exchange.rules.Trouble`. What is not named is
        as it always was.
    fees : Fees, optional
        What a share costs.

    Raises
    ------
    ValueError
        A name is unknown, or a value is none that it can have.
    """
    for name, value in settings.items():
        _check(name, value)
    latencies = [Latency.of(settings.get(name, 10_000)) for name in _LATENCIES]
    rules = {name: settings[name] for name in ("seed", "short_restricted", *_FLAGS) if name in settings}
    trouble = {name: settings[name] for name in (*_CHANCES, *_TIMES) if name in settings}
    return Venue(fees, latencies[0], latencies[1], Rules(trouble=Trouble(**trouble), **rules))


def _check(name: str, value: Any) -> None:
    if name not in SETTINGS:
        raise ValueError(f"the exchange has no setting {name!r}; it has {', '.join(SETTINGS)}")
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in _FLAGS:
        good, wanted = isinstance(value, bool), "true or false"
    elif name in _CHANCES:
        good, wanted = whole or isinstance(value, float), "a chance from 0 to 1"
    elif name == "short_restricted":
        good, wanted = value in _SHORT, " or ".join(_SHORT)
    elif name in _LATENCIES:
        good, wanted = whole or isinstance(value, str), "a latency: 10000, uniform:8000-12000, tail:8000-60000~3000"
    else:
        good, wanted = whole and value >= 0, "a whole number"
    if not good:
        raise ValueError(f"the exchange's {name} is {value!r}; it must be {wanted}")
