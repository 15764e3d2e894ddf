"""``make demo-net``: exchange, card and control plane as neighbours on a network, in a namespace of its own.

The exchange publishes MoldUDP64 by multicast from an ordinary socket. The soft card hears it on a TAP, and is a station
there: the kernel finds it by ARP, pings it, sees it join the feed's group, and the control plane reaches it by UDP at
the card's own address. Its orders go out by the host's session: `pennywire-ctl relay` carries them to the exchange over
TCP. Nothing but Ethernet frames lies between the card and the rest.
"""

import contextlib
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from controlplane.card.device import Device
from controlplane.cli.demo import CONFIG
from controlplane.cli.processes import ROOT, Child, ChildError, terminated_cleanly
from controlplane.cli.run_client import RunClient, RunClientError
from controlplane.config.text import changed

__all__ = ["main"]

TAP_DRIVER = Path("/dev/net/tun")
FAR_END = "pw1"
INTERFACE, HOST, CARD = "pw0", "10.50.87.1", "10.50.87.2"
GROUP, FEED_PORT, REQUESTS_PORT, ORDERS_PORT, ANSWERS_PORT = "233.54.12.111", 26477, 26478, 26400, 31000
#: The tool of the host driver, as `make driver` leaves it.
CONTROL_TOOL = ROOT / "build" / "host-driver" / "pennywire-ctl"
_JOIN_SECONDS = 10.0
_READY_SECONDS = 120.0
_OVER_SECONDS = 1800.0
_SETTLE_SECONDS = 120.0
_PASSWORD = {"PENNYWIRE_SESSION_PASSWORD": "demo"}
_COUNTERS = (
    "feed.messages", "feed.gaps", "feed.frames_bad", "network.foreign", "network.malformed", "network.wrong_sums",
    "network.overflows", "network.arp_replies", "network.echo_replies", "network.reports", "network.requests",
    "network.copies", "network.event_frames",
)  # fmt: skip


def _config(folder: Path, slots: int) -> Path:
    """Write the service's configuration: the demo's, with this network's addresses, and as many symbols as fit."""
    text = CONFIG.read_text()
    settings = {
        "symbols": tomllib.loads(text)["symbols"][:slots],
        "requests.own": {"ip": CARD, "port": ANSWERS_PORT},
        "requests.server": {"ip": HOST, "port": REQUESTS_PORT},
        "requests.timeout_microseconds": 20_000,
        "requests.tries": 10,
    }
    path = folder / "network.toml"
    path.write_text(changed(text, settings))
    return path


