"""Positions that nothing works: no exit of the taker, no quotes of the maker, no order of the host. A person is needed.

Whether something works a position is spread over registers that are not read in one cycle, and a fill may come between
them. So a position is called unmanaged only where two looks, one after the other, find the same one so.
"""

from collections.abc import Mapping

from controlplane.service.card_link import CardLink
from controlplane.service.fields import unpack

__all__ = ["unmanaged_slots"]

#: ``hdl.strategy.taker_types.TakerState``: the states in which the taker works no exit of a position that is held.
_IDLE, _COOLDOWN, _UNMANAGED = 0, 8, 9
_CARD = ("control.status", "modules.maker", "host_order.state", "host_order.what")


def _names(slot: int) -> tuple[str, ...]:
    return f"slot[{slot}].position", f"slot[{slot}].state", f"slot[{slot}].control", f"maker[{slot}].control"


async def unmanaged_slots(link: CardLink, slots: int) -> dict[int, int]:
    """Give the slots whose position is unmanaged, and the shares held there (negative: short).

    Parameters
    ----------
    link : CardLink
        The card.
    slots : int
        How many symbols are followed, from slot 0.

    Raises
    ------
    RefusedError
        UNAVAILABLE: the card did not answer.
    """
    first = await _look(link, range(slots))
    if not first:
        return {}
    second = await _look(link, first)
    return {slot: held for slot, held in second.items() if first[slot] == held}


async def _look(link: CardLink, slots: "range | Mapping[int, int]") -> dict[int, int]:
    values = await link.read([*_CARD, *(name for slot in slots for name in _names(slot))])
    found = {}
    for slot in slots:
        held = unpack("slot[].position", values[f"slot[{slot}].position"])["shares"]
        if held and not _is_worked(values, slot):
            found[slot] = held
    return found


def _is_worked(values: Mapping[str, int], slot: int) -> bool:
    """Say whether the taker, the maker or the host has the slot."""
    state = unpack("slot[].state", values[f"slot[{slot}].state"])
    if state["taker_state"] == _UNMANAGED:
        # The taker says that it cannot; where the host's flatten has the slot, a person has answered already.
        return _host_has(values, slot)
    if state["taker_state"] not in (_IDLE, _COOLDOWN):
        return True
    return _maker_has(values, slot, state) or _host_has(values, slot)


def _maker_has(values: Mapping[str, int], slot: int, state: Mapping[str, int]) -> bool:
    """Say whether the maker may quote the symbol, so that it leans its quotes toward flat."""
    card = unpack("control.status", values["control.status"])
    return bool(
        card["armed"]
        and not card["killed"]
        and card["lease_alive"]
        and card["session_up"]
        and values["modules.maker"] & 1
        and unpack("maker[].control", values[f"maker[{slot}].control"])["enable"]
        and unpack("slot[].control", values[f"slot[{slot}].control"])["enable"]
        and not (state["stale"] or state["halted"])
    )


def _host_has(values: Mapping[str, int], slot: int) -> bool:
    step = unpack("host_order.state", values["host_order.state"])["step"]
    return bool(step) and unpack("host_order.what", values["host_order.what"])["slot"] == slot
