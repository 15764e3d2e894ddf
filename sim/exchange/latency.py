"""How long a message is on its way between card and exchange: always the same, or drawn from a distribution."""

import random
import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Latency", "LatencyDraws"]

_FORMS = re.compile(r"(?:(?P<fixed>\d+)|(?P<shape>uniform|tail):(?P<least>\d+)-(?P<most>\d+)(?:~(?P<mean>\d+))?)$")


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution of times in whole ns, with both ends known: the player looks ahead no further than the least.

    Attributes
    ----------
    least, most : int
        No draw is below or above.
    shape : {"uniform", "tail"}
        Every value alike; or mostly near the least, with an exponential tail that is cut off at the most.
    mean : int
        Of the tail, above the least, before it is cut off.
    """

    least: int
    most: int
    shape: Literal["uniform", "tail"] = "uniform"
    mean: int = 0

    def __post_init__(self) -> None:
        """Refuse what is no time."""
        if not 0 <= self.least <= self.most:
            raise ValueError(f"latencies are 0 ns or more, and least to most, not {self.least} to {self.most}")
        if self.shape == "tail" and self.mean <= 0:
            raise ValueError(f"the mean of a tail is above 0 ns, not {self.mean}")

    @classmethod
    def of(cls, value: "int | str | Latency") -> "Latency":
        """Read ``10000``, ``uniform:8000-12000`` or ``tail:8000-60000~3000`` (least, most, mean of the tail; ns).

        Raises
        ------
        ValueError
            It is none of these.
        """
        if isinstance(value, Latency):
            return value
        if isinstance(value, int):
            return cls(value, value)
        found = _FORMS.match(value)
        if not found or (found["shape"] == "tail") != (found["mean"] is not None):
            raise ValueError(
                f"{value!r} is no latency: give 10000, uniform:8000-12000 or tail:8000-60000~3000 (least-most~mean, ns)"
            )
        if found["fixed"]:
            return cls(int(found["fixed"]), int(found["fixed"]))
        shape: Literal["uniform", "tail"] = "tail" if found["shape"] == "tail" else "uniform"
        return cls(int(found["least"]), int(found["most"]), shape, int(found["mean"] or 0))


class LatencyDraws:
    """Draws from a latency; one seed gives one sequence."""

    def __init__(self, latency: Latency, seed: str) -> None:
        self.latency = latency
        self._random = random.Random(seed)

    def draw(self) -> int:
        """Give the next time on the way, in ns."""
        latency = self.latency
        if latency.least == latency.most:
            return latency.least
        if latency.shape == "uniform":
            return self._random.randint(latency.least, latency.most)
        return min(latency.most, latency.least + int(self._random.expovariate(1.0 / latency.mean)))
