"""A queue in block RAM."""

from amaranth import Module
from amaranth.lib.fifo import SyncFIFOBuffered

__all__ = ["BlockQueue"]


class BlockQueue(SyncFIFOBuffered):
    """Amaranth's queue with a registered output, said to synthesis not to read what it writes in the same cycle.

    It reads a row only where one waits, and writes one only where one is free: the two are never the same. Where that
    is not said, the part's block RAM, which gives neither what was there nor what comes, gets flip-flops and a choice
    behind every bit (:func:`sim.timing.flow.write_source` heeds ``no_rw_check``).

    Parameters
    ----------
    width, depth : int
        Bits of an element, and elements that may wait.

    Ports
    -----
    w_data, w_en, w_rdy, r_data, r_en, r_rdy, level
        As of :class:`amaranth.lib.fifo.SyncFIFOBuffered`.

    Latency: an element can be read two cycles after it was put in, at the earliest. One that is put in where there is
    no room, or read where there is none, is not.
    """

    def elaborate(self, platform: object) -> Module:
        """Build the queue, and mark its memory."""
        m = super().elaborate(platform)
        m.submodules.storage.attrs["no_rw_check"] = 1
        return m
