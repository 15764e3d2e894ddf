"""A card that trades nothing: the host's side of a card, and frames that come back as they went in."""

from amaranth import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from hdl.configs import CardConfig
from hdl.net.frame import Beat, frame_signature
from hdl.regs.bank import RegisterBank
from hdl.regs.hostlink import HostLink
from hdl.telemetry.record import RecordType
from hdl.telemetry.source import Source
from hdl.telemetry.stream import Telemetry
from hdl.types import SLOT_NONE, DepthView

__all__ = ["LoopbackCard"]


class LoopbackCard(wiring.Component):
    """Has the ports, registers, host link and event stream of a card, and none of its trading.

    It is for trying drivers, tools and the soft card: it builds in seconds. A feed frame comes back on ``ouch_tx`` and
    makes one MARKET record, whose ``detail`` is the frame's first byte, and one view; a message on ``ouch_rx`` counts
    as an answer. There is no order relay: its datagrams are passed over. ``arm`` arms, ``disarm`` and ``kill`` disarm;
    nothing else is asked for, and the lease is not watched.

    Parameters
    ----------
    config : CardConfig
        Sizes, as for a real card.
    """

    def __init__(self, config: CardConfig) -> None:
        self._config = config
        super().__init__(
            {
                "rx": In(frame_signature(8, always_ready=True)),
                "rx_b": In(frame_signature(8, always_ready=True)),
                "tx": Out(frame_signature(8)),
                "ouch_tx": Out(frame_signature(8)),
                "ouch_rx": In(frame_signature(8)),
                "relay_rx": In(frame_signature(8)),
                "relay_tx": Out(frame_signature(8)),
                "host_rx": In(frame_signature(8)),
                "host_tx": Out(frame_signature(8)),
                "events_tx": Out(frame_signature(8)),
                "time_step": In(40),
                "card_time": Out(64),
                "busy": Out(1),
                "soft": In(1),
                "view": Out(stream.Signature(DepthView, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Join bank, host link and event stream, and the frames' way back."""
        m = Module()
        m.submodules.bank = bank = RegisterBank(self._config)
        m.submodules.hostlink = hostlink = HostLink()
        m.submodules.telemetry = telemetry = Telemetry(
            {"market": Source(RecordType.MARKET), "mark": Source(RecordType.HEARTBEAT)}
        )
        m.submodules.echo = echo = SyncFIFOBuffered(width=Beat(8).size, depth=256)
        wiring.connect(m, hostlink.bus, bank.bus)
        wiring.connect(m, wiring.flipped(self.host_rx), hostlink.rx)
        wiring.connect(m, hostlink.tx, wiring.flipped(self.host_tx))
        wiring.connect(m, telemetry.tx, wiring.flipped(self.events_tx))
        m.d.sync += self.card_time.eq(self.card_time + self.time_step)

        armed = Signal()
        with m.If(bank.strobe("control.command.arm")):
            m.d.sync += armed.eq(1)
        with m.If(bank.strobe("control.command.disarm") | bank.strobe("control.command.kill")):
            m.d.sync += armed.eq(0)
        first = Signal(init=1)
        with m.If(self.rx.valid):
            m.d.sync += first.eq(self.rx.payload.last)
        marked, token = bank.written("control.mark.token")
        lease = bank.value("control.lease.until")
        m.d.comb += [
            bank.armed.eq(armed),
            bank.drive("control.status.armed").eq(armed),
            bank.drive("control.time.now").eq(self.card_time),
            bank.drive("identity.flags.soft").eq(self.soft),
            bank.drive("telemetry.sequence.value").eq(telemetry.sequence),
            bank.count("telemetry.dropped", 2).eq(telemetry.dropped),
            bank.count("control.hostlink_errors").eq(hostlink.error),
            bank.count("feed.frames").eq(self.rx.valid & self.rx.payload.last),
            bank.count("feed.b_frames").eq(self.rx_b.valid & self.rx_b.payload.last),
            bank.count("feed.frames_bad").eq(self.rx.valid & ~echo.w_rdy),
            bank.count("orders.answers").eq(self.ouch_rx.valid & self.ouch_rx.payload.last),
            self.ouch_rx.ready.eq(1),
            self.relay_rx.ready.eq(1),
            telemetry.card_time.eq(self.card_time),
            telemetry.config_epoch.eq(bank.config_epoch),
            telemetry.mark.valid.eq(marked),
            telemetry.mark.payload.type.eq(RecordType.HEARTBEAT),
            telemetry.mark.payload.slot.eq(SLOT_NONE),
            telemetry.mark.payload.word0.eq(token),
            telemetry.mark.payload.word1.eq(lease[:32]),
            telemetry.mark.payload.word2.eq(lease[32:]),
            telemetry.market.valid.eq(self.rx.valid & first),
            telemetry.market.payload.type.eq(RecordType.MARKET),
            telemetry.market.payload.slot.eq(SLOT_NONE),
            telemetry.market.payload.detail.eq(self.rx.payload.data[0]),
            self.view.valid.eq(self.rx.valid & self.rx.payload.last),
            self.view.payload.card_time.eq(self.card_time),
            self.view.payload.sequence.eq(Cat(self.rx.payload.data)),
            echo.w_en.eq(self.rx.valid),
            echo.w_data.eq(self.rx.payload),
            self.ouch_tx.valid.eq(echo.r_rdy),
            self.ouch_tx.payload.as_value().eq(echo.r_data),
            echo.r_en.eq(self.ouch_tx.ready),
            self.busy.eq(hostlink.busy | telemetry.busy | echo.r_rdy | (echo.level != 0) | ~first),
        ]
        return m
