"""The card on an ECP5 board: pins, clock and reset around it."""

from collections.abc import Callable, Sequence
from typing import Any

from amaranth import ClockDomain, ClockSignal, Const, Elaboratable, Instance, Module, Signal
from amaranth.lib import io

from hdl.configs import CardConfig
from hdl.gigabit_card import CLOCK_HZ, GigabitCard
from hdl.net.gigabit import BEAT_BYTES, LINE_HZ, PhyKind

__all__ = ["BoardTop", "Lamps"]

#: Gives the output ports of the lamps for link, whole book, armed, killed.
Lamps = Callable[[Any], Sequence[io.PortLike]]

_OSCILLATOR_HZ = 100_000_000
#: Of a net that a clock is asked of by its name: without, synthesis gives the net another.
_CONSTRAINED = {"keep": 1}


class BoardTop(Elaboratable):
    """PLL, reset, pins and lamps of an ECP5 board with a 100 MHz oscillator, and the card between them.

    The card starts when the PLL has locked and the board's reset button is released, disarmed and with every slot off.

    Parameters
    ----------
    config : CardConfig
        Sizes.
    phys : sequence of PhyKind
        The PHYs behind resources ``eth_rgmii`` 0 and up.
    lamps : callable
        Gives the output ports of the lamps for link, whole book, armed and killed, asked from the platform.
    mac, ip, git_hash : int
        See :class:`hdl.gigabit_card.GigabitCard`.
    """

    def __init__(
        self, config: CardConfig, phys: Sequence[PhyKind], lamps: Lamps, *, mac: int, ip: int, git_hash: int = 0
    ) -> None:
        self._phys, self._lamps = phys, lamps
        self._card = GigabitCard(config, phys, mac=mac, ip=ip, git_hash=git_hash)

    def elaborate(self, platform: Any) -> Module:
        """Join the card to the board."""
        m = Module()
        m.submodules.card = card = self._card
        self._clock(m, platform)
        for i in range(len(self._phys)):
            self._ethernet(m, platform, card, i)
        shown = (card.link[0], card.lights.whole, card.lights.armed, card.lights.killed)
        for i, (port, light) in enumerate(zip(self._lamps(platform), shown, strict=True)):
            m.submodules[f"lamp_{i}"] = lamp = io.Buffer("o", port)
            m.d.comb += lamp.o.eq(light)
        return m

    def _clock(self, m: Module, platform: Any) -> None:
        """Make the line's 125 MHz of the oscillator's 100, and the card's clock, and hold all in reset until then.

        Every flip-flop is set to its initial value by the part's own reset net (decision 0042), so the card's domain
        has none: through the fabric it would be a wire to each of them.
        """
        m.submodules.oscillator = oscillator = io.Buffer("i", platform.request("clk100", dir="-"))
        m.submodules.button = button = io.Buffer("i", platform.request("rst", dir="-"))
        m.domains.sync = ClockDomain(reset_less=True)
        m.domains.line = ClockDomain(reset_less=True)
        # The names that the reports show.
        line = Signal(name="clk_line", attrs=_CONSTRAINED)
        clock = Signal(name="clk_card", attrs=_CONSTRAINED)
        locked = Signal()
        # The comparison is at 25 MHz, the oscillator of the PLL at 625.
        m.submodules.pll = Instance(
            "EHXPLLL",
            p_CLKI_DIV=4,
            p_CLKFB_DIV=5,
            p_CLKOP_DIV=5,
            p_CLKOP_CPHASE=4,
            p_CLKOP_FPHASE=0,
            p_CLKOP_ENABLE="ENABLED",
            p_CLKOS_DIV=5 * BEAT_BYTES,
            p_CLKOS_CPHASE=5 * BEAT_BYTES - 1,
            p_CLKOS_FPHASE=0,
            p_CLKOS_ENABLE="ENABLED",
            p_FEEDBK_PATH="CLKOP",
            i_CLKI=oscillator.i,
            i_CLKFB=line,
            i_RST=Const(0),
            i_STDBY=Const(0),
            i_ENCLKOP=Const(0),
            i_ENCLKOS=Const(0),
            i_PHASESEL0=Const(0),
            i_PHASESEL1=Const(0),
            i_PHASEDIR=Const(1),
            i_PHASESTEP=Const(1),
            i_PHASELOADREG=Const(1),
            i_PLLWAKESYNC=Const(0),
            o_CLKOP=line,
            o_CLKOS=clock,
            o_LOCK=locked,
            a_FREQUENCY_PIN_CLKI=str(_OSCILLATOR_HZ // 10**6),
            a_FREQUENCY_PIN_CLKOP=f"{LINE_HZ / 1e6:g}",
            a_FREQUENCY_PIN_CLKOS=f"{CLOCK_HZ / 1e6:g}",
            a_ICP_CURRENT="12",
            a_LPF_RESISTOR="8",
        )
        m.d.comb += [ClockSignal("sync").eq(clock), ClockSignal("line").eq(line)]
        # The net lets go with the card's clock; nothing of the line's moves before the card gives it a frame. Its own
        # two registers are the only ones that it does not reach.
        asked = (locked & ~button.i, Signal(name="steady_once"), Signal(name="steady"))
        for i in range(2):
            m.submodules[f"steady_{i}"] = Instance(
                "FD1S3AX", p_GSR="DISABLED", i_CK=clock, i_D=asked[i], o_Q=asked[i + 1]
            )
        m.submodules.reset = Instance("SGSR", i_CLK=clock, i_GSR=asked[2])
        platform.add_clock_constraint(clock, CLOCK_HZ)
        platform.add_clock_constraint(line, LINE_HZ)

    def _ethernet(self, m: Module, platform: Any, card: GigabitCard, number: int) -> None:
        """Join one PHY's pins."""
        unbuffered = {pins.name: "-" for pins in platform.lookup("eth_rgmii", number).ios}
        phy = platform.request("eth_rgmii", number, dir=unbuffered)

        def pin(name: str) -> Signal:
            return getattr(card, f"{name}_{number}")

        # The control pins are called tx_ctl on some boards and tx_ctrl on others.
        names = {
            "rx_clk": "rx_clk", "rxd": "rx_data", "rx_ctl": _control(phy, "rx"), "tx_clk": "tx_clk", "txd": "tx_data",
            "tx_ctl": _control(phy, "tx"), "phy_reset": "rst", "mdc": "mdc",
        }  # fmt: skip
        for ours, theirs in names.items():
            port = getattr(phy, theirs)
            m.submodules[f"{ours}_{number}"] = buffer = io.Buffer(port.direction, port)
            m.d.comb += pin(ours).eq(buffer.i) if port.direction is io.Direction.Input else buffer.o.eq(pin(ours))
        m.submodules[f"mdio_{number}"] = mdio = io.Buffer("io", phy.mdio)
        m.d.comb += [mdio.o.eq(pin("mdio_o")), mdio.oe.eq(pin("mdio_oe")), pin("mdio_i").eq(mdio.i)]
        pin("rx_clk").attrs.update(_CONSTRAINED)
        platform.add_clock_constraint(pin("rx_clk"), LINE_HZ)


def _control(phy: Any, side: str) -> str:
    return f"{side}_ctl" if hasattr(phy, f"{side}_ctl") else f"{side}_ctrl"
