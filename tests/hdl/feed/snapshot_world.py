"""A loader of snapshots and the book's queue between a made feed and a plain book, a cycle at a time.

The feed makes messages of two slots and keeps what is true after each; the book is a dictionary of orders that does
what the events say that come out of the queue. Neither knows anything of the loader.
"""

import random
from dataclasses import dataclass, field

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect

from hdl.book.queue import EventQueue
from hdl.feed.snapshot import SnapshotLoader
from hdl.feed.snapshot_types import LoadState
from hdl.types import EventKind, Side

SLOTS = 2
RING = 8
VIEW_CYCLES = 6


class Between(wiring.Component):
    """The two blocks, wired as in the engine."""

    def __init__(self):
        super().__init__({})
        self.loader = SnapshotLoader(SLOTS, depth=RING)
        self.queue = EventQueue(16)

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader, m.submodules.queue = self.loader, self.queue
        connect(m, self.loader.outgoing, self.queue.background)
        return m


@dataclass(frozen=True)
class Message:
    """A message of the feed: what it does to the orders of a slot."""

    sequence: int
    slot: int | None
    kind: str = "NONE"
    side: int = 0
    reference: int = 0
    new_reference: int = 0
    shares: int = 0
    price: int = 0
    match: int = 0


def apply(orders, message):
    """Apply a message to orders, ``reference: (side, shares, price)``; an unknown one changes nothing."""
    if message.kind in ("ADD", "LOAD"):
        orders.setdefault(message.reference, (message.side, message.shares, message.price))
    elif message.kind == "CLEAR":
        orders.clear()
    elif message.reference in orders:
        side, shares, price = orders.pop(message.reference)
        if message.kind == "REPLACE":
            orders[message.new_reference] = (side, message.shares, message.price)
        elif message.kind in ("EXECUTE", "CANCEL") and shares > message.shares:
            orders[message.reference] = (side, shares - message.shares, price)


class Feed:
    """Makes messages; ``truth[n][slot]`` are the orders after message n."""

    def __init__(self, rng):
        self._rng = rng
        self.next = 1
        self.truth = {0: ({}, {})}
        self._references = iter(range(1000, 10**9, 4))

    def message(self):
        """Make the next message; one in four speaks of no slot."""
        rng, number = self._rng, self.next
        self.next += 1
        books = tuple(dict(book) for book in self.truth[number - 1])
        self.truth[number] = books
        slot = rng.choice([0, 0, 1, None])
        if slot is None:
            return Message(number, None)
        orders = books[slot]
        shares, price, side = rng.randrange(1, 500), rng.randrange(1, 1 << 31), rng.randrange(2)
        if len(orders) < 3 or (len(orders) < 12 and rng.random() < 0.5):
            message = Message(number, slot, "ADD", side, next(self._references), 0, shares, price)
        else:
            kind = rng.choice(["DELETE", "REPLACE", "EXECUTE", "CANCEL"])
            new = next(self._references) if kind == "REPLACE" else 0
            match = rng.getrandbits(60) if kind == "EXECUTE" else 0
            message = Message(number, slot, kind, 0, rng.choice(list(orders)), new, shares, price, match)
        apply(orders, message)
        return message


@dataclass
class Shown:
    """The plain book of one slot, and which message it has come to."""

    orders: dict = field(default_factory=dict)
    at: int = 0
    loads: int = 0


