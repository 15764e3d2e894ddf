"""Choices of the exchange: how it treats short sales, halts and a lost session, and what goes wrong."""

import random
from dataclasses import dataclass, fields
from typing import Literal

__all__ = ["Rules", "Trouble", "TroubleDraws"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Chances, from 0 to 1, of what is rare in life and has to be lived with. All are 0 unless asked for.

    Attributes
    ----------
    reject_enter : float
        A good Enter is Rejected (0x0029, port message rate).
    reject_replace : float
        A good Replace is Rejected: the old order lives on as it was, the new number is used up.
    dead_on_entry, dead_on_replace : float
        Accepted or Replaced with Order State ``D``: nothing more follows for it.
    cancel_pending : float
        A Cancel is answered by Cancel Pending, and the order goes on for ``pending_ns`` before it is Canceled.
    cancel_reject : float
        A Cancel is answered by Cancel Reject; the order lives on.
    slide : float
        A post-only order is Canceled with ``F``, as if a better quote of another venue had met it.
    break_trade : float
        A fill is broken ``break_ns`` later.
    self_match : float
        What would fill a resting order is another order of the same firm, by another way: AIQ Canceled.
    restate : float
        An order that comes to rest is Restated ``change_ns`` later (``R``); nothing of it changes.
    reprioritize : float
        An order that comes to rest gets another reference number and the last place in its queue ``change_ns`` later:
        Priority Update.
    pending_ns, break_ns, change_ns : int
        Times of the above.
    """

    reject_enter: float = 0.0
    reject_replace: float = 0.0
    dead_on_entry: float = 0.0
    dead_on_replace: float = 0.0
    cancel_pending: float = 0.0
    cancel_reject: float = 0.0
    slide: float = 0.0
    break_trade: float = 0.0
    self_match: float = 0.0
    restate: float = 0.0
    reprioritize: float = 0.0
    pending_ns: int = 5_000_000
    break_ns: int = 200_000_000
    change_ns: int = 1_000_000

    def __post_init__(self) -> None:
        """Refuse what is no chance and no time."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_ns") and value < 1:
                raise ValueError(f"{field.name} is {value}; it must be 1 or more")
            if not field.name.endswith("_ns") and not 0 <= value <= 1:
                raise ValueError(f"{field.name} is {value}; a chance is from 0 to 1")


@dataclass(frozen=True, slots=True)
class Rules:
    """Choices of the exchange.

    Attributes
    ----------
    short_restricted : {"reprice", "reject"}
        What becomes of a short sale at or below the best bid while the symbol's Reg SHO action is 1 or 2: it is priced
        one tick above the bid (an immediate one is Canceled, ``D``), or Rejected (0x0023).
    halt_cancels : bool
        Whether a halt cancels what rests in the symbol (``H``); otherwise it stays.
    cancel_on_disconnect : bool
        Whether the loss of the session cancels what rests.
    tell_day : bool
        Whether the session's System Events ``O`` and ``E`` are told to the order session, as ``S`` and ``E``.
    trouble : Trouble
        What goes wrong.
    seed : int
        Latencies and trouble follow from it.
    """

    short_restricted: Literal["reprice", "reject"] = "reprice"
    halt_cancels: bool = False
    cancel_on_disconnect: bool = True
    tell_day: bool = False
    trouble: Trouble = Trouble()
    seed: int = 0


class TroubleDraws:
    """Draws trouble; each kind has a sequence of its own, so one more kind leaves the others as they were."""

    def __init__(self, rules: Rules) -> None:
        self._trouble = rules.trouble
        self._seed = rules.seed
        self._random: dict[str, random.Random] = {}

    def strikes(self, kind: str) -> bool:
        """Say whether it happens this time."""
        chance: float = getattr(self._trouble, kind)
        if not chance:
            return False
        if kind not in self._random:
            self._random[kind] = random.Random(f"{self._seed}/{kind}")
        return self._random[kind].random() < chance
