"""The other end of the card's order relay, laid out from docs/hostlink.md, and a bench that runs both."""

import struct

from amaranth.sim import Simulator

HEADER = struct.Struct("<HBBIHHIQIHHQ")
OPEN, UP, RESEND, START, CLOSE, FORCE = (1 << bit for bit in range(6))
OK, BAD_MAGIC, BAD_KIND, BAD_LENGTH, TAKEN, NOT_OWNER = 0, 1, 2, 3, 5, 6


def request(number, token, *, taken=0, flags=0, sequence=0, message=b"", magic=0x5750, version=1, kind=5, count=None):
    count = (1 if message else 0) if count is None else count
    head = HEADER.pack(magic, version, kind, number, count, 0, 0, token, taken, flags, len(message), sequence)
    return head + message.ljust(-(-len(message) // 8) * 8, b"\0")


class Told:
    """A datagram of the card, taken apart."""

    def __init__(self, datagram):
        (magic, version, self.kind, self.request, count, self.status, self.oldest, self.owner, self.number, self.flags,
         length, self.wanted) = HEADER.unpack_from(datagram)  # fmt: skip
        assert (magic, version) == (0x5750, 1)
        assert self.kind in (0x81, 0x85, 0xC1)
        assert count == (self.kind == 0xC1)
        self.message = datagram[HEADER.size :][:length]
        assert len(datagram) == HEADER.size + -(-length // 8) * 8
        assert len(self.message) == length


class Bench:
    """Drives the block cycle by cycle: frames in on ``rx`` and ``card``, frames out of ``tx`` and ``exchange``."""

    def __init__(self, relay, *, stall=lambda cycle: False):
        self.relay, self.stall = relay, stall
        self.sent, self.let_through, self.times = [], [], {"tx": [], "exchange": [], "rx": [], "card": []}
        self.pulses = dict.fromkeys(
            ("heard", "late", "refused", "bad", "repeated", "delivered", "resent", "vanished"), 0
        )
        self.pending = {"rx": [], "card": []}
        self.state = {}
        self.cycle = 0
        self.time = 1
        self.silence = 0

    def give(self, port, frame, *, error=0, cut=None):
        """Queue a frame; ``cut``: bytes of its last beat."""
        beats = [frame[at : at + 8] for at in range(0, len(frame), 8)]
        beats = [(beat, len(beat), at == len(beats) - 1, error) for at, beat in enumerate(beats)]
        if cut is not None:
            beats[-1] = (beats[-1][0], cut, True, error)
        self.pending[port] += beats

    def run(self, steps):
        """Run a generator that yields numbers of cycles to wait."""
        simulator = Simulator(self.relay)
        simulator.add_clock(6.4e-9)

        async def bench(ctx):
            for cycles in steps(self):
                for _ in range(cycles):
                    await self._tick(ctx)

        simulator.add_testbench(bench)
        simulator.run()

    async def _tick(self, ctx):
        relay = self.relay
        for port in ("rx", "card"):
            stream, waiting = getattr(relay, port), self.pending[port]
            ctx.set(stream.valid, bool(waiting))
            if waiting:
                data, count, last, error = waiting[0]
                for i, byte in enumerate(data.ljust(8, b"\0")):
                    ctx.set(stream.payload.data[i], byte)
                ctx.set(stream.payload.count, count)
                ctx.set(stream.payload.last, last)
                ctx.set(stream.payload.error, error)
        ctx.set(relay.card_time, self.time)
        ctx.set(relay.silence, self.silence)
        for port in ("tx", "exchange"):
            ctx.set(getattr(relay, port).ready, not self.stall(self.cycle))
        for port, frames in (("tx", self.sent), ("exchange", self.let_through)):
            stream = getattr(relay, port)
            if ctx.get(stream.valid):
                if port not in self.state:
                    self.state[port] = b""
                    self.times[port].append(self.cycle)
                if ctx.get(stream.ready):
                    self.state[port] += bytes(
                        ctx.get(stream.payload.data[i]) for i in range(ctx.get(stream.payload.count))
                    )
                    if ctx.get(stream.payload.last):
                        frames.append(self.state.pop(port))
        for port in ("rx", "card"):
            if self.pending[port] and ctx.get(getattr(relay, port).ready):
                if self.pending[port][0][2]:
                    self.times[port].append(self.cycle)
                self.pending[port].pop(0)
        for name in self.pulses:
            self.pulses[name] += ctx.get(getattr(relay, name))
        for name in ("opened", "up", "owner", "wanted", "number", "taken", "busy"):
            setattr(self, name, ctx.get(getattr(relay, name)))
        await ctx.tick()
        self.cycle += 1
        self.time += 1
