"""The card's order relay: every message once each way, whatever the network does; one owner; down when in doubt."""

import random

import pytest

from hdl.regs.order_relay import OrderRelay
from tests.hdl.regs.relay_bench import (
    BAD_KIND,
    BAD_LENGTH,
    BAD_MAGIC,
    CLOSE,
    FORCE,
    NOT_OWNER,
    OK,
    OPEN,
    RESEND,
    START,
    TAKEN,
    UP,
    Bench,
    Told,
    request,
)  # fmt: skip


def played(steps, **options):
    bench = Bench(OrderRelay(options.pop("depth", 8)), **options)
    bench.run(steps)
    return bench, [Told(datagram) for datagram in bench.sent]


def test_messages_go_both_ways():
    order, fill = bytes(range(47)), bytes(range(64, 64 + 36))

    def steps(bench):
        bench.give("rx", request(10, 77, flags=OPEN))
        yield 30
        bench.give("rx", request(11, 77, flags=START | UP, sequence=5))
        yield 30
        bench.give("card", order)
        yield 30
        bench.give("rx", request(12, 77, taken=1, flags=UP, sequence=5, message=fill))
        yield 40

    bench, told = played(steps)
    assert bench.let_through == [fill]
    assert [(t.kind, t.request, t.status) for t in told] == [
        (0x85, 10, OK), (0x85, 11, OK), (0xC1, 0, 0), (0x85, 12, OK),
    ]  # fmt: skip
    assert told[2].message == order
    assert [t.wanted for t in told] == [0, 5, 5, 6]
    assert [(t.oldest, t.number) for t in told if t.kind == 0x85] == [(0, 0), (0, 0), (1, 1)]
    assert (bench.up, bench.opened, bench.owner, bench.number, bench.taken, bench.wanted) == (1, 1, 77, 1, 1, 6)
    assert bench.busy == 0
    # From the last beat of an order to the first word of its datagram; from a request's last word to the card.
    assert bench.times["tx"][2] - bench.times["card"][0] == 2
    assert bench.times["exchange"][0] - bench.times["rx"][-1] == 3


@pytest.mark.parametrize("size", [1, 7, 8, 9, 63, 64, 65, 511, 512])
def test_a_message_of_any_length_goes_through_whole(size):
    message = random.Random(size).randbytes(size)

    def steps(bench):
        bench.give("rx", request(1, 9, flags=OPEN))
        bench.give("rx", request(2, 9, flags=START, sequence=1))
        bench.give("rx", request(3, 9, sequence=1, message=message))
        if size <= 64:
            bench.give("card", message)
        yield 260

    bench, told = played(steps, stall=lambda cycle: cycle % 3 == 0)
    assert bench.let_through == [message]
    assert [t.message for t in told if t.kind == 0xC1] == ([message] if size <= 64 else [])


def test_what_makes_no_sense_changes_nothing():
    def steps(bench):
        bench.give("rx", request(1, 9, flags=OPEN))
        bench.give("rx", request(2, 9, flags=START | UP, sequence=1))
        bench.give("rx", request(3, 9, sequence=1, message=b"m", magic=0x5751))
        bench.give("rx", request(4, 9, sequence=1, message=b"m", version=2))
        bench.give("rx", request(5, 9, sequence=1, message=b"m", kind=1))
        bench.give("rx", request(6, 9, sequence=1, message=b"m", count=2))
        bench.give("rx", request(7, 9, sequence=1, message=b"m", count=0))
        bench.give("rx", request(8, 9, sequence=1, count=1))
        bench.give("rx", request(9, 9, sequence=1, message=bytes(513)))
        bench.give("rx", request(10, 9, sequence=1, message=bytes(600)))
        bench.give("rx", request(11, 9, sequence=1, message=bytes(16))[:-8])
        bench.give("rx", request(12, 9, sequence=1, message=b"m") + bytes(8))
        bench.give("rx", request(13, 9, sequence=1, message=b"m"), cut=5)
        bench.give("rx", request(14, 9, sequence=1, message=b"m"), error=1)
        bench.give("rx", request(15, 9)[:32])
        bench.give("rx", b"x")
        yield 700

    bench, told = played(steps)
    assert [t.status for t in told[2:]] == [BAD_MAGIC, BAD_MAGIC, BAD_KIND] + [BAD_LENGTH] * 8
    assert bench.let_through == []
    assert bench.pulses["bad"] == 14
    assert (bench.up, bench.wanted) == (1, 1)


