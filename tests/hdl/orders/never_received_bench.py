"""The order bench with the pins by which the host says what was never received."""

from amaranth.lib.wiring import In, Out

from tests.hdl.orders.order_bench import OrderBench


class NeverReceivedBench(OrderBench):
    """Ports: see ``OrderPort``."""

    never_received: In(1)
    never_received_from: In(32)
    taking_back: Out(1)

    def elaborate(self, platform):
        m = super().elaborate(platform)
        port = m.submodules.port
        m.d.comb += [
            port.never_received.eq(self.never_received),
            port.never_received_from.eq(self.never_received_from),
            self.taking_back.eq(port.taking_back),
        ]
        return m
