"""What a relay stands between, but for the card: an exchange that counts orders, and ``pennywire-ctl relay`` itself."""

import os
import queue
import signal
import struct
import subprocess
import threading
from pathlib import Path

from sim.exchange.session_server import SessionServer

BUILD = Path(__file__).parents[2] / "build" / "host-driver" / "tests"
SECRET = "s3cret"


class Exchange:
    """Counts the numbers of orders as OUCH has it, and answers queries."""

    def __init__(self):
        self.last = 0
        self.entered = []
        self.queries = 0
        self.holding = threading.Event()  # cleared: queries wait for their answers
        self.holding.set()
        self.server = SessionServer("SESS1", "user1", SECRET, self.hear, heartbeat_seconds=0.2, silence_seconds=2.0)

    def hear(self, message):
        if message[:1] == b"Q":
            self.holding.wait(30)
            self.queries += 1
            return [b"Q" + bytes(8) + struct.pack(">I", self.last + 1)]
        if message[:1] == b"O":
            (number,) = struct.unpack_from(">I", message, 1)
            self.entered.append(number)
            self.last = max(self.last, number)
            return [b"A" + bytes(8) + struct.pack(">I", number)]
        return []

    @property
    def told(self):
        return list(self.server._sequenced)


class Relay:
    def __init__(self, variant, card, exchange, *options, password=SECRET, device=None):
        command = [BUILD / f"ctl_{variant}", "--device", device or card.url, "relay", "--user", "user1"]
        command += ["--exchange", exchange.server.address, "--card-silence-ms", "700", *options]
        environment = {**os.environ, "PENNYWIRE_SESSION_PASSWORD": password}
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.lines, self.seen = queue.Queue(), []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.seen.append(line)
            self.lines.put(line.strip())

    def wait_for(self, beginning):
        while True:
            try:
                line = self.lines.get(timeout=30)
            except queue.Empty:
                ended = self.child.poll()
                errors = "" if ended is None else self.child.stderr.read()
                raise AssertionError(f"no {beginning!r}; exit status {ended}, {errors!r}, said {self.seen}") from None
            if line.startswith(beginning):
                return line

    def end(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        return self.over()

    def over(self):
        self.child.wait(30)
        self.reader.join()
        errors = self.child.stderr.read()
        self.child.stdout.close()
        self.child.stderr.close()
        return self.child.returncode, errors
