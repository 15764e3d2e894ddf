"""A Linux interface as the soft card's market port: a TAP of its own, or one end of a veth pair."""

import contextlib
import fcntl
import os
import socket
import struct
import sys
import threading
import time
from collections import deque
from pathlib import Path

from sim.network.checksums import complete

__all__ = ["Interface", "InterfaceError"]

#: Frames that wait for the card, at most; more are lost, counted, and said on standard error.
MOST_FRAMES = 1 << 17
#: What the kernel is asked to keep for us, in bytes.
RECEIVE_BYTES = 64 << 20
_LONGEST = 1 << 16
# What the socket and tun modules have no names for: linux/if_tun.h, if_packet.h, sockios.h, socket.h.
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x4004_54CA, 0x0002, 0x1000
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_AUXDATA, _PACKET_IGNORE_OUTGOING = 263, 1, 8, 23
_PACKET_MR_PROMISC = 1
_TP_STATUS_CSUMNOTREADY = 1 << 3
_SO_RCVBUFFORCE = 33
_ETH_P_ALL = 3
_AUXDATA = struct.Struct("=IIIHHHH")


class InterfaceError(OSError):
    """The interface cannot be used; the message says why and what to do."""


class Interface:
    """Whole Ethernet frames from and to an interface, without check sequences.

    An interface that is there is heard by a packet socket, in promiscuous mode, so one end of a veth pair becomes the
    card's port. If there is none of that name, a TAP is made: the kernel's end is then the interface itself.

    A thread of its own takes frames off the kernel, so that none is lost while the card is busy. Everything else is for
    the thread that made the object.

    Parameters
    ----------
    name : str
        Name of the interface, at most 15 characters.

    Raises
    ------
    InterfaceError
        There is no right to use or make it, or no TAP driver.
    """

    def __init__(self, name: str) -> None:
        if not 0 < len(name.encode()) < 16:
            raise InterfaceError(f"{name!r} is no name of an interface: 1 to 15 characters")
        self.name = name
        self._frames: deque[tuple[int, bytes]] = deque()
        #: Frames that were lost because the card was too far behind.
        self.lost = 0
        self._socket: socket.socket | None = None
        self._made = False
        try:
            socket.if_nametoindex(name)
        except OSError:
            self._descriptor = self._make_tap()
        else:
            self._descriptor = self._bind()
        #: Readable when frames wait.
        self.waker, self._wake = socket.socketpair()
        self.waker.setblocking(False)
        self._wake.setblocking(False)
        self._reader = threading.Thread(target=self._read, name=f"frames of {name}", daemon=True)
        self._reader.start()

    def _make_tap(self) -> int:
        try:
            descriptor = os.open("/dev/net/tun", os.O_RDWR)
        except OSError as error:
            raise InterfaceError(
                f"there is no interface {self.name}, and /dev/net/tun cannot be opened to make one ({error.strerror}): "
                f"make one end of a veth pair of that name"
            ) from error
        try:
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", self.name.encode(), _IFF_TAP | _IFF_NO_PI))
        except OSError as error:
            os.close(descriptor)
            raise InterfaceError(
                f"TAP {self.name} cannot be made: {error.strerror}; it needs root, or a network namespace of one's own "
                f"(`unshare -Urn`)"
            ) from error
        self._made = True
        return descriptor

    def _bind(self) -> int:
        try:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        except PermissionError as error:
            raise InterfaceError(
                f"no right to hear {self.name}: it needs root, or a network namespace of one's own (`unshare -Urn`)"
            ) from error
        self._socket = sock
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BYTES)
        except OSError:  # only real root may go beyond the system's limit
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        sock.bind((self.name, 0))
        index = socket.if_nametoindex(self.name)
        membership = struct.pack("iHH8s", index, _PACKET_MR_PROMISC, 0, b"")
        sock.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
        sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        sock.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        return sock.fileno()

    @property
    def kind(self) -> str:
        """What it is, in a word for people."""
        return "TAP" if self._made else "packet socket"

    def _read(self) -> None:
        """Take frames until the interface is closed; each with the moment at which it was taken, in ns."""
        while True:
            try:
                frame = os.read(self._descriptor, _LONGEST) if self._socket is None else self._receive(self._socket)
            except OSError as error:
                if self.waker.fileno() >= 0:
                    print(f"interface {self.name}: {error.strerror}", file=sys.stderr, flush=True)
                    if Path(f"/sys/class/net/{self.name}").exists():
                        time.sleep(0.1)  # down, and may come up again
                        continue
                return
            if len(self._frames) >= MOST_FRAMES:
                self.lost += 1
                continue
            self._frames.append((time.monotonic_ns(), frame))
            with contextlib.suppress(OSError):  # full: it is awake already; closed: the next read says so
                self._wake.send(b"\0")

    @staticmethod
    def _receive(sock: socket.socket) -> bytes:
        frame, ancillary, _, _ = sock.recvmsg(_LONGEST, socket.CMSG_SPACE(_AUXDATA.size))
        for level, kind, data in ancillary:
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
                status = _AUXDATA.unpack(data[: _AUXDATA.size])[0]
                if status & _TP_STATUS_CSUMNOTREADY:
                    # The kernel left the checksum to the network card, which a veth pair has none of.
                    return complete(frame)
        return frame

    def take(self, most: int) -> list[tuple[int, bytes]]:
        """Give up to ``most`` frames that came, each with its moment (``time.monotonic_ns``)."""
        with contextlib.suppress(BlockingIOError):
            while self.waker.recv(4096):
                pass
        taken: list[tuple[int, bytes]] = []
        while self._frames and len(taken) < most:
            taken.append(self._frames.popleft())
        if self._frames:
            with contextlib.suppress(OSError):
                self._wake.send(b"\0")
        return taken

    def send(self, frame: bytes) -> None:
        """Send a frame; like any frame it may be lost."""
        with contextlib.suppress(OSError):
            os.write(self._descriptor, frame)

    def close(self) -> None:
        """Let the interface go; a TAP that was made is gone then."""
        self.waker.close()
        self._wake.close()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        else:
            os.close(self._descriptor)