class World:
    """One cycle after another; the test says what the host does."""

    def __init__(self, ctx, dut, seed, *, pace=0.2):
        self.ctx, self.dut, self.loader = ctx, dut, dut.loader
        self.rng = random.Random(seed)
        self.pace = pace
        self.feed = Feed(self.rng)
        self.shown = [Shown() for _ in range(SLOTS)]
        self.pending = None  # the message whose event is told in this cycle, and whether it is held
        self.gap = 0
        self.views = []  # (cycle, event)
        self.cycle = 0
        self.sweep_until = 0
        self.sweeps = 40
        self.whole = []  # slots told whole
        self.counts = dict.fromkeys(("loaded", "failed", "refused", "kept", "dropped", "applied"), 0)
        self.stalls = 0.1

    async def tick(self, **pulses):
        """Let one cycle pass. ``pulses`` are signals of the loader high in it."""
        ctx, loader, queue = self.ctx, self.loader, self.dut.queue
        # What the feed says in this cycle, which shows on the events in the next.
        message = None
        if self.gap >= 2 and self.rng.random() < self.pace:
            message, self.gap = self.feed.message(), 0
        self.gap += 1
        ctx.set(loader.next_sequence, self.feed.next)
        self._tell()
        ctx.set(loader.sweeping, self.cycle < self.sweep_until)
        ready = self.cycle % 2 == 0 and self.rng.random() > self.stalls
        ctx.set(queue.outgoing.ready, ready)
        view = [event for at, event in self.views if at == self.cycle]
        ctx.set(loader.view.valid, len(view))
        if view:
            ctx.set(loader.view.payload.kind, EventKind(view[0].kind))
            ctx.set(loader.view.payload.slot, view[0].slot)
            ctx.set(loader.view.payload.trade_match, view[0].match)
        for name, value in pulses.items():
            ctx.set(getattr(loader, name), value)
        for name in self.counts:
            self.counts[name] += ctx.get(getattr(loader, name))
        if ctx.get(loader.word.whole):
            self.whole.append(ctx.get(loader.slot))
            self._passed(self.whole[-1])
        if ready and ctx.get(queue.outgoing.valid):
            self._take(ctx.get(queue.outgoing.payload))
        assert not ctx.get(queue.overflow), "the queue overflowed: the feed was stalled"
        holding = ctx.get(loader.holding)
        await ctx.tick()
        self.pending = message and (message, bool(message.slot is not None and holding >> message.slot & 1))
        for name in pulses:
            ctx.set(getattr(loader, name), 0)
        self.cycle += 1

    def _tell(self):
        """Put the event of the last cycle's message where the market states would."""
        ctx, loader, queue = self.ctx, self.loader, self.dut.queue
        message, held = self.pending or (None, False)
        event = message is not None and message.slot is not None
        ctx.set(loader.held_valid, event and held)
        if event:
            values = {
                "kind": EventKind[message.kind],
                "side": Side(message.side),
                "printable": message.kind == "EXECUTE",
                "exchange_time": 1_000_000 + message.sequence,
                "card_time": self.cycle,
            }
            names = ("slot", "reference", "new_reference", "shares", "price", "match", "sequence")
            values |= {name: getattr(message, name) for name in names}
            for name, value in values.items():
                ctx.set(loader.live[name], value)
                ctx.set(queue.incoming.payload[name], value)
        ctx.set(queue.incoming.valid, event and (not held or bool(ctx.get(loader.passes))))

    def _take(self, event):
        kind = EventKind(event.kind).name
        self.views.append((self.cycle + VIEW_CYCLES, event))
        shown = self.shown[event.slot]
        if kind == "CLEAR":
            assert self.cycle >= self.sweep_until, "a slot is cleared while a sweep runs"
            self.sweep_until = self.cycle + self.rng.randrange(self.sweeps)
            shown.at = 0
        shown.loads = shown.loads + 1 if kind == "LOAD" else 0 if kind == "CLEAR" else shown.loads
        fields = ("reference", "new_reference", "shares", "price", "match")
        apply(
            shown.orders,
            Message(event.sequence, event.slot, kind, int(event.side.value), *(getattr(event, f) for f in fields)),
        )
        if kind not in ("CLEAR", "LOAD", "REFRESH"):
            assert event.sequence > shown.at, f"message {event.sequence} of slot {event.slot} after {shown.at}"
            assert event.exchange_time == 1_000_000 + event.sequence
            assert event.printable == (kind == "EXECUTE")
            shown.at = event.sequence

    def _passed(self, slot):
        """A slot is told whole: the last event of its load must have left the book with its view."""
        kinds = [(at, EventKind(event.kind).name) for at, event in self.views if event.slot == slot]
        assert "REFRESH" in [kind for _, kind in kinds][len(kinds) - [k for _, k in kinds][::-1].index("CLEAR") :]
        assert max(at for at, kind in kinds if kind == "REFRESH") < self.cycle

    def truth(self, slot, sequence=None):
        """Orders of a slot after a message; after the last one if none is named."""
        return self.feed.truth[self.feed.next - 1 if sequence is None else sequence][slot]

    @property
    def state(self):
        return LoadState(self.ctx.get(self.loader.state))

    async def until(self, condition, cycles=2000):
        for _ in range(cycles):
            if condition():
                return
            await self.tick()
        raise AssertionError(f"waited {cycles} cycles in state {self.state}")

    async def quiet(self):
        """Let the feed rest, and every event reach the book."""
        self.pace = 0
        for _ in range(4):
            await self.tick()
        await self.until(lambda: not self.ctx.get(self.dut.queue.level))

    async def begin(self, slot):
        self.ctx.set(self.loader.command.slot, slot)
        self.ctx.set(self.loader.command.begin, 1)
        await self.tick(command_valid=1)
        self.ctx.set(self.loader.command.begin, 0)

    async def abort(self):
        self.ctx.set(self.loader.command.abort, 1)
        await self.tick(command_valid=1)
        self.ctx.set(self.loader.command.abort, 0)

    async def order(self, reference, side, shares, price, *, rest=16):
        for name, value in (("reference", reference), ("side", Side(side)), ("shares", shares), ("price", price)):
            self.ctx.set(self.loader.order[name], value)
        await self.tick(order_valid=1)
        for _ in range(rest):
            await self.tick()

    async def end(self, orders, sequence, **states):
        for name, value in {"orders": orders, **states}.items():
            self.ctx.set(self.loader.end[name], value)
        self.ctx.set(self.loader.sequence, sequence)
        await self.tick(end_valid=1)
