"""The service's heartbeat: it vouches for the card for a while at a time, and only while it hears the card.

On a board the lease is renewed every third of its length, as long as the event reader lives. A soft card's time is
granted by whoever plays the session: there the lease is renewed when the player's mark has come through the event
stream and every record before it is in the ledger. Either way a reader or an event loop that stands still lets
the lease run out, and the card kills itself.
"""

import asyncio
from collections.abc import Callable

import structlog

from controlplane.config import models
from controlplane.service.card_link import CardLink, CardRequests
from controlplane.service.refusal import RefusedError

__all__ = ["PLAYER_MARK", "Heartbeat"]

#: Bit of a mark's token that says it is the player's, who waits for the lease.
PLAYER_MARK = 1 << 31


class Heartbeat:
    """Renews the lease of one card.

    Parameters
    ----------
    link : CardLink
        The card.
    lengths : controlplane.config.models.Heartbeat
        For how long to vouch.
    hearing : callable
        True while the event reader lives.
    """

    def __init__(self, link: CardLink, lengths: models.Heartbeat, hearing: Callable[[], bool]) -> None:
        self._link = link
        self._hearing = hearing
        self._soft = link.identity.soft
        self._seconds = lengths.soft_lease_seconds if self._soft else lengths.lease_seconds
        self._answers: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def extend(self, card: CardRequests) -> None:
        """Extend the lease from now, on the card's thread."""
        card.vouch(self._seconds)

    async def vouch(self) -> None:
        """Extend the lease from now.

        Raises
        ------
        RefusedError
            UNAVAILABLE: the card did not take it.
        """
        await self._link.in_one_go(self.extend)

    def mark_heard(self, token: int) -> None:
        """Answer a mark of the player; called in the event loop after every earlier record was dealt with."""
        if self._soft and token & PLAYER_MARK:
            task = asyncio.get_running_loop().create_task(self._answer())
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answer(self) -> None:
        try:
            await self.vouch()
        except RefusedError as refusal:
            self._log.error("heartbeat_failed", words=str(refusal))

    async def run(self) -> None:
        """Renew the lease of a board until cancelled, or until the reader dies. Does nothing for a soft card."""
        while not self._soft and self._hearing():
            await self._answer()
            await asyncio.sleep(self._seconds / 3)
        if not self._soft:
            self._log.error("heartbeat_stopped", words="the event reader died: the lease will run out")
