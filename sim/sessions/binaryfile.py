"""BinaryFILE in and out, plain or gzip.

A session file is a row of blocks: a big-endian 2-byte length, then that many bytes of message. A length of zero ends
the session; a file without it is taken as it is. Source: Nasdaq BinaryFILE 1.00; the published ITCH 5.0 sample days
have this form.
"""

import gzip
import mmap
import struct
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["END_MARK", "SessionFileError", "consume_blocks", "read_messages", "write_messages"]

#: What ends a session: a block of no bytes.
END_MARK = b"\0\0"

_LENGTH = struct.Struct(">H")
_CHUNK = 1 << 20
#: Bytes given out at once of a file that is not packed.
_PIECE = 1 << 24
_GZIP_MAGIC = b"\x1f\x8b"


class SessionFileError(ValueError):
    """A session file that cannot be read to its end; what came before it was given out."""


def read_messages(path: Path) -> Iterator[bytes]:
    """Yield the messages of a BinaryFILE session, one at a time.

    Parameters
    ----------
    path : Path
        A plain or gzip file; which of the two is read off its first bytes, not off its name.

    Yields
    ------
    bytes
        One message, without its length.

    Raises
    ------
    SessionFileError
        The file ends inside a block or is damaged. Every whole message before that place has been yielded.
    FileNotFoundError
        There is no such file.
    """
    with path.open("rb") as file:
        magic = file.read(2)
        file.seek(0)
        if magic == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield from _from_stream(path, unpacked)
        elif magic:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                taken, ended = yield from _from_bytes(view, len(view))
                if not ended and taken < len(view):
                    raise _truncated(path, taken, len(view) - taken)


def consume_blocks(
    path: Path,
    take: Callable[[memoryview], tuple[int, bool]],
    *,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Hand the blocks of a session to a consumer in large pieces, with no object a message.

    Parameters
    ----------
    path : Path
        A plain or gzip file, as for :func:`read_messages`. A plain one is mapped, not read.
    take : callable
        Given bytes from the beginning of a block on, it deals with the whole blocks among them and returns how many
        bytes these were, and whether the end mark was the last of them. The memory is not to be kept.
    progress : callable, optional
        Called after each piece with the bytes of the file dealt with and its size.

    Raises
    ------
    SessionFileError
        The file ends inside a block or is damaged. Every whole block before that place has been handed over.
    FileNotFoundError
        There is no such file.
    """
    say = progress or (lambda _done, _size: None)
    with path.open("rb") as file:
        size = path.stat().st_size
        magic = file.read(2)
        file.seek(0)
        if magic == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=file) as unpacked:
                rest, offset = b"", 0
                for chunk in _chunks(path, unpacked):
                    data = rest + chunk
                    taken, ended = take(memoryview(data))
                    say(file.tell(), size)
                    if ended:
                        return
                    offset += taken
                    rest = data[taken:]
                if rest:
                    raise _truncated(path, offset, len(rest))
        elif magic:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
                at = 0
                while at < size:
                    with view[at : at + _PIECE] as piece:
                        taken, ended = take(piece)
                    if ended:
                        return
                    if not taken:
                        raise _truncated(path, at, size - at)
                    at += taken
                    say(at, size)


def write_messages(path: Path, messages: Iterable[bytes], *, compress: bool | None = None) -> int:
    """Write a BinaryFILE session with its end mark.

    Parameters
    ----------
    path : Path
        Where to; its folder must exist.
    messages : iterable of bytes
        Messages of 1 to 65,535 bytes.
    compress : bool, optional
        Write gzip; unless given, when the name ends in ``.gz``. The same messages make the same bytes.

    Returns
    -------
    int
        How many messages were written.

    Raises
    ------
    ValueError
        A message is empty (that would end the session) or too long for its 2-byte length.
    """
    if compress is None:
        compress = path.suffix == ".gz"
    with path.open("wb") as file:
        if not compress:
            return _write(file, messages)
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
            return _write(packed, messages)


def _write(file: BinaryIO | gzip.GzipFile, messages: Iterable[bytes]) -> int:
    count = 0
    parts: list[bytes] = []
    for message in messages:
        if not 0 < len(message) <= 0xFFFF:
            raise ValueError(f"message {count + 1} has {len(message)} bytes; a BinaryFILE block holds 1 to 65535")
        parts += (_LENGTH.pack(len(message)), message)
        count += 1
        if len(parts) >= 8192:
            file.write(b"".join(parts))
            parts.clear()
    parts.append(_LENGTH.pack(0))
    file.write(b"".join(parts))
    return count


def _from_bytes(data: bytes | mmap.mmap, end: int) -> Generator[bytes, None, tuple[int, bool]]:
    """Yield whole messages; return how many bytes they took and whether the end mark was seen."""
    at = 0
    unpack = _LENGTH.unpack_from
    while at + 2 <= end:
        (length,) = unpack(data, at)
        if length == 0:
            return at + 2, True
        if at + 2 + length > end:
            break
        yield data[at + 2 : at + 2 + length]
        at += 2 + length
    return at, False


def _from_stream(path: Path, stream: gzip.GzipFile) -> Iterator[bytes]:
    rest = b""
    offset = 0
    for chunk in _chunks(path, stream):
        data = rest + chunk
        taken, ended = yield from _from_bytes(data, len(data))
        if ended:
            return
        offset += taken
        rest = data[taken:]
    if rest:
        raise _truncated(path, offset, len(rest))


def _chunks(path: Path, stream: gzip.GzipFile) -> Iterator[bytes]:
    unpacked = 0
    while True:
        try:
            chunk = stream.read1(_CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SessionFileError(
                f"{path}: the gzip data is cut off or damaged after {unpacked} bytes unpacked ({error}); "
                "fetch the file again. All messages before that place were read"
            ) from error
        if not chunk:
            return
        unpacked += len(chunk)
        yield chunk


def _truncated(path: Path, offset: int, left: int) -> SessionFileError:
    return SessionFileError(
        f"{path}: the file ends inside a message at byte {offset} ({left} bytes of it are there); "
        "it was cut off. All messages before that place were read"
    )
