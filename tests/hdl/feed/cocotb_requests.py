"""Gaps are asked for and filled: every message once and in order, or stale and saying so."""

import random
from itertools import pairwise

import cocotb
from feed_bench import WIDTH, FeedBench
from request_server import OWN, SERVER, address, answer_frame, parse_request

from hdl.wire.ethernet import udp_frame
from hdl.wire.itch50 import ITCH50
from hdl.wire.moldudp64 import packet

SESSION, SYMBOL, WINDOW = "TODAY", "TEST", 256
FOUND, FILLED, LOST = range(3)
DIRECTORY = dict(
    stock=SYMBOL,
    market_category="Q",
    financial_status_indicator="N",
    round_lot_size=100,
    round_lots_only="N",
    issue_classification="C",
    issue_sub_type="Z",
    authenticity="P",
    short_sale_threshold_indicator="N",
    ipo_flag="N",
    luld_reference_price_tier="1",
    etp_flag="N",
    etp_leverage_factor=0,
    inverse_indicator="N",
)


def make_session(rng, count):
    """Messages by number, from 1 on: a Stock Directory message, then deletes and executions."""
    out = {1: ITCH50["R"].pack(stock_locate=9, timestamp=0, **DIRECTORY)}
    for n in range(2, count + 1):
        common = dict(stock_locate=9, timestamp=n, order_reference_number=rng.getrandbits(60))
        if rng.random() < 0.5:
            out[n] = ITCH50["D"].pack(**common)
        else:
            out[n] = ITCH50["E"].pack(**common, executed_shares=rng.randrange(1, 999), match_number=n)
    return out


class Line:
    """A feed with losses, and a server that answers what the card asks."""

    def __init__(self, b, truth, *, most=7, delay=80):
        self.b, self.truth, self.most, self.delay = b, truth, most, delay
        self.requests, self.answers, self.part = [], [], b""
        self.silent = 0  # requests that will not be answered

    async def start(self, *, timeout=3000, tries=5):
        await self.b.start([SYMBOL])
        d = self.b.dut
        d.own_address.value, d.request_address.value = address(OWN), address(SERVER)
        d.request_timeout.value, d.request_tries.value = timeout, tries
        return self

    def hear(self):
        """Take the card's frames; make the answers."""
        for cycle, beat in self.b.seen["tx"]:
            self.part += bytes(beat["data"][i] for i in range(WIDTH))[: beat["count"]]
            if beat["last"]:
                session, first, count = parse_request(self.part)
                assert session == SESSION
                assert 1 <= count <= WINDOW
                self.requests.append((cycle, first, count))
                self.part = b""
                if self.silent:
                    self.silent -= 1
                    continue
                numbers = range(first, first + min(count, self.most))
                self.answers.append(
                    (cycle + self.delay, answer_frame(SESSION, first, [self.truth[n] for n in numbers]))
                )
        self.b.seen["tx"].clear()

    async def wait(self, cycles):
        """Let time pass; what is due of the answers comes."""
        end = self.b.now + cycles
        while self.b.now < end:
            self.hear()
            if self.answers and self.answers[0][0] <= self.b.now:
                await self.b.answer(self.answers.pop(0)[1])
            else:
                await self.b.cycle()

    async def send(self, first, end, **options):
        await self.b.frame(udp_frame(packet(SESSION, first, [self.truth[n] for n in range(first, end)])), **options)
        await self.wait(0)

    async def heartbeat(self):
        await self.b.frame(udp_frame(packet(SESSION, len(self.truth) + 1, [])))

    def check(self):
        """Every message, once, in order, as it is."""
        got = [(m["source"]["sequence"], m["source"]["content"]) for m in self.b.take("decoded")]
        assert [n for n, _ in got] == list(self.truth), next((n, i) for i, (n, _) in enumerate(got, 1) if n != i)
        for n, content in got:
            assert content.to_bytes(50, "big")[: len(self.truth[n])] == self.truth[n], n

    def reports(self):
        return [(g["outcome"], g["expected"], g["received"]) for g in self.b.take("gap")]


