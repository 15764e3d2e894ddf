"""``python -m sim.softcard``: run a soft card until SIGTERM."""

import argparse
import sys
from pathlib import Path

from hdl.configs import CONFIGS
from sim.address import parse_address
from sim.softcard.server import BOUNDARY_SECONDS, SLOW_SECONDS, SoftCard, SoftCardStartError
from sim.softcard.udp import UdpLink
from sim.verilated.build import BuildError, build_card
from sim.verilated.model import CardBusyError, CardModel


def _address(text: str) -> str:
    try:
        parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


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
    return parser.parse_args()


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
        with CardModel(options.config, library=library) as model:
            udp = UdpLink(options.udp) if options.udp else None
            card = SoftCard(
                model,
                options.dir,
                udp=udp,
                boundary_seconds=options.boundary_seconds,
                slow_seconds=options.slow_seconds,
            )
            try:
                card.stop_on_signals()
                network = [] if udp is None else [udp.url]
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
