"""The short form of ``make soak``: a few sessions, and a card that was told wrong is found out."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from sim.exchange.answers import Answers
from sim.soak import session
from sim.soak.session import play_session

ROOT = Path(__file__).resolve().parents[3]


#: Two of the taker's, three of the maker's; trades are broken in the last.
SEEDS = (0, 2, 3, 4, 9)
TRADING, BROKEN = 0, 9


def test_a_few_sessions_of_every_trouble_end_with_three_counts_that_agree():
    said: Counter[str] = Counter()
    traded: Counter[str] = Counter()
    put_right = 0
    for seed in SEEDS:
        end = play_session(seed)
        assert not end.wrong, f"session {seed}: {end.wrong}"
        said += end.said
        traded[end.strategy] += end.said["executed"]
        put_right += end.put_right
    assert traded["taker"] > 200
    assert traded["maker"] > 10
    tried = {"accepted", "replaced", "canceled", "rejected", "cancel_pending", "cancel_rejected", "self_matched"}
    assert tried | {"restated", "reprioritized", "broken"} <= set(said), "a short form that tries too little"
    assert put_right, "the host had nothing to put right"


def test_a_host_that_leaves_a_broken_trade_as_it_is_is_found_out(monkeypatch):
    monkeypatch.setattr(session._Host, "look", lambda *_: None)
    end = play_session(BROKEN)
    assert end.said["broken"]
    assert any("position" in words for words in end.wrong)


def test_one_seed_is_one_session():
    ends = [play_session(5), play_session(5)]
    assert (ends[0].said, ends[0].sent) == (ends[1].said, ends[1].sent)


@pytest.mark.parametrize("fee", [2_999, 3_001])
def test_a_card_with_another_fee_is_found_out(monkeypatch, fee):
    honest = session._FEES
    prepare = session._prepare

    def wrong(card, rng, strategy):
        prepare(card, rng, strategy)
        card.set("control.command", disarm=1)
        card.set("risk.fee_remove", fee)
        card.set("control.command", arm=1)

    monkeypatch.setattr(session, "_prepare", wrong)
    end = play_session(TRADING)
    assert any(" cash: " in words for words in end.wrong)
    assert not any("position" in words for words in end.wrong)
    assert session._FEES is honest


def test_an_exchange_that_forgets_to_log_a_fill_is_found_out(monkeypatch):
    note = Answers._note

    def forgetful(self, now, kind, order, shares, price, **more):
        return note(self, now, "forgotten" if more.get("match") == 3 else kind, order, shares, price, **more)

    monkeypatch.setattr(Answers, "_note", forgetful)
    assert any("position" in words for words in play_session(TRADING).wrong)


def test_the_command_counts_and_says_so():
    done = subprocess.run(
        [sys.executable, "-m", "sim.soak", "--sessions", "1", "--first", "1"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("sessions: 1, agreeing: 1\nsent by the card: O ")
