"""The card behind gigabit Ethernet ports: what a board's pins and clock are joined to."""

from collections.abc import Sequence
from dataclasses import replace

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from hdl.card import Card
from hdl.card_phy import PHY_BLOCKS, Lights
from hdl.configs import CardConfig
from hdl.net.gigabit import BEAT_BYTES, CYCLES_PER_MS, GIGABIT, LINE_HZ, GigabitPort, PhyKind

__all__ = ["CLOCK_HZ", "RGMII_PINS", "GigabitCard", "at_gigabit"]

#: The card's own clock.
CLOCK_HZ = LINE_HZ // BEAT_BYTES
#: Pins of one port, as (name, bits, flow seen from the card).
RGMII_PINS = (
    ("rx_clk", 1, In), ("rxd", 4, In), ("rx_ctl", 1, In), ("tx_clk", 1, Out), ("txd", 4, Out), ("tx_ctl", 1, Out),
    ("phy_reset", 1, Out), ("mdc", 1, Out), ("mdio_o", 1, Out), ("mdio_oe", 1, Out), ("mdio_i", 1, In),
)  # fmt: skip


def at_gigabit(config: CardConfig, ports: int) -> CardConfig:
    """Give the same sizes for gigabit ports: four bytes a cycle at 31.25 MHz (decision 0043).

    The feed's lines have a port each. Where it has one line and the board two ports, hosts have the other.
    """
    lines = min(config.lines, ports)
    return replace(config, width=BEAT_BYTES, lines=lines, hosts_apart=ports > lines, clock_period_ps=10**12 // CLOCK_HZ)


class GigabitCard(wiring.Component):
    """Card at 31.25 MHz (``sync``), MACs and PHY pins at 125 (``line``), beside the PHYs' receive clocks.

    Port 0 hears the feed's line A. The station, which is the host link and all that is sent, is on port 0 as well,
    unless the feed has one line and the board two ports: then it has port 1, and port 0 says nothing (decision 0051).
    With two lines port 1 only hears line B. Orders leave by the host's session (``relay.carrier``) and no other way:
    until that is chosen an order stays in the card.

    Parameters
    ----------
    config : CardConfig
        Sizes; width and clock are those of the ports in any case, and there are no more lines than ports.
    phys : sequence of PhyKind
        One a port, one or two.
    mac, ip : int
        The card's addresses until the host writes others.
    git_hash : int
        For the identity registers, see :class:`hdl.card.Card`.
    cycles_per_ms : int
        The card's cycles of a millisecond, for the PHYs' resets.

    Ports
    -----
    rx_clk, rxd, ... : per port, with its number behind (``rx_clk_0``)
        See :class:`hdl.net.gigabit.GigabitPort`.
    lights : Out
        For the lamps.
    link : Out
        A bit a port: there is a link, and it is a gigabit's.

    Latency: of the card itself none is added; what the ports take is said at ``hdl/net/gigabit.py``.
    """

    def __init__(
        self,
        config: CardConfig,
        phys: Sequence[PhyKind],
        *,
        mac: int,
        ip: int,
        git_hash: int = 0,
        cycles_per_ms: int = CYCLES_PER_MS,
    ) -> None:
        if not 1 <= len(phys) <= len(PHY_BLOCKS):
            raise ValueError(f"a card has one or two Ethernet ports, not {len(phys)}")
        self._phys, self._mac, self._ip, self._ms = tuple(phys), mac, ip, cycles_per_ms
        sizes = at_gigabit(config, len(phys))
        self._card = Card(sizes, git_hash=git_hash)
        self._station = 1 if sizes.hosts_apart else 0
        pins = {f"{name}_{i}": flow(bits) for i in range(len(phys)) for name, bits, flow in RGMII_PINS}
        super().__init__(pins | {"lights": Out(Lights), "link": Out(len(phys))})

    def elaborate(self, platform: object) -> Module:
        """Join the card to its ports."""
        m = Module()
        m.submodules.card = card = self._card
        heard = (card.rx, card.rx_b)
        for i, kind in enumerate(self._phys):
            port = GigabitPort(f"phy{i}_rx", kind, cycles_per_ms=self._ms)
            m.submodules[f"port_{i}"] = port
            for name, _, flow in RGMII_PINS:
                pin, inner = getattr(self, f"{name}_{i}"), getattr(port, name)
                m.d.comb += inner.eq(pin) if flow is In else pin.eq(inner)
            m.d.comb += [
                heard[i].valid.eq(port.frames.valid),
                heard[i].payload.eq(port.frames.payload),
                getattr(card, PHY_BLOCKS[i]).eq(port.report),
                self.link[i].eq(port.report.managed.link & (port.report.in_band.speed == GIGABIT)),
            ]
            if i == self._station:
                connect(m, card.tx, port.tx)
        m.d.comb += [
            card.time_step.eq(1),
            card.board_mac.eq(self._mac),
            card.board_ip.eq(self._ip),
            # Events go to those who subscribed over UDP; nobody else is there to slow them down.
            card.events_tx.ready.eq(1),
            self.lights.eq(card.lights),
        ]
        return m
