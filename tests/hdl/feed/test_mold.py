import pytest

from hdl.feed.mold import MoldReceiver


@pytest.mark.parametrize("width", [8, 4, 1])
def test_against_the_model(run_cocotb, width):
    rounds = {8: 1500, 4: 400, 1: 100}[width]
    run_cocotb(MoldReceiver(width), "cocotb_mold", env={"WIDTH": str(width), "ROUNDS": str(rounds)})
