"""``python -m sim.network.impair``: a bridge of two interfaces that treats the feed badly, the same way each time."""

import argparse
import heapq
import json
import random
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IPV4, PROTOCOL_UDP
from sim.network.interface import Interface

__all__ = ["Impairment", "bridge"]

_BATCH = 64


@dataclass
class Impairment:
    """What happens to each frame of the feed; the same seed decides the same for the same number of frames.

    Attributes
    ----------
    loss, duplicate, delay : float
        Shares of frames that are lost, doubled, and held back, 0 to 1. Every copy is held back or not on its own, so
        what is held back is overtaken by what follows.
    delay_ms : float
        Longest time a frame is held back, in milliseconds.
    seed : int
        Of all that is decided by chance.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_ms: float = 0.0
    seed: int = 1
    counts: dict[str, int] = field(
        default_factory=lambda: {"feed": 0, "lost": 0, "doubled": 0, "delayed": 0, "others": 0}
    )

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name in ("loss", "duplicate", "delay"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; a share is 0 to 1")
        if self.delay_ms < 0:
            raise ValueError(f"frames are held back {self.delay_ms} ms; it must be 0 or more")
        self._rng = random.Random(self.seed)

    def copies(self, frame: bytes) -> list[float]:
        """Give for how many seconds each copy of a frame is held back; no copy: it is lost."""
        if not _is_feed(frame):
            self.counts["others"] += 1
            return [0.0]
        rng, counts = self._rng, self.counts
        counts["feed"] += 1
        # All is drawn for every frame, so that one frame's fate does not change the next one's.
        lost, doubled = rng.random() < self.loss, rng.random() < self.duplicate
        waits = [rng.uniform(0.0, self.delay_ms) / 1000 if rng.random() < self.delay else 0.0 for _ in range(2)]
        if lost:
            counts["lost"] += 1
            return []
        waits = waits[: 1 + doubled]
        counts["doubled"] += doubled
        counts["delayed"] += any(waits)
        return waits


def _is_feed(frame: bytes) -> bool:
    """Whether a frame carries UDP over IPv4 to a group."""
    return (
        len(frame) >= ETHERNET.length + IPV4.length
        and bool(frame[0] & 1)
        and frame[12:14] == ETHERTYPE_IPV4.to_bytes(2, "big")
        and frame[ETHERNET.length + IPV4["protocol"].offset] == PROTOCOL_UDP
    )


def bridge(near: Interface, far: Interface, impairment: Impairment, stop: socket.socket) -> None:
    """Carry frames between two interfaces until ``stop`` is readable; only those from ``near`` are treated badly."""
    held: list[tuple[float, int, bytes]] = []
    number = 0
    with selectors.DefaultSelector() as selector:
        for sock in (near.waker, far.waker, stop):
            selector.register(sock, selectors.EVENT_READ)
        while True:
            wait = max(0.0, held[0][0] - time.monotonic()) if held else None
            ready = [key.fileobj for key, _ in selector.select(wait)]
            if stop in ready:
                return
            for _, frame in near.take(_BATCH):
                for hold in impairment.copies(frame):
                    number += 1
                    heapq.heappush(held, (time.monotonic() + hold, number, frame))
            for _, frame in far.take(_BATCH):
                near.send(frame)
            while held and held[0][0] <= time.monotonic():
                far.send(heapq.heappop(held)[2])


def main() -> int:
    """Bridge until SIGTERM, then print what happened as JSON.

    Returns
    -------
    int
        Exit status: 0 after SIGTERM or SIGINT, 1 for an error, which is named on standard error.
    """
    parser = argparse.ArgumentParser(description="Carry frames between two interfaces, and treat the feed's badly.")
    parser.add_argument("near", help="interface on the exchange's side")
    parser.add_argument("far", help="interface on the card's side")
    for name in ("loss", "duplicate", "delay"):
        parser.add_argument(f"--{name}", type=float, default=0.0, help="share of the feed's frames, 0 to 1")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="longest time one is held back")
    parser.add_argument("--seed", type=int, default=1, help="of what is decided by chance (default: %(default)s)")
    options = parser.parse_args()
    stop, wake = socket.socketpair()
    for sock in (stop, wake):
        sock.setblocking(False)

    def stopped(number: int, frame: FrameType | None) -> None:
        wake.send(b"\0")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)
    try:
        impairment = Impairment(options.loss, options.duplicate, options.delay, options.delay_ms, options.seed)
        near, far = Interface(options.near), Interface(options.far)
    except (ValueError, OSError) as error:
        print(f"impair: {error}", file=sys.stderr)
        return 1
    print("impair ready", flush=True)
    bridge(near, far, impairment, stop)
    near.close()
    far.close()
    print(json.dumps(impairment.counts), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
