"""A FeedReceiver under test: frames in; events, decoded messages and counts out."""

import os

from beats import Bench, as_dict

from hdl.feed.itch import ItchMessage
from hdl.feed.recovery import GapReport
from hdl.feed.states import StateChange, SystemEvent
from hdl.net.frame import Beat
from hdl.types import MarketEvent, SlotFlags
from hdl.wire.ethernet import udp_frame
from hdl.wire.moldudp64 import packet

SLOTS, WIDTH = 4, int(os.environ["WIDTH"])
#: That the receiver is built for: of one line it has to do what it does with the second switched off.
LINES = int(os.environ.get("LINES", "2"))
#: Answers come on the hosts' port instead of the feed's.
APART = os.environ.get("APART") == "1"
COUNTS = (
    *("frames", "frames_ignored", "frames_bad", "packets", "messages", "unknown_types", "healed"),
    *("wrong_sizes", "gaps", "duplicates", "tracked"),
    *("requests_sent", "recovered", "gaps_filled", "gaps_lost", "not_held", "answers_useless"),
)


def join_word(slot, locate, command):
    """Bits of the host's word on a slot; of ``command`` a bit each: bind, trading, whole, stale."""
    return slot | locate << 8 | command << 24


class FeedBench(Bench):
    def __init__(self, dut):
        super().__init__(
            dut,
            WIDTH,
            {
                "event": (dut.events__valid, dut.events__payload, MarketEvent),
                "decoded": (dut.decoded_valid, dut.decoded, ItchMessage),
                "gap": (dut.gap_valid, dut.gap, GapReport),
                "change": (dut.state_change__valid, dut.state_change__payload, StateChange),
                "tx": (dut.tx__valid, dut.tx__payload, Beat(WIDTH)),
                "held": (dut.held_valid, dut.events__payload, MarketEvent),
                "upset": (dut.upset_valid, dut.upset, None),
                "system": (dut.system_event_valid, dut.system_event, SystemEvent),
                **{name: (getattr(dut, name), None, None) for name in COUNTS},
            },
        )
        self.sequence = 1

    async def start(self, symbols=()):
        d = self.dut
        for name in (
            *("rx__valid", "dest_ip", "dest_port", "join", "slot_join", "book_stale_valid", "queue_overflow"),
            *("loading", "holding", "snapshot", "all_held_valid", "all_held_slot", "book_stale_slot"),
        ):
            getattr(d, name).value = 0
        d.check_ip_checksum.value = 1
        d.state_change__ready.value = d.tx__ready.value = d.book_settled.value = 1
        for name in ("own_address", "request_address", "request_timeout", "request_tries", "rx_b__valid"):
            getattr(d, name).value = 0
        d.two_lines.value = int(LINES == 1)
        self.told = 0
        self.follow(symbols)
        await self.reset()
        await self.idle(3)
        return self

    def follow(self, symbols):
        self.symbols = sum(
            int.from_bytes(symbol.ljust(8).encode(), "little") << 64 * i for i, symbol in enumerate(symbols) if symbol
        )
        self.dut.symbols.value = self.symbols

    async def cycle(self):
        """One cycle; as the registers do, tell which symbols are others than in the one before."""
        changed = self.symbols ^ self.told
        self.dut.symbol_changed.value = sum(bool(changed >> 64 * i & (1 << 64) - 1) << i for i in range(SLOTS))
        self.told = self.symbols
        await super().cycle()

    async def frame(self, frame, *, error=False, **options):
        return await self.send(self.dut.rx__valid, self.dut.rx__payload, self.beats(frame, error), **options)

    async def answer(self, frame, *, error=False):
        """A frame on the wire on which answers to requests come."""
        if not APART:
            return await self.frame(frame, error=error)
        return await self.send(self.dut.rx_b__valid, self.dut.rx_b__payload, self.beats(frame, error))

    async def say(self, messages, *, session="DAY", sequence=None, vlan=None, **options):
        """Send messages in one packet; returns the entry cycle of each beat."""
        sequence = self.sequence if sequence is None else sequence
        self.sequence = sequence + len(messages)
        return await self.frame(udp_frame(packet(session, sequence, messages), vlan=vlan), **options)

    async def pulse(self, name, value=1):
        getattr(self.dut, name).value = value
        await self.cycle()
        getattr(self.dut, name).value = 0

    async def settle(self):
        await self.idle(12)
        assert not int(self.dut.busy.value), "busy with nothing in flight"

    def take(self, name):
        out = [value for _, value in self.seen[name]]
        self.seen[name].clear()
        return out

    def flags(self):
        bits = int(self.dut.flags.value)
        return [{k: bool(v) for k, v in as_dict(SlotFlags, bits >> 6 * i & 63).items()} for i in range(SLOTS)]

    async def join(self, slot, locate, command):
        """The host's word on a slot, see :func:`join_word`."""
        await self.pulse("slot_join", join_word(slot, locate, command))

    async def locates(self):
        """The locate of each slot, 0 where none is bound."""
        told = []
        for slot in range(SLOTS):
            self.dut.shown_slot.value = slot
            await self.idle(1)
            told.append(int(self.dut.shown_locate.value))
        return told
