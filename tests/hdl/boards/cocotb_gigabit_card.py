"""A whole card at its RGMII pins."""

import os

import cocotb
from cocotb.clock import Clock
from rgmii_bench import PERIOD, PPM_100, Phy
from wire_bench import Host, from_power_up_to_a_book

TWO_PORTS = os.environ["PORTS"] == "2"


@cocotb.test()
async def a_card_at_its_pins(dut):
    feed = Phy(dut, "_0")
    phy = Phy(dut, "_1") if TWO_PORTS else feed  # of the hosts
    if TWO_PORTS:
        cocotb.start_soon(Clock(feed.rx_clk, PERIOD + PPM_100, unit="ps").start())
    await phy.start(rx_period=PERIOD - PPM_100, phase=321)
    # No soft card, and one line of the feed; no orders, and so no market maker.
    await from_power_up_to_a_book(Host(phy), 0b0000, lambda: int(dut.lights.value), feed)
