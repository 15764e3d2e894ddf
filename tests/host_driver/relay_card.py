"""A card for relays, in Python from docs/hostlink.md: registers, the order relay, and hostility where asked for.

It listens on the loopback address, or, where ``scripts/veth_wire.py`` runs the tests, at the far end of that wire.
"""

import ctypes
import os
import random
import socket
import struct
import threading
import time

from hdl.regs.description import describe

HEADER = struct.Struct("<HBBIHHI")
RELAY = struct.Struct("<HBBIHHIQIHHQ")
ITEM = struct.Struct("<IIQ")
CLOCK_PERIOD_PS = 6400
OPEN, UP, RESEND, START, CLOSE, FORCE = (1 << bit for bit in range(6))
MAP = describe(4)
WIRE_NAMESPACE = os.environ.get("PENNYWIRE_TEST_NETNS")
CARD_IP = os.environ.get("PENNYWIRE_TEST_CARD_IP", "127.0.0.1")


def address(name):
    return MAP.register(name).address


def socket_of_the_card():
    """Make the card's socket: a socket stays in the namespace of the thread that made it."""
    made = []

    def make():
        if WIRE_NAMESPACE is not None:
            with open(WIRE_NAMESPACE) as namespace:
                libc = ctypes.CDLL(None, use_errno=True)
                assert libc.setns(namespace.fileno(), 0) == 0, os.strerror(ctypes.get_errno())
        made.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


