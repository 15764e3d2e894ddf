"""Network interfaces for cards and exchanges: made with ``ip``, in a network namespace of one's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["HOW_TO_GO_ON", "LinkError", "enter_namespace", "ip", "make_host", "make_pair", "why_no_namespace"]

#: What a person can do where namespaces are forbidden.
HOW_TO_GO_ON = (
    "Run it as root, or allow it: `sysctl kernel.unprivileged_userns_clone=1` (Debian), "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), and `--cap-add NET_ADMIN "
    "--security-opt seccomp=unconfined` for a container. `make demo` needs none of this."
)
_INSIDE = "PENNYWIRE_NAMESPACE"
_UNSHARE = ("unshare", "-Urn")


class LinkError(RuntimeError):
    """An interface could not be made; the message says what ``ip`` said."""


def ip(*arguments: str) -> None:
    """Run ``ip`` with these arguments.

    Raises
    ------
    LinkError
        It failed, or is not there.
    """
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise LinkError("there is no `ip`: install the package iproute2") from error
    if done.returncode:
        raise LinkError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def why_no_namespace() -> str | None:
    """Give why no network namespace can be had, or None if one can: it is tried, with a veth pair in it."""
    for tool, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(tool) is None:
            return f"there is no `{tool}`: install the package {package}"
    probe = [*_UNSHARE, "ip", "link", "add", "name", "probe0", "type", "veth", "peer", "name", "probe1"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"a veth pair in a user and network namespace was refused: {done.stderr.strip()}"
    return None


def enter_namespace(arguments: Sequence[str]) -> None:
    """Begin this program anew in a user and network namespace, unless it runs in one that it made.

    Parameters
    ----------
    arguments : sequence of str
        Arguments of the interpreter, as ``["-m", "sim.network.demo"]``.

    Raises
    ------
    LinkError
        No namespace can be had; the message says why, and how to go on.
    """
    if os.environ.get(_INSIDE) == "1":
        ip("link", "set", "lo", "up")
        return
    why = why_no_namespace()
    if why is not None:
        raise LinkError(f"{why}. {HOW_TO_GO_ON}")
    os.environ[_INSIDE] = "1"
    os.execvp(_UNSHARE[0], [*_UNSHARE, sys.executable, *arguments])


def _quieten(name: str) -> None:
    """Let the kernel say nothing by itself on an interface: IPv6 looks for neighbours that are not there."""
    knob = Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    if knob.exists():
        knob.write_text("1")


def make_host(name: str, address: str) -> None:
    """Make an interface this kernel's end of the network: up, with an address, and the way to every group.

    Parameters
    ----------
    name : str
        An interface that is there.
    address : str
        IPv4 address with prefix length, as ``10.50.87.1/24``.
    """
    _quieten(name)
    ip("address", "add", address, "dev", name)
    ip("link", "set", name, "up", "txqueuelen", "10000")
    ip("route", "replace", "224.0.0.0/4", "dev", name)


def make_pair(one: str, other: str, *, spoken_on: Sequence[str] = ()) -> None:
    """Make a veth pair whose ends are up; on those not in ``spoken_on`` the kernel neither speaks nor answers ARP."""
    ip("link", "add", "name", one, "type", "veth", "peer", "name", other)
    for name in (one, other):
        _quieten(name)
        if name not in spoken_on:
            ip("link", "set", name, "arp", "off")
        ip("link", "set", name, "up", "txqueuelen", "10000")
