import pytest

from hdl.feed.capture import SHELVES
from hdl.feed.mold import MoldReceiver


@pytest.mark.parametrize(("width", "shelves"), [(8, SHELVES), (4, SHELVES), (1, SHELVES), (8, 1), (1, 1)])
def test_against_the_model(run_cocotb, width, shelves):
    rounds = {8: 1500, 4: 400, 1: 100}[width]
    run_cocotb(MoldReceiver(width, shelves), "cocotb_mold", env={"WIDTH": str(width), "ROUNDS": str(rounds)})
