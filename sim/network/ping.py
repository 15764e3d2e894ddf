"""Is a station there? Echo requests over ICMP, and ARP requests, by raw sockets."""

import os
import socket
import struct
import time

from hdl.wire.ethernet import (
    ARP,
    BROADCAST,
    ETHERNET,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ICMP_ECHO,
    ones_complement_sum,
)

__all__ = ["arping", "ping"]


def ping(address: str, number: int = 1, *, data: bytes = b"is anybody there", timeout: float = 5.0) -> float | None:
    """Send one echo request through the kernel's stack, and wait for its reply.

    Parameters
    ----------
    address : str
        IPv4 address.
    number : int
        Sequence number.
    data : bytes
        What is to come back.
    timeout : float
        Seconds to wait.

    Returns
    -------
    float or None
        Seconds it took; None: no right reply came.
    """
    identifier = os.getpid() & 0xFFFF
    fields = {"type": 8, "code": 0, "identifier": identifier, "sequence_number": number}
    checksum = 0xFFFF ^ ones_complement_sum(ICMP_ECHO.pack(checksum=0, **fields) + data)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.connect((address, 0))
        began = time.monotonic()
        sock.send(ICMP_ECHO.pack(checksum=checksum, **fields) + data)
        while (left := began + timeout - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                packet = sock.recv(2048)
            except TimeoutError:
                return None
            message = packet[4 * (packet[0] & 15) :]
            if len(message) < ICMP_ECHO.length or ones_complement_sum(message) != 0xFFFF:
                continue
            reply = ICMP_ECHO.unpack(message[: ICMP_ECHO.length])
            if (reply["type"], reply["identifier"], reply["sequence_number"]) == (0, identifier, number):
                return time.monotonic() - began if message[ICMP_ECHO.length :] == data else None
    return None


def arping(interface: str, address: str, *, timeout: float = 5.0) -> str | None:
    """Ask on an interface who has an IPv4 address.

    Returns
    -------
    str or None
        The Ethernet address that answered; None: nobody did.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP)) as sock:
        sock.bind((interface, 0))
        own_mac = int.from_bytes(sock.getsockname()[4], "big")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            own_ip = int.from_bytes(socket.inet_aton(probe.getsockname()[0]), "big")
        wanted = int.from_bytes(socket.inet_aton(address), "big")
        sock.send(
            ETHERNET.pack(destination=BROADCAST, source=own_mac, ethertype=ETHERTYPE_ARP)
            + ARP.pack(
                hardware_type=1,
                protocol_type=ETHERTYPE_IPV4,
                hardware_length=6,
                protocol_length=4,
                operation=1,
                sender_mac=own_mac,
                sender_ip=own_ip,
                target_mac=0,
                target_ip=wanted,
            )
        )
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                frame = sock.recv(2048)
            except TimeoutError:
                return None
            answer = frame[ETHERNET.length : ETHERNET.length + ARP.length]
            if len(answer) == ARP.length:
                said = ARP.unpack(answer)
                if (said["operation"], said["sender_ip"], said["target_ip"]) == (2, wanted, own_ip):
                    return ":".join(f"{octet:02x}" for octet in struct.pack(">Q", int(said["sender_mac"]))[2:])
    return None
