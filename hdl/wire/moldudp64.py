"""MoldUDP64 1.00: the downstream packet and the request packet, as data.

Source: Nasdaq MoldUDP64 protocol specification 1.00, "Downstream packet", "Message block" and "Request packet".
"""

from collections.abc import Sequence

from hdl.wire.fields import Field, Kind, MessageFormat, WireError

__all__ = ["END_OF_SESSION", "HEADER", "HEARTBEAT", "LENGTH_BYTES", "REQUEST", "packet"]

HEADER = MessageFormat(
    "downstream_header",
    (
        Field("session", 0, 10, Kind.ALPHA),
        Field("sequence_number", 10, 8, Kind.UINT),
        Field("message_count", 18, 2, Kind.UINT),
    ),
)
#: Asks a re-request server for messages; it answers with a downstream packet, with as many of them as fit.
REQUEST = MessageFormat(
    "request",
    (
        Field("session", 0, 10, Kind.ALPHA),
        Field("sequence_number", 10, 8, Kind.UINT),
        Field("requested_count", 18, 2, Kind.UINT),
    ),
)
#: Every message is preceded by its length in so many bytes.
LENGTH_BYTES = 2
#: Message counts with a meaning of their own; the sequence number is then the next one expected.
HEARTBEAT = 0
END_OF_SESSION = 0xFFFF


def packet(session: str, sequence_number: int, messages: Sequence[bytes], message_count: int | None = None) -> bytes:
    """Make a downstream packet.

    Parameters
    ----------
    session : str
        At most 10 characters.
    sequence_number : int
        Sequence number of the first message.
    messages : sequence of bytes
        The messages, without their lengths; an empty one makes a zero-length block.
    message_count : int, optional
        What the header says; the number of messages unless given (for the end of a session, and to lie).

    Raises
    ------
    WireError
        A message is longer than 65,535 bytes, or a header field does not fit.
    """
    count = len(messages) if message_count is None else message_count
    parts = [HEADER.pack(session=session, sequence_number=sequence_number, message_count=count)]
    for message in messages:
        if len(message) >= 1 << 8 * LENGTH_BYTES:
            raise WireError(f"a message of {len(message)} bytes does not fit a MoldUDP64 block of at most 65535")
        parts += (len(message).to_bytes(LENGTH_BYTES, "big"), message)
    return b"".join(parts)
