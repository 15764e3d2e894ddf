"""A flatten in a person's words: the worst price as it is typed, and where the card says it stands."""

from decimal import Decimal, InvalidOperation

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = ["flatten_line", "worst_price"]

_TEN_THOUSANDTHS = 10_000


def worst_price(dollars: str) -> int:
    """Give a price that was typed in dollars, in 1/10,000 dollar.

    Raises
    ------
    ValueError
        It is none, is not above zero, or has more than four decimals.
    """
    try:
        price = Decimal(dollars) * _TEN_THOUSANDTHS
        if not price.is_finite() or price != price.to_integral_value() or price <= 0:
            raise InvalidOperation
    except InvalidOperation as error:
        raise ValueError(f"must be dollars above 0 with at most four decimals, not {dollars!r:.40}") from error
    return int(price)


def flatten_line(status: pb.FlattenStatus) -> str:
    """Give a line on where the last flatten stands."""
    step = pb.FlattenStep.Name(status.step).removeprefix("FLATTEN_STEP_").replace("_", " ").lower()
    ended = pb.FlattenOutcome.Name(status.outcome).removeprefix("FLATTEN_OUTCOME_").replace("_", " ").lower()
    if status.step != pb.FLATTEN_STEP_IDLE:
        state = f"{step}, {status.open_shares} shares of own orders open"
    elif status.outcome == pb.FLATTEN_OUTCOME_UNSPECIFIED:
        state = "no flatten was asked for"
    else:
        state = ended + (f" ({status.refusal})" if status.refusal else "")
    return f"{status.symbol}: {state}; executed {status.executed_shares}, held now {status.position_shares}"
