"""Tells systemd how the service is: ready, alive, stopping (``sd_notify``). Does nothing where systemd does not listen.

It says "alive" from the event loop and only while the event reader lives, so a loop that stands still or a dead reader
is a miss, and systemd ends the service. That is what trips the kill: nobody vouches for the card any more, its lease
runs out, and the card kills itself, in hardware, whatever has become of this process.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

__all__ = ["Watchdog"]


class Watchdog:
    """Sends to the socket that systemd names.

    Parameters
    ----------
    alive : callable
        True while the service hears its card.
    environment : mapping
        ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` are read.
    """

    def __init__(self, alive: Callable[[], bool], environment: Mapping[str, str] = os.environ) -> None:
        self._alive = alive
        self._address = environment.get("NOTIFY_SOCKET", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._seconds = int(environment.get("WATCHDOG_USEC", "0")) / 1e6 if ours else 0.0

    def say(self, words: str) -> None:
        """Send a state, for example ``READY=1``.

        Raises
        ------
        OSError
            systemd named a socket and nobody is there.
        """
        if not self._address:
            return
        # A name that begins with @ is in Linux's abstract namespace.
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(words.encode(), name)

    async def run(self) -> None:
        """Say "alive" twice in each watchdog's time until cancelled, or until it is not true any more."""
        while self._address and self._seconds and self._alive():
            self.say("WATCHDOG=1")
            await asyncio.sleep(self._seconds / 2)
