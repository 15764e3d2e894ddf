"""What ``make bench-driver`` measures and how it is put into figures."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_driver", ROOT / "scripts" / "bench_driver.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a NamedTuple's annotations are looked up there
    spec.loader.exec_module(module)
    return module


def test_a_way_is_measured_whole(bench):
    assert bench.PROGRAM.exists(), f"{bench.PROGRAM} is not built: run `make driver`"
    found = bench.measure(bench.Way("unix", "unix", "", "unix:"))
    assert found["round_trips"] == 20_000
    assert found["events"] == 880_000
    assert 0 < found["median_ns"] <= found["p99_ns"]
    assert found["events_per_second"] > 0
    assert found["cpu_ns_per_event"] > 0
    assert found["mode"] == "a socket"


def test_the_best_of_the_rounds_and_its_ratio_count(bench):
    def round_of(median, p99, rate, cpu):
        fields = {"median_ns": median, "p99_ns": p99, "events_per_second": rate, "cpu_ns_per_event": cpu}
        return {"round_trips": 20_000, "events": 880_000, "mode": "m", **fields}

    plain, udp = bench.WAYS[0], bench.WAYS[2]
    rounds = {
        plain: [round_of(100, 900, 5000, 50), round_of(80, 1000, 4000, 40)],
        udp: [round_of(120, 800, 3000, 60), round_of(160, 450, 2000, 30)],
    }
    figures = bench.figures_of(rounds, "over a wire")
    assert {key: figure.value for key, figure in figures.items()} == {
        "driver_plain_round_trip_median_ns": 80,
        "driver_plain_round_trip_p99_ns": 900,
        "driver_plain_events_per_second": 5000,
        "driver_plain_cpu_ns_per_event": 40,
        "driver_udp_round_trip_median_ns": 120,
        "driver_udp_round_trip_p99_ns": 450,
        "driver_udp_events_per_second": 3000,
        "driver_udp_cpu_ns_per_event": 30,
        "driver_udp_round_trip_median_ratio_to_plain": 1.5,
        "driver_udp_round_trip_p99_ratio_to_plain": 0.5,
        "driver_udp_events_per_second_ratio_to_plain": 0.6,
        "driver_udp_cpu_ns_per_event_ratio_to_plain": 0.75,
    }
    assert "over a wire" in figures["driver_udp_round_trip_median_ns"].what
