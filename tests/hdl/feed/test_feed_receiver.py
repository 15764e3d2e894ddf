from hdl.configs import CONFIGS
from hdl.feed.receiver import FeedReceiver


def test_on_real_data(run_cocotb, real_data):
    real_data("itch/aapl_20200130_first10k.itch50")
    run_cocotb(FeedReceiver(CONFIGS["demo"]), "cocotb_feed")


def test_states_against_a_model(run_cocotb):
    run_cocotb(FeedReceiver(CONFIGS["demo"]), "cocotb_states")
