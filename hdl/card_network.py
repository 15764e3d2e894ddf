"""Joining the card's network port to its registers, its feed and its events."""

from amaranth import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import connect, flipped

from hdl.engine import Engine
from hdl.net.host_switch import HostSwitch
from hdl.net.port import COUNTERS, NetworkPort
from hdl.regs.bank import RegisterBank
from hdl.regs.hostlink import HostLink
from hdl.telemetry.stream import Telemetry

#: An address that is on no wire.
_NOBODY = 0x7F00_0001

__all__ = ["join_hosts", "join_network", "join_streams"]


def join_streams(
    m: Module, card: wiring.Component, engine: Engine, port: NetworkPort, hosts: wiring.PureInterface
) -> None:
    """Let the feed hear line A and the port the wire of ``hosts``, neither waiting for the other; the port speaks."""
    connect(m, engine.tx, port.feed_requests)
    connect(m, port.tx, flipped(card.tx))
    for listener, wire in ((engine.rx, card.rx), (port.rx, hosts)):
        m.d.comb += [listener.valid.eq(wire.valid), listener.payload.eq(wire.payload)]


def join_hosts(
    m: Module,
    card: wiring.Component,
    hostlink: HostLink,
    stream: Telemetry,
    port: NetworkPort,
    switch: HostSwitch,
) -> None:
    """Give hosts two ways to registers, the order relay and events: the card's own streams, and UDP.

    Of events the slower one sets the pace.
    """
    connect(m, flipped(card.relay_rx), port.relay_direct)
    connect(m, port.relay_direct_answer, flipped(card.relay_tx))
    connect(m, flipped(card.host_rx), switch.direct)
    connect(m, switch.direct_answer, flipped(card.host_tx))
    connect(m, port.host_request, switch.network)
    connect(m, switch.network_answer, port.host_response)
    connect(m, switch.request, hostlink.rx)
    connect(m, hostlink.tx, switch.response)
    telemetry, direct = stream.tx, card.events_tx
    m.d.comb += [
        switch.link_busy.eq(hostlink.busy),
        telemetry.ready.eq(direct.ready & port.events.ready),
        direct.valid.eq(telemetry.valid & port.events.ready),
        direct.payload.eq(telemetry.payload),
        port.events.valid.eq(telemetry.valid & direct.ready),
        port.events.payload.eq(telemetry.payload),
    ]


def join_network(
    m: Module, bank: RegisterBank, engine: Engine, port: NetworkPort, card: wiring.Component, *, feed_apart: bool
) -> None:
    """Wire register block ``network``, and the addresses that requests for missing messages come from and go to.

    ``feed_apart``: the feed comes on another wire than that of the port, which so has no group to join.
    """
    feed = engine.feed
    groups = bank.value("feed.destination.ip"), bank.value("feed.destination_b.ip")
    mac, ip, router = (bank.value(f"network.{name}") for name in ("mac.value", "address.ip", "router.ip"))
    own, server = feed.own_address, feed.request_address
    own_mac, server_mac = bank.value("requests.own_mac.value"), bank.value("requests.server_mac.value")
    server_ip = bank.value("requests.server.ip")
    by_arp = server_mac == 0
    for dest, group in zip((feed.dest_ip, feed.dest_b_ip), groups, strict=True):
        # A station hears hosts too: until it is told its feed's address it takes none of that for the feed.
        m.d.comb += dest.eq(Mux((group == 0) & (port.ip != 0), _NOBODY, group))
    m.d.comb += [
        port.card_time.eq(card.card_time),
        port.mac.eq(Mux(mac == 0, card.board_mac, mac)),
        port.ip.eq(Mux(ip == 0, card.board_ip, ip)),
        port.groups[0].eq(0 if feed_apart else groups[0]),
        port.groups[1].eq(Mux(bank.value("feed.arbitration.two_lines"), groups[1], 0)),
        port.peer_ip.eq(Mux(by_arp & (server_ip != 0), Mux(router == 0, server_ip, router), 0)),
        bank.drive("network.own_ip.ip").eq(port.ip),
        bank.drive("network.own_mac.value").eq(port.mac),
        bank.drive("network.peer.mac").eq(port.peer_mac),
        bank.drive("network.peer.known").eq(port.peer_known),
        *(bank.count(f"network.{name}").eq(getattr(port, name)) for name in COUNTERS),
        own.mac.eq(Mux(own_mac == 0, port.mac, own_mac)),
        own.ip.eq(bank.value("requests.own.ip")),
        own.port.eq(bank.value("requests.own.port")),
        server.mac.eq(Mux(by_arp, port.peer_mac, server_mac)),
        # Nobody is asked before it is known where.
        server.ip.eq(Mux(by_arp & ~port.peer_known, 0, server_ip)),
        server.port.eq(bank.value("requests.server.port")),
    ]
