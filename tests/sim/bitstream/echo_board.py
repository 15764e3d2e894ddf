"""The network half of a board, without a card: what comes in by the port goes out again."""

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.boards import Board
from hdl.boards.top import BoardTop
from hdl.card_phy import Lights
from hdl.gigabit_card import RGMII_PINS
from hdl.net.gigabit import GigabitPort

__all__ = ["EchoTop"]


class EchoCard(wiring.Component):
    """Pins as the card has them; one port whose frames go back as they came."""

    def __init__(self, phys):
        self._phys = phys
        pins = {f"{name}_0": flow(bits) for name, bits, flow in RGMII_PINS}
        super().__init__(pins | {"lights": Out(Lights), "link": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.port = port = GigabitPort("phy0_rx", self._phys[0])
        for name, _, flow in RGMII_PINS:
            pin, inner = getattr(self, f"{name}_0"), getattr(port, name)
            m.d.comb += inner.eq(pin) if flow is In else pin.eq(inner)
        # A frame that comes while another one goes is cut, for nothing keeps it: it is the build that is tried.
        m.d.comb += [port.tx.valid.eq(port.frames.valid), port.tx.payload.eq(port.frames.payload)]
        m.d.comb += self.link.eq(port.report.managed.link)
        return m


class EchoTop(BoardTop):
    """A board's own pins, clocks and PHY around :class:`EchoCard`."""

    def __init__(self, board: Board):
        # The board's own constructor would make a card that nobody elaborates.
        self._phys, self._lamps = board.phys[:1], board.lamps
        self._card = EchoCard(board.phys)
