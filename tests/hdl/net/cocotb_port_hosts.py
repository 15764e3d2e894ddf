"""NetworkPort as hosts see it: requests, events and the order relay over UDP, by way of scapy."""

import struct

import cocotb
from cocotb_port import ask, station
from scapy.layers.inet import IP, UDP
from station_bench import HELLO, LINK, PEER, PEER_MAC, READ, SUBSCRIBE, WRITE, carry_out, datagram, request


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
