import pytest

from hdl.feed.joined import JoinedFeed


@pytest.mark.parametrize("width", [8, 4])
def test_two_lines_against_a_model(run_cocotb, width):
    rounds = {8: 24, 4: 4}[width]
    run_cocotb(JoinedFeed(width), "cocotb_lines", env={"WIDTH": str(width), "ROUNDS": str(rounds)})
