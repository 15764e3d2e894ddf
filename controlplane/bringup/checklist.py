"""The bring-up checklist: every step, what came of it, and the one file that holds it all."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["FORMAT", "PROGRAM_STEPS", "Checklist", "Step", "by_hand"]

FORMAT = 1
PASS, FAIL, NOT_DONE = "pass", "fail", "not done"
#: What a program does, in order: name and what is looked at.
PROGRAM_STEPS = {
    "identity": "the card answers, and says that it is one which this program knows",
    "configuration": "its sizes and its clock",
    "link": "each PHY is out of reset, answers, and has a gigabit link",
    "quiet": "it is disarmed, not killed, and no symbol is set",
    "answers": "how long a register read takes, by the host's clock",
    "book": "the stored session makes the book that it must make",
    "feed": "every packet of the session was heard, whole and once",
    "depth": "every change of the book is told; how long from a packet sent to its event heard, by the host's clock",
    "triggers": "the taker decides on the session; how long from a packet sent to its event heard, by the host's clock",
    "events": "no event was lost on the way",
}
#: What only a person at the board can see or do.
_HAND_STEPS = {
    "lamps": "the link lamp is on with the cable in; armed and killed are off after power-up",
    "cable": "the cable out and in again: phy.link_losses counts, and the link comes back",
    "silence": "after power-up nothing leaves the port but ARP (tcpdump on the host, a minute)",
    "lease": "armed on a test exchange, then the service stopped with kill -9: the killed lamp comes on",
    "power": "what the board draws at 12 V or USB with the session playing",
    "wire": "nanoseconds from packet to order by a capture card or an oscilloscope: no figure of this project has it",
}


@dataclass
class Step:
    """One step. ``state``: pass, fail or not done; ``words``: why; ``numbers``: what was read."""

    name: str
    what: str
    state: str = NOT_DONE
    words: str = ""
    by_hand: bool = False
    numbers: dict[str, Any] = field(default_factory=dict)


def by_hand() -> list[Step]:
    """Give the steps that a person fills in."""
    return [Step(name, what, words="by hand: fill this in", by_hand=True) for name, what in _HAND_STEPS.items()]


class Checklist:
    """Steps by name, and what the card is. Steps that were never begun say why."""

    def __init__(self, device: str) -> None:
        self.about: dict[str, Any] = {"device": device}
        self._steps = {name: Step(name, what) for name, what in PROGRAM_STEPS.items()}

    def __getitem__(self, name: str) -> Step:
        return self._steps[name]

    def done(self, name: str, passed: bool, words: str, **numbers: Any) -> bool:
        """Keep what came of a step; gives ``passed``."""
        step = self._steps[name]
        step.state, step.words, step.numbers = PASS if passed else FAIL, words, numbers
        return passed

    def not_done(self, names: Iterable[str], words: str) -> None:
        """Say why steps were not done."""
        for name in names:
            self._steps[name].words = words

    @property
    def steps(self) -> list[Step]:
        """All steps, those by hand last."""
        return [*self._steps.values(), *by_hand()]

    @property
    def failed(self) -> list[str]:
        """Names of the steps that failed."""
        return [step.name for step in self._steps.values() if step.state == FAIL]

    def write(self, path: Path) -> None:
        """Write the one file that a person sends back."""
        found = {"format": FORMAT, **self.about, "failed": self.failed, "steps": [asdict(step) for step in self.steps]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
