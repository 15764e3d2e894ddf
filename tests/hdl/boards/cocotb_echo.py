"""The netlist of a board's network half at the board's pins: what comes in goes out again."""

import cocotb
from board_pins import PINS, press, switch_on
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.eth import GmiiFrame
from rgmii_bench import PERIOD, PPM_100, Phy


@cocotb.test()
async def frames_come_back(dut):
    switch_on(dut)
    phy = Phy(dut, names=PINS)
    await phy.start(rx_period=PERIOD + PPM_100, phase=321)
    for length in (60, 61, 62, 63, 1514):
        payload = bytes((7 * i + length) & 0xFF for i in range(length))
        await phy.source.send(GmiiFrame.from_payload(payload))
        back = await with_timeout(phy.sink.recv(), 4_000 * PERIOD, "ps")
        assert back.check_fcs()
        assert back.get_payload() == payload
    # While the button is pressed nothing goes through, and then all does.
    press(dut, True)
    await ClockCycles(phy.clk, 5)
    await phy.source.send(GmiiFrame.from_payload(payload))
    await phy.idle(600)
    assert phy.sink.empty()
    press(dut, False)
    await phy.source.send(GmiiFrame.from_payload(payload))
    back = await with_timeout(phy.sink.recv(), 4_000 * PERIOD, "ps")
    assert back.get_payload() == payload
