"""Arrivals in columns, the form in which they cross from Python to the model and from process to process."""

import array
from collections.abc import Sequence

from sim.card_port import Arrival, Port

__all__ = ["ArrivalBatch"]

_PORTS = max(Port)


class ArrivalBatch:
    """Arrivals as columns, as the model takes them: no object an arrival."""

    __slots__ = ("data", "lengths", "ports", "times")

    def __init__(self, times: "array.array[int]", lengths: "array.array[int]", ports: bytes, data: bytes) -> None:
        self.times, self.lengths, self.ports, self.data = times, lengths, ports, data

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def of(cls, arrivals: Sequence[Arrival]) -> "ArrivalBatch":
        """Make columns of arrivals.

        Raises
        ------
        ValueError
            An arrival has no bytes.
        """
        if not all(a.data for a in arrivals):
            raise ValueError("an arrival without bytes cannot enter the card")
        return cls(
            array.array("Q", [a.time for a in arrivals]),
            array.array("I", [len(a.data) for a in arrivals]),
            bytes(a.port for a in arrivals),
            b"".join(a.data for a in arrivals),
        )

    @classmethod
    def unpack(cls, count: int, body: memoryview) -> "ArrivalBatch":
        """Read columns that lie one behind the other: times, lengths, ports, then all bytes.

        Raises
        ------
        ValueError
            The lengths do not add up, one is zero, or a port is unknown.
        """
        fixed = count * (8 + 4 + 1)
        if len(body) < fixed:
            raise ValueError(f"{count} arrivals have {len(body)} bytes of them, at least {fixed} are needed")
        times = array.array("Q", body[: 8 * count].tobytes())
        lengths = array.array("I", body[8 * count : 12 * count].tobytes())
        ports, data = bytes(body[12 * count : fixed]), bytes(body[fixed:])
        if 0 in lengths:
            raise ValueError("an arrival without bytes cannot enter the card")
        if sum(lengths) != len(data):
            raise ValueError(f"{count} arrivals: lengths add up to {sum(lengths)}, bytes are {len(data)}")
        if any(port > _PORTS for port in ports):
            raise ValueError(f"an arrival names port {max(ports)}: there are 0 to {_PORTS}")
        return cls(times, lengths, ports, data)

    def pack(self) -> bytes:
        """Lay the columns one behind the other, as :meth:`unpack` reads them."""
        return b"".join((self.times.tobytes(), self.lengths.tobytes(), self.ports, self.data))
