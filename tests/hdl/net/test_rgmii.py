import pytest

from hdl.net.gigabit import GigabitPort, PhyKind

PHY = PhyKind(address=3, reset_us=2, settle_us=1)


def test_a_port_and_its_phy(run_cocotb):
    run_cocotb(GigabitPort("phy_rx", PHY), "cocotb_rgmii")


def test_captured_frames(run_cocotb, real_data):
    captures = real_data("pcap/nasdaq_20230822")
    run_cocotb(GigabitPort("phy_rx", PHY), "cocotb_rgmii_captured", env={"CAPTURES": str(captures)})


@pytest.mark.parametrize("delay", [3200, 30, -25])
def test_a_delay_that_the_pins_do_not_have(delay):
    with pytest.raises(ValueError, match=f"by 0 to 3175 ps in steps of 25, not by {delay}"):
        PhyKind(address=0, reset_us=1, settle_us=1, rx_delay_ps=delay)