class RelayCard:
    """Serves one UDP socket. ``hostile``: datagrams are lost, doubled, held back, cut, drawn out and made up.

    ``soft``: what it says of itself. A host tells a board by ``relay.silence`` how long an owner may be silent. A soft
    card, whose clock is not the host's, it tells nothing, and this one then lets an owner be silent for ever.
    """

    def __init__(self, *, hostile=None, soft=True, port=0):
        self.rng = random.Random(hostile)
        self.hostile = hostile is not None
        self.registers = {
            address("identity.magic"): int.from_bytes(b"PENNYWIR", "little"),
            address("identity.abi"): MAP.constant("identity.abi"),
            address("identity.sizes"): 4 | 8 << 8,
            address("identity.clock"): CLOCK_PERIOD_PS,
            address("identity.flags"): int(soft) | 1 << 3,  # orders can be sent
            address("orders.user_ref"): 1,
        }
        self.lock = threading.Lock()
        self.owner = self.wanted = self.last = self.taken = self.sent = 0
        self.open = self.up = self.started = False
        self.orders = []
        self.let_through = []
        self.ups = []  # what became of the session
        self.never_received = []
        self.held = []
        self.silent = False
        self.mute = False  # what it says by itself is lost
        self.heard = 0  # requests of relays
        self.vanished = 0  # owners who were silent for too long
        self.owner_heard = 0.0
        self.peer = None
        self.socket = socket_of_the_card()
        self.socket.bind((CARD_IP, port))
        self.socket.settimeout(0.005)
        self.stopping = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @property
    def url(self):
        interface = os.environ.get("PENNYWIRE_TEST_INTERFACE")
        return self.udp_url if interface is None else f"xdp:{interface}/0?peer={self.udp_url.removeprefix('udp:')}"

    @property
    def udp_url(self):
        """For a second handle: a queue of an interface serves one by ``xdp:``."""
        return f"udp:{CARD_IP}:{self.socket.getsockname()[1]}"

    def close(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()

    def say(self, message):
        """An order leaves the card; give whether the order port would have let it: an Enter while the session is up."""
        with self.lock:
            if message[:1] in (b"O", b"U"):
                if not self.up:
                    return False
                self.registers[address("orders.user_ref")] += 1
            self.orders.append(message)
            self.push()
            return True

    def run(self):
        while not self.stopping:
            looked = time.monotonic()
            try:
                datagram, sender = self.socket.recvfrom(65536)
            except TimeoutError:
                datagram = b""
            with self.lock:
                if not datagram:  # whatever was sent before this look has been heard
                    self.judge_silence(looked)
                held, self.held = self.held, []
                for late, to in held:
                    self.socket.sendto(late, to)
                if len(datagram) < 16 or self.silent:
                    continue
                kind = datagram[3]
                if kind == 5:
                    self.relay(datagram, sender)
                else:
                    self.socket.sendto(self.answer(datagram, kind), sender)

    def answer(self, datagram, kind):
        number, count = struct.unpack_from("<IH", datagram, 4)
        items = []
        for at, _, value in ITEM.iter_unpack(datagram[16:]):
            if kind == 2:
                self.registers[at] = value
                if at == address("relay.never_received"):
                    assert not self.up
                    self.never_received.append(value)
            found = {
                address("relay.wanted"): self.wanted,
                address("relay.status"): self.open | self.up << 1,
            }.get(at, self.registers.get(at, 0))
            items.append(ITEM.pack(at, 0, value if kind == 2 else found))
        return HEADER.pack(0x5750, 1, kind | 0x80, number, count, 0, 0) + b"".join(items)

    def judge_silence(self, now):
        limit = self.registers.get(address("relay.silence"), 0) * CLOCK_PERIOD_PS * 1e-12
        if self.open and 0 < limit < now - self.owner_heard:
            self.open = False
            self.set_up(False)
            self.vanished += 1

    def set_up(self, up):
        if up != self.up:
            self.ups.append(up)
        self.up = up

    def relay(self, datagram, sender):
        _, _, _, number, count, _, _, token, has, flags, length, sequence = RELAY.unpack_from(datagram)
        assert len(datagram) == 40 + -(-length // 8) * 8
        assert count == (length > 0)
        self.heard += 1
        if self.hostile and self.rng.random() < 0.15:
            return  # lost on its way here
        status = 0
        if flags & OPEN and token > self.owner and (not self.open or flags & FORCE):
            self.owner, self.open, self.started, self.last, self.sent = token, True, False, number, self.taken
            self.set_up(False)
        elif not self.open or token != self.owner:
            status = 5 if flags & OPEN and self.open else 6
        elif (number - self.last - 1) & 0x80000000:
            return
        else:
            self.last = number
            self.set_up(bool(flags & UP) and not flags & CLOSE)
            self.open = not flags & CLOSE
            if self.taken <= has <= len(self.orders):
                self.taken = has
                self.sent = has if flags & RESEND else max(self.sent, has)
            if flags & START and not self.started:
                self.wanted, self.started = sequence, True
            elif length and sequence == self.wanted:
                self.let_through.append(datagram[40 : 40 + length])
                self.wanted += 1
        if not status:
            self.peer, self.owner_heard = sender, time.monotonic()
        state = self.open | self.up << 1
        answer = RELAY.pack(0x5750, 1, 0x85, number, 0, status, self.taken, self.owner, len(self.orders), state, 0,
                            self.wanted)  # fmt: skip
        self.send(answer, sender)
        self.push()

    def push(self):
        while self.open and self.sent < len(self.orders):
            message = self.orders[self.sent]
            head = RELAY.pack(0x5750, 1, 0xC1, self.sent, 1, 0, 0, self.owner, self.sent, self.open | self.up << 1,
                              len(message), self.wanted)  # fmt: skip
            if not self.mute:
                self.send(head + message.ljust(-(-len(message) // 8) * 8, b"\0"), self.peer)
            self.sent += 1

    def send(self, datagram, to):
        if not self.hostile:
            self.socket.sendto(datagram, to)
            return
        rng = self.rng
        for _ in range(rng.choice((0, 1, 1, 1, 1, 1, 2))):
            if rng.random() < 0.2:
                self.held.append((datagram, to))
            else:
                self.socket.sendto(datagram, to)
        if rng.random() < 0.3:
            wrong = bytearray(datagram)
            wrong[rng.choice((0, 1, 2, 3, 8, 9))] ^= 1 << rng.randrange(8)  # magic, version, kind, count
            self.socket.sendto(wrong, to)
            self.socket.sendto(datagram[: rng.randrange(len(datagram))], to)
            self.socket.sendto(datagram + rng.randbytes(rng.randrange(1, 700)), to)
