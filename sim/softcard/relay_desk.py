"""The soft card's side of the order relay: who holds the order session, and what is sent to him."""

import time
from collections.abc import Callable
from typing import Any

from sim.softcard import link
from sim.verilated.model import CardModel

__all__ = ["RelayDesk"]

#: Rounds in which an overdue owner is still listened to: what he sent may have waited while a session was played.
_ROUNDS = 4

Owner = Any  # a client on the link, or an address on UDP


class RelayDesk:
    """Carries the relay's datagrams between hosts and the card, and notices when the owner has gone.

    On a board that is told by the card's own clock (``relay.silence``). Card time here is granted by a player, so the
    process that owns the sockets looks at the wall clock instead, and at a hang-up at once.

    Parameters
    ----------
    model : CardModel
        The card.
    send : callable
        Sends a datagram to an owner: a client on the link, or an address on UDP.
    silent_seconds : float
        How long an owner may say nothing.
    """

    def __init__(self, model: CardModel, send: Callable[[Owner, bytes], None], silent_seconds: float) -> None:
        self._model, self._send, self._silent_seconds = model, send, silent_seconds
        self._owner: Owner | None = None
        self._request = b""
        self._heard, self._overdue = 0.0, 0

    def request(self, sender: Owner, request: bytes) -> None:
        """Carry a request to the card, and its answer back."""
        self._model.relay(request)
        answers, messages = link.split_relayed(self._model.relayed())
        for answer in answers:
            if link.owns(answer):
                self._owner, self._request, self._heard, self._overdue = sender, request, time.monotonic(), 0
            elif sender == self._owner and link.gave_up(answer):
                self._owner = None
            self._send(sender, answer)
        self._pass_on(messages)

    def pass_messages(self) -> None:
        """Send the owner what the card has said by itself."""
        self._pass_on(link.split_relayed(self._model.relayed())[1])

    def gone(self, owner: Owner) -> None:
        """Take word that a host has hung up: if he held the order session, it is down."""
        if self._owner is not None and owner == self._owner:
            self._owner = None
            self._model.relay(link.closing(self._request))
            self._model.relayed()

    def seconds_left(self) -> float | None:
        """Give how long the owner may still be silent; None without one."""
        return None if self._owner is None else max(0.0, self._heard + self._silent_seconds - time.monotonic())

    def look_at_the_clock(self) -> bool:
        """End the session of an owner who was silent for too long; give whether that was so. Once a round."""
        self._overdue = self._overdue + 1 if self.seconds_left() == 0.0 else 0
        if self._overdue < _ROUNDS:
            return False
        self.gone(self._owner)
        return True

    def _pass_on(self, messages: list[bytes]) -> None:
        if self._owner is not None:
            for message in messages:
                self._send(self._owner, message)
