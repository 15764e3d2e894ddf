"""Latencies: within their ends, in order, and the same for the same seed, whoever cuts the play."""

import random

import pytest

from sim.exchange.latency import Latency, LatencyDraws
from sim.exchange.line import Line


@pytest.mark.parametrize(
    ("text", "ends"),
    [("10000", (10_000, 10_000)), ("uniform:8000-12000", (8_000, 12_000)), ("tail:8000-60000~3000", (8_000, 60_000))],
)
def test_draws_stay_within_the_ends_and_follow_from_the_seed(text, ends):
    draws = LatencyDraws(Latency.of(text), "a")
    values = [draws.draw() for _ in range(5_000)]
    assert ends[0] <= min(values) <= max(values) <= ends[1]
    again = LatencyDraws(Latency.of(text), "a")
    assert [again.draw() for _ in range(5_000)] == values
    if ends[0] < ends[1]:
        other = LatencyDraws(Latency.of(text), "b")
        assert [other.draw() for _ in range(100)] != values[:100]


def test_a_tail_is_mostly_near_its_least():
    draws = LatencyDraws(Latency.of("tail:8000-60000~3000"), "a")
    values = sorted(draws.draw() for _ in range(5_000))
    # The median of an exponential is ln 2 of its mean: 8,000 + 2,079.
    assert 9_950 < values[2_500] < 10_250
    assert values[-1] > 25_000


@pytest.mark.parametrize("text", ["", "fast", "uniform:9-3", "tail:1-2", "uniform:1-2~3", "-4", "tail:1-9~0"])
def test_what_is_no_latency_is_refused(text):
    with pytest.raises(ValueError, match=r"latenc|tail"):
        Latency.of(text)


def test_nothing_overtakes_on_the_line_in_either_direction():
    line = Line(Latency.of("uniform:100-90000"), Latency.of("tail:100-90000~20000"), 5)
    rng = random.Random(1)
    time = 0
    for number in range(500):
        time += rng.randint(0, 300)
        line.send(time, b"%d" % number, 0)
        line.answer(time, b"%d" % number)
    arrived = [line.take_arrived() for _ in range(500)]
    assert [int(data) for _, data in arrived] == list(range(500))
    assert [at for at, _ in arrived] == sorted(at for at, _ in arrived)
    told = line.due(time + 90_000)
    assert [int(data) for _, data in told] == list(range(500))
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    assert line.next_answer is None
    assert not line.busy
