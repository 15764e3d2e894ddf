from amaranth import DomainRenamer, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.frame import frame_signature
from hdl.net.gigabit import BEAT_BYTES
from hdl.net.mac_tx import MacTransmitter
from hdl.net.port import NetworkPort
from hdl.net.tx_crossing import TransmitCrossing


class PortOnALine(wiring.Component):
    """A network port with the transmitter of a gigabit line behind it; ``tx`` shows the beats that it takes."""

    def __init__(self):
        self.port = NetworkPort(BEAT_BYTES, second=1500)
        members = {name: member for name, member in self.port.signature.members.items() if name != "tx"}
        super().__init__(members | {"tx": Out(frame_signature(BEAT_BYTES)), "spoiled_ever": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.port = port = self.port
        m.submodules.crossing = crossing = TransmitCrossing("line", width=BEAT_BYTES)
        m.submodules.line = line = DomainRenamer("line")(MacTransmitter())
        for name, member in port.signature.members.items():
            if name == "tx":
                continue
            inner, outer = getattr(port, name), getattr(self, name)
            if member.is_signature:
                connect(m, flipped(outer), inner)
            else:
                m.d.comb += inner.eq(outer) if member.flow is In else outer.eq(inner)
        connect(m, port.tx, crossing.frames)
        connect(m, crossing.tx, line.frames)
        m.d.comb += [
            self.tx.valid.eq(port.tx.valid & port.tx.ready),
            self.tx.payload.eq(port.tx.payload),
        ]
        with m.If(line.spoiled):
            m.d.line += self.spoiled_ever.eq(1)
        return m


def test_an_order_behind_telemetry(run_cocotb):
    run_cocotb(PortOnALine(), "cocotb_order_wait", env={"WIDTH": str(BEAT_BYTES), "SECOND": "1500"})
