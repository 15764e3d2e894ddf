"""A SoupBinTCP client by plain struct, for tests: nothing of the library under test is in it."""

import socket
import struct


class SoupClient:
    """Logs in and speaks packets."""

    def __init__(self, address, *, username="user1", password="secret", session="", sequence=1):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.pending = b""
        self.say(b"L" + username.ljust(6).encode() + password.ljust(10).encode() + session.rjust(10).encode()
                 + str(sequence).rjust(20).encode())  # fmt: skip

    def say(self, packet):
        self.socket.sendall(struct.pack(">H", len(packet)) + packet)

    def packet(self):
        """Give the next packet, heartbeats left out; empty when the other end has hung up."""
        while True:
            while len(self.pending) < 2 or len(self.pending) < 2 + struct.unpack_from(">H", self.pending)[0]:
                received = self.socket.recv(65536)
                if not received:
                    return b""
                self.pending += received
            end = 2 + struct.unpack_from(">H", self.pending)[0]
            packet, self.pending = self.pending[2:end], self.pending[end:]
            if packet != b"H":
                return packet

    def until(self, letter):
        """Give the messages up to the first of this type."""
        found = []
        while not found or found[-1][:1] != letter:
            packet = self.packet()
            assert packet[:1] == b"S", packet
            found.append(packet[1:])
        return found

    def close(self):
        self.socket.close()
