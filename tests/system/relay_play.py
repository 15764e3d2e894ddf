"""A made session traded by a soft card through the relay, over TCP, with a network in between that can be made bad."""

import contextlib
import os
import queue
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from controlplane.card.device import Device
from sim.card_port import Arrival, Port
from sim.exchange.ledger import Account, accounts_of
from sim.exchange.log import Fees
from sim.exchange.rules import Rules
from sim.exchange.session_server import SessionServer
from sim.exchange.venue import Venue
from sim.sessions.encode import time_of
from sim.sessions.frames import FrameMaker, pack_messages
from sim.sessions.make import MADE_SYMBOLS
from sim.soak.ouch_log import Holding, OuchReckoning
from sim.softcard.client import MarketClient

ROOT = Path(__file__).resolve().parents[2]
CTL = ROOT / "build" / "host-driver" / "pennywire-ctl"
FEES = Fees(fee_remove=3_000, fee_add=-2_000, commission=100)
LEASE = 1 << 60
PASSWORD = {**os.environ, "PENNYWIRE_SESSION_PASSWORD": "secret"}


class LiveVenue:
    """A venue behind a session server; every byte of the session is also given to the reckoning."""

    def __init__(self, *, cancel_on_disconnect):
        self.venue = Venue(FEES, 0, 0, Rules(cancel_on_disconnect=cancel_on_disconnect))
        self.reckoning = OuchReckoning(FEES.fee_remove, FEES.fee_add, FEES.commission)
        self.lock = threading.RLock()
        self.now = 0
        self.asked = []  # every message of the client
        self.told = []
        self.server = SessionServer("PW1", "user1", "secret", self.hear, on_state=self.on_state)

    def hear(self, message):
        with self.lock:
            self.asked.append(message)
            self.reckoning.asked(message)
            self.venue.on_order(self.now, message)
            self.answer()
        return ()

    def on_state(self, up):
        with self.lock:
            if up:
                self.venue.connect()
            else:
                self.venue.disconnect(self.now)
                self.answer()

    def session_message(self, message):
        with self.lock:
            self.now = time_of(message)
            self.venue.on_session_message(self.now, message)
            self.answer()

    def answer(self):
        for _, message in self.venue.answers_until(self.now):
            self.told.append(message)
            self.reckoning.told(message)
            self.server.publish(message)


class BadNetwork:
    """A UDP relay between host and card that loses, doubles and reorders, or is silent."""

    def __init__(self, card_url, seed):
        host, port = card_url.removeprefix("udp:").rsplit(":", 1)
        self.card = (host, int(port))
        self.rng = random.Random(seed)
        self.silent = False
        self.lost = 0
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.backs = {}  # a socket to the card for each host
        self.stop, self.wake = socket.socketpair()
        self.held = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @property
    def url(self):
        return f"udp:127.0.0.1:{self.front.getsockname()[1]}"

    def run(self):
        hosts = {}
        while True:
            ready, _, _ = select.select([self.front, self.stop, *hosts], [], [], 0.002 if self.held else None)
            for sock in ready:
                if sock is self.stop:
                    for back in hosts:
                        back.close()
                    return
                if sock is self.front:
                    data, host = self.front.recvfrom(65536)
                    if host not in self.backs:
                        self.backs[host] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        self.backs[host].connect(self.card)
                        hosts[self.backs[host]] = host
                    self.pass_on(lambda d=data, back=self.backs[host]: back.send(d))
                else:
                    self.hear_card(sock, hosts[sock])
            held, self.held = self.held, []
            for send in held:
                if self.rng.random() < 0.5:
                    self.held.append(send)
                else:
                    self.try_to(send)

    def hear_card(self, back, host):
        data = back.recv(65536)
        self.pass_on(lambda: self.front.sendto(data, host))

    def pass_on(self, send):
        if self.silent or self.rng.random() < 0.1:
            self.lost += 1
            return
        for _ in range(self.rng.choice((1, 1, 1, 2))):
            if self.rng.random() < 0.2:
                self.held.append(send)
            else:
                self.try_to(send)

    @staticmethod
    def try_to(send):
        with contextlib.suppress(OSError):  # nobody there: lost
            send()

    def close(self):
        self.wake.send(b"x")
        self.thread.join()
        for sock in (self.front, self.stop, self.wake):
            sock.close()


class Relay:
    """``pennywire-ctl relay`` as a process."""

    def __init__(self, url, exchange, *options):
        command = [CTL, "--device", url, "relay", "--exchange", exchange, "--user", "user1", *options]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=PASSWORD)
        self.lines, self.seen = queue.Queue(), []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.seen.append(line.strip())
            self.lines.put(line.strip())
        self.lines.put("gone")

    def wait_for(self, beginning):
        while True:
            try:
                line = self.lines.get(timeout=60)
            except queue.Empty:
                line = "gone"
            assert line != "gone", f"waited for {beginning!r}, came {self.seen[-20:]}"
            if line.startswith(beginning):
                return line

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        return self.over()

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        return self.over()

    def over(self):
        self.child.wait(60)
        self.reader.join()
        self.child.stdout.close()
        errors = self.child.stderr.read()
        self.child.stderr.close()
        return self.child.returncode, errors


