"""The card as a station on an Ethernet."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.arp import ArpResponder
from hdl.net.demultiplexer import Demultiplexer
from hdl.net.echo import EchoResponder
from hdl.net.filter import Refusal, StationFilter
from hdl.net.frame import frame_signature
from hdl.net.host_port import HostPort
from hdl.net.host_sender import HostSender
from hdl.net.igmp import IgmpMember
from hdl.net.inbox import Inbox
from hdl.net.relay_port import RelayPort
from hdl.net.transmit import TransmitArbiter
from hdl.net.udp_sender import UdpAddress
from hdl.net.words import WORD, FromWords, ToWords
from hdl.regs.hostlink import MAGIC

__all__ = ["COUNTERS", "HOST_PORT", "NetworkPort"]

#: The host link's UDP port.
HOST_PORT = MAGIC
#: What is counted, each a port that pulses.
COUNTERS = (
    "foreign", "damaged", "malformed", "wrong_sums", "overflows", "arp_replies", "arp_requests", "arp_conflicts",
    "echo_replies", "queries", "reports", "leaves", "requests", "copies", "strangers", "short_requests", "event_frames",
)  # fmt: skip


class NetworkPort(wiring.Component):
    """ARP, IGMP, ICMP echo, the host link and the order relay over UDP, beside the feed on the same wire.

    The feed hears the frames of ``rx`` itself: nothing here stands in its way, and nothing here holds up ``rx``. Frames
    for the card are kept until they are known to be right; then each is dealt with, one after the other. While ``ip``
    is 0 nothing is answered and only ``feed_requests`` is sent. Nothing else is ever sent unasked but ARP for
    ``peer_ip`` and IGMP for ``groups``, both of which the host sets.

    Parameters
    ----------
    width : int
        Bytes of a beat of ``rx`` and ``tx``: 1, 4 or 8.
    second : int
        Cycles of a second.
    hosts, subscribers : int
        Hosts remembered, and hosts that events go to.

    Ports
    -----
    rx : In
        Frames without check sequence, always ready; ``error`` on the last beat: the check failed.
    tx : Out
        Frames without check sequence.
    mac, ip : In
        The card's own addresses.
    groups : In
        Multicast groups to be joined.
    peer_ip : In
        IPv4 address that ARP resolves; 0: none.
    peer_mac, peer_known : Out
        What it resolved to.
    card_time : In
        Now.
    feed_requests : In
        Frames of the feed's own: the most urgent ones.
    host_request, host_response : Out, In
        The host link: a request that came in, and its response, which always comes.
    relay_rx, relay_tx : Out, In
        The order relay.
    relay_direct, relay_direct_answer : In, Out
        Another way to it, beside UDP.
    events : In
        EVENTS datagrams.
    foreign ... event_frames : Out
        Pulses for the counters of register block ``network``.
    busy : Out
        A frame is in hand. It may fall for a cycle between two blocks.

    Latency: a frame of ``feed_requests`` passes at once, or behind the one that is on its way: at most the longest
    answer, 1,082 bytes; behind nothing longer than 122 bytes while no host asks. What comes in takes 2 cycles to be
    judged and 2 to leave the inbox; what each answer takes is said at its block.
    """

    def __init__(self, width: int = 8, *, second: int = 156_250_000, hosts: int = 4, subscribers: int = 4) -> None:
        self._width, self._second, self._hosts, self._subscribers = width, second, hosts, subscribers
        super().__init__(
            {
                "rx": In(frame_signature(width, always_ready=True)),
                "tx": Out(frame_signature(width)),
                "mac": In(48),
                "ip": In(32),
                "groups": In(data.ArrayLayout(unsigned(32), 2)),
                "peer_ip": In(32),
                "peer_mac": Out(48),
                "peer_known": Out(1),
                "card_time": In(64),
                "feed_requests": In(frame_signature(width)),
                "host_request": Out(frame_signature(WORD)),
                "host_response": In(frame_signature(WORD)),
                "relay_rx": Out(frame_signature(WORD)),
                "relay_tx": In(frame_signature(WORD)),
                "relay_direct": In(frame_signature(WORD)),
                "relay_direct_answer": Out(frame_signature(WORD)),
                "events": In(frame_signature(WORD)),
                "busy": Out(1),
            }
            | {name: Out(1) for name in COUNTERS}
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.to_words = to_words = ToWords(self._width)
        m.submodules.filter = judge = StationFilter()
        m.submodules.inbox = inbox = Inbox()
        m.submodules.demultiplexer = split = Demultiplexer()
        m.submodules.arp = arp = ArpResponder(self._second)
        m.submodules.igmp = igmp = IgmpMember(self._second)
        m.submodules.echo = echo = EchoResponder()
        m.submodules.hosts = hosts = HostPort(self._hosts)
        m.submodules.sender = sender = HostSender(self._subscribers)
        m.submodules.relay = relay = RelayPort()
        sources = {"relay": relay, "arp": arp, "igmp": igmp, "echo": echo, "hosts": sender}
        m.submodules.own = own = TransmitArbiter(WORD, list(sources))
        m.submodules.from_words = from_words = FromWords(self._width)
        m.submodules.out = out = TransmitArbiter(self._width, ["feed", "own"])

        connect(m, flipped(self.rx), to_words.rx)
        connect(m, to_words.words, judge.words)
        connect(m, judge.frames, inbox.rx)
        connect(m, inbox.frames, split.frames)
        for output, block in ((split.arp, arp), (split.igmp, igmp), (split.echo, echo), (split.host, hosts)):
            connect(m, output, block.heard)
        for name, block in sources.items():
            connect(m, block.tx, getattr(own, name))
        connect(m, own.tx, from_words.words)
        connect(m, from_words.tx, out.own)
        connect(m, flipped(self.feed_requests), out.feed)
        connect(m, out.tx, flipped(self.tx))
        connect(m, hosts.request, flipped(self.host_request))
        connect(m, flipped(self.host_response), hosts.response)
        connect(m, hosts.answer, sender.answer)
        connect(m, hosts.subscribe, sender.subscribe)
        connect(m, flipped(self.events), sender.events)
        connect(m, hosts.relay, relay.request)
        connect(m, flipped(self.relay_direct), relay.direct)
        connect(m, relay.direct_answer, flipped(self.relay_direct_answer))
        connect(m, relay.relay_rx, flipped(self.relay_rx))
        connect(m, flipped(self.relay_tx), relay.relay_tx)

        source = Signal(UdpAddress)
        m.d.comb += [
            *(block.mac.eq(self.mac) for block in (judge, arp, igmp, echo)),
            *(block.ip.eq(self.ip) for block in (judge, arp, igmp, echo)),
            *(block.card_time.eq(self.card_time) for block in (arp, igmp)),
            judge.port.eq(HOST_PORT),
            inbox.kind.eq(judge.kind),
            split.kind.eq(inbox.frame_kind),
            *(block.has_rest.eq(split.has_rest) for block in (echo, hosts)),
            igmp.groups.eq(self.groups),
            arp.peer_ip.eq(self.peer_ip),
            self.peer_mac.eq(arp.peer_mac),
            self.peer_known.eq(arp.peer_known),
            source.mac.eq(self.mac),
            source.ip.eq(self.ip),
            source.port.eq(HOST_PORT),
            sender.source.eq(source),
            sender.destination.eq(hosts.destination),
            relay.source.eq(source),
            relay.sender.eq(hosts.destination),
        ]
        # What follows a head goes to the one of the two who is waiting for it.
        for block in (echo, hosts):
            m.d.comb += [block.rest.payload.eq(split.rest.payload), block.rest.valid.eq(split.rest.valid)]
        m.d.comb += split.rest.ready.eq(echo.rest.ready | hosts.rest.ready)
        self._count(m, judge, inbox, arp, igmp, echo, hosts, sender)
        m.d.comb += self.busy.eq(
            (to_words.words.valid | judge.frames.valid | inbox.frames.valid | inbox.rx.valid | split.rest.valid)
            | (split.arp.valid | split.igmp.valid | split.echo.valid | split.host.valid)
            | (arp.busy | igmp.busy | echo.busy | hosts.busy | sender.busy | relay.busy | self.tx.valid)
        )
        return m

    def _count(self, m: Module, judge, inbox, arp, igmp, echo, hosts, sender) -> None:
        pulses = {
            "foreign": judge.refusal == Refusal.FOREIGN,
            "damaged": judge.refusal == Refusal.DAMAGED,
            "malformed": judge.refusal == Refusal.MALFORMED,
            "wrong_sums": judge.refusal == Refusal.CHECKSUM,
            "overflows": inbox.overflow,
            "arp_replies": arp.replied,
            "arp_requests": arp.asked,
            "arp_conflicts": arp.conflict,
            "echo_replies": echo.replied,
            "queries": igmp.queried,
            "reports": igmp.reported,
            "leaves": igmp.left,
            "requests": hosts.carried,
            "copies": hosts.copied,
            "strangers": hosts.stranger,
            "short_requests": hosts.short,
            "event_frames": sender.sent,
        }
        m.d.comb += [getattr(self, name).eq(pulses[name]) for name in COUNTERS]