def test_one_owner_at_a_time():
    def steps(bench):
        bench.give("rx", request(1, 50, flags=OPEN))
        bench.give("rx", request(2, 50, flags=START | UP, sequence=1))
        bench.give("rx", request(1, 60, flags=OPEN))  # taken
        bench.give("rx", request(2, 60, sequence=1, message=b"of another"))
        bench.give("rx", request(3, 60, flags=CLOSE))
        bench.give("rx", request(1, 40, flags=OPEN | FORCE))  # of an earlier owner, late
        yield 200
        assert (bench.owner, bench.up, bench.opened) == (50, 1, 1)
        bench.give("rx", request(9, 60, flags=OPEN | FORCE))
        yield 40
        assert (bench.owner, bench.up, bench.opened) == (60, 0, 1)
        bench.give("rx", request(3, 50, sequence=1, message=b"of the last owner", flags=UP))
        bench.give("rx", request(10, 60, flags=CLOSE | UP))
        bench.give("rx", request(11, 60, flags=UP, sequence=1, message=b"closed"))
        bench.give("rx", request(12, 60, flags=OPEN))  # its token was used
        yield 100
        assert (bench.up, bench.opened) == (0, 0)
        bench.give("rx", request(1, 61, flags=OPEN))
        yield 40
        assert bench.opened

    bench, told = played(steps)
    assert [t.status for t in told] == [
        OK, OK, TAKEN, NOT_OWNER, NOT_OWNER, TAKEN, OK, NOT_OWNER, OK, NOT_OWNER, NOT_OWNER, OK,
    ]  # fmt: skip
    assert bench.let_through == []
    assert bench.pulses["refused"] == 7


def test_what_comes_late_is_dropped():
    """A word of before, that the session is up, must not be heard after the word that it is down."""

    def steps(bench):
        bench.give("rx", request(0xFFFFFFFE, 9, flags=OPEN))
        bench.give("rx", request(0xFFFFFFFF, 9, flags=START | UP, sequence=1))
        bench.give("rx", request(1, 9))
        bench.give("rx", request(0, 9, flags=UP))
        bench.give("rx", request(0xFFFFFFFF, 9, flags=START | UP, sequence=1))
        bench.give("rx", request(0xFFFFFFFE, 9, flags=OPEN))
        yield 150

    bench, told = played(steps)
    assert len(told) == 3
    assert bench.pulses["late"] == 3
    assert (bench.up, bench.opened) == (0, 1)


def test_an_owner_who_is_silent_has_lost_the_session():
    def steps(bench):
        bench.give("rx", request(1, 9, flags=OPEN))
        bench.give("rx", request(2, 9, flags=START | UP, sequence=1))
        yield 50
        bench.time += 950
        yield 2
        assert bench.up
        bench.give("rx", request(3, 9, flags=UP))
        yield 30
        bench.time += 900
        yield 20
        assert bench.up
        yield 80
        assert (bench.up, bench.opened, bench.pulses["vanished"]) == (0, 0, 1)
        bench.give("rx", request(4, 9, flags=UP))
        yield 30
        assert not bench.up
        bench.give("rx", request(5, 10, flags=OPEN))
        yield 30
        assert (bench.opened, bench.pulses["vanished"]) == (1, 1)

    relay = OrderRelay(8)
    bench = Bench(relay)
    bench.silence = 1000
    bench.run(steps)


def test_what_is_not_taken_is_kept_and_sent_again_in_order():
    orders = [bytes([number]) * (number + 40) for number in range(11)]

    def steps(bench):
        for order in orders:
            bench.give("card", order)
        yield 120
        assert (bench.number, len(bench.sent)) == (8, 0)  # nobody to send them to, and no room for more
        bench.give("rx", request(1, 9, flags=OPEN))
        yield 150
        bench.give("rx", request(2, 9, taken=3, flags=RESEND))
        yield 200
        bench.give("rx", request(3, 9, taken=99, flags=RESEND))  # a number that was never used
        yield 50
        bench.give("rx", request(4, 9, taken=11))
        yield 50
        assert bench.taken == 11
        bench.give("rx", request(5, 9, taken=3, flags=RESEND))  # of before
        yield 50

    bench, told = played(steps)
    numbers = [t.number for t in told if t.kind == 0xC1]
    assert numbers == [*range(8), *range(3, 11)]
    assert [t.message for t in told if t.kind == 0xC1] == [orders[n] for n in numbers]
    assert bench.pulses["resent"] == 5


