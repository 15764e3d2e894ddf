from hdl.net.mac_rx import MacReceiver
from hdl.net.mac_tx import MacTransmitter


def test_reception(run_cocotb):
    run_cocotb(MacReceiver(), "cocotb_mac_rx")


def test_transmission(run_cocotb):
    run_cocotb(MacTransmitter(), "cocotb_mac_tx")
