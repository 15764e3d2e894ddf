"""NetworkPort as its neighbours see it: every frame in is made by scapy, every frame out is read by it."""

import os
import struct

import cocotb
from scapy.contrib.igmp import IGMP
from scapy.layers.inet import ICMP, IP, UDP, IPOption_Router_Alert
from scapy.layers.l2 import ARP, Ether
from station_bench import (
    ADDRESS,
    HELLO,
    LINK,
    MAC,
    PEER,
    PEER_MAC,
    READ,
    SUBSCRIBE,
    WRITE,
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
async def the_host_link_is_answered_once(dut):
    s = await station(dut, seed=5)

    async def says(payload, **kwargs):
        s.tx_ready = s.rng.choice((1, 0.6))
        reply = await ask(s, datagram(payload, **kwargs))
        if reply is None:
            return None
        assert (reply.dst, reply[IP].dst, reply[UDP].sport, reply[UDP].dport) == (PEER_MAC, PEER, LINK, 4000)
        assert reply[UDP].chksum != 0
        return bytes(reply[UDP].payload)[: reply[UDP].len - 8]

    def header(kind, number, status):
        return request(kind | 0x80, number)[:10] + status.to_bytes(2, "little") + bytes(4)

    read = request(READ, 11, (0x100, 0), (0x108, 0))
    assert await says(read) == header(READ, 11, 4)
    assert s.carried == []
    assert await says(request(HELLO, 10)) == header(HELLO, 10, 0)
    assert await says(read) == carry_out(read) == await says(read)
    assert s.carried == [read]
    # The checksum may be left out.
    nothing = request(READ, 12)
    assert await says(nothing, chksum=0) == carry_out(nothing)
    # Late, or another request under a number that was used.
    assert await says(read) is None
    assert await says(request(WRITE, 12, (0x100, 1))) is None
    assert await says(request(READ, (12 - (1 << 24)) & 0xFFFFFFFF)) is None
    assert s.carried == [read, nothing]
    ahead = request(READ, (12 - (1 << 24) - 1) & 0xFFFFFFFF)
    assert await says(ahead) == carry_out(ahead)
    # Every size, and one item more than there may be.
    for count in (1, 2, 63, 64):
        asked = request(WRITE, count, *((8 * i, s.rng.getrandbits(64)) for i in range(count)))
        assert await says(asked) == carry_out(asked)
        assert s.carried.pop() == asked
    for asked in (request(READ, 80)[:-1] + b"\0\0", request(READ, 81) + b"abc", request(WRITE, 82) + bytes(1100)):
        assert (await says(asked))[10] == 3
        assert await says(asked) == header(asked[3], asked[4], 3)  # a copy
    assert (await says(request(9, 83)))[10] == 2
    assert (await says(request(READ, 84, version=2)))[10] == 1
    before = len(s.carried)
    for short in (b"", b"PW", request(READ, 90)[:15]):
        assert await says(short) is None
    assert s.counts["short_requests"] == 3
    assert len(s.carried) == before
    # A second HELLO of another owner of the port, and one that is wrong.
    assert await says(request(HELLO, 0x7000_0000)) == header(HELLO, 0x7000_0000, 0)
    assert await says(request(HELLO, 0x7000_0001, (0, 0))) == header(HELLO, 0x7000_0001, 3)
    # A request whose last word is cut: the bytes behind it do not make it another one.
    cut = request(READ, 0x7000_0002) + b"xyz"
    assert await says(cut) == await says(cut) is not None
    assert await says(request(READ, 0x7000_0002) + b"xyw") is None


@cocotb.test()
async def hosts_are_told_apart_and_forgotten_in_turn(dut):
    s = await station(dut)
    hosts = [{"sport": 5000 + i, "src": f"10.1.2.{40 + i}", "mac": f"02:00:00:00:00:{40 + i}"} for i in range(5)]

    async def status(payload, host):
        reply = await ask(s, datagram(payload, **host))
        return None if reply is None else bytes(reply[UDP].payload)[10]

    for host in hosts[:4]:
        assert await status(request(HELLO, 100), host) == 0
    for host in hosts[:4]:
        assert await status(request(READ, 101, (8, 0)), host) == 0
    assert await status(request(READ, 101, (8, 0)), hosts[0]) == 0  # a copy does not make it younger
    assert await status(request(READ, 102), hosts[1]) == 0
    assert await status(request(HELLO, 100), hosts[4]) == 0
    assert await status(request(READ, 103), hosts[0]) == 4
    for host in hosts[1:]:
        assert await status(request(READ, 104), host) == 0
    for host in hosts[1:]:
        assert await status(request(WRITE, 103, (8, 0)), host) is None
    assert len(s.carried) == 9


@cocotb.test()
async def hosts_that_ask_at_once_are_each_answered(dut):
    """Requests come one behind the other, events between the answers, while frames leave slowly."""
    s = await station(dut, seed=11)
    hosts = [{"sport": 7000 + i, "src": f"10.1.2.{40 + i}", "mac": f"02:00:00:00:00:{40 + i}"} for i in range(3)]
    for host in hosts:
        await ask(s, datagram(request(HELLO, 1), **host))
    await ask(s, datagram(request(SUBSCRIBE, 2), **hosts[0]))
    event = request(0xC0, 1)[:8] + (1).to_bytes(2, "little") + s.rng.randbytes(70)
    for number in range(3, 3 + 8):
        s.take()
        s.tx_ready = s.rng.choice((1, 0.5, 0.1))
        asked = [(host, request(READ, number, (8 * number + i, 0))) for i, host in enumerate(hosts)]
        for host, said in asked:
            await s.send(datagram(said, **host))
            await s.run(s.rng.randrange(40))
        await s.send(event, port="events")
        await s.quiet()
        got = [(frame.dst, frame[IP].dst, frame[UDP].dport, bytes(frame[UDP].payload)) for frame in s.take()]
        expected = [(host["mac"], host["src"], host["sport"], carry_out(said)) for host, said in asked]
        expected += [(hosts[0]["mac"], hosts[0]["src"], hosts[0]["sport"], event)]
        assert sorted(got) == sorted(expected)


@cocotb.test()
async def events_go_to_those_who_subscribed(dut):
    s = await station(dut, seed=3)
    event = request(0xC0, 1)[:8] + (1).to_bytes(2, "little") + bytes(6)
    records = [event + s.rng.randbytes(64) for _ in range(8)]
    await s.send(records[0], port="events")
    await s.quiet()
    assert not s.take()
    assert (await ask(s, datagram(request(SUBSCRIBE, 3, (0, 0)), sport=6000)))[UDP].dport == 6000
    await s.send(records[0], port="events")
    await s.quiet()
    assert not s.take()  # that subscription was refused
    for number in range(5):
        reply = await ask(s, datagram(request(SUBSCRIBE, 3), sport=6000 + number))
        assert bytes(reply[UDP].payload)[:16] == request(SUBSCRIBE | 0x80, 3)
        s.tx_ready = s.rng.choice((1, 0.5))
        for record in records[:2]:
            await s.send(record, port="events")
        await s.quiet()
        got = s.take()
        expected = list(range(number, max(-1, number - 4), -1))  # the one who came first has been forgotten
        assert [(f[UDP].dport, bytes(f[UDP].payload)) for f in got] == [
            (6000 + to, record) for record in records[:2] for to in expected
        ]
        assert {len(f) for f in got} == {122}
        # Who subscribes again is in the list once.
        if number == 0:
            await ask(s, datagram(request(SUBSCRIBE, 4), sport=6000))
    assert s.counts["event_frames"] == 2 * (1 + 2 + 3 + 4 + 4)


RELAY = struct.Struct("<HBBIHHIQIHHQ")


@cocotb.test()
async def the_relay_speaks_with_who_holds_the_session(dut):
    s = await station(dut, seed=8)
    hosts = [{"sport": 7000 + i, "src": f"10.1.2.{40 + i}", "mac": f"02:00:00:00:00:{40 + i}"} for i in range(2)]

    def asks(number):
        return RELAY.pack(0x5750, 1, 5, number, 1, 0, 0, 99, 0, 3, 16, 7) + s.rng.randbytes(16)

    def says(number, status, opened, kind=0x85):
        message = b"" if kind == 0x85 else s.rng.randbytes(48)
        return RELAY.pack(0x5750, 1, kind, number, 0, status, 0, 99, 4, opened, len(message), 7) + message

    async def exchange(request, answer, host=None):
        """A request, what the relay says to it, and to whom that went."""
        if host is None:
            await s.send(request, port="relay_direct")
        else:
            await s.send(datagram(request, **host))
        await s.quiet()
        assert s.relayed["relay_rx"].pop() == request
        await s.send(answer, port="relay_tx")
        await s.quiet()

    def heard(datagram_, host):
        """Whether a datagram left once, for that host alone, or for the card's own stream."""
        frames = s.take()
        if host is None:
            return s.relayed["relay_direct_answer"].pop() == datagram_ and not frames
        (frame,) = frames
        address = (frame[UDP].sport, frame[UDP].dport, frame[IP].dst, frame.dst)
        return address == (LINK, *host.values()) and bytes(frame[UDP].payload) == datagram_

    async def message_goes_to(host):
        s.tx_ready = s.rng.choice((1, 0.5))
        message = says(3, 0, 3, kind=0xC1)
        await s.send(message, port="relay_tx")
        await s.quiet()
        assert s.relayed["relay_direct_answer"].pop() == message  # whoever listens there hears it as well
        return (not s.take()) if host is None else heard(message, host)

    assert await message_goes_to(None)
    # Nobody said HELLO: the relay has numbers and tokens of its own. Copies go through to it as well.
    for number, host, status, opened, owner in (
        (1, hosts[0], 0, 3, hosts[0]),
        (1, hosts[0], 0, 3, hosts[0]),
        (2, hosts[1], 5, 3, hosts[0]),  # another one is refused
        (3, hosts[1], 0, 1, hosts[1]),  # and then has it
        (4, hosts[0], 6, 1, hosts[1]),
        (5, hosts[1], 0, 0, None),  # closed
        (6, hosts[0], 0, 3, hosts[0]),
        (7, None, 0, 3, None),  # taken over by the other way
        (8, hosts[0], 6, 3, None),
    ):
        request, answer = asks(number), says(number, status, opened)
        await exchange(request, answer, host)
        assert heard(answer, host)
        assert not s.relayed["relay_direct_answer"]
        assert await message_goes_to(owner)
    assert s.carried == []


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
