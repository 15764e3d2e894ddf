"""A host by scapy on the wire of a whole card, and a feed that changes a book."""

import struct

from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.eth import GmiiFrame
from rgmii_bench import PERIOD
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from station_bench import ADDRESS, HELLO, MAC, PEER_MAC, READ, WRITE, arp_request, datagram, number_of, request

# Addresses by docs/registers.md.
MAGIC, FLAGS, STATUS, DESTINATION, JOIN_FEED, LIVE_ORDERS = 0x000, 0x038, 0x108, 0x200, 0x210, 0x300
#: Counters of the first port: good, bad_fcs, sent, spoiled; the second's are so much higher.
COUNTED, PHY_B = (0x790, 0x798, 0x7C8, 0x7D0), 0x80
SYMBOL, JOIN, STATE, TOPS, VOLUMES = 0x1000, 0x1010, 0x1018, 0x10D8, 0x10E0
GROUP, PORT = "233.54.12.111", 26477
BIND, TRADING, WHOLE = 1 << 16, 1 << 17, 1 << 18
IGMP = 2
#: Of a request, by docs/hostlink.md.
MOST_ITEMS = 64
LIGHT_WHOLE = 1


class Host:
    """One who speaks to the card on the wire of ``phy``; ``card`` has the addresses that it has."""

    def __init__(self, phy, card=(MAC, ADDRESS)):
        self.phy, self.card, self.number = phy, card, 100
        self.reports = []  # what the card said to its groups meanwhile

    async def send(self, frame):
        await self.phy.source.send(GmiiFrame.from_payload(frame))

    async def hear(self):
        """The next frame of the card, read by scapy, which is not lenient."""
        frame = await with_timeout(self.phy.sink.recv(), 12_000 * PERIOD, "ps")
        assert frame.check_fcs()
        assert frame.error is None
        return Ether(bytes(frame.get_payload()))

    async def ask(self, kind, *items):
        """A request on the host link; gives the values of its response."""
        self.number += 1
        await self.send(datagram(request(kind, self.number, *items), to=self.card))
        answer = await self.hear()
        while answer[IP].proto == IGMP:
            self.reports.append(answer[IP].dst)
            answer = await self.hear()
        assert (answer.src, answer.dst, answer[IP].src) == (self.card[0], PEER_MAC, self.card[1])
        body = bytes(answer[UDP].payload)[: answer[UDP].len - 8]
        assert struct.unpack_from("<BIHH", body, 3) == (kind | 0x80, self.number, len(items), 0)
        answers = list(struct.iter_unpack("<IIQ", body[16:]))
        assert [(address, status) for address, status, _ in answers] == [(address, 0) for address, _ in items]
        return [value for _, _, value in answers]

    async def read(self, *addresses):
        return await self.ask(READ, *((address, 0) for address in addresses))


def add(reference, side, shares, price, locate=7):
    return struct.pack(">cHH6sQcI8sI", b"A", locate, 0, bytes(6), reference, side, shares, b"PWAA    ", price)


def packet(sequence, *messages):
    """A MoldUDP64 packet, without the session's name."""
    blocks = b"".join(struct.pack(">H", len(message)) + message for message in messages)
    return struct.pack(">QH", sequence, len(messages)) + blocks


def feed(packet, group=GROUP, port=PORT):
    """A packet in a multicast frame."""
    mac = f"01:00:5e:{(number_of(group) & 0x7FFFFF).to_bytes(3, 'big').hex(':')}"
    ip = IP(src="10.9.9.9", dst=group, ttl=1)
    return bytes(Ether(src="02:00:00:00:00:77", dst=mac) / ip / UDP(sport=5, dport=port) / (b"SESSION001" + packet))


async def from_power_up_to_a_book(host, flags_of_card, lights, line=None):
    """The story of a card from its first cycle on; ``lights`` gives whole book, armed and killed, a bit each.

    ``line`` is the PHY of the feed, where it is not the host's. The card says nothing there.
    """
    phy = host.phy
    line = line or phy
    apart = line is not phy
    # Nobody is spoken to who did not speak first.
    await ClockCycles(phy.clk, 3000)
    assert phy.sink.empty()
    assert lights() == 0

    mac, address = host.card
    await host.send(arp_request(address))
    reply = await host.hear()
    assert (reply[ARP].op, reply[ARP].hwsrc, reply[ARP].psrc) == (2, mac, address)

    assert await host.ask(HELLO) == []
    magic, flags, status = await host.read(MAGIC, FLAGS, STATUS)
    assert (magic, status & 3) == (int.from_bytes(b"PENNYWIR", "little"), 0)
    assert flags == flags_of_card

    # The longest answer there is: the line wants a byte every cycle, and the card's clock is a quarter of its.
    assert await host.read(*[MAGIC] * MOST_ITEMS) == [magic] * MOST_ITEMS

    await host.ask(
        WRITE,
        (SYMBOL, int.from_bytes(b"PWAA    ", "little")),
        (DESTINATION, number_of(GROUP) | PORT << 32),
        (JOIN, 7 | BIND | TRADING | WHOLE),
        (JOIN_FEED, 1),
    )
    # The group is joined because the host said where the feed is, unless that is another wire.
    await phy.idle(400)
    groups = host.reports + [(await host.hear())[IP].dst for _ in range(phy.sink.count())]
    assert groups == ([] if apart else [GROUP])

    if apart:  # neither port hears what belongs on the other
        await host.send(feed(packet(50, add(1001, b"B", 100, 999_900))))
        await line.source.send(GmiiFrame.from_payload(arp_request(address)))
        await line.idle(200)
        assert await host.read(TOPS, LIVE_ORDERS) == [0, 0]
    await line.source.send(
        GmiiFrame.from_payload(feed(packet(50, add(1001, b"B", 300, 1_000_000), add(1005, b"S", 200, 1_000_100))))
    )
    await line.idle(200)
    tops, orders = await host.read(TOPS, LIVE_ORDERS)
    assert (tops & 0xFFFFFFFF, tops >> 32, orders) == (1_000_000, 1_000_100, 2)
    assert lights() == LIGHT_WHOLE

    # A frame that is damaged in its second message is counted, and the book is not trusted any more.
    frame = GmiiFrame.from_payload(
        feed(packet(52, *(add(reference, b"B", 100, 1_000_050) for reference in (1009, 1013))))
    )
    frame.data[-20] ^= 4
    await line.source.send(frame)
    await line.idle(200)
    assert lights() == 0
    counted = await host.read(*COUNTED, *(address + PHY_B for address in COUNTED), STATE)
    # Heard: ARP, HELLO, two READs, WRITE, feed, READ, this READ. Sent: answers to the host's but this one, and IGMP.
    told = [8, 1, 7, 0, 0, 0, 0, 0]
    if apart:  # the second port heard a packet and a READ more, and no feed; the first one an ARP
        told = [2, 1, 0, 0, 9, 0, 7, 0]
    assert counted[:-1] == told
    assert line.sink.empty()
    assert counted[-1] & 3 == 3  # bound, and stale
