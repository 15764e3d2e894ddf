"""A NetworkPort driven beat by beat, with a host link in Python behind it and frames from scapy before it."""

import random
import struct

from amaranth.lib import data as _data
from cocotb.triggers import Timer
from scapy.config import conf
from scapy.contrib.igmp import IGMP
from scapy.layers.inet import ICMP, IP, UDP, IPOption_Router_Alert
from scapy.layers.l2 import ARP, Ether

from hdl.net.frame import Beat
from hdl.net.port import COUNTERS

conf.checkIPaddr = False
MAC, ADDRESS = "02:50:57:00:00:07", "10.1.2.3"
PEER_MAC, PEER = "02:aa:bb:cc:dd:01", "10.1.2.9"
LINK = 22352
HEADER = struct.Struct("<HBBIHHI")
ITEM = struct.Struct("<IIQ")
READ, WRITE, SUBSCRIBE, HELLO = 1, 2, 3, 4


def number_of(address):
    """An address as a number."""
    if ":" in address:
        return int(address.replace(":", ""), 16)
    return int.from_bytes(bytes(int(part) for part in address.split(".")), "big")


def ether(**fields):
    return Ether(**{"src": PEER_MAC, "dst": MAC} | fields)


def arp_request(target=ADDRESS, **fields):
    return bytes(
        ether(dst="ff:ff:ff:ff:ff:ff", src=fields.pop("src", PEER_MAC))
        / ARP(**{"op": 1, "hwsrc": PEER_MAC, "psrc": PEER, "pdst": target} | fields)
    )


def ping(data=b"", **fields):
    return bytes(ether() / IP(src=PEER, dst=ADDRESS, id=7, **fields) / ICMP(type=8, id=3, seq=5) / data)


def query(group="0.0.0.0", tenths=100, optioned=True):
    to = "224.0.0.1" if group == "0.0.0.0" else group
    mac = "01:00:5e:" + (number_of(to) & 0x7FFFFF).to_bytes(3, "big").hex(":")
    options = [IPOption_Router_Alert()] if optioned else []
    ip = IP(src=PEER, dst=to, ttl=1, options=options)
    return bytes(ether(dst=mac) / ip / IGMP(type=0x11, mrcode=tenths, gaddr=group))


def request(kind, number, *items, version=1):
    body = b"".join(ITEM.pack(address, 0, value) for address, value in items)
    return HEADER.pack(0x5750, version, kind, number, len(items), 0, 0) + body


def datagram(payload, *, sport=4000, src=PEER, mac=PEER_MAC, to=(MAC, ADDRESS), **udp):
    ip = IP(src=src, dst=to[1], id=9)
    return bytes(ether(src=mac, dst=to[0]) / ip / UDP(**{"sport": sport, "dport": LINK} | udp) / payload)


def carry_out(asked):
    """What the host link behind the port says: every item's value is its address times 3."""
    magic, version, kind, number, count, _, _ = HEADER.unpack_from(asked)
    status = 1 if (magic, version) != (0x5750, 1) else 2 if kind not in (1, 2) else 3 * (len(asked) != 16 + 16 * count)
    items = [] if status else list(ITEM.iter_unpack(asked[16:]))
    body = b"".join(ITEM.pack(address, 0, value if kind == WRITE else 3 * address) for address, _, value in items)
    return HEADER.pack(0x5750, 1, kind | 0x80, number, len(items), status, 0) + body