def _reach(console: Console) -> None:
    """Find the card as any neighbour would.

    Raises
    ------
    LinkError
        It does not answer.
    """
    from sim.network.links import LinkError
    from sim.network.ping import arping, ping

    mac = arping(INTERFACE, CARD)
    if mac is None:
        raise LinkError(f"the card at {CARD} does not answer ARP on {INTERFACE}")
    console.print(f"arping {CARD}: {mac}")
    times = [ping(CARD, number) for number in range(1, 4)]
    answered = sorted(seconds for seconds in times if seconds is not None)
    if not answered:
        raise LinkError(f"the card at {CARD} does not answer pings")
    middle = answered[len(answered) // 2]
    console.print(f"ping {CARD}: {len(answered)} of {len(times)} answered, median {middle * 1000:.1f} ms (simulated)")


def _books(messages: list[bytes], slots: int) -> list[tuple[str, int, int]]:
    """Give each symbol with its best prices and its five-level volumes, packed as the card's registers are."""
    from sim.exchange.book import SessionBooks
    from sim.sessions.make import MADE_SYMBOLS

    books = SessionBooks()
    for message in messages:
        books.apply(message)
    locates = {stock.rstrip(): locate for stock, locate in books.locates.items()}
    rows = []
    for symbol in MADE_SYMBOLS[:slots]:
        book = books.of(locates[symbol.symbol])
        bids, asks = book.levels(True)[:5], book.levels(False)[:5]
        volumes = sum(shares for _, shares in bids) | sum(shares for _, shares in asks) << 32
        rows.append((symbol.symbol, book.best_bid() | book.best_ask() << 32, volumes))
    return rows


def _compare(client: RunClient, messages: list[bytes], slots: int, console: Console) -> bool:
    """Wait until the card has heard the end, then set its books beside the exchange's; say whether they agree."""
    until = time.monotonic() + _SETTLE_SECONDS
    while client.registers(["feed.next_sequence"])["feed.next_sequence"] <= len(messages):
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    table = Table("symbol", "card bid", "card ask", "exchange bid", "exchange ask", "five levels", "state")
    agree = True
    for slot, (symbol, bbo, volumes) in enumerate(_books(messages, slots)):
        names = [f"slot[{slot}].{name}" for name in ("bbo", "volumes", "state")]
        card_bbo, card_volumes, state = client.registers(names).values()
        stale, right = bool(state & 2), (card_bbo, card_volumes) == (bbo, volumes)
        agree &= right and not stale
        prices = (card_bbo & 0xFFFF_FFFF, card_bbo >> 32, bbo & 0xFFFF_FFFF, bbo >> 32)
        said = "stale, and says so" if stale else "equal" if right else "NOT EQUAL"
        table.add_row(symbol, *(f"{price / 10_000:.2f}" for price in prices), "equal" if right else "differ", said)
    console.print(table)
    return agree


def _trades(client: RunClient, log: Path, console: Console) -> bool:
    """Set what the card did beside what the exchange says that it did; say whether they agree."""
    from sim.exchange.log import read_log
    from sim.exchange.statement import statement_of

    entries = read_log(log.read_text().splitlines())
    names = ("orders.entered", "orders.replaced", "orders.canceled", "orders.executions", "relay.delivered")
    console.print(
        "orders by the host's session: "
        + ", ".join(f"{name.split('.')[1]} {value:,}" for name, value in client.registers(names).items())
    )
    differs = client.reconcile(statement_of(entries))
    fills = sum(1 for entry in entries if entry.kind == "executed")
    words = f"differ: {'; '.join(differs)}" if differs else f"agree ({fills:,} fills)"
    console.print(f"positions, open orders, next order number: card and exchange {words}")
    return not differs


def _run(seed: int, messages: int, speed: float, card: str, out: Path, console: Console) -> bool:
    from hdl.configs import CONFIGS
    from sim.network.links import LinkError, make_host, make_pair
    from sim.network.sniff import GroupWatch
    from sim.sessions.make import make_messages
    from sim.verilated.build import build_card

    session = make_messages(seed, messages).messages
    with console.status("looking for the verilated gateware") as status:
        build_card(card, progress=lambda words: status.update(f"building the gateware (once): {words}"))
    with (
        tempfile.TemporaryDirectory(prefix="pennywire-") as name,
        terminated_cleanly(),
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)

        def start(what: str, ready: str, *arguments: str, log: str, program: Path | None = None) -> Child:
            child = stack.enter_context(Child(what, arguments, out / log, _PASSWORD, program))
            child.wait_ready(ready, _READY_SECONDS)
            return child

        # Without a TAP driver the card hears the other end of a veth pair.
        tap = TAP_DRIVER.exists()
        if not tap:
            make_pair(INTERFACE, FAR_END, spoken_on=[INTERFACE])
        wire = ("--interface", INTERFACE if tap else FAR_END, "--address", CARD, "--config", card, "--dir", name)
        start("the soft card", "soft card ready", "-m", "sim.softcard", *wire, log="softcard.log")
        make_host(INTERFACE, f"{HOST}/24")
        kind = "a TAP" if tap else "a veth pair"
        console.print(f"the card is on {INTERFACE}, {kind} in a namespace of its own")
        _reach(console)
        groups = stack.enter_context(GroupWatch(INTERFACE))
        with Device.open(f"udp:{CARD}") as device:
            device.write({"feed.destination": _number(GROUP) | FEED_PORT << 32})
        if not groups.wait_joined(GROUP, _JOIN_SECONDS):
            raise LinkError(f"no IGMP report for {GROUP} was seen on {INTERFACE}")
        console.print(f"the card joined {GROUP}: its IGMP report was seen on {INTERFACE}")
        serve = (
            "serve",
            "--device",
            f"udp:{CARD}",
            "--config",
            str(_config(folder, CONFIGS[card].slots)),
            "--dir",
            name,
        )
        start("the control plane", "serving", "-m", "controlplane.cli.main", *serve, log="service.log")
        client = RunClient(folder)
        console.print(f"the control plane holds the card at udp:{CARD}")

        log = folder / "exchange.jsonl"
        feed = ("--feed", f"{GROUP}:{FEED_PORT}", "--interface", HOST, "--requests", f"{HOST}:{REQUESTS_PORT}")
        told = ("--seed", str(seed), "--messages", str(messages), "--speed", str(speed), "--longest-gap", "0.5")
        orders = ("--listen", f"{HOST}:{ORDERS_PORT}", "--user", "demo", "--log", str(log))
        exchange = start(
            "the exchange", "exchange ready", "-m", "sim.exchange", *feed, *told, *orders, log="exchange.log"
        )
        relay = ("--device", f"udp:{CARD}", "relay", "--exchange", f"{HOST}:{ORDERS_PORT}", "--user", "demo")
        start("the relay", "up", *relay, log="relay.log", program=CONTROL_TOOL)
        console.print(f"pennywire-ctl relay carries the order session between udp:{CARD} and {HOST}:{ORDERS_PORT}")
        client.arm("demo-net: armed for a made session", ("imbalance",))
        console.print("the card is armed, the imbalance taker is on")
        began = time.monotonic()
        with console.status(f"the exchange publishes {len(session):,} messages by multicast"):
            exchange.wait_ready("session over", _OVER_SECONDS)
        console.print(f"published {len(session):,} messages in {time.monotonic() - began:.1f} s")
        agree = _compare(client, session, CONFIGS[card].slots, console)
        exchange.stop()  # and it writes its log
        agree &= _trades(client, log, console)
        for counter, value in client.registers(_COUNTERS).items():
            console.print(f"  {counter:24}{value:>12,}")
    return agree


def _number(address: str) -> int:
    return int.from_bytes(bytes(int(part) for part in address.split(".")), "big")


def main(
    seed: Annotated[int, typer.Option(help="Of the made session.", min=0)] = 1,
    messages: Annotated[int, typer.Option(help="Of the made session, at least.", min=1000)] = 12_000,
    speed: Annotated[float, typer.Option(help="Exchange seconds a second.", min=0.1)] = 1.0,
    card: Annotated[str, typer.Option(help="Configuration of the card.")] = "demo",
    out: Annotated[Path, typer.Option(help="Folder for the logs.")] = Path("build/demo-net"),
) -> None:
    """Run the demonstration; exit status 0 when books, positions and orders of card and exchange agree."""
    from sim.network.links import LinkError, enter_namespace
    from sim.verilated.build import BuildError

    console = Console()
    try:
        enter_namespace(["-m", "controlplane.cli.demo_net", *sys.argv[1:]])
        out.mkdir(parents=True, exist_ok=True)
        agree = _run(seed, messages, speed, card, out, console)
    except (BuildError, ChildError, LinkError, OSError, RunClientError) as error:
        print(f"demo-net: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if not agree:
        print("demo-net: card and exchange do not agree; see above", file=sys.stderr)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
