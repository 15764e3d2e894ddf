"""One host link for the two ways by which hosts reach the card."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.net.frame import frame_signature
from hdl.net.words import WORD

__all__ = ["HostSwitch"]


class HostSwitch(wiring.Component):
    """Lets one request through at a time, and sends the response back the way the request came.

    Ports
    -----
    direct, network : In
        Requests; ``direct`` first where both wait.
    direct_answer, network_answer : Out
        Their responses.
    request, response : Out, In
        The host link.
    link_busy : In
        Its ``busy``: while no request enters, low once the request before is done with, whether answered or not.
    busy : Out
        A request is under way.

    Latency: a request's first word is let through in the cycle after it is offered, what follows and the response at
    once.
    """

    direct: In(frame_signature(WORD))
    network: In(frame_signature(WORD))
    direct_answer: Out(frame_signature(WORD))
    network_answer: Out(frame_signature(WORD))
    request: Out(frame_signature(WORD))
    response: In(frame_signature(WORD))
    link_busy: In(1)
    busy: Out(1)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        of_network = Signal()
        sources = (self.direct, self.network)
        m.d.comb += self.busy.eq(1)
        with m.FSM():
            with m.State("IDLE"):
                waiting = self.direct.valid | self.network.valid
                m.d.comb += self.busy.eq(waiting)
                m.d.sync += of_network.eq(~self.direct.valid)
                with m.If(waiting):
                    m.next = "REQUEST"
            with m.State("REQUEST"):
                for number, source in enumerate(sources):
                    with m.If(of_network == number):
                        m.d.comb += [
                            self.request.valid.eq(source.valid),
                            self.request.payload.eq(source.payload),
                            source.ready.eq(self.request.ready),
                        ]
                with m.If(self.request.valid & self.request.ready & self.request.payload.last):
                    m.next = "RESPONSE"
            with m.State("RESPONSE"), m.If(~self.link_busy):
                m.next = "IDLE"
        for number, answer in enumerate((self.direct_answer, self.network_answer)):
            m.d.comb += [
                answer.valid.eq(self.response.valid & (of_network == number)),
                answer.payload.eq(self.response.payload),
            ]
        m.d.comb += self.response.ready.eq(Mux(of_network, self.network_answer.ready, self.direct_answer.ready))
        return m