@cocotb.test()
async def losses_repeats_and_reordering(dut):
    """A line that loses, repeats and exchanges packets: all is asked for, and the slot is whole at the end."""
    rng = random.Random(31)
    truth = make_session(rng, 900)
    line = await Line(FeedBench(dut), truth).start()
    sent, n = [], 1
    while n in truth:
        end = min(len(truth) + 1, n + rng.randrange(1, 9))
        if n == 1 or rng.random() > 0.12:
            sent += [(n, end)] * (2 if rng.random() < 0.1 else 1)
        n = end
    for i in range(1, len(sent) - 1):
        if rng.random() < 0.1:
            sent[i], sent[i + 1] = sent[i + 1], sent[i]
    stale = 0
    for first, end in sent:
        await line.send(first, end, idle=rng.choice((0, 0.3)), rng=rng)
        await line.wait(rng.choice((0, 5, 60)))
        stale += line.b.flags()[0]["stale"]
    await line.heartbeat()
    await line.wait(4000)
    line.check()
    assert stale > 10
    assert not line.b.flags()[0]["stale"]
    assert line.b.totals["gaps_filled"] > 5
    assert line.b.totals["recovered"] > 50
    assert line.b.totals["requests_sent"] == len(line.requests)
    assert "gaps_lost" not in line.b.totals
    kinds = [kind for kind, _, _ in line.reports()]
    assert kinds.count(FILLED) == line.b.totals["gaps_filled"]
    assert kinds[-1] == FILLED


@cocotb.test()
async def nothing_goes_on_past_a_gap(dut):
    """While a gap is open the messages behind it wait, and the slot is stale; one answer sets all right."""
    truth = make_session(random.Random(37), 40)
    line = await Line(FeedBench(dut), truth, most=99, delay=500).start()
    await line.send(1, 11)
    await line.send(21, 31)
    await line.wait(300)
    assert [m["source"]["sequence"] for m in line.b.take("decoded")] == list(range(1, 11))
    assert line.b.flags()[0]["stale"]
    await line.send(31, 41)
    await line.wait(600)
    assert [m["source"]["sequence"] for m in line.b.take("decoded")] == list(range(11, 41))
    assert not line.b.flags()[0]["stale"]
    assert [(first, count) for _, first, count in line.requests] == [(11, 10)]
    assert line.reports() == [(FOUND, 11, 21), (FILLED, 11, 41)]
    changes = [c["cause"] for c in line.b.take("change")]
    assert changes.count(1) == 1  # gap
    # Not before the book has taken all of it is the slot whole.
    line = await Line(FeedBench(dut), truth, most=99).start()
    dut.book_settled.value = 0
    await line.send(1, 11)
    await line.send(21, 41)
    await line.wait(600)
    assert line.b.flags()[0]["stale"]
    dut.book_settled.value = 1
    await line.wait(3)
    assert not line.b.flags()[0]["stale"]


@cocotb.test()
async def a_silent_server_and_bad_answers(dut):
    """Each wait is twice the one before; answers that are damaged, of another session or unasked for change nothing."""
    truth = make_session(random.Random(41), 60)
    line = await Line(FeedBench(dut), truth, most=99).start(timeout=400, tries=4)
    line.silent = 3
    await line.send(1, 11)
    await line.send(21, 31)
    wrong = [truth[n][:-1] + b"\xff" for n in range(11, 21)]
    await line.wait(100)
    await line.b.answer(answer_frame(SESSION, 11, wrong), error=True)
    await line.b.answer(answer_frame("OTHER", 11, wrong))
    await line.b.answer(answer_frame(SESSION, 1, [truth[n] for n in range(1, 11)]))
    await line.wait(4500)
    cycles = [cycle for cycle, _, _ in line.requests]
    assert [round((b - a) / 400) for a, b in pairwise(cycles[:4])] == [1, 2, 4], cycles
    # What waited when the damaged answer came was thrown out with it, and asked for like the rest.
    assert [(first, count) for _, first, count in line.requests[3:]] == [(11, 10), (21, 10)]
    await line.send(31, 61)
    await line.wait(200)
    line.check()
    assert line.b.totals["answers_useless"] >= 20
    assert not line.b.flags()[0]["stale"]


