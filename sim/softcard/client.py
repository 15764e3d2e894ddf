"""The player's side of the soft card: :class:`MarketClient`."""

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sim.card_port import Arrival, Played
from sim.softcard import protocol
from sim.softcard.protocol import ErrorCode, Kind

__all__ = ["MarketClient", "SoftCardError"]


class SoftCardError(RuntimeError):
    """The soft card refused a request, or went away; the message says why."""


class MarketClient:
    """A soft card whose time this process grants; implements :class:`sim.card_port.CardPort`.

    Parameters
    ----------
    path : Path or str
        ``market.sock`` of a running soft card.

    Raises
    ------
    SoftCardError
        Nobody listens there.
    """

    def __init__(self, path: Path | str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reader = protocol.Reader()
        #: Cycles that the card has simulated, as of the last stretch of play.
        self.cycles = 0
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise SoftCardError(f"no soft card listens at {path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the card waits for another player."""
        self._socket.close()

    def play(self, arrivals: Sequence[Arrival], until: int, *, stop_on_order: bool = True) -> Played:
        """Queue arrivals and run, as :meth:`sim.card_port.CardPort.play` says.

        Raises
        ------
        SoftCardError
            The card refused or went away.
        ValueError
            An arrival has no bytes.
        """
        body = self._ask(Kind.PLAY, protocol.pack_arrivals(arrivals, until, stop_on_order), Kind.PLAYED)
        played, self.cycles = protocol.unpack_played(body)
        return played

    def boundary(self, token: int, *, wait_for_host: bool = True) -> None:
        """Mark the card and wait for the host's lease, as :meth:`sim.card_port.CardPort.boundary` says.

        Raises
        ------
        TimeoutError
            The host did not answer in time.
        SoftCardError
            The card refused or went away.
        """
        self._ask(Kind.BOUNDARY, protocol.BOUNDARY.pack(token & 0xFFFF_FFFF, wait_for_host), Kind.BOUNDARY_DONE)

    def _ask(self, kind: Kind, fields: bytes, expected: Kind) -> memoryview:
        try:
            # A card that hangs up may have said why before: what it said is still to be read.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                protocol.send(self._socket, kind, fields)
            while (message := self._reader.next()) is None:
                received = self._socket.recv(1 << 20)
                if not received:
                    raise SoftCardError(f"the soft card hung up during {kind.name}: its standard error says why")
                self._reader.feed(received)
        except OSError as error:
            raise SoftCardError(f"the soft card went away during {kind.name}: {error.strerror}") from error
        answer, body = message
        if answer is Kind.ERROR:
            text = bytes(body[1:]).decode()
            raise TimeoutError(text) if body[0] == ErrorCode.TIMEOUT else SoftCardError(text)
        if answer is not expected:
            raise SoftCardError(f"the soft card answered {kind.name} with {answer.name}")
        return body
