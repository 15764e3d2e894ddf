"""Timing diagram of the loader of snapshots."""

from wave_record import Inputs, Scene, bit, when

from hdl.feed.snapshot import SnapshotLoader
from hdl.feed.snapshot_types import LoadState
from hdl.types import EventKind

__all__ = ["snapshot"]


def snapshot() -> Scene:
    """An order, the end, a kept event that the snapshot knows and one that it does not, the last view."""
    block = SnapshotLoader(2, depth=8)
    out, live, view = block.outgoing, block.live, block.view
    idle: Inputs = [(block.command_valid, 0), (block.held_valid, 0), (block.order_valid, 0), (block.end_valid, 0)]

    def kept(sequence: int, kind: int) -> Inputs:
        following = (block.next_sequence, sequence + 1)
        return [(block.held_valid, 1), (live.sequence, sequence), (live.kind, kind), following]

    script: list[Inputs] = [idle] * 21
    script[1] = [(block.order_valid, 1), (block.order.reference, 0x11), (block.order.shares, 100)]
    script[3] = [(block.order_valid, 0), (block.end_valid, 1), (block.end.orders, 1), (block.sequence, 6)]
    script[18] = [(view.valid, 1), (view.payload.kind, EventKind.REFRESH), (view.payload.trade_match, 0x101)]
    script[19] = [(view.valid, 0)]
    return Scene(
        "Snapshot: an order, the end, a kept event dropped and one applied, whole",
        block,
        script,
        {
            "order_valid": bit(block.order_valid),
            "end_valid": bit(block.end_valid),
            "state": lambda ctx: LoadState(ctx.get(block.state)).name.lower(),
            "outgoing.valid": bit(out.valid),
            "outgoing": when(out.valid, lambda ctx: EventKind(ctx.get(out.payload.kind)).name),
            "dropped": bit(block.dropped),
            "applied": bit(block.applied),
            "holding": lambda ctx: str(ctx.get(block.holding)),
            "view of REFRESH": bit(view.valid),
            "word.stated": bit(block.word.stated),
            "word.whole": bit(block.word.whole),
        },
        fixed=[
            (out.ready, 1),
            (block.next_sequence, 5),
            *((block.flags[0][name], 1) for name in ("bound", "stale")),
        ],
        before=[
            [(block.command_valid, 1), (block.command.begin, 1)],
            *[idle] * 11,
            kept(5, EventKind.DELETE),
            idle,
            kept(6, EventKind.CANCEL),
            idle,
        ],
    )
