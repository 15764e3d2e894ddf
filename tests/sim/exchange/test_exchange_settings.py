"""An exchange from settings by name: every name does something, and what is no setting is refused in words."""

import pytest

from sim.exchange.rules import Rules, Trouble
from sim.exchange.settings import SETTINGS, venue_of

ANOTHER = {
    "latency_in": "uniform:5-9", "latency_out": 7, "seed": 3, "short_restricted": "reject", "halt_cancels": True,
    "cancel_on_disconnect": False, "tell_day": True, "reject_enter": 0.1, "reject_replace": 0.2, "dead_on_entry": 0.3,
    "dead_on_replace": 0.4, "cancel_pending": 0.5, "cancel_reject": 0.6, "slide": 0.7, "break_trade": 1,
    "pending_ns": 11, "break_ns": 12, "self_match": 0.8, "restate": 0.9, "reprioritize": 0.95, "change_ns": 13,
}  # fmt: skip


def test_nothing_named_is_the_exchange_as_it_always_was():
    venue = venue_of({})
    assert (venue.latency_in_ns, venue.latency_out_ns, venue.rules) == (10_000, 10_000, Rules())


def test_every_setting_arrives():
    assert set(ANOTHER) == set(SETTINGS)
    venue = venue_of(ANOTHER)
    assert (venue.latency_in_ns, venue.latency_out_ns) == (5, 7)
    trouble = Trouble(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1, 0.8, 0.9, 0.95, 11, 12, 13)
    assert venue.rules == Rules(
        "reject", halt_cancels=True, cancel_on_disconnect=False, tell_day=True, trouble=trouble, seed=3
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mood": 1}, "no setting 'mood'"),
        ({"halt_cancels": 1}, "true or false"),
        ({"slide": "often"}, "a chance"),
        ({"slide": 1.5}, "a chance"),
        ({"seed": -1}, "a whole number"),
        ({"short_restricted": "ignore"}, "reprice or reject"),
        ({"latency_in": "soon"}, "is no latency"),
        ({"latency_in": 1.5}, "a latency"),
        ({"break_ns": 0}, "must be 1 or more"),
    ],
)
def test_what_is_no_setting_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        venue_of(wrong)
