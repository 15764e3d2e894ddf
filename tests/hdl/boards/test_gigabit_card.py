from pathlib import Path

from hdl.configs import CONFIGS
from hdl.gigabit_card import GigabitCard
from hdl.net.gigabit import PhyKind

PHY = PhyKind(address=0, reset_us=2, settle_us=1)


def test_a_card_at_its_pins(run_cocotb, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "net"))  # the PHY and the host of the ports' tests
    card = GigabitCard(CONFIGS["listen"], [PHY], mac=0x0250_5700_0007, ip=0x0A01_0203)
    run_cocotb(card, "cocotb_gigabit_card")
