"""A whole card at its RGMII pins."""

import cocotb
from rgmii_bench import PERIOD, PPM_100, Phy
from wire_bench import Host, from_power_up_to_a_book


@cocotb.test()
async def a_card_at_its_pins(dut):
    phy = Phy(dut, "_0")
    await phy.start(rx_period=PERIOD - PPM_100, phase=321)
    # No soft card, no second line where there is no second port; no orders, and so no market maker.
    await from_power_up_to_a_book(Host(phy), 0b0000, lambda: int(dut.lights.value))
