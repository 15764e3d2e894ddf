"""ARP: says where the card is, and asks where a peer is."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.demultiplexer import head_signature
from hdl.net.frame import frame_signature
from hdl.net.ipv4 import number, octets
from hdl.net.short_sender import ShortSender
from hdl.net.words import WORD
from hdl.wire.ethernet import ARP, BROADCAST, ETHERNET, ETHERTYPE_ARP, ETHERTYPE_IPV4

__all__ = ["ArpResponder"]

_REQUEST, _REPLY = 1, 2
#: Seconds for which a peer's address is believed before it is asked for again, and tries before it is forgotten.
_FRESH, _TRIES = 60, 3


class ArpResponder(wiring.Component):
    """Answers requests for the card's address, and keeps the Ethernet address of one peer.

    The peer is asked for once a second until it answers, then once a minute; three requests in a row that bring nothing
    make it unknown again. Only what the peer's own IPv4 address says is believed, from a request or a reply; nothing is
    learned of anyone else. Somebody else who speaks for the card's own address is counted and otherwise passed over.

    Parameters
    ----------
    second : int
        Cycles of a second.

    Ports
    -----
    mac, ip : In
        The card's own addresses; with ``ip`` 0 nothing is sent.
    heard : In
        Heads of ARP frames that were found right.
    peer_ip : In
        IPv4 address to be resolved; 0: none.
    card_time : In
        Now.
    peer_mac, peer_known : Out
        What it resolved to, if it did.
    tx : Out
        Frames.
    replied, asked, conflict : Out
        Pulses: a reply, a request sent; someone else has the card's address.
    busy : Out
        A frame is being sent.

    Latency: the first word of a reply is offered 2 cycles after the request's head.

    Sources: RFC 826.
    """

    def __init__(self, second: int) -> None:
        self._second = second
        super().__init__(
            {
                "mac": In(48),
                "ip": In(32),
                "heard": In(head_signature()),
                "peer_ip": In(32),
                "card_time": In(64),
                "peer_mac": Out(48),
                "peer_known": Out(1),
                "tx": Out(frame_signature(WORD)),
                "replied": Out(1),
                "asked": Out(1),
                "conflict": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.sender = sender = ShortSender(WORD, ETHERNET.length + ARP.length)
        connect(m, sender.tx, flipped(self.tx))

        def heard(name):
            return number(self.heard.payload, ARP, name, ETHERNET.length)

        replying = Signal()
        to_mac, to_ip = Signal(48), Signal(32)
        operation = Mux(replying, Const(_REPLY, 16), Const(_REQUEST, 16))
        frame = [
            *octets(ETHERNET, destination=Mux(replying, to_mac, BROADCAST), source=self.mac, ethertype=ETHERTYPE_ARP),
            *octets(
                ARP,
                hardware_type=1,
                protocol_type=ETHERTYPE_IPV4,
                hardware_length=6,
                protocol_length=4,
                operation=operation,
                sender_mac=self.mac,
                sender_ip=self.ip,
                target_mac=Mux(replying, to_mac, 0),
                target_ip=Mux(replying, to_ip, self.peer_ip),
            ),
        ]
        resolved, due, tries = Signal(32), Signal(64), Signal(range(_TRIES + 1))
        ask = Signal()
        wanted = (self.peer_ip != 0) & (self.ip != 0)
        m.d.comb += [
            Cat(sender.frame.payload).eq(Cat(frame)),
            ask.eq(wanted & (resolved == self.peer_ip) & (self.card_time >= due)),
            # A new request is heard only once the reply to the one before has gone.
            self.heard.ready.eq(~replying),
            sender.frame.valid.eq(replying | ask),
            self.replied.eq(replying & sender.frame.ready),
            self.asked.eq(~replying & ask & sender.frame.ready),
            self.busy.eq(replying | ask | sender.tx.valid | self.heard.valid),
        ]
        with m.If(self.replied):
            m.d.sync += replying.eq(0)
        with m.If(self.asked):
            m.d.sync += [due.eq(self.card_time + self._second), tries.eq(tries + (tries != _TRIES))]
            with m.If(tries == _TRIES):
                m.d.sync += self.peer_known.eq(0)
        with m.If(resolved != self.peer_ip):
            m.d.sync += [resolved.eq(self.peer_ip), self.peer_known.eq(0), due.eq(0), tries.eq(0)]
        with m.If(self.heard.valid & self.heard.ready):
            ours = heard("sender_ip") == self.ip
            with m.If((heard("target_ip") == self.ip) & (heard("operation") == _REQUEST) & ~ours):
                m.d.sync += [replying.eq(1), to_mac.eq(heard("sender_mac")), to_ip.eq(heard("sender_ip"))]
            with m.If(ours & (heard("sender_mac") != self.mac)):
                m.d.comb += self.conflict.eq(1)
            with m.Elif(wanted & (heard("sender_ip") == self.peer_ip) & (resolved == self.peer_ip)):
                m.d.sync += [
                    self.peer_mac.eq(heard("sender_mac")),
                    self.peer_known.eq(1),
                    tries.eq(0),
                    due.eq(self.card_time + _FRESH * self._second),
                ]
        return m
