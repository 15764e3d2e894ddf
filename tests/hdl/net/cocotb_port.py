"""NetworkPort as its neighbours see it: every frame in is made by scapy, every frame out is read by it."""

import os

import cocotb
from scapy.contrib.igmp import IGMP
from scapy.layers.inet import ICMP, IP, UDP, IPOption_Router_Alert
from scapy.layers.l2 import ARP, Ether
from station_bench import (
    ADDRESS,
    HELLO,
    MAC,
    PEER,
    PEER_MAC,
    READ,
    SUBSCRIBE,
    Station,
    arp_request,
    carry_out,
    datagram,
    ether,  # fmt: skip
    number_of,
    ping,
    query,
    request,
)

WIDTH, SECOND = int(os.environ["WIDTH"]), int(os.environ["SECOND"])
GROUPS = ("233.54.12.111", "233.86.230.111")


async def station(dut, **kwargs):
    s = Station(dut, WIDTH, **kwargs)
    await s.reset()
    return s


async def ask(s, frame):
    """Send a frame and give the one answer to it, if there is one."""
    await s.send(frame)
    await s.quiet()
    answers = s.take()
    assert len(answers) <= 1
    return answers[0] if answers else None


@cocotb.test()
async def arp_is_answered(dut):
    s = await station(dut)
    last = await s.send(arp_request())
    await s.quiet()
    if WIDTH == 8:
        assert s.sent[0][0] - last == 12  # 2 judged, 2 in the inbox, 6 words of head, 2 in the responder
    (reply,) = s.take()
    assert (reply.dst, reply.src, len(reply)) == (PEER_MAC, MAC, 60)
    assert (reply[ARP].op, reply[ARP].hwsrc, reply[ARP].psrc) == (2, MAC, ADDRESS)
    assert (reply[ARP].hwdst, reply[ARP].pdst) == (PEER_MAC, PEER)
    # A probe of someone who has no address yet (RFC 5227) is answered too.
    assert (await ask(s, arp_request(psrc="0.0.0.0")))[ARP].pdst == "0.0.0.0"
    assert await ask(s, arp_request("10.1.2.4")) is None
    assert await ask(s, bytes(ether() / ARP(op=2, hwsrc=PEER_MAC, psrc=PEER, hwdst=MAC, pdst=ADDRESS))) is None
    assert s.counts["arp_conflicts"] == 0
    assert await ask(s, arp_request(psrc=ADDRESS)) is None  # someone who says that the address is his
    assert (s.counts["arp_replies"], s.counts["arp_conflicts"]) == (2, 1)


