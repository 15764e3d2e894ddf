"""What must hold of the arming block in every cycle, for every input and every reset."""

from amaranth import Module, ResetSignal, Signal
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.risk.arming import Arming


class ArmingProperties(wiring.Component):
    """The real :class:`~hdl.risk.arming.Arming`, every input free."""

    def __init__(self):
        super().__init__({})
        self.arming = Arming()
        self.free = [value for _, _, value in self.arming.signature.flatten(self.arming)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.arming = arming = self.arming
        names = ("arm", "disarm", "kill", "release", "impossible", "session_up", "armed", "killed", "lease_alive")
        past = {name: Signal(name=f"past_{name}", reset_less=True) for name in names}
        past_reset = Signal(init=1, reset_less=True)
        first = Signal(init=1, reset_less=True)
        m.d.sync += [past[name].eq(getattr(arming, name)) for name in names]
        m.d.sync += [past_reset.eq(ResetSignal()), first.eq(0)]
        ran_out = past["armed"] & ~past["lease_alive"]
        stops = past["kill"] | past["impossible"] | ran_out

        m.d.comb += [
            Assert(~(arming.armed & arming.killed)),
            Assert(arming.lease_alive == (arming.card_time < arming.lease_until)),
            Assert(~arming.lapsed | arming.killed),
        ]
        with m.If(first | past_reset):
            m.d.comb += [Assert(~arming.armed), Assert(~arming.killed)]
        with m.Else():
            with m.If(stops):
                m.d.comb += [Assert(arming.killed), Assert(~arming.armed)]
            with m.If(past["kill"] | past["impossible"]):
                m.d.comb += Assert(~arming.lapsed)  # then exits are cancelled as well
            with m.If(past["disarm"]):
                m.d.comb += Assert(~arming.armed)
            with m.If(arming.armed & ~past["armed"]):
                m.d.comb += Assert(past["arm"] & past["lease_alive"] & past["session_up"] & ~past["killed"])
            with m.If(past["killed"] & ~arming.killed):
                m.d.comb += Assert(past["release"])
        return m
