"""``python -m sim.softcard``: run a soft card until SIGTERM."""

import argparse
import contextlib
import ipaddress
import re
import sys
from pathlib import Path

from hdl.configs import CONFIGS
from sim.address import parse_address
from sim.network.interface import Interface
from sim.softcard.server import BOUNDARY_SECONDS, RELAY_SECONDS, SLOW_SECONDS, SoftCard, SoftCardStartError
from sim.softcard.udp import UdpLink
from sim.softcard.wire import Wire
from sim.verilated.build import BuildError, build_card
from sim.verilated.model import CardBusyError, CardModel


def _address(text: str) -> str:
    try:
        parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _ipv4(text: str) -> int:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no IPv4 address: {error}") from error
    if address.is_multicast or address.is_unspecified:
        raise argparse.ArgumentTypeError(f"{text} cannot be a card's own address")
    return int(address)


def _mac(text: str) -> int:
    if not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", text) or int(text[:2], 16) & 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no Ethernet address of one station, as 02:50:57:00:00:01 is")
    return int(text.replace(":", ""), 16)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sim.softcard",
        description="The verilated card as a process: link.sock for hosts, market.sock for a player, both in --dir.",
    )
    parser.add_argument("--dir", type=Path, required=True, help="where the sockets are made; created if missing")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="demo", help="which card (default: %(default)s)")
    parser.add_argument("--loopback", action="store_true", help="a card that trades nothing and echoes its feed")
    parser.add_argument(
        "--udp", type=_address, metavar="HOST:PORT", help="listen for hosts there as well; port 0 takes a free one"
    )
    parser.add_argument(
        "--interface",
        metavar="NAME",
        help="hear and send on this interface, in real time; it is made as a TAP if there is none",
    )
    parser.add_argument(
        "--address",
        type=_ipv4,
        default="10.50.87.2",
        metavar="IPV4",
        help="the card's address on the interface, where it answers ARP, ping and hosts (default: %(default)s)",
    )
    parser.add_argument(
        "--mac", type=_mac, default="02:50:57:00:00:01", help="the card's Ethernet address (default: %(default)s)"
    )
    parser.add_argument(
        "--boundary-seconds",
        type=float,
        default=BOUNDARY_SECONDS,
        help="how long a boundary waits for the host's lease (default: %(default)g)",
    )
    parser.add_argument(
        "--slow-seconds",
        type=float,
        default=SLOW_SECONDS,
        help="how long a host may take nothing of what it is sent (default: %(default)g)",
    )
    parser.add_argument(
        "--relay-seconds",
        type=float,
        default=RELAY_SECONDS,
        help="how long the relay that holds the order session may say nothing (default: %(default)g)",
    )
    options = parser.parse_args()
    if options.interface and options.loopback:
        parser.error("--loopback has no network block: leave out --interface")
    return options


def main() -> int:
    """Build the card if need be, say ``soft card ready`` on standard output, and serve.

    Returns
    -------
    int
        Exit status: 0 after SIGTERM or SIGINT, 1 for an error, which is named on standard error.
    """
    options = _options()
    try:
        library = build_card(options.config, loopback=options.loopback, progress=_say)
        options.dir.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            model = stack.enter_context(CardModel(options.config, library=library, granted=not options.interface))
            wire = None
            if options.interface:
                interface = stack.enter_context(contextlib.closing(Interface(options.interface)))
                wire = Wire(model, interface, options.address, options.mac)
            udp = UdpLink(options.udp) if options.udp else None
            card = SoftCard(
                model,
                options.dir,
                udp=udp,
                wire=wire,
                boundary_seconds=options.boundary_seconds,
                slow_seconds=options.slow_seconds,
                relay_seconds=options.relay_seconds,
            )
            try:
                card.stop_on_signals()
                network = [] if udp is None else [udp.url]
                if wire is not None:
                    network.append(f"udp:{ipaddress.IPv4Address(options.address)}")
                    _say(f"hears {wire.interface.name} ({wire.interface.kind})")
                print("soft card ready:", options.dir / "link.sock", options.dir / "market.sock", *network, flush=True)
                card.serve()
            finally:
                card.close()
    except (BuildError, SoftCardStartError, CardBusyError, OSError) as error:
        print(f"soft card: {error}", file=sys.stderr)
        return 1
    return 0


def _say(what: str) -> None:
    print(f"soft card: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
