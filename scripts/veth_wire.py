"""``python scripts/veth_wire.py COMMAND...``: run a command beside a card's place at the other end of a wire.

The command gets a network namespace of its own with one end of a veth pair; the other end is in a second namespace,
where the fake card of the driver's tests opens its sockets. Both vanish with the command. AF_XDP takes real root: in a
user namespace the kernel refuses to load its program.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

INSIDE = "PENNYWIRE_WIRE_INSIDE"
HOST_END, CARD_END = "pwhost", "pwcard"
HOST_IP, CARD_IP = "10.77.0.1", "10.77.0.2"
#: From linux/sockios.h and linux/ethtool.h.
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def run(*words: str) -> None:
    """Run a program; its failure ends this one."""
    subprocess.run(words, check=True)


def write_checksums(interface: str) -> None:
    """Have the kernel work out checksums before a frame goes onto the wire, as a real card does.

    A veth end leaves them to hardware that is not there, and whoever takes the frame off the wire finds them wrong.
    """
    off = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_STXCSUM, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, SIOCETHTOOL, struct.pack("16sP", interface.encode(), ctypes.addressof(off)))


@contextlib.contextmanager
def card_namespace() -> Iterator[int]:
    """Give a process that does nothing but hold the card's namespace, which exists when this is entered."""
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


def main() -> int:
    """Make the wire, run the command, give its exit status."""
    if sys.argv[1:] == ["--card-end"]:
        write_checksums(CARD_END)
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", f"{CARD_IP}/24", "dev", CARD_END)
        run("ip", "link", "set", CARD_END, "up")
        return 0
    if os.geteuid() != 0:
        print("AF_XDP takes root: a user namespace may not load its program. Run this as root.", file=sys.stderr)
        return 1
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, __file__, *sys.argv[1:]])
    with card_namespace() as holder:
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", HOST_END, "type", "veth", "peer", "name", CARD_END, "netns", str(holder))
        run("nsenter", f"--net=/proc/{holder}/ns/net", sys.executable, __file__, "--card-end")
        run("ip", "address", "add", f"{HOST_IP}/24", "dev", HOST_END)
        run("ip", "link", "set", HOST_END, "up")
        wire = {
            "PENNYWIRE_TEST_INTERFACE": HOST_END,
            "PENNYWIRE_TEST_CARD_IP": CARD_IP,
            "PENNYWIRE_TEST_CARD_END": CARD_END,
            "PENNYWIRE_TEST_NETNS": f"/proc/{holder}/ns/net",
        }
        return subprocess.run(sys.argv[1:], env=os.environ | wire, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
