"""IGMPv2: tells the network which multicast groups the card hears."""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.demultiplexer import head_signature
from hdl.net.frame import frame_signature
from hdl.net.ipv4 import Ipv4Header, folded, multicast_mac, octets
from hdl.net.short_sender import ShortSender
from hdl.net.words import WORD
from hdl.wire.ethernet import ETHERNET, ETHERTYPE_IPV4, IGMP, IPV4, PROTOCOL_IGMP, ROUTER_ALERT

__all__ = ["IgmpMember"]

_REPORT, _LEAVE = 0x16, 0x17
_ALL_ROUTERS = 0xE000_0002
#: Reports when a group is joined, and seconds between them.
_REPORTS, _INTERVAL = 2, 10
#: What a query of IGMPv1 means, whose response time is 0: so many tenths of a second.
_OLD_QUERY = 100
_INTERNETWORK_CONTROL = 0xC0


class IgmpMember(wiring.Component):
    """Joins the groups it is given, answers queries, and leaves a group when it is given another.

    A group is reported when it is joined, once more ten seconds later, and a random time after each query, no later
    than the query asks. Reports of other members are not heard, so the card always speaks for itself. An address that
    is no multicast group, or one of 224.0.0.0/24, is not joined. With ``ip`` 0, or when it changes, nothing is left.

    Parameters
    ----------
    groups : int
        Groups at once.
    second : int
        Cycles of a second.

    Ports
    -----
    mac, ip : In
        The card's own addresses.
    groups : In
        What to be a member of. One that is there twice counts once.
    heard : In
        Heads of queries that were found right; always taken.
    card_time : In
        Now.
    tx : Out
        Frames.
    reported, left, queried : Out
        Pulses: a report, a leave sent; a query heard.
    busy : Out
        A frame is being made or sent.

    Latency: a join's first report is offered at most ``groups`` + 4 cycles after the group was given, if none is sent.

    Sources: RFC 2236 sections 3 and 6; RFC 2113 for the option.
    """

    def __init__(self, second: int, groups: int = 2) -> None:
        self._second, self._groups = second, groups
        super().__init__(
            {
                "mac": In(48),
                "ip": In(32),
                "groups": In(data.ArrayLayout(unsigned(32), groups)),
                "heard": In(head_signature()),
                "card_time": In(64),
                "tx": Out(frame_signature(WORD)),
                "reported": Out(1),
                "left": Out(1),
                "queried": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        m.submodules.ipv4 = ipv4 = Ipv4Header(
            PROTOCOL_IGMP, time_to_live=1, type_of_service=_INTERNETWORK_CONTROL, options=(ROUTER_ALERT,)
        )
        header_length = IPV4.length + 4
        m.submodules.sender = sender = ShortSender(WORD, ETHERNET.length + header_length + IGMP.length)
        connect(m, sender.tx, flipped(self.tx))

        wanted = [self._wanted(i) for i in range(self._groups)]
        member = [Signal(32, name=f"member_{i}") for i in range(self._groups)]
        reports = [Signal(range(_REPORTS + 1), name=f"reports_{i}") for i in range(self._groups)]
        due = [Signal(64, name=f"due_{i}") for i in range(self._groups)]

        # What is to be sent: taken over, then the header's sum, then the frame.
        group, leaving = Signal(32), Signal()
        once = Signal(17)
        message_type = Mux(leaving, Const(_LEAVE, 8), Const(_REPORT, 8))
        destination = Mux(leaving, Const(_ALL_ROUTERS, 32), group)
        checksum = Signal(16)
        m.d.comb += once.eq(folded((Cat(Const(0, 8), message_type) + group[:16] + group[16:])[:18]))
        m.d.sync += checksum.eq(~folded(once))
        m.d.comb += [
            ipv4.source.eq(self.ip),
            ipv4.destination.eq(destination),
            ipv4.total_length.eq(header_length + IGMP.length),
            Cat(sender.frame.payload).eq(
                Cat(
                    *octets(
                        ETHERNET,
                        destination=multicast_mac(destination),
                        source=self.mac,
                        ethertype=ETHERTYPE_IPV4,
                    ),
                    *ipv4.header,
                    *octets(IGMP, type=message_type, checksum=checksum, group=group),
                )
            ),
        ]
        at = Signal(range(self._groups))
        own_ip = Signal(32)
        m.d.sync += own_ip.eq(self.ip)
        with m.FSM():
            with m.State("LOOK"):
                m.d.sync += at.eq(Mux(at == self._groups - 1, 0, at + 1))
                for i in range(self._groups):
                    with m.If((at == i) & (member[i] != wanted[i])):
                        m.d.comb += self.busy.eq(1)
                        with m.If(member[i] != 0):
                            m.d.sync += [group.eq(member[i]), leaving.eq(1), member[i].eq(0)]
                            m.next = "SUM"
                        with m.Else():
                            m.d.sync += [member[i].eq(wanted[i]), reports[i].eq(_REPORTS), due[i].eq(self.card_time)]
                    with m.Elif((at == i) & (reports[i] != 0) & (member[i] != 0) & (self.card_time >= due[i])):
                        m.d.comb += self.busy.eq(1)
                        m.d.sync += [group.eq(member[i]), leaving.eq(0), reports[i].eq(reports[i] - 1)]
                        m.d.sync += due[i].eq(self.card_time + _INTERVAL * self._second)
                        m.next = "SUM"
            with m.State("SUM"):
                m.d.comb += self.busy.eq(1)
                m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.d.comb += self.busy.eq(1)
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [self.busy.eq(1), sender.frame.valid.eq(1)]
                with m.If(sender.frame.ready):
                    m.d.comb += [self.reported.eq(~leaving), self.left.eq(leaving)]
                    m.next = "LOOK"
        self._answer(m, member, reports, due)
        with m.If(sender.tx.valid | self.heard.valid):
            m.d.comb += self.busy.eq(1)
        with m.If(own_ip != self.ip):
            m.d.sync += [signal.eq(0) for signal in member]
        return m

    def _wanted(self, i: int):
        """Give the group to be in, or 0."""
        group = self.groups[i]
        useful = (group[28:] == 0xE) & (group[8:] != 0xE00000) & (self.ip != 0)
        for earlier in range(i):
            useful &= group != self.groups[earlier]
        return Mux(useful, group, 0)

    def _answer(self, m: Module, member, reports, due) -> None:
        """Take a query to heart: a report within its time, chosen by chance, so that not all answer at once."""
        chance = Signal(16, init=0xACE1)  # x^16 + x^14 + x^13 + x^11 + 1, which goes through all numbers but 0
        m.d.sync += chance.eq(Cat(chance[1:], chance[0] ^ chance[2] ^ chance[3] ^ chance[5]))
        head = self.heard.payload
        optioned = head[ETHERNET.length][:4] == 6
        at = [ETHERNET.length + IPV4.length + shift for shift in (0, 4)]
        most = Mux(optioned, head[at[1] + 1], head[at[0] + 1])
        group = Mux(optioned, *(Cat(head[i + 7], head[i + 6], head[i + 5], head[i + 4]) for i in reversed(at)))
        tenths = Signal(8)
        m.d.comb += [
            self.heard.ready.eq(1),
            tenths.eq((Mux(most == 0, _OLD_QUERY, most) * chance[:8]) >> 8),
        ]
        with m.If(self.heard.valid):
            m.d.comb += self.queried.eq(1)
            when = self.card_time + tenths * (self._second // 10)
            for i in range(self._groups):
                with m.If((member[i] != 0) & ((group == 0) | (group == member[i]))):
                    # An answer that is due earlier stays so.
                    with m.If((reports[i] == 0) | (when < due[i])):
                        m.d.sync += due[i].eq(when)
                    with m.If(reports[i] == 0):
                        m.d.sync += reports[i].eq(1)
