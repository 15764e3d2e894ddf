"""The service's way to the card: the driver's blocking calls, made from asyncio through one thread.

One thread makes every request, so requests never overtake one another; the event stream is read by a thread of
its own (``controlplane/service/reader.py``), as the driver allows.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import grpc

from controlplane.card.device import DeviceError
from controlplane.service.fields import pack, unpack
from controlplane.service.refusal import RefusedError
from controlplane.store.record import Record

__all__ = ["CardDevice", "CardIdentity", "CardLink", "CardRequests", "CardStatus"]

_Result = TypeVar("_Result")


class CardIdentity(Protocol):
    """What a card says it is."""

    @property
    def config_name(self) -> str: ...  # noqa: D102
    @property
    def abi_version(self) -> int: ...  # noqa: D102
    @property
    def clock_period_ps(self) -> int: ...  # noqa: D102
    @property
    def slots(self) -> int: ...  # noqa: D102
    @property
    def soft(self) -> bool: ...  # noqa: D102
    @property
    def market_maker(self) -> bool: ...  # noqa: D102
    @property
    def trades(self) -> bool: ...  # noqa: D102


class CardDevice(Protocol):
    """What the service needs of ``controlplane.card.device.Device``."""

    @property
    def identity(self) -> CardIdentity: ...  # noqa: D102
    @property
    def lost(self) -> int: ...  # noqa: D102
    def read(self, names: Sequence[str]) -> dict[str, int]: ...  # noqa: D102
    def write(self, items: Mapping[str, int]) -> object: ...  # noqa: D102
    def subscribe(self) -> None: ...  # noqa: D102
    def poll_events(self, maximum: int, timeout_ms: int) -> Sequence[Record]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class CardStatus:
    """The register ``control.status``, with card time and configuration epoch read in the same batch."""

    armed: bool
    killed: bool
    lease_alive: bool
    session_up: bool
    market_open: bool
    kill_cause: int
    card_time: int
    config_epoch: int


class CardRequests:
    """Requests to one card, made one after the other; used on :class:`CardLink`'s thread only.

    Parameters
    ----------
    device : CardDevice
        An open card.

    Raises
    ------
    DeviceError
        Of every method: the card did not do it, in the driver's words.
    """

    def __init__(self, device: CardDevice) -> None:
        self._device = device
        #: Card time of the last status.
        self.last_card_time = 0

    def read(self, names: Sequence[str]) -> dict[str, int]:
        """Read whole registers by name."""
        return self._device.read(names)

    def write(self, items: Mapping[str, int]) -> None:
        """Write whole registers in order, and read back those that can be read."""
        self._device.write(items)

    def subscribe(self) -> None:
        """Have the card send its events from now on."""
        self._device.subscribe()

    def command(self, name: str) -> None:
        """Send one of the commands ``arm``, ``disarm``, ``kill``, ``release``."""
        self.write({"control.command": pack("control.command", **{name: 1})})

    def vouch(self, seconds: float) -> None:
        """Extend the card's lease to ``seconds`` of card time from now."""
        cycles = int(seconds * 1_000_000) * 1_000_000 // self._device.identity.clock_period_ps
        self.write({"control.lease": self.read(["control.time"])["control.time"] + cycles})

    def status(self) -> CardStatus:
        """Read the card's state."""
        values = self.read(["control.status", "control.time", "control.config_epoch"])
        bits = unpack("control.status", values["control.status"])
        self.last_card_time = values["control.time"]
        return CardStatus(
            armed=bool(bits["armed"]),
            killed=bool(bits["killed"]),
            lease_alive=bool(bits["lease_alive"]),
            session_up=bool(bits["session_up"]),
            market_open=bool(bits["market_open"]),
            kill_cause=bits["kill_cause"],
            card_time=values["control.time"],
            config_epoch=values["control.config_epoch"],
        )


class CardLink:
    """The way to one card from asyncio.

    Parameters
    ----------
    device : CardDevice
        An open card. It is not closed here.
    """

    def __init__(self, device: CardDevice) -> None:
        self._device = device
        self._requests = CardRequests(device)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="card")

    @property
    def identity(self) -> CardIdentity:
        """What the card is."""
        return self._device.identity

    @property
    def lost(self) -> int:
        """Event records lost on the way."""
        return self._device.lost

    @property
    def last_card_time(self) -> int:
        """Card time of the last status, for the audit rows of refusals."""
        return self._requests.last_card_time

    async def in_one_go(self, work: Callable[[CardRequests], _Result]) -> _Result:
        """Make several requests with nobody else's in between.

        What has begun is carried out to its end, also when the caller is cancelled meanwhile; what has not begun then
        is not carried out.

        Parameters
        ----------
        work : callable
            Makes them; called on the card's thread, after what was asked before.

        Raises
        ------
        RefusedError
            UNAVAILABLE, with the driver's words; or what the work raised.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._requests)
        except DeviceError as error:
            raise RefusedError(grpc.StatusCode.UNAVAILABLE, f"the card did not do it: {error}") from error

    async def read(self, names: Iterable[str]) -> dict[str, int]:
        """Read whole registers by name.

        Raises
        ------
        RefusedError
            UNAVAILABLE, with the driver's words.
        """
        wanted = list(names)
        return await self.in_one_go(lambda card: card.read(wanted))

    async def write(self, items: Mapping[str, int]) -> None:
        """Write whole registers in order, and read back those that can be read.

        Raises
        ------
        RefusedError
            UNAVAILABLE, with the driver's words: no answer, locked, or read back differently.
        """
        await self.in_one_go(lambda card: card.write(items))

    async def subscribe(self) -> None:
        """Have the card send its events from now on.

        Raises
        ------
        RefusedError
            UNAVAILABLE, with the driver's words.
        """
        await self.in_one_go(CardRequests.subscribe)

    async def status(self) -> CardStatus:
        """Read the card's state.

        Raises
        ------
        RefusedError
            UNAVAILABLE, with the driver's words.
        """
        return await self.in_one_go(CardRequests.status)

    def close(self) -> None:
        """Wait for the request under way and end the thread."""
        self._thread.shutdown(wait=True)