class Station:
    """The port, its clock, and all that comes out of it. Frames that left are in ``sent`` as (first, last, bytes)."""

    def __init__(self, dut, width, seed=1):
        self.dut, self.width = dut, width
        self.rng = random.Random(seed)
        self.now = 0
        self.sent, self.carried = [], []
        self.counts = dict.fromkeys(COUNTERS, 0)
        self.tx_ready = 1.0
        self._out, self._first = b"", None
        self._asked = b""
        self._answer = []
        # What went to the relay, and out of its other way.
        self.relayed = {"relay_rx": [], "relay_direct_answer": []}
        self._part = dict.fromkeys(self.relayed, b"")
        self._shapes = {w: _data.Layout.cast(Beat(w)) for w in (8, width)}
        for name in ("tx", "host_request", "relay_rx", "relay_direct_answer"):
            getattr(dut, f"{name}__ready").value = 1
        for name in ("rx", "feed_requests", "host_response", "events", "relay_tx", "relay_direct"):
            getattr(dut, f"{name}__valid").value = 0
        dut.mac.value, dut.ip.value = number_of(MAC), number_of(ADDRESS)
        dut.groups.value = dut.peer_ip.value = 0

    async def reset(self):
        self.dut.rst.value = 1
        await self.cycle()
        self.dut.rst.value = 0
        self.counts = dict.fromkeys(COUNTERS, 0)

    def beats(self, frame, width, error=False):
        out = []
        bits = width.bit_length()
        for at in range(0, len(frame), width):
            part = frame[at : at + width]
            last = at + width >= len(frame)
            value = int.from_bytes(part, "little") | len(part) << 8 * width | last << 8 * width + bits
            out.append(value | (last and error) << 8 * width + bits + 1)
        return out

    def _beat(self, value, width):
        bits = width.bit_length()
        count = value >> 8 * width & (1 << bits) - 1
        octets = (value & (1 << 8 * width) - 1).to_bytes(width, "little")[:count]
        assert 1 <= count <= width
        return octets, value >> 8 * width + bits & 1

    async def cycle(self):
        dut = self.dut
        ready = int(self.rng.random() < self.tx_ready)
        dut.tx__ready.value, dut.card_time.value = ready, self.now
        dut.host_response__valid.value = bool(self._answer)
        if self._answer:
            dut.host_response__payload.value = self._answer[0]
        dut.clk.value = 0
        await Timer(1, "ns")
        if dut.tx__valid.value and self._first is None:
            self._first = self.now
        if dut.tx__valid.value and ready:
            octets, last = self._beat(int(dut.tx__payload.value), self.width)
            self._out += octets
            if last:
                self.sent.append((self._first, self.now, self._out))
                self._out, self._first = b"", None
        if self._answer and dut.host_response__ready.value:
            self._answer.pop(0)
        if dut.host_request__valid.value:
            octets, last = self._beat(int(dut.host_request__payload.value), 8)
            self._asked += octets
            if last:
                self.carried.append(self._asked)
                self._answer = self.beats(carry_out(self._asked), 8)
                self._asked = b""
        for name, whole in self.relayed.items():
            if getattr(dut, f"{name}__valid").value and getattr(dut, f"{name}__ready").value:
                octets, last = self._beat(int(getattr(dut, f"{name}__payload").value), 8)
                self._part[name] += octets
                if last:
                    whole.append(self._part[name])
                    self._part[name] = b""
        for name in COUNTERS:
            self.counts[name] += int(getattr(dut, name).value)
        dut.clk.value = 1
        await Timer(1, "ns")
        self.now += 1

    async def send(self, frame, *, port="rx", error=False, idle=0.0):
        """Give a frame to a port; returns the cycle in which its last beat went in."""
        valid, payload = getattr(self.dut, f"{port}__valid"), getattr(self.dut, f"{port}__payload")
        waits = hasattr(self.dut, f"{port}__ready")
        for beat in self.beats(frame, self.width if port in ("rx", "feed_requests") else 8, error):
            while idle and self.rng.random() < idle:
                valid.value = 0
                await self.cycle()
            valid.value, payload.value = 1, beat
            while True:
                at = self.now
                if waits:
                    self.dut.clk.value = 0
                    await Timer(1, "ns")
                    taken = bool(getattr(self.dut, f"{port}__ready").value)
                await self.cycle()
                if not waits or taken:
                    break
        valid.value = 0
        return at

    async def run(self, cycles):
        for _ in range(cycles):
            await self.cycle()

    async def quiet(self, most=20_000):
        """Run until nothing moves."""
        still = 0
        for _ in range(most):
            await self.cycle()
            still = 0 if self.dut.busy.value or self._answer else still + 1
            if still == 8:
                return
        raise AssertionError(f"still busy after {most} cycles")

    def take(self):
        """What was sent since the last call, as scapy reads it, every checksum computed anew and compared."""
        frames = [frame for _, _, frame in self.sent]
        self.sent.clear()
        return [parse(frame) for frame in frames]


def parse(frame):
    packet = Ether(frame)
    anew = Ether(frame)
    for layer in (IP, ICMP, UDP, IGMP):
        if anew.haslayer(layer):
            del anew[layer].chksum
    assert bytes(anew) == frame, f"scapy would have made it {bytes(anew).hex()}, it is {frame.hex()}"
    assert len(frame) >= 42
    return packet
