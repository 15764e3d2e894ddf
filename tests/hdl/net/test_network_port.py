import pytest

from hdl.net.port import NetworkPort

SECOND = 500  # cycles: ARP and IGMP count in seconds


@pytest.mark.parametrize("width", [8, 4, 1])
def test_as_its_neighbours_see_it(run_cocotb, width):
    second = SECOND if width != 1 else 1500
    run_cocotb(NetworkPort(width, second=second), "cocotb_port", env={"WIDTH": str(width), "SECOND": str(second)})