class Rig:
    """A soft card, an exchange, a relay, and a session that is played to the card and the exchange alike."""

    def __init__(self, messages, *, network=None, cancel_on_disconnect=True, config="demo"):
        self.dir = Path(tempfile.mkdtemp(prefix="pw-"))
        options = ["--udp", "127.0.0.1:0"] if network is not None else []
        command = [sys.executable, "-m", "sim.softcard", "--config", config, "--dir", str(self.dir), "--relay-seconds",
                   "1.5", *options]  # fmt: skip
        self.card = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
        ready = self.card.stdout.readline().split()
        assert ready[:3] == ["soft", "card", "ready:"], ready
        self.device = Device.open(f"unix:{self.dir}/link.sock")
        self.network = None if network is None else BadNetwork(ready[-1], network)
        self.url = f"unix:{self.dir}/link.sock" if self.network is None else self.network.url
        self.market = MarketClient(self.dir / "market.sock")
        self.exchange = LiveVenue(cancel_on_disconnect=cancel_on_disconnect)
        self.packets = list(pack_messages([(time_of(m), m) for m in messages], FrameMaker()))
        self.messages, self.played = messages, 0
        self.relay = None
        self.first = time_of(messages[0])
        self.cycle = self.market.play([], 0).now + 16
        self.configure()
        self.start_relay()
        self.device.write({"orders.session": 1, "control.lease": LEASE})

    def configure(self):
        items = {
            "risk.fee_remove": FEES.fee_remove,
            "risk.fee_add.value": FEES.fee_add,
            "risk.commission": FEES.commission,
            "modules.taker": 1,
        }
        for slot, made in enumerate(MADE_SYMBOLS):
            s = f"slot[{slot}]"
            items |= {f"{s}.symbol": int.from_bytes(made.symbol.ljust(8).encode(), "little")}
            items |= {f"{s}.{name}": 1000 for name in ("max_inventory", "ceiling_inventory")}
            items |= {f"{s}.{name}": 500 for name in ("max_order_size", "ceiling_order_size")}
            items |= {f"{s}.short_sale": 1, f"maker[{slot}].located": 1_000_000, f"{s}.taker_ratio": 0x0180}
            items |= {f"{s}.control.enable": 1, f"{s}.control.taker_buy": 1, f"{s}.control.taker_sell": 1}
            items |= {f"{s}.taker_order_size": 100, f"{s}.taker_ticks.take_profit": 2, f"{s}.taker_ticks.stop": 2}
        self.device.write(items)

    def start_relay(self):
        self.relay = Relay(self.url, self.exchange.server.address, "--card-silence-ms", "1500")

    def wait_up(self):
        """Wait until the relay says to the card that the session is up, and the card has heard it."""
        self.relay.wait_for("up")
        deadline = time.monotonic() + 30
        while self.registers("control.status.session_up") != [1]:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def play(self, packets):
        """Play so many packets to both, and let what is on its way come to rest often."""
        for packet in self.packets[self.played : self.played + packets]:
            first = packet.sequence - 1
            for message in self.messages[first : first + packet.count]:
                self.exchange.session_message(message)
            at = self.cycle + (packet.time - self.first) * 1000 // 6400
            self.market.play([Arrival(at, Port.FEED, packet.frame)], at, stop_on_order=False)
        self.played += packets

    def registers(self, *names):
        values = self.device.read(names)
        return [values[name] for name in names]

    def settle(self):
        """Wait until card and exchange have heard all that the other has said."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            up, wanted, sent, taken = self.registers(
                "relay.status.up", "relay.wanted", "relay.messages.next", "relay.messages.taken"
            )
            with self.exchange.lock:
                told = len(self.exchange.told)
            if up and wanted == told + 1 and sent == taken:
                # What the last of it set in motion has to be over too.
                again = self.registers("relay.wanted", "relay.messages.next")
                with self.exchange.lock:
                    if again == [wanted, sent] and len(self.exchange.told) == told:
                        return
            time.sleep(0.01)
        raise AssertionError(f"not settled: {up=} {wanted=} {told=} {sent=} {taken=}")

    def differences(self):
        """Give where card, exchange and the bytes of the session say different things."""
        accounts = accounts_of(self.exchange.venue.log.entries)
        held = self.exchange.reckoning.holdings()
        wrong = []
        for slot, made in enumerate(MADE_SYMBOLS):
            account, bytes_say = accounts.get(made.symbol, Account()), held.get(made.symbol, Holding())
            own = [o for o in self.exchange.venue.orders.values() if o.symbol.rstrip() == made.symbol]
            s = f"slot[{slot}]"
            position, cash, buy, sell = self.registers(
                f"{s}.position.shares", f"{s}.cash.value", f"{s}.open_shares.buy", f"{s}.open_shares.sell"
            )
            counts = {
                "position": (position, account.position, bytes_say.position),
                "cash": (cash, account.cash, bytes_say.cash),
                "open to buy": (buy, sum(o.open for o in own if o.buy), bytes_say.open_buy),
                "open to sell": (sell, sum(o.open for o in own if not o.buy), bytes_say.open_sell),
            }
            wrong += [f"{made.symbol} {what}: {said}" for what, said in counts.items() if len(set(said)) != 1]
        return wrong

    def numbers(self):
        """Give the user reference numbers of the orders that reached the exchange, as they came."""
        return [
            int.from_bytes(m[1:5] if m[:1] == b"O" else m[5:9], "big")
            for m in self.exchange.asked
            if m[:1] in (b"O", b"U")
        ]

    def close(self):
        if self.relay is not None and self.relay.child.poll() is None:
            self.relay.kill()
        self.exchange.server.close()
        self.device.close()
        self.market.close()
        if self.network is not None:
            self.network.close()
        self.card.send_signal(signal.SIGTERM)
        self.card.wait(30)
        self.card.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)
