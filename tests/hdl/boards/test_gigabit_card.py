from dataclasses import replace
from pathlib import Path

import pytest

from hdl.configs import CONFIGS
from hdl.gigabit_card import GigabitCard, at_gigabit
from hdl.net.gigabit import PhyKind


@pytest.mark.parametrize("ports", [1, 2])
def test_a_card_at_its_pins(run_cocotb, monkeypatch, ports):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "net"))  # the PHY and the host of the ports' tests
    phys = [PhyKind(address=i, reset_us=2, settle_us=1) for i in range(ports)]
    card = GigabitCard(CONFIGS["listen"], phys, mac=0x0250_5700_0007, ip=0x0A01_0203)
    run_cocotb(card, "cocotb_gigabit_card", env={"PORTS": str(ports)})


def test_hosts_have_the_port_that_no_line_has():
    lines = {(name, ports): at_gigabit(CONFIGS[name], ports) for name in ("listen", "tiny") for ports in (1, 2)}
    assert {key: (sizes.lines, sizes.hosts_apart) for key, sizes in lines.items()} == {
        ("listen", 1): (1, False),
        ("listen", 2): (1, True),
        ("tiny", 1): (1, False),
        ("tiny", 2): (2, False),
    }
    with pytest.raises(ValueError, match="line B on the hosts' port"):
        replace(CONFIGS["tiny"], hosts_apart=True)