def test_a_message_of_another_number_is_not_let_through():
    def steps(bench):
        bench.give("rx", request(1, 9, flags=OPEN))
        bench.give("rx", request(2, 9, sequence=0, message=b"before START"))
        bench.give("rx", request(3, 9, flags=START, sequence=5))
        for number, sequence in enumerate((4, 6, 5, 5, 1 << 63 | 6, 6), start=4):
            bench.give("rx", request(number, 9, sequence=sequence, message=b"of %d" % (sequence & 0xFF)))
        bench.give("rx", request(20, 9, flags=START, sequence=5))  # begun is begun
        bench.give("rx", request(21, 9, sequence=5, message=b"of 5"))
        yield 300

    bench, told = played(steps)
    assert bench.let_through == [b"of 5", b"of 6"]
    assert [t.wanted for t in told] == [0, 0, 5, 5, 5, 6, 6, 6, 7, 7, 7]
    assert bench.pulses["repeated"] == 6


def test_an_answer_says_whether_a_message_has_begun():
    """Who takes back what was never received has to know that no order is on its way to a number."""
    order = bytes(40)

    def steps(bench):
        bench.give("rx", request(1, 9, flags=OPEN))
        yield 30
        bench.pending["card"] += [(order[:8], 8, False, 0)]
        yield 3
        bench.give("rx", request(2, 9))
        yield 30
        bench.give("card", order[8:])
        yield 30
        bench.give("rx", request(3, 9, taken=1))
        yield 30

    _, told = played(steps)
    assert [(t.number, t.flags >> 2) for t in told if t.kind == 0x85] == [(0, 0), (0, 1), (1, 0)]


class Network:
    """Loses, doubles, delays and reorders frames."""

    def __init__(self, rng):
        self.rng, self.flying = rng, []

    def send(self, now, frame):
        for _ in range(self.rng.choice((0, 1, 1, 1, 2))):
            self.flying.append((now + self.rng.choice((1, 1, 1, 4, 60)), self.rng.random(), frame))

    def arrived(self, now):
        due = sorted(f for f in self.flying if f[0] <= now)
        self.flying = [f for f in self.flying if f[0] > now]
        return [frame for _, _, frame in due]


@pytest.mark.parametrize("seed", range(5))
def test_everything_comes_once_and_in_order_over_a_bad_network(seed):
    """Hosts that come and go, each going on where the card says; the session's messages and the orders are whole."""
    rng = random.Random(seed)
    orders = [b"O%05d" % n + rng.randbytes(rng.randint(1, 50)) for n in range(16)]
    fills = [b"E%05d" % n + rng.randbytes(rng.randint(1, 100)) for n in range(16)]
    heard = []

    def steps(bench):
        up, down, seen = Network(rng), Network(rng), 0
        waiting, token, number, opened, wanted, has, quiet = list(orders), 100, 0, False, 0, 0, 0
        for _ in range(6000):
            if len(bench.let_through) == len(fills) and bench.taken == len(orders):
                return
            if waiting and rng.random() < 0.03:
                bench.give("card", waiting.pop(0))
            if rng.random() < 0.002:  # a host dies, and another begins with nothing but what the card knows
                token, opened = token + rng.randint(1, 5), False
            quiet -= 1
            if quiet <= 0:
                quiet, number = rng.randint(5, 60), number + 1
                if not opened:
                    up.send(bench.cycle, request(number, token, flags=OPEN | FORCE))
                elif wanted == 0:
                    up.send(bench.cycle, request(number, token, taken=has, flags=START, sequence=1))
                else:
                    message = fills[wanted - 1] if wanted <= len(fills) else b""
                    flags = UP | (RESEND if rng.random() < 0.2 else 0)
                    up.send(
                        bench.cycle,
                        request(number, token, taken=has, flags=flags, sequence=wanted, message=message),
                    )
            for frame in up.arrived(bench.cycle):
                bench.give("rx", frame)
            for datagram in bench.sent[seen:]:
                down.send(bench.cycle, datagram)
            seen = len(bench.sent)
            for told in map(Told, down.arrived(bench.cycle)):
                if told.owner != token or told.status:
                    continue
                if told.kind == 0x85:
                    if not opened:
                        opened, has = True, told.oldest
                    wanted = max(wanted, told.wanted)
                elif opened and told.number == has:
                    heard.append((has, told.message))
                    has += 1
            yield 1

    bench, _ = played(steps, stall=lambda cycle: rng.random() < 0.2)
    assert bench.let_through == fills
    # What one host had and did not say so before it died is sent to the next: it must be the same under that number.
    assert dict(heard) == dict(enumerate(orders))
    assert bench.pulses["repeated"] > 0
    assert bench.pulses["late"] > 0
    assert bench.pulses["resent"] > 0
