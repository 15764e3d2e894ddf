"""The netlist of a board's bitstream at the board's pins: an ECPIX-5 with the card that only listens."""

import cocotb
from cocotb.triggers import ClockCycles
from rgmii_bench import PERIOD, PPM_100, Phy
from station_bench import HELLO, WRITE, number_of
from wire_bench import (
    DESTINATION,
    LIGHT_WHOLE,
    LIVE_ORDERS,
    PHY_GOOD,
    SYMBOL,
    TOPS,
    VOLUMES,
    Host,
    feed,
    from_power_up_to_a_book,
)

from controlplane.bringup.session import GROUP, PORT, stored_session

#: Addresses of a board until the host writes others (decision 0032).
CARD = ("02:50:57:00:00:01", "192.168.57.2")
PINS = {
    "clk": "pll__CLKOS", "line_clk": "pll__CLKOP", "rst": None, "line_rst": None,
    "rx_clk": "eth_rgmii_0__rx_clk__io", "rxd": "eth_rgmii_0__rx_data__io", "rx_ctl": "eth_rgmii_0__rx_ctrl__io",
    "tx_clk": "eth_rgmii_0__tx_clk__io", "txd": "eth_rgmii_0__tx_data__io", "tx_ctl": "eth_rgmii_0__tx_ctrl__io",
    "mdio_i": "eth_rgmii_0__mdio__io__O",
}  # fmt: skip
#: The reset button connects its pin to ground. Lamps are whole book, armed and killed: one is on while its pin is low.
RELEASED = 1
LAMPS = ("rgb_led_1__g__io", "rgb_led_2__b__io", "rgb_led_3__r__io")


@cocotb.test()
async def a_board_at_its_pins(dut):
    def lights():
        return sum((1 - int(getattr(dut, lamp).value)) << i for i, lamp in enumerate(LAMPS))

    dut.pll__LOCK.value = 1
    dut.rst_0__io.value = RELEASED
    phy = Phy(dut, names=PINS)
    await phy.start(rx_period=PERIOD - PPM_100, phase=321)
    host = Host(phy, CARD)
    # Does not trade, so neither of the two flags of what does.
    await from_power_up_to_a_book(host, 0b0000, lights)

    # The button sets every register and clears no memory. The card knows nobody then, and has heard nothing.
    dut.rst_0__io.value = 1 - RELEASED
    await ClockCycles(phy.clk, 5)
    dut.rst_0__io.value = RELEASED
    await ClockCycles(phy.clk, 5)
    assert await host.ask(HELLO) == []
    assert await host.read(SYMBOL, DESTINATION, LIVE_ORDERS, TOPS, PHY_GOOD) == [0, 0, 0, 0, 2]

    # As `pennywire card check` plays it; what the book must be then is said by itch-book.
    session = stored_session()
    symbol = int.from_bytes(session.symbol.ljust(8).encode(), "little")
    await host.ask(WRITE, (SYMBOL, symbol), (DESTINATION, number_of(GROUP) | PORT << 32))
    for part in session.packets:
        await host.send(feed(part.body, group=GROUP, port=PORT))
    await phy.idle()
    tops, volumes = await host.read(TOPS, VOLUMES)
    low = (1 << 32) - 1
    shown = {"bid": tops & low, "ask": tops >> 32, "bid_volume": volumes & low, "ask_volume": volumes >> 32}
    assert shown == session.book
    assert lights() == LIGHT_WHOLE
