from dataclasses import replace

import pytest

from hdl.configs import CONFIGS
from hdl.feed.receiver import FeedReceiver


@pytest.mark.parametrize(("width", "lines"), [(8, 2), (4, 2), (1, 2), (1, 1)])
def test_on_real_data(run_cocotb, real_data, width, lines):
    real_data("itch/aapl_20200130_first10k.itch50")
    messages = {8: 3000, 4: 800, 1: 240}[width]
    env = {"WIDTH": str(width), "LINES": str(lines), "MESSAGES": str(messages)}
    run_cocotb(FeedReceiver(replace(CONFIGS["demo"], width=width, lines=lines)), "cocotb_feed", env=env)


@pytest.mark.parametrize("recovers", [True, False])
def test_states_against_a_model(run_cocotb, recovers):
    run_cocotb(FeedReceiver(CONFIGS["demo"], recovers=recovers), "cocotb_states", env={"WIDTH": "8"})


@pytest.mark.parametrize(("lines", "apart"), [(2, False), (1, False), (1, True)])
def test_gaps_are_asked_for_and_filled(run_cocotb, lines, apart):
    env = {"WIDTH": "8", "LINES": str(lines), "APART": str(int(apart))}
    config = replace(CONFIGS["demo"], lines=lines, hosts_apart=apart)
    run_cocotb(FeedReceiver(config), "cocotb_requests", env=env)


@pytest.mark.parametrize("recovers", [True, False])
def test_bad_frames_of_every_kind(run_cocotb, recovers):
    run_cocotb(FeedReceiver(CONFIGS["demo"], recovers=recovers), "cocotb_fuzz", env={"WIDTH": "8", "ROUNDS": "12"})
