"""What an agent asked for and only a person may grant: kept for a while, good once, tied to the card's state.

A request is kept as it was asked, so what a person approves cannot become something else on the way. It can be
approved while its time runs and while the card is as it was when it was asked for: configuration epoch, armed and
killed all the same. Requests are kept in memory: a service that starts anew has none, and numbers never come twice.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import grpc

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardRequests, CardStatus
from controlplane.service.refusal import RefusedError

__all__ = ["MOST_PENDING", "Confirmations", "Plan", "Question"]

#: Requests that may wait for a person at once, and those kept that do not wait any more.
MOST_PENDING = 8
_KEPT = 100

#: On the card's thread: checks a write for a role (a number of ``pennywire.v1.Role``), gives the registers to write.
Plan = Callable[[int, CardRequests], Mapping[str, int]]


def _state_of(status: CardStatus) -> tuple[int, bool, bool]:
    return status.config_epoch, status.armed, status.killed


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it was asked.

    Attributes
    ----------
    method : str
        The call.
    asked_for : str
        Its fields as JSON, without the header.
    asked_by : str
        Holder of the writer's lease.
    reason : str
        The asker's words.
    beyond : tuple of str
        What goes beyond the unattended part.
    plan : callable
        Carries it out for a role; it checks the envelope as it is then.
    """

    method: str
    asked_for: str
    asked_by: str
    reason: str
    beyond: tuple[str, ...]
    plan: Plan = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    question: Question
    card: tuple[int, bool, bool]
    until: float
    outcome: int = pb.CONFIRMATION_STATE_PENDING


class Confirmations:
    """The requests of one service. One write at a time changes them, on the card's thread or in the event loop.

    Parameters
    ----------
    seconds : float
        Wall-clock time for which a request may be approved.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._asked: dict[int, _Asked] = {}

    def _state(self, asked: _Asked, status: CardStatus) -> int:
        if asked.outcome != pb.CONFIRMATION_STATE_PENDING:
            return asked.outcome
        if self._clock() >= asked.until:
            return pb.CONFIRMATION_STATE_EXPIRED
        same = asked.card == _state_of(status)
        return pb.CONFIRMATION_STATE_PENDING if same else pb.CONFIRMATION_STATE_OUTDATED

    def _pending(self, status: CardStatus) -> dict[int, _Asked]:
        wanted = pb.CONFIRMATION_STATE_PENDING
        return {number: asked for number, asked in self._asked.items() if self._state(asked, status) == wanted}

    def waiting(self, question: Question, status: CardStatus) -> int:
        """Give the number of the same question where it waits already, else 0.

        Raises
        ------
        RefusedError
            FAILED_PRECONDITION: as many as may wait are waiting.
        """
        pending = self._pending(status)
        for number, asked in pending.items():
            if replace(asked.question, reason=question.reason) == question:
                return number
        if len(pending) >= MOST_PENDING:
            words = f"{len(pending)} requests wait for a person already: wait until they are answered or run out"
            raise RefusedError(
                grpc.StatusCode.FAILED_PRECONDITION, "this cannot be asked", preconditions=[("CONFIRMATION", "", words)]
            )
        return 0

    def keep(self, number: int, question: Question, status: CardStatus) -> None:
        """Keep a question under the number of its audit row; old ones that were answered or ran out are forgotten."""
        pending = self._pending(status)
        over = [n for n in self._asked if n not in pending]
        for old in over[: max(0, len(over) - _KEPT)]:
            del self._asked[old]
        self._asked[number] = _Asked(question, _state_of(status), self._clock() + self._seconds)

    def find(self, number: int, method: str, status: CardStatus) -> Question:
        """Give the question that may be approved now.

        Raises
        ------
        RefusedError
            FAILED_PRECONDITION: there is none of this number and method, it was answered, its time ran out, or the
            card is not as it was.
        """
        asked = self._asked.get(number)
        if asked is None:
            words = "nothing was asked under this number since the service started"
        elif asked.question.method != method:
            words = f"it is of {asked.question.method}, not of {method!r:.60}"
        else:
            match self._state(asked, status):
                case pb.CONFIRMATION_STATE_PENDING:
                    return asked.question
                case pb.CONFIRMATION_STATE_APPROVED:
                    words = "it was approved before, and is good once"
                case pb.CONFIRMATION_STATE_DENIED:
                    words = "it was denied"
                case pb.CONFIRMATION_STATE_EXPIRED:
                    words = f"its {self._seconds:g} s ran out; it must be asked for again"
                case _:
                    epoch, armed, killed = asked.card
                    words = (
                        f"the card is not as it was when it was asked for (then epoch {epoch}, armed {armed}, killed "
                        f"{killed}; now {status.config_epoch}, {status.armed}, {status.killed}); it must be asked again"
                    )
        raise RefusedError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "this cannot be confirmed",
            preconditions=[("CONFIRMATION", str(number), words)],
        )

    def answer(self, number: int, outcome: int) -> None:
        """Note that a pending question was approved or denied: from now on it is good for nothing."""
        self._asked[number] = replace(self._asked[number], outcome=outcome)

    def message(self, number: int, status: CardStatus) -> pb.Confirmation:
        """Give a question as the control API carries it."""
        asked = self._asked[number]
        question, state = asked.question, self._state(asked, status)
        pending = state == pb.CONFIRMATION_STATE_PENDING
        return pb.Confirmation(
            id=number,
            state=pb.ConfirmationState.Name(state),
            method=question.method,
            asked_for=question.asked_for,
            asked_by=question.asked_by,
            reason=question.reason,
            beyond=question.beyond,
            config_epoch=asked.card[0],
            seconds_left=asked.until - self._clock() if pending else 0.0,
        )

    def messages(self, status: CardStatus) -> list[pb.Confirmation]:
        """Give all that are kept, oldest first."""
        return [self.message(number, status) for number in sorted(self._asked)]
