"""What a player sees of a card: frames and OUCH in at stated card times, orders out, time granted.

Two things implement :class:`CardPort`: ``sim.verilated.model.CardModel`` (the verilated card in this
process) and ``sim.softcard.client.MarketClient`` (the soft card, a process of its own).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

__all__ = ["Arrival", "CardPort", "Played", "Port", "SentFrame", "SentOrder"]


class Port(IntEnum):
    """Where bytes enter the card."""

    FEED = 0  #: an Ethernet frame, without its check sequence
    ORDERS = 1  #: one OUCH message from the exchange, without session framing
    FEED_B = 2  #: an Ethernet frame on the feed's second line
    ANSWERS = 3  #: an Ethernet frame on line A's wire that has a queue of its own: an answer to what the card asked for


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes for the card. ``time``: card cycle before which the first byte may not enter."""

    time: int
    port: Port
    data: bytes


@dataclass(frozen=True, slots=True)
class SentOrder:
    """One OUCH message of the card. ``time``: card cycle of its last beat."""

    time: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SentFrame:
    """One Ethernet frame of the card, without its check sequence. ``time``: card cycle of its last beat."""

    time: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a stretch of play.

    ``now``: card time reached. ``consumed``: how many of the arrivals given so far, over all calls,
    have entered the card. ``orders`` and ``frames``: what left it, each in order.
    """

    now: int
    consumed: int
    orders: list[SentOrder]
    frames: list[SentFrame] = field(default_factory=list)


class CardPort(Protocol):
    """A card whose time the caller grants."""

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        """Queue ``arrivals`` (each port's times must not fall) and run until card time ``until``.

        With ``stop_on_order`` the run ends early once an order or a frame has left the card whole; ``now`` is
        then the time it did, and what has not entered stays queued for the next call. Idle stretches
        are skipped, not simulated. Bytes of one port enter one after the other at the rate of the
        port (one beat a cycle); the ports are independent.
        """
        ...

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        """Mark the card (bit 31 is added to ``token``) with time frozen; wait for the host's lease.

        Raises
        ------
        TimeoutError
            The host did not answer within 30 s of wall-clock time.
        """
        ...
