"""The feed's tests again, on what synthesis made of it: each cell of the FPGA by Yosys' own model of it."""

import os
from dataclasses import replace

import pytest

from hdl.configs import CONFIGS
from hdl.feed.mold import MoldReceiver
from hdl.feed.receiver import FeedReceiver

pytestmark = pytest.mark.skipif("PENNYWIRE_SMOKE" not in os.environ, reason="`make smoke` runs it")


def test_packets_against_the_model(run_cocotb):
    run_cocotb(MoldReceiver(1), "cocotb_mold", env={"WIDTH": "1", "ROUNDS": "100"}, synthesised=True)


def test_messages_of_a_real_day(run_cocotb, real_data):
    real_data("itch/aapl_20200130_first10k.itch50")
    block = FeedReceiver(replace(CONFIGS["demo"], width=1))
    run_cocotb(block, "cocotb_feed", env={"WIDTH": "1", "MESSAGES": "240"}, synthesised=True)
