import pytest

from hdl.net.port import NetworkPort

SECOND = 500  # cycles: ARP and IGMP count in seconds


@pytest.mark.parametrize("module", ["cocotb_port", "cocotb_port_hosts"])
@pytest.mark.parametrize("width", [8, 4, 1])
def test_as_its_neighbours_see_it(run_cocotb, width, module):
    second = SECOND if width != 1 else 3 * SECOND
    run_cocotb(NetworkPort(width, second=second), module, env={"WIDTH": str(width), "SECOND": str(second)})


@pytest.mark.parametrize("width", [8, 4, 1])
def test_bad_frames(run_cocotb, width):
    rounds = {8: 1500, 4: 800, 1: 300}[width]
    second = SECOND if width != 1 else 3 * SECOND
    run_cocotb(NetworkPort(width, second=second), "cocotb_port_fuzz", env={"WIDTH": str(width), "ROUNDS": str(rounds)})
