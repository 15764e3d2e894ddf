"""The netlist of a board's bitstream at the board's pins: an ECPIX-5 with the card that only listens."""

import cocotb
from board_pins import PINS, lights, press, switch_on
from cocotb.triggers import ClockCycles
from rgmii_bench import PERIOD, PPM_100, Phy
from station_bench import HELLO, WRITE, number_of
from wire_bench import (
    COUNTED,
    DESTINATION,
    LIGHT_WHOLE,
    LIVE_ORDERS,
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


@cocotb.test()
async def a_board_at_its_pins(dut):
    switch_on(dut)
    phy = Phy(dut, names=PINS)
    await phy.start(rx_period=PERIOD - PPM_100, phase=321)
    host = Host(phy, CARD)
    # Does not trade, so neither of the two flags of what does.
    await from_power_up_to_a_book(host, 0b0000, lambda: lights(dut))

    # The button sets every register and clears no memory. The card knows nobody then, and has heard nothing.
    press(dut, True)
    await ClockCycles(phy.clk, 5)
    press(dut, False)
    await ClockCycles(phy.clk, 5)
    assert await host.ask(HELLO) == []
    assert await host.read(SYMBOL, DESTINATION, LIVE_ORDERS, TOPS, COUNTED[0]) == [0, 0, 0, 0, 2]

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
    assert lights(dut) == LIGHT_WHOLE
