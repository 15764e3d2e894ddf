"""NetworkPort and bad input: each frame is counted as what it is, none is believed, and the next good one is right."""

import os

import cocotb
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q
from station_bench import (
    ADDRESS,
    HELLO,
    LINK,
    MAC,
    PEER,
    READ,
    WRITE,
    Station,
    arp_request,
    carry_out,
    datagram,
    ether,
    number_of,
    parse,
    ping,
    query,
    request,
)  # fmt: skip

from hdl.wire.ethernet import ones_complement_sum

WIDTH, ROUNDS = int(os.environ["WIDTH"]), int(os.environ["ROUNDS"])
OWN_MAC, OWN_IP = number_of(MAC).to_bytes(6, "big"), number_of(ADDRESS).to_bytes(4, "big")


def judge(frame, error):
    """What becomes of a frame: the name of a counter, or ``good``."""
    if error or not 42 <= len(frame) <= 1514:
        return "damaged"
    to, ethertype, ip = frame[:6], frame[12:14], frame[14:]
    if ethertype == b"\x08\x06":
        if to not in (OWN_MAC, b"\xff" * 6):
            return "foreign"
        right = ip[:6] == b"\0\1\x08\0\6\4" and ip[6:8] in (b"\0\1", b"\0\2")
        return "good" if right else "malformed"
    if ethertype != b"\x08\0":
        return "foreign"
    words, protocol, destination = ip[0] & 15, ip[9], ip[16:20]
    to_us = to == OWN_MAC and destination == OWN_IP
    total = int.from_bytes(ip[2:4], "big")
    lies = (
        ip[0] >> 4 != 4
        or int.from_bytes(ip[6:8], "big") & 0x3FFF
        or total < 4 * words + 8
        or total > len(ip)
    )  # fmt: skip
    if protocol == 1 and to_us and ip[20] == 8:
        lies = lies or words != 5 or ip[21] or total > 100 or (len(frame) > 60 and len(ip) != total)
    elif protocol == 2:
        at = 24 if words == 6 else 20
        mac = bytes((1, 0, 0x5E, destination[1] & 0x7F, *destination[2:]))
        group = ip[at + 4 : at + 8]
        if ip[at] != 0x11 or to != mac or destination not in (b"\xe0\0\0\1", group):
            return "foreign"
        lies = lies or words not in (5, 6)
    elif protocol == 17 and to_us and int.from_bytes(ip[22:24], "big") == LINK:
        lies = lies or words != 5 or int.from_bytes(ip[24:26], "big") != total - 20
    else:
        return "foreign"
    if lies:
        return "malformed"
    payload = ip[4 * words : total]
    if protocol == 17:
        unchecked = ip[26:28] == b"\0\0"
        payload = ip[12:20] + bytes((0, 17)) + ip[24:26] + payload if not unchecked else b"\xff\xff"
    right = ones_complement_sum(ip[: 4 * words]) == ones_complement_sum(payload) == 0xFFFF
    return "good" if right else "wrong_sums"


def make(rng, requests):
    """Make a frame: sometimes right, mostly with one thing wrong."""
    kind = rng.randrange(12)
    if kind < 2:
        frame = arp_request()
    elif kind < 4:
        frame = ping(rng.randbytes(rng.randrange(72)))
    elif kind < 7:
        items = [(8 * i, rng.getrandbits(64)) for i in range(rng.randrange(5))]
        frame = datagram(request(rng.choice((READ, WRITE)), _next(requests), *items))
    elif kind == 7:
        frame = query(rng.choice(("0.0.0.0", "233.54.12.111")), optioned=rng.random() < 0.5)
    else:
        others = (
            ether(dst="01:00:5e:36:0c:6f") / IP(src=PEER, dst="233.54.12.111") / UDP(dport=26477) / rng.randbytes(99),
            ether() / IPv6(dst="fe80::1") / UDP() / rng.randbytes(30),
            ether() / IP(src=PEER, dst=ADDRESS) / TCP(dport=LINK) / rng.randbytes(30),
            ether() / IP(src=PEER, dst=ADDRESS) / UDP(dport=LINK + 1) / rng.randbytes(30),
            ether() / Dot1Q(vlan=5) / IP(src=PEER, dst=ADDRESS) / ICMP() / rng.randbytes(30),
            ether() / IP(src=PEER, dst=ADDRESS, frag=3) / ICMP(type=8) / rng.randbytes(30),
            ether() / IP(src=PEER, dst=ADDRESS) / ICMP(type=3) / rng.randbytes(30),
        )
        frame = bytes(rng.choice(others))
    frame = bytearray(frame)
    wrong = rng.randrange(8)
    if wrong < 3:
        frame[rng.randrange(min(len(frame), 70))] ^= 1 << rng.randrange(8)
    elif wrong == 3:  # a field changed, with the header's sum mended
        at = rng.choice((14, 15, 16, 17, 20, 21, 23))
        frame[at] = rng.getrandbits(8)
        frame[24:26] = b"\0\0"
        header = bytes(frame[14 : 14 + max(20, 4 * (frame[14] & 15))])
        frame[24:26] = (0xFFFF ^ ones_complement_sum(header)).to_bytes(2, "big")
    elif wrong == 4:
        del frame[rng.randrange(1, len(frame)) :]
    elif wrong == 5:
        frame += rng.randbytes(rng.choice((1, 8, 30, 1500)))
    return bytes(frame)


@cocotb.test()
async def bad_frames_are_counted_and_never_believed(dut):
    s = Station(dut, WIDTH, seed=WIDTH)
    await s.reset()
    rng, requests = s.rng, [1]
    await s.send(datagram(request(HELLO, 1)))
    await s.quiet()
    s.take()
    counts = dict.fromkeys(("good", "foreign", "damaged", "malformed", "wrong_sums"), 0)
    counts["good"] += 1
    good_requests = 0
    for index in range(ROUNDS):
        frame, error = make(rng, requests), rng.random() < 0.05
        verdict = judge(frame, error)
        counts[verdict] += 1
        s.tx_ready = rng.choice((1, 0.7))
        s.sent.clear()
        await s.send(frame, error=error, idle=rng.choice((0, 0, 0.3)))
        # Sometimes the next one follows at once.
        if rng.random() < 0.5 or verdict == "good":
            await s.quiet()
            if verdict != "good":
                assert not s.sent
            for _, _, sent in s.sent:
                parse(sent)
        if index % 10 == 9:
            await s.quiet()
            s.sent.clear()
            data = rng.randbytes(40)
            await s.send(ping(data))
            asked = request(READ, _next(requests), (8, 0))
            await s.send(datagram(asked))
            await s.quiet()
            counts["good"] += 2
            good_requests += 1
            replies = [parse(sent) for _, _, sent in s.sent]
            assert sorted(bytes(r[ICMP].payload) if r.haslayer(ICMP) else b"" for r in replies) == [b"", data]
            (answer,) = (bytes(r[UDP].payload) for r in replies if r.haslayer(UDP))
            assert answer == carry_out(asked)
    await s.quiet()
    for name, count in counts.items():
        if name != "good":
            assert s.counts[name] == count, name
            assert count > ROUNDS // 50
    assert s.counts["overflows"] == 0
    assert counts["good"] > good_requests * 2


def _next(requests):
    requests[0] += 1
    return requests[0]
