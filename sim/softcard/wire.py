"""The card on a wire: its time is the wall clock's, and what an interface hears is its market."""

import sys
import time

from hdl.regs.description import describe
from sim.card_port import Arrival, Port
from sim.network.interface import Interface
from sim.verilated.model import CardModel

__all__ = ["TICK_SECONDS", "Wire"]

#: How long the card's time may stand still while nothing comes, in seconds: its timers are seen so much late at most.
TICK_SECONDS = 0.01
#: A frame that waited longer than this is worth a word, and how often at most, in seconds.
LATE_SECONDS, _SAY_SECONDS = 1.0, 5.0
#: Frames taken at once, so that hosts on the Unix socket are served between them.
_BATCH = 256


class Wire:
    """Plays what comes in on an interface to a card, and sends what the card sends.

    A frame enters the card at the card time that is the wall-clock time of its arrival, counted from the start. Between
    frames card time is skipped, not simulated, up to now: so it is the wall clock's as long as the model keeps up.
    While it does not, frames wait, each with its own time, and card time lags behind until the model has caught up.
    Nothing is lost and no order of things is changed by that: what a host asks for over the wire waits in the same row.

    Parameters
    ----------
    model : CardModel
        A card whose time is not granted by a player.
    interface : Interface
        Where its frames come from and go to; the caller closes it.
    ip, mac : int
        The card's addresses, put into its registers.

    Attributes
    ----------
    frames_in, frames_out : int
        Frames since the start.
    """

    def __init__(self, model: CardModel, interface: Interface, ip: int, mac: int) -> None:
        self._model, self.interface = model, interface
        self._period_ps = model.config.clock_period_ps
        registers = describe(model.config.slots)
        for name, value in (("network.mac", mac), ("network.address", ip)):
            model.write(registers.register(name).address, value)
        self._started = time.monotonic_ns() - model.now * self._period_ps // 1000
        self.frames_in = self.frames_out = 0
        self._said_at = 0

    def _card_time(self, moment_ns: int) -> int:
        return max(0, moment_ns - self._started) * 1000 // self._period_ps

    def _say_if_late(self, late_ns: int, present_ns: int) -> None:
        """Say on standard error, now and then, that frames waited for long: hosts may think that the card is gone."""
        if late_ns > LATE_SECONDS * 1e9 and present_ns - self._said_at > _SAY_SECONDS * 1e9:
            self._said_at = present_ns
            print(
                f"soft card: a frame waited for {late_ns / 1e9:.1f} s: more comes than the model can simulate here",
                file=sys.stderr,
                flush=True,
            )

    def turn(self) -> list[bytes]:
        """Let in what has come, run to the present, and send what comes of it.

        Returns
        -------
        list of bytes
            OUCH messages that left the card meanwhile.

        Raises
        ------
        CardBusyError
            The card does not come to rest.
        """
        present = time.monotonic_ns()
        taken = self.interface.take(_BATCH)
        arrivals = []
        for moment, frame in taken:
            at = self._card_time(moment)
            arrivals.append(Arrival(at, Port.FEED, frame))
            if frame[0] & 1:  # a group's frame: line B may come over the same wire
                arrivals.append(Arrival(at, Port.FEED_B, frame))
        self.frames_in += len(taken)
        if taken:
            self._say_if_late(present - taken[0][0], present)
        # With more frames waiting the present is the last one's that was taken: theirs are later.
        until = self._card_time(taken[-1][0] if len(taken) == _BATCH else present)
        played = self._model.play(arrivals, max(until, self._model.now), stop_on_order=False)
        for sent in played.frames:
            self.interface.send(sent.data)
        self.frames_out += len(played.frames)
        return [order.data for order in played.orders]