@cocotb.test()
async def a_peer_is_resolved(dut):
    s = await station(dut)
    dut.peer_ip.value = number_of(PEER)
    await s.run(2 * SECOND + SECOND // 10)
    asked = s.take()
    assert len(asked) == 3  # at once, and again every second
    for question in asked:
        assert (question.dst, question[ARP].op, question[ARP].pdst) == ("ff:ff:ff:ff:ff:ff", 1, PEER)
        assert (question[ARP].hwsrc, question[ARP].psrc) == (MAC, ADDRESS)
    assert not dut.peer_known.value
    stranger = ARP(op=2, hwsrc="02:00:00:00:00:66", psrc="10.1.2.66", hwdst=MAC, pdst=ADDRESS)
    assert await ask(s, bytes(ether() / stranger)) is None
    assert not dut.peer_known.value
    assert await ask(s, bytes(ether() / ARP(op=2, hwsrc=PEER_MAC, psrc=PEER, hwdst=MAC, pdst=ADDRESS))) is None
    assert (dut.peer_known.value, dut.peer_mac.value) == (1, number_of(PEER_MAC))
    # Believed for a minute, then asked for again; known until three questions brought nothing.
    await s.run(59 * SECOND)
    assert not s.take()
    await s.run(3 * SECOND)
    assert len(s.take()) in (2, 3)
    assert dut.peer_known.value
    await s.run(3 * SECOND)
    assert not dut.peer_known.value
    dut.peer_ip.value = 0
    await s.quiet()
    s.take()
    await s.run(3 * SECOND)
    assert not s.take()


@cocotb.test()
async def ping_is_answered(dut):
    s = await station(dut, seed=2)
    for size in (0, 1, 5, 6, 7, 13, 14, 15, 32, 56, 72):
        data = s.rng.randbytes(size)
        s.tx_ready = s.rng.choice((1, 0.5))
        for frame in (ping(data), ping(data).ljust(60, b"\0")):
            reply = await ask(s, frame)
            assert (reply.dst, reply.src, reply[IP].src, reply[IP].dst) == (PEER_MAC, MAC, ADDRESS, PEER)
            assert (reply[ICMP].type, reply[ICMP].code, reply[ICMP].id, reply[ICMP].seq) == (0, 0, 3, 5)
            assert bytes(reply[ICMP].payload)[:size] == data
            assert (len(reply), reply[IP].len, reply[IP].ttl) == (len(frame), 28 + size, 64)
    assert s.counts["echo_replies"] == 22
    assert await ask(s, ping(bytes(73))) is None
    assert s.counts["malformed"] == 1


@cocotb.test()
async def a_pings_latency(dut):
    s = await station(dut)
    last = await s.send(ping(bytes(40)))
    await s.quiet()
    if WIDTH == 8:
        assert s.sent[0][0] - last == 13
    # 82 bytes with nothing between them.
    assert s.sent[0][1] - s.sent[0][0] == -(-82 // WIDTH) - 1


def is_report(frame, group):
    return (
        (frame[IP].dst, frame[IP].ttl, frame[IP].tos) == (group, 1, 0xC0)
        and isinstance(frame[IP].options[0], IPOption_Router_Alert)
        and (frame[IGMP].type, frame[IGMP].gaddr, frame[IGMP].mrcode) == (0x16, group, 0)
        and number_of(frame.dst) == 0x01005E000000 | number_of(group) & 0x7FFFFF
        and (frame.src, frame[IP].src) == (MAC, ADDRESS)
    )


@cocotb.test()
async def groups_are_joined_and_left(dut):
    s = await station(dut)
    dut.groups.value = number_of(GROUPS[0]) | number_of(GROUPS[1]) << 32
    await s.quiet()
    assert s.sent[0][0] <= 10  # the join is not waited for
    for _ in range(2):
        reports = sorted(s.take(), key=lambda report: report[IP].dst)
        assert [is_report(r, g) for r, g in zip(reports, GROUPS, strict=True)] == [True, True]
        await s.run(10 * SECOND + 200)
    await s.run(15 * SECOND)
    assert not s.take()
    # Asked for one group, and for all, with the option and without.
    await s.send(query(GROUPS[1], 10))
    await s.run(SECOND + 200)
    (report,) = s.take()
    assert is_report(report, GROUPS[1])
    for optioned in (True, False):
        await s.send(query(tenths=20, optioned=optioned))
        await s.run(2 * SECOND + 200)
        answers = s.take()
        assert {r[IP].dst for r in answers} == set(GROUPS)
        assert len(answers) == 2
    await s.send(query("239.1.1.1", 10))
    await s.run(2 * SECOND)
    assert not s.take()
    # Another group in the second one's place, and the same twice.
    dut.groups.value = number_of(GROUPS[0]) | number_of(GROUPS[0]) << 32
    await s.quiet()
    (leave,) = s.take()
    assert (leave[IP].dst, leave[IGMP].type, leave[IGMP].gaddr) == ("224.0.0.2", 0x17, GROUPS[1])
    assert leave.dst == "01:00:5e:00:00:02"
    assert (s.counts["queries"], s.counts["reports"], s.counts["leaves"]) == (4, 9, 1)
    # What is no group, or none that is reported.
    dut.groups.value = number_of("224.0.0.5") | number_of("10.0.0.1") << 32
    await s.quiet()
    assert [frame[IGMP].type for frame in s.take()] == [0x17]
    dut.ip.value = 0
    await s.run(15 * SECOND)
    assert not s.take()


@cocotb.test()
async def answers_to_queries_come_at_random_times(dut):
    s = await station(dut)
    dut.groups.value = number_of(GROUPS[0])
    await s.run(11 * SECOND)
    s.take()
    waits = []
    for _ in range(12):
        began = await s.send(query(tenths=20))
        await s.run(2 * SECOND + 100)
        waits.append(s.sent[0][0] - began)
        s.sent.clear()
    assert len({wait // (SECOND // 10) for wait in waits}) > 4
    assert max(waits) <= 2 * SECOND + 40


@cocotb.test()
async def what_is_urgent_waits_for_one_short_frame(dut):
    s = await station(dut)
    await ask(s, datagram(request(SUBSCRIBE, 3), sport=6000))
    s.sent.clear()
    urgent = datagram(bytes(20))
    event = request(0xC0, 1)[:8] + (1).to_bytes(2, "little") + bytes(70)
    beats = s.beats(event, 8)
    at = 0
    pending, began, waits = [], 0, []
    for _ in range(40 * (-(-122 // WIDTH) + 20)):
        dut.events__valid.value, dut.events__payload.value = 1, beats[at]
        if not pending and s.rng.random() < 0.05:
            pending, began = s.beats(urgent, WIDTH), s.now
        dut.feed_requests__valid.value = bool(pending)
        if pending:
            dut.feed_requests__payload.value = pending[0]
        dut.clk.value = 0
        await cocotb.triggers.Timer(1, "ns")
        if dut.events__ready.value:
            at = (at + 1) % len(beats)
        if pending and dut.feed_requests__ready.value:
            if len(pending) == -(-62 // WIDTH):
                waits.append(s.now - began)
            pending.pop(0)
        await s.cycle()
    longest = max(waits)
    assert len(waits) > 20
    assert 0 in waits
    frame = -(-122 // WIDTH)
    assert frame // 2 < longest <= frame
    assert {len(f) for _, _, f in s.sent} == {62, 122}


@cocotb.test()
async def without_an_address_nothing_is_sent(dut):
    s = await station(dut)
    dut.ip.value = 0
    dut.groups.value = number_of(GROUPS[0])
    dut.peer_ip.value = number_of(PEER)
    for frame in (arp_request(), ping(b"x"), datagram(request(HELLO, 1)), query(), arp_request("0.0.0.0")):
        await s.send(frame)
    await s.run(12 * SECOND)
    assert not s.sent
    assert s.counts["foreign"] == 5


@cocotb.test()
async def a_full_inbox_is_counted_and_forgets_nothing_it_took(dut):
    s = await station(dut)
    await ask(s, datagram(request(HELLO, 1)))
    s.tx_ready = 0.0
    asked = [request(READ, 2 + i, *((8 * j, 0) for j in range(60))) for i in range(8)]
    for payload in asked:
        await s.send(datagram(payload))
        await s.run(200)
    assert s.counts["overflows"] > 0
    s.tx_ready = 1.0
    await s.quiet()
    answered = [bytes(f[UDP].payload) for f in s.take()]
    assert answered == [carry_out(payload) for payload in asked[: len(answered)]]
    assert len(answered) + s.counts["overflows"] == len(asked)
    assert isinstance(Ether(ping()), Ether)
    assert (await ask(s, ping(b"still here")))[ICMP].type == 0
