"""One gigabit Ethernet port: a PHY on one side, frames in the card's clock on the other."""

from dataclasses import dataclass

from amaranth import Cat, ClockDomain, ClockSignal, DomainRenamer, Module, ResetSignal, Shape, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.cdc import PulseSynchronizer, ResetSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from hdl.net.crossing import OUTCOMES, FrameCrossing, StatusCrossing
from hdl.net.ddr import delay_steps
from hdl.net.frame import frame_signature
from hdl.net.mac_rx import MacReceiver
from hdl.net.mac_tx import MacTransmitter
from hdl.net.phy import PhyState, PhyWatch
from hdl.net.rgmii import InBandStatus, RgmiiReceiver, RgmiiTransmitter
from hdl.net.tx_crossing import TransmitCrossing

__all__ = ["BEAT_BYTES", "CYCLES_PER_MS", "GIGABIT", "LINE_HZ", "PHY_COUNTERS", "GigabitPort", "PhyKind", "PhyReport"]

#: Clock of the line, and what of it the card takes in one of its own cycles.
LINE_HZ, BEAT_BYTES = 125_000_000, 4
#: The card's own cycles.
CYCLES_PER_MS = LINE_HZ // BEAT_BYTES // 1000
#: Half a period of the management bus' clock in the card's cycles: 2 MHz.
_MDC_HALF_PERIOD = 8
#: In-band code of 1,000 Mb/s.
GIGABIT = 2
#: What is counted of a port, each a bit of ``PhyReport.pulses``.
PHY_COUNTERS = (*OUTCOMES, "sent", "spoiled", "link_losses")


class PhyReport(data.Struct):
    """What a port tells the registers."""

    ready: unsigned(1)
    managed: PhyState
    in_band: InBandStatus
    pulses: unsigned(len(PHY_COUNTERS))


@dataclass(frozen=True, kw_only=True)
class PhyKind:
    """What a board's PHY asks for.

    Attributes
    ----------
    address : int
        On the management bus.
    reset_us, settle_us : int
        Microseconds of reset, and of silence after it.
    tx_clock_delay_ps, rx_delay_ps : int
        Delays that the PHY leaves to the card: of the transmit clock against its data, of the received data against
        their clock.

    Raises
    ------
    ValueError
        The part's pins have no such delay.
    """

    address: int
    reset_us: int
    settle_us: int
    tx_clock_delay_ps: int = 0
    rx_delay_ps: int = 0

    def __post_init__(self) -> None:
        for delay in (self.tx_clock_delay_ps, self.rx_delay_ps):
            delay_steps(delay)


