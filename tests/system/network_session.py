"""A session over a network that is not good to it, run in a namespace of its own; what came of it, as JSON.

    unshare -Urn python tests/system/network_session.py '{"seed": 3, ...}'

One kernel's stack (exchange and driver) has ``exchange0``; frames go through the impairing bridge from ``wire0`` to
``wire1``; the card hears ``card0`` by a packet socket. Every process is ordinary: no test code lies between them.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from controlplane.card.device import Device
from sim.exchange.book import SessionBooks
from sim.network.links import ip, make_host, make_pair
from sim.network.ping import arping, ping
from sim.sessions.make import MADE_SYMBOLS, make_messages

ROOT = Path(__file__).resolve().parents[2]
HOST, CARD, MAC = "10.50.87.1", "10.50.87.2", "02:50:57:00:00:01"
GROUP, PORT, REQUESTS, ANSWERS = "233.54.12.111", 26477, 26478, 31000
SLOTS = 2
PATIENCE = 240.0


def number(address):
    return int.from_bytes(bytes(int(part) for part in address.split(".")), "big")


@contextlib.contextmanager
def process(*arguments, ready, environment=None):
    """A Python process that has said that it is ready; its later lines are ``lines``."""
    child = subprocess.Popen(
        [sys.executable, "-u", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    )
    try:
        line = child.stdout.readline()
        assert line.startswith(ready), f"{arguments[1]} said {line!r}"
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.stdout.close()
        child.wait(60)


def configure(device, wish):
    device.write(
        {
            "feed.destination": number(GROUP) | PORT << 32,
            "requests.own": number(CARD) | ANSWERS << 32 if wish["recover"] else 0,
            "requests.server": number(HOST) | REQUESTS << 32 if wish["recover"] else 0,
            "requests.pacing": 1_500_000 | 12 << 32,
            **{
                f"slot[{slot}].symbol": int.from_bytes(symbol.symbol.ljust(8).encode(), "little")
                for slot, symbol in enumerate(MADE_SYMBOLS[:SLOTS])
            },
        }
    )


def truth(messages):
    """Best prices and five-level volumes of the exchange's own book, as the card's registers pack them."""
    books = SessionBooks()
    for message in messages:
        books.apply(message)
    locates = {name.rstrip(): locate for name, locate in books.locates.items()}
    out = []
    for symbol in MADE_SYMBOLS[:SLOTS]:
        book = books.of(locates[symbol.symbol])
        bids, asks = book.levels(True)[:5], book.levels(False)[:5]
        out.append(
            {
                "bbo": bids[0][0] | asks[0][0] << 32,
                "volumes": sum(shares for _, shares in bids) | sum(shares for _, shares in asks) << 32,
            }
        )
    return out


def settle(device, last):
    """Wait until the card has heard the session's end, or has said that it lost part of it."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        now = device.read(["feed.next_sequence", "requests.status", "requests.gaps_lost", "feed.gaps"])
        lost = now["requests.gaps_lost"] or (
            now["feed.gaps"] and not device.read(["requests.server"])["requests.server"]
        )
        if (now["feed.next_sequence"] > last and not now["requests.status"] & 1) or lost:
            return
        time.sleep(0.1)
    raise AssertionError(f"the card has not heard the end after {PATIENCE} s: {now}")


def main():
    wish = json.loads(sys.argv[1])
    messages = make_messages(wish["seed"], wish["messages"]).messages
    ip("link", "set", "lo", "up")
    make_pair("exchange0", "wire0", spoken_on=["exchange0"])
    make_pair("wire1", "card0")
    make_host("exchange0", f"{HOST}/24")
    faults = [f"--{name.replace('_', '-')}={value}" for name, value in wish["faults"].items()]
    result = {"truth": truth(messages)}
    with tempfile.TemporaryDirectory(prefix="pw-") as folder, contextlib.ExitStack() as stack:
        impair = stack.enter_context(
            process(
                "-m", "sim.network.impair", "wire0", "wire1", f"--seed={wish['seed']}", *faults, ready="impair ready"
            )
        )
        card = [
            "-m",
            "sim.softcard",
            "--dir",
            folder,
            "--config",
            wish["config"],
            "--interface",
            "card0",
            "--address",
            CARD,
        ]
        stack.enter_context(process(*card, "--mac", MAC, ready="soft card ready"))
        result["arping"] = arping("exchange0", CARD)
        result["ping"] = [ping(CARD, i, data=bytes(range(i, i + 16))) is not None for i in range(3)]
        with Device.open(f"udp:{CARD}") as device:
            configure(device, wish)
            exchange = ["-m", "sim.exchange", "--seed", str(wish["seed"]), "--messages", str(wish["messages"])]
            exchange += ["--feed", f"{GROUP}:{PORT}", "--interface", HOST, "--requests", f"{HOST}:{REQUESTS}"]
            exchange += ["--start", "now", "--speed", str(wish["speed"]), "--longest-gap", "0.2"]
            told = stack.enter_context(
                process(*exchange, ready="exchange ready", environment={"PENNYWIRE_SESSION_PASSWORD": "x"})
            )
            assert told.stdout.readline() == "session over\n"
            settle(device, len(messages))
            network = [n for n in ("foreign", "damaged", "malformed", "wrong_sums", "overflows", "requests", "reports")]
            names = [f"network.{name}" for name in network]
            names += ["feed.messages", "feed.gaps", "feed.duplicates", "requests.requests_sent", "requests.gaps_filled"]
            names += ["requests.gaps_lost", "network.peer", "book.table_overflows"]
            result["counts"] = device.read(names)
            result["slots"] = [
                device.read([f"slot[{slot}].{name}" for name in ("state", "bbo", "volumes")]) for slot in range(SLOTS)
            ]
        impair.send_signal(signal.SIGTERM)
        result["impaired"] = json.loads(impair.stdout.readline())
    print(json.dumps(result))


if __name__ == "__main__":
    main()
