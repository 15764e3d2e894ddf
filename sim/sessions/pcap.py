"""Frames in and out of pcap files, the classic format, with nanosecond time stamps."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import dpkt

__all__ = ["read_pcap", "write_pcap"]

#: Classic pcap with time stamps in nanoseconds: magic, version 2.4, UTC, no accuracy, longest frame, Ethernet.
_GLOBAL = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")
_NANOSECOND_MAGIC = 0xA1B23C4D
_ETHERNET = 1
_SNAP = 65_535


def read_pcap(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (ns since the epoch, frame) of a capture; microsecond and nanosecond files are both read.

    Raises
    ------
    ValueError
        The file is no pcap.
    """
    with path.open("rb") as file:
        try:
            for seconds, frame in dpkt.pcap.Reader(file):
                # dpkt gives a float or a Decimal; the Decimal of nanosecond files is exact.
                yield round(seconds * 1_000_000_000), bytes(frame)
        except (ValueError, dpkt.Error) as error:
            raise ValueError(f"{path}: no pcap file ({error}); pcapng is to be converted first") from error


def write_pcap(path: Path, frames: Iterable[tuple[int, bytes]]) -> int:
    """Write (ns, frame) pairs as a nanosecond pcap and return how many.

    Written here and not with dpkt, whose writer takes times as floats: these cannot hold nanoseconds of a day's time.
    """
    count = 0
    with path.open("wb") as file:
        file.write(_GLOBAL.pack(_NANOSECOND_MAGIC, 2, 4, 0, 0, _SNAP, _ETHERNET))
        for time, frame in frames:
            seconds, nanoseconds = divmod(time, 1_000_000_000)
            file.write(_RECORD.pack(seconds, nanoseconds, len(frame), len(frame)))
            file.write(frame)
            count += 1
    return count
