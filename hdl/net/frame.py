"""The one stream every frame travels on.

A beat carries up to ``width`` bytes, first byte in the lowest lane. ``count`` says how many of them
are meant: ``width`` on every beat but the last, 1 to ``width`` on the last. ``error`` on the last
beat means that the frame is to be thrown away (a bad check sequence, a lying length): consumers
count it and believe nothing of it. Between frames ``valid`` may be low for any time, inside one too.
"""

from amaranth import unsigned
from amaranth.lib import data, stream

__all__ = ["Beat", "frame_signature"]


class Beat(data.StructLayout):
    """One beat of a frame.

    Parameters
    ----------
    width : int
        Bytes in a beat: 1, 4 or 8.
    """

    def __init__(self, width: int = 8) -> None:
        if width not in (1, 4, 8):
            raise ValueError(f"a beat is 1, 4 or 8 bytes wide, not {width!r}")
        super().__init__(
            {
                "data": data.ArrayLayout(unsigned(8), width),
                "count": range(width + 1),
                "last": 1,
                "error": 1,
            }
        )
        self.width = width


def frame_signature(width: int = 8, *, always_ready: bool = False) -> stream.Signature:
    """Stream of :class:`Beat`; the feed's side never waits and uses ``always_ready=True``."""
    return stream.Signature(Beat(width), always_ready=always_ready)
