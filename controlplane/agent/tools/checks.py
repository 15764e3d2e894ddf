"""Strict checks of what a model put into a tool call.

ADK hands over whatever the model wrote: ``"false"`` for a bool is a true value, ``True`` is an int to Python,
NaN compares false with every limit. So every argument is checked for its exact type and range, and a refusal says what
would be accepted, in words that the model can act on.
"""

import math

__all__ = [
    "STRATEGIES",
    "RefusedArgumentError",
    "need_bool",
    "need_count",
    "need_half_ticks",
    "need_ratio",
    "need_shares",
    "need_strategy",
]

#: Strategies the control API knows.
STRATEGIES = ("imbalance", "market_making")
_MAX_SHARES = (1 << 31) - 1
_MAX_RATIO = 255 + 255 / 256
_MAX_TICKS = 255


class RefusedArgumentError(Exception):
    """An argument of a tool call is not acceptable; the text says why and what would be."""


def _got(value: object) -> str:
    return f"{value!r:.80} of type {type(value).__name__}"


def need_strategy(value: object) -> str:
    """Give a strategy's name.

    Raises
    ------
    RefusedArgumentError
        It is no text, or names no strategy.
    """
    if not isinstance(value, str) or value not in STRATEGIES:
        raise RefusedArgumentError(f"strategy_name must be one of {', '.join(STRATEGIES)}, not {_got(value)}")
    return value


def need_bool(name: str, value: object) -> bool:
    """Give a truth value; the words "true" and "false" and numbers are none.

    Raises
    ------
    RefusedArgumentError
        It is not exactly true or false.
    """
    if not isinstance(value, bool):
        raise RefusedArgumentError(f"{name} must be the JSON value true or false without quotes, not {_got(value)}")
    return value


def need_shares(name: str, value: object) -> int:
    """Give a whole number of shares.

    Raises
    ------
    RefusedArgumentError
        It is a truth value, text, a fraction, not finite, negative or too large.
    """
    # A JSON number without a fraction may come as a float: 300.0 is 300 shares.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_SHARES:
        raise RefusedArgumentError(
            f"{name} must be a whole number of shares from 0 to {_MAX_SHARES}, not {_got(value)}"
        )
    return value


def need_count(name: str, value: object, most: int) -> int:
    """Give a whole number from 1 to ``most``.

    Raises
    ------
    RefusedArgumentError
        It is something else.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise RefusedArgumentError(f"{name} must be a whole number from 1 to {most}, not {_got(value)}")
    return value


def need_half_ticks(name: str, value: object) -> int:
    """Give a whole number of half-ticks.

    Raises
    ------
    RefusedArgumentError
        It is a truth value, text, a fraction, not finite, negative or too large.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_TICKS:
        raise RefusedArgumentError(f"{name} must be a whole number of half-ticks, 0 to {_MAX_TICKS}, not {_got(value)}")
    return value


def need_ratio(name: str, value: object) -> float:
    """Give a ratio above zero.

    Raises
    ------
    RefusedArgumentError
        It is a truth value, text, not finite, zero, negative or too large.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 < value <= _MAX_RATIO:  # type: ignore[arg-type,operator]
        raise RefusedArgumentError(f"{name} must be a number above 0 and at most {_MAX_RATIO:.2f}, not {_got(value)}")
    return float(value)  # type: ignore[arg-type]
