"""Regimes of a made session: what the flow of orders is like, and what follows an imbalance.

Arrivals of the quiet stretches are Poisson (each gap exponential), or Hawkes: every change raises the rate of the next
ones for a while, so they come in clusters at the same average rate.
"""

import math
import random
from dataclasses import dataclass, replace

__all__ = ["REGIMES", "HawkesGaps", "Regime", "regime_of"]


@dataclass(frozen=True)
class Regime:
    """How a symbol's orders flow.

    Attributes
    ----------
    about : str
        In a few words, for help and reports.
    follows : float
        Chance that the price moves the way the imbalance points.
    pulled : bool
        The heavy side is taken away just before the move.
    ticks : tuple of int
        Least and most cents of the move.
    hold_ms : tuple of int
        Least and most time from the end of the build-up to the move.
    step_ms : tuple of int
        Least and most time between two cents of the move.
    spell_s : tuple of float
        Of the quiet stretch between two bursts: least, and mean of what is added to it.
    persists : float
        Chance that a burst moves the price the way the last one did; 0: no memory, each way alike.
    builds : bool
        A burst builds an imbalance up that all can see. Where it does not, the flow knows and shows nothing: it hits
        the quotes that the price is about to leave.
    branching : float
        Hawkes: changes that each change brings about, on the average; 0: Poisson.
    halts : float
        Chance that a move ends in a trading halt; the first one brings a short-sale restriction.
    """

    about: str
    follows: float
    pulled: bool
    ticks: tuple[int, int]
    hold_ms: tuple[int, int]
    step_ms: tuple[int, int]
    spell_s: tuple[float, float] = (2.0, 6.0)
    persists: float = 0.0
    builds: bool = True
    branching: float = 0.0
    halts: float = 0.0


_CALM = Regime(
    "imbalances tell where the price goes",
    follows=0.85,
    pulled=False,
    ticks=(5, 7),
    hold_ms=(15, 60),
    step_ms=(40, 250),
)

REGIMES = {
    "calm": _CALM,
    "toxic": Regime(
        "imbalances are a trap: the heavy side is pulled, and the price moves the other way",
        follows=0.10,
        pulled=True,
        ticks=(3, 6),
        hold_ms=(2, 15),
        step_ms=(4, 40),
    ),
    "quiet": replace(
        _CALM,
        about="no bursts: small orders hit both sides, and the price goes nowhere for long",
        spell_s=(1e6, 1.0),
    ),
    "trending": replace(_CALM, about="as calm, and one move mostly follows another the same way", persists=0.9),
    "informed": Regime(
        "somebody knows: the quotes that the price is about to leave are hit first, with no imbalance to be seen",
        follows=1.0,
        pulled=False,
        ticks=(3, 6),
        hold_ms=(1, 8),
        step_ms=(2, 30),
        spell_s=(1.0, 3.0),
        builds=False,
    ),
    "bursts": replace(
        _CALM,
        about="as calm, five times as many bursts, and changes in clusters between them (Hawkes)",
        spell_s=(0.4, 1.2),
        branching=0.8,
    ),
    "halts": replace(_CALM, about="as bursts, and moves may end in a trading halt", spell_s=(0.4, 1.2), halts=0.3),
}


def regime_of(name: str) -> Regime:
    """Give a regime by name.

    Raises
    ------
    ValueError
        None is called so.
    """
    if name not in REGIMES:
        raise ValueError(f"no regime is called {name!r}; there are {', '.join(sorted(REGIMES))}")
    return REGIMES[name]


class HawkesGaps:
    """Gaps of a Hawkes process with an exponential kernel, by thinning.

    Parameters
    ----------
    branching : float
        Changes that each change brings about, on the average; below 1.
    chance : random.Random
        Where the draws come from.
    memory_ns : float
        Time after which a change's influence has fallen to 1/e.
    """

    def __init__(self, branching: float, chance: random.Random, memory_ns: float = 30e6) -> None:
        if not 0 <= branching < 1:
            raise ValueError(f"branching is {branching}; from 0 to below 1, or the changes never end")
        self._jump = branching / memory_ns
        self._branching = branching
        self._memory = memory_ns
        self._random = chance
        #: What past changes add to the rate, just after the last one.
        self._excited = 0.0

    def next(self, mean_gap: float) -> float:
        """Draw the time to the next change, in ns; ``mean_gap`` is the average in the long run."""
        own_rate = (1 - self._branching) / mean_gap
        waited = 0.0
        while True:
            # The rate only falls between changes, so what it is now bounds it.
            bound = own_rate + self._excited
            step = self._random.expovariate(bound)
            waited += step
            self._excited *= math.exp(-step / self._memory)
            if self._random.random() * bound <= own_rate + self._excited:
                self._excited += self._jump
                return waited
