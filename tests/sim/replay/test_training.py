"""The sessions that the feed half is compiled for."""

import pytest

from sim.replay import training
from sim.replay.replay import build_feed_half


def test_rows_are_refilled_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    library = build_feed_half("demo")
    training.train("demo", library)
    monkeypatch.setattr(training, "_ROUNDS", 0)
    with pytest.raises(RuntimeError, match="no refill"):
        training.train("demo", library)
