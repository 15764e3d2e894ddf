"""How long a message of the order session waits for the line while events are sent as fast as it carries them."""

import cocotb
from cocotb.triggers import RisingEdge, Timer
from cocotb_port_hosts import RELAY
from station_bench import SUBSCRIBE, Station, datagram, request

#: Bytes of a beat, and so cycles of the line in one of the card.
BEAT = 4
#: The card's cycles of a telemetry frame on the line: preamble, frame, check sequence, pause. What is offered stays
#: offered, so a frame that waits for the pause before it to end goes first as well.
PAUSE = 12 // BEAT
ON_THE_LINE = -(-(8 + 122 + 4) // BEAT) + PAUSE
EVENT = request(0xC0, 1)[:8] + (1).to_bytes(2, "little") + bytes(6)


async def line_clock(dut):
    """Run the line's clock, so many cycles for each of the card's, however long the bench makes that."""
    while True:
        await RisingEdge(dut.clk)
        for _ in range(BEAT):
            dut.line_clk.value = 1
            await Timer(200, "ps")
            dut.line_clk.value = 0
            await Timer(200, "ps")


async def subscribed(dut):
    """A card whose order session is the relay's at port 7000, and whose events go to two hosts."""
    dut.line_rst.value = 0
    cocotb.start_soon(line_clock(dut))
    s = Station(dut, BEAT)
    await s.reset()
    for sport in (6000, 6001):
        await s.send(datagram(request(SUBSCRIBE, 3), sport=sport))
        await s.quiet()
    await s.send(datagram(RELAY.pack(0x5750, 1, 5, 1, 1, 0, 0, 99, 0, 3, 0, 7), sport=7000))
    await s.quiet()
    await s.send(RELAY.pack(0x5750, 1, 0x85, 1, 0, 0, 0, 99, 4, 3, 0, 7), port="relay_tx")
    await s.quiet()
    assert len(s.take()) == 3
    return s


async def order(s):
    """Give an order to the relay's sender; returns (cycles until its first byte is taken, frames that went first)."""
    message = RELAY.pack(0x5750, 1, 0xC1, 3, 0, 0, 0, 99, 4, 3, 48, 7) + bytes(48)
    began = s.now
    await s.send(message, port="relay_tx")
    while not any(message in frame for _, _, frame in s.sent):
        await s.cycle()
    at = next(i for i, (_, _, frame) in enumerate(s.sent) if message in frame)
    return s.sent[at][0] - began, sum(first >= began for first, _, _ in s.sent[:at])


@cocotb.test()
async def an_order_waits_for_one_short_frame(dut):
    s = await subscribed(dut)
    quiet, _ = await order(s)
    await s.run(400)
    waits, before = [], []
    for offset in range(0, 2 * ON_THE_LINE, 2):
        s.sent.clear()
        for _ in range(3):  # events for two hosts: six frames that want the line
            await s.send(EVENT + bytes(64), port="events")
        await s.run(offset)
        wait, frames = await order(s)
        waits.append(wait - quiet)
        before.append(frames)
        await s.run(1200)
    # The message itself takes cycles to become a frame, so one that begins in the meantime may go first.
    assert max(before) <= 1
    assert min(waits) == 0
    assert ON_THE_LINE - 7 <= max(waits) <= PAUSE + ON_THE_LINE
    assert quiet <= 14
    assert not dut.spoiled_ever.value