@cocotb.test()
async def a_gap_that_cannot_be_filled(dut):
    """After the last try the gap is lost: told once, every slot stale, and the feed goes on."""
    truth = make_session(random.Random(43), 60)
    line = await Line(FeedBench(dut), truth).start(timeout=200, tries=3)
    line.silent = 99
    await line.send(1, 11)
    await line.send(21, 31)
    await line.wait(3000)
    assert len(line.requests) == 3
    assert line.b.totals["gaps_lost"] == 1
    assert line.reports() == [(FOUND, 11, 21), (LOST, 11, 31)]
    line.b.take("decoded")
    await line.send(31, 61)
    await line.wait(20)
    assert [m["source"]["sequence"] for m in line.b.take("decoded")] == list(range(31, 61))
    assert line.b.flags()[0]["stale"]
    assert len(line.requests) == 3


@cocotb.test()
async def more_than_the_window_holds(dut):
    """What does not fit while an answer is awaited is dropped, counted, and asked for in its turn."""
    truth = make_session(random.Random(47), 700)
    line = await Line(FeedBench(dut), truth, most=30, delay=6000).start(timeout=60_000)
    await line.send(1, 11)
    for first in range(21, 661, 20):
        await line.send(first, first + 20)
    line.delay = 50
    await line.wait(12_000)
    await line.send(661, 701)
    await line.wait(6000)
    line.check()
    assert line.b.totals["not_held"] > 200
    assert not line.b.flags()[0]["stale"]


@cocotb.test()
async def damaged_frames(dut):
    """A damaged frame whose messages had gone on harms the books for good; one that waited is asked for again."""
    truth = make_session(random.Random(53), 80)
    line = await Line(FeedBench(dut), truth, most=99, delay=600).start()
    await line.send(1, 11)
    await line.send(21, 31)
    await line.b.frame(udp_frame(packet(SESSION, 31, [b"X" * 23] * 10)), error=True)
    await line.send(31, 51)
    await line.wait(2000)
    assert not line.b.flags()[0]["stale"]
    assert "gaps_lost" not in line.b.totals
    await line.send(51, 81)
    await line.wait(20)
    line.check()
    await line.b.start([SYMBOL])
    line.b.totals.clear()
    await line.start()
    await line.send(1, 11)
    await line.b.frame(udp_frame(packet(SESSION, 11, [truth[n] for n in range(11, 31)])), error=True)
    await line.wait(3000)
    assert line.b.flags()[0]["stale"]
    assert line.b.totals["gaps_lost"] == 1
    assert line.requests[-1][1] < 51, "nothing is asked for that has gone on"


@cocotb.test()
async def a_day_joined_late_and_a_new_one(dut):
    """The first packet heard is not the day's first: the whole day is asked for. A new session forgets it."""
    truth = make_session(random.Random(59), 200)
    line = await Line(FeedBench(dut), truth, most=40).start()
    await line.send(151, 181)
    await line.wait(3000)
    await line.send(181, 201)
    await line.wait(100)
    line.check()
    assert not line.b.flags()[0]["stale"]
    line = await Line(FeedBench(dut), truth).start()
    line.silent = 99
    await line.send(1, 11)
    await line.send(21, 31)
    await line.wait(50)
    line.b.take("decoded")
    await line.b.frame(udp_frame(packet("TOMORROW", 1, [truth[1], truth[2]])))
    await line.wait(30)
    assert [m["source"]["sequence"] for m in line.b.take("decoded")] == [1, 2]
    assert not line.b.flags()[0]["stale"]
    asked = len(line.requests)
    await line.wait(4000)
    assert len(line.requests) == asked
