import pytest

from hdl.net.udp_receiver import UdpReceiver


@pytest.mark.parametrize("width", [8, 4, 1])
def test_against_the_model(run_cocotb, width):
    rounds = {8: 1500, 4: 1000, 1: 300}[width]
    least = 20 if width == 4 else width + 1
    env = {"WIDTH": str(width), "ROUNDS": str(rounds), "LEAST": str(least)}
    run_cocotb(UdpReceiver(width, least=least), "cocotb_udp_receiver", env=env)
