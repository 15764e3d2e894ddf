"""Frames that somebody captured, through RGMII, MAC and crossing at 100 ppm."""

import os
from pathlib import Path

import cocotb
import dpkt
from cocotbext.eth import GmiiFrame
from rgmii_bench import PERIOD, PPM_100, Phy, PortListener


@cocotb.test()
async def captured_frames(dut):
    frames = []
    for path in sorted(Path(os.environ["CAPTURES"]).glob("*.pcap")):
        with path.open("rb") as file:
            frames += [frame for _, frame in dpkt.pcap.Reader(file)]
    assert len(frames) > 10
    dut.tx__valid.value = 0
    phy = Phy(dut)
    await phy.start(rx_period=PERIOD - PPM_100, phase=1234)
    heard = PortListener(dut)
    for frame in frames:
        await phy.source.send(GmiiFrame.from_payload(frame))
    await phy.idle()
    assert heard.frames == [(frame.ljust(60, b"\0"), 0) for frame in frames]
