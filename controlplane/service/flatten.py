"""Flattening a symbol: what must hold before it begins, the registers that begin it, and where it stands.

The card does the work (``hdl/strategy/host_orders.py``): it cancels the symbol's own orders, waits until each is dead,
and sends one immediate order that its gate lets do nothing but reduce the position. Here is only what a person is told.
"""

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardRequests
from controlplane.service.fields import pack, unpack
from controlplane.service.refusal import RefusedError
from controlplane.service.state import ServiceState
from controlplane.store.record import REFUSALS

__all__ = ["WATCHED", "check_taken", "flatten_status", "give_up_items", "plan_flatten"]

#: What the audit row of a flatten shows before and after.
WATCHED = ("host_order.state", "host_order.price", "host_order.what")
#: OUCH 5.0: the highest price an order may have, in 1/10,000 dollar.
_HIGHEST_PRICE = 1_999_999_900
#: ``hdl.types.Role.FLATTEN``.
_FLATTEN = 3
_STEPS = (
    pb.FLATTEN_STEP_IDLE,
    pb.FLATTEN_STEP_CANCELING,
    pb.FLATTEN_STEP_AWAITING_DEATHS,
    pb.FLATTEN_STEP_AT_THE_GATE,
    pb.FLATTEN_STEP_AT_THE_EXCHANGE,
)
_OUTCOMES = (
    pb.FLATTEN_OUTCOME_UNSPECIFIED,
    pb.FLATTEN_OUTCOME_OVER,
    pb.FLATTEN_OUTCOME_REFUSED,
    pb.FLATTEN_OUTCOME_REJECTED,
    pb.FLATTEN_OUTCOME_NOTHING_HELD,
    pb.FLATTEN_OUTCOME_GIVEN_UP,
)


def _slot_of(state: ServiceState, symbol: str) -> int:
    names = [s.name for s in state.config.symbols]
    if symbol not in names:
        words = f"no symbol {symbol!r:.40} is followed; there are {', '.join(names)}"
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "nothing to flatten", fields=[("symbol", words)])
    return names.index(symbol)


def plan_flatten(state: ServiceState, card: CardRequests, request: pb.FlattenRequest) -> tuple[dict[str, int], int]:
    """Check that a flatten can begin; give the registers that begin it, and the count that says that one was ignored.

    On the card's thread.

    Raises
    ------
    RefusedError
        INVALID_ARGUMENT: no such symbol, or a price or shares that no order can have. FAILED_PRECONDITION: the card or
        the symbol may not order, nothing is held, or an order of the host is under way.
    DeviceError
        No answer.
    """
    slot = _slot_of(state, request.symbol)
    wrong = []
    if not 1 <= request.worst_price <= _HIGHEST_PRICE:
        words = f"must be 1 to {_HIGHEST_PRICE} (1/10,000 dollar), not {request.worst_price}"
        wrong.append(("worst_price", words))
    if not 0 <= request.shares <= (1 << 31) - 1:
        wrong.append(("shares", f"must be 0 (all that is held) or a number of shares, not {request.shares}"))
    if wrong:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "no order can have these", fields=wrong)
    status = card.status()
    names = [f"slot[{slot}].{name}" for name in ("state", "position")]
    names += [f"trade[{slot}].state", "host_order.state", "host_order.not_taken"]
    values = card.read(names)
    flags = unpack(names[0], values[names[0]])
    held = unpack(names[1], values[names[1]])["shares"]
    broken = unpack(names[2], values[names[2]])["broken"]
    needed = (
        (status.armed, "CARD", "control.status.armed", "the card is disarmed: arm it first"),
        (status.session_up, "CARD", "control.status.session_up", "the order session is down"),
        (flags["bound"] and not flags["stale"], "CARD", f"{names[0]}.stale", "the book is not whole"),
        (not flags["halted"], "CARD", f"{names[0]}.halted", "the symbol is halted"),
        (flags["market_open"] and flags["opened"], "CARD", f"{names[0]}.opened", "the market is not open"),
        (not broken, "CARD", f"{names[2]}.broken", "a trade was broken: put position and cash right while disarmed"),
        (held != 0, "POSITION", request.symbol, "nothing is held"),
        (
            not unpack("host_order.state", values["host_order.state"])["step"],
            "CARD",
            "host_order.state.step",
            "an order of the host is under way: see pennywire flatten --status, or give it up",
        ),
    )
    missing = [(kind, subject, words) for holds, kind, subject, words in needed if not holds]
    if missing:
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION, f"{request.symbol} cannot be flattened now", preconditions=missing
        )
    items = {
        "host_order.what": pack("host_order.what", slot=slot, role=_FLATTEN, shares=request.shares),
        "host_order.price": pack("host_order.price", limit=request.worst_price),
        "host_order.command": pack("host_order.command", go=1),
    }
    return items, values["host_order.not_taken"]


def check_taken(card: CardRequests, ignored_before: int) -> None:
    """Check that the card took the command.

    Raises
    ------
    RefusedError
        FAILED_PRECONDITION: another order of the host was under way by then.
    DeviceError
        No answer.
    """
    ignored = card.read(["host_order.not_taken"])["host_order.not_taken"]
    if ignored != ignored_before:
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "the card did not take it",
            preconditions=[("CARD", "host_order.not_taken", "an order of the host was under way: try again")],
        )


def give_up_items(card: CardRequests) -> dict[str, int]:
    """Give the registers that end the waiting; on the card's thread.

    Raises
    ------
    RefusedError
        FAILED_PRECONDITION: nothing is under way.
    DeviceError
        No answer.
    """
    value = card.read(["host_order.state"])["host_order.state"]
    if not unpack("host_order.state", value)["step"]:
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "there is nothing to give up",
            preconditions=[("CARD", "host_order.state.step", "no order of the host is under way")],
        )
    return {"host_order.command": pack("host_order.command", give_up=1)}


async def flatten_status(state: ServiceState) -> pb.FlattenStatus:
    """Read where the host's order stands, and what is held and open of its symbol.

    Raises
    ------
    RefusedError
        UNAVAILABLE: no answer.
    """
    own = ["host_order.state", "host_order.what", "host_order.user_ref"]
    values = await state.link.read(own)
    now, what = unpack(own[0], values[own[0]]), unpack(own[1], values[own[1]])
    answer = pb.FlattenStatus(
        step=_STEPS[now["step"]],
        outcome=_OUTCOMES[now["outcome"]],
        refusal=REFUSALS[now["refusal"]] if now["refusal"] else "",
        executed_shares=now["executed"],
        order_number=values[own[2]],
    )
    if what["slot"] < len(state.config.symbols):
        slot = f"slot[{what['slot']}]"
        held = await state.link.read([f"{slot}.position", f"{slot}.open_shares"])
        open_shares = unpack(f"{slot}.open_shares", held[f"{slot}.open_shares"])
        answer.symbol = state.config.symbols[what["slot"]].name
        answer.position_shares = unpack(f"{slot}.position", held[f"{slot}.position"])["shares"]
        answer.open_shares = open_shares["buy"] + open_shares["sell"]
    return answer
