"""Pins of an ECPIX-5 in a netlist of its bitstream, and its lamps."""

#: For ``rgmii_bench.Phy``; clocks are given in place of the PLL.
PINS = {
    "clk": "pll__CLKOS", "line_clk": "pll__CLKOP", "rst": None, "line_rst": None,
    "rx_clk": "eth_rgmii_0__rx_clk__io", "rxd": "eth_rgmii_0__rx_data__io", "rx_ctl": "eth_rgmii_0__rx_ctrl__io",
    "tx_clk": "eth_rgmii_0__tx_clk__io", "txd": "eth_rgmii_0__tx_data__io", "tx_ctl": "eth_rgmii_0__tx_ctrl__io",
    "mdio_i": "eth_rgmii_0__mdio__io__O",
}  # fmt: skip
#: Whole book, armed, killed.
_LAMPS = ("rgb_led_1__g__io", "rgb_led_2__b__io", "rgb_led_3__r__io")


def lights(dut):
    """Give which lamps are on, a bit each: one is on while its pin is low."""
    return sum((1 - int(getattr(dut, lamp).value)) << i for i, lamp in enumerate(_LAMPS))


def press(dut, pressed):
    """Press the reset button, which connects its pin to ground, or release it."""
    dut.rst_0__io.value = not pressed


def switch_on(dut):
    """Let the PLL have locked and nobody press the button."""
    dut.pll__LOCK.value = 1
    press(dut, False)