class GigabitPort(wiring.Component):
    """RGMII, MAC, the crossing between the clocks, and the PHY's reset and link.

    ``line`` runs at 125 MHz, and goes to the PHY with the frames that are sent. The card's clock ``sync`` is a quarter
    of that, from the same PLL, and takes a beat of four bytes a cycle (decision 0043).

    Parameters
    ----------
    name : str
        Of the receive clock's domain, unique in a design.
    kind : PhyKind
        The PHY.
    cycles_per_ms : int
        Cycles of the card in a millisecond.

    Ports
    -----
    rx_clk, rxd, rx_ctl, tx_clk, txd, tx_ctl : In, In, In, Out, Out, Out
        RGMII.
    phy_reset, mdc, mdio_o, mdio_oe, mdio_i : Out, Out, Out, Out, In
        The PHY's other pins.
    frames : Out
        What was received, without check sequence; bad ones end with ``error``.
    tx : In
        What is to be sent; once a frame has begun a beat is wanted every cycle.
    report : Out
        For the registers. A pulse of ``report.pulses`` is one frame, or one link lost.

    Latency: docs/blocks/rgmii.md and docs/blocks/crossing.md.
    """

    def __init__(self, name: str, kind: PhyKind, *, cycles_per_ms: int = CYCLES_PER_MS) -> None:
        self._name, self._kind, self._ms = name, kind, cycles_per_ms
        super().__init__(
            {
                "rx_clk": In(1),
                "rxd": In(4),
                "rx_ctl": In(1),
                "tx_clk": Out(1),
                "txd": Out(4),
                "tx_ctl": Out(1),
                "phy_reset": Out(1),
                "mdc": Out(1),
                "mdio_o": Out(1),
                "mdio_oe": Out(1),
                "mdio_i": In(1),
                "frames": Out(frame_signature(BEAT_BYTES, always_ready=True)),
                "tx": In(frame_signature(BEAT_BYTES)),
                "report": Out(PhyReport),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the port."""
        m = Module()
        kind, there = self._kind, self._name
        renamed, of_line = DomainRenamer(there), DomainRenamer("line")
        domain = ClockDomain(there)
        m.domains += domain
        m.d.comb += ClockSignal(there).eq(self.rx_clk)
        # On a board ``sync`` has no reset of its own, and the part's sets this synchronizer too.
        reset = ResetSignal("sync", allow_reset_less=True)
        m.submodules.reset = ResetSynchronizer(reset, domain=there)
        m.submodules.pins_in = pins_in = renamed(RgmiiReceiver(delay_ps=kind.rx_delay_ps))
        m.submodules.receiver = receiver = renamed(MacReceiver())
        m.submodules.crossing = crossing = FrameCrossing(there, width=BEAT_BYTES)
        m.submodules.status = status = StatusCrossing(Shape.cast(InBandStatus).width)
        m.submodules.transmitter = transmitter = of_line(MacTransmitter())
        m.submodules.pins_out = pins_out = of_line(RgmiiTransmitter(clock_delay_ps=kind.tx_clock_delay_ps))
        m.submodules.tx_crossing = tx_crossing = TransmitCrossing("line", width=BEAT_BYTES)
        m.submodules.watch = watch = PhyWatch(
            reset_cycles=-(-kind.reset_us * self._ms // 1000),
            settle_cycles=-(-kind.settle_us * self._ms // 1000),
            address=kind.address,
            half_period=_MDC_HALF_PERIOD,
        )
        # Frames are further apart than these take to cross.
        m.submodules.sent = sent = PulseSynchronizer("line", "sync")
        m.submodules.spoiled = spoiled = PulseSynchronizer("line", "sync")
        # A register on either side of the MAC: neither it nor a crossing alone takes the whole cycle that a wire across
        # the part leaves them.
        m.d[there] += [
            crossing.rx.valid.eq(receiver.frames.valid),
            crossing.rx.payload.eq(receiver.frames.payload),
            crossing.heard.eq(Cat(*(getattr(receiver, name) for name in OUTCOMES[:-1]))),
        ]
        said, given = tx_crossing.tx, transmitter.frames
        m.d.comb += said.ready.eq(~given.valid | given.ready)
        with m.If(said.ready):
            m.d.line += [given.valid.eq(said.valid), given.payload.eq(said.payload)]
        connect(m, crossing.frames, flipped(self.frames))
        connect(m, flipped(self.tx), tx_crossing.frames)
        counted = Cat(*(getattr(crossing, name) for name in OUTCOMES))
        m.d.comb += [
            pins_in.rxd.eq(self.rxd),
            pins_in.rx_ctl.eq(self.rx_ctl),
            receiver.rxd.eq(pins_in.data),
            receiver.rx_dv.eq(pins_in.valid),
            receiver.rx_er.eq(pins_in.error),
            status.other.eq(pins_in.status),
            sent.i.eq(transmitter.sent),
            spoiled.i.eq(transmitter.spoiled),
            pins_out.data.eq(transmitter.txd),
            pins_out.enable.eq(transmitter.tx_en),
            pins_out.error.eq(transmitter.tx_er),
            self.tx_clk.eq(pins_out.tx_clk),
            self.txd.eq(pins_out.txd),
            self.tx_ctl.eq(pins_out.tx_ctl),
            self.phy_reset.eq(watch.reset),
            self.mdc.eq(watch.mdc),
            self.mdio_o.eq(watch.mdio_o),
            self.mdio_oe.eq(watch.mdio_oe),
            watch.mdio_i.eq(self.mdio_i),
            self.report.ready.eq(watch.ready),
            self.report.managed.eq(watch.state),
            self.report.in_band.eq(status.value),
            self.report.pulses.eq(Cat(counted, sent.o, spoiled.o, watch.link_lost)),
        ]
        return m
