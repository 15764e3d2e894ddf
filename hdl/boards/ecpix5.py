"""LambdaConcept ECPIX-5 with the larger part: one gigabit port behind a Microchip KSZ9031RNX."""

from amaranth_boards.ecpix5 import ECPIX585Platform

from hdl.boards.board import Board
from hdl.net.gigabit import PhyKind

__all__ = ["ECPIX5"]


def _lamps(platform):
    """Give the green, green, blue and red of the four coloured lamps."""
    lamps = [platform.request("rgb_led", i, dir={"r": "-", "g": "-", "b": "-"}) for i in range(4)]
    return lamps[0].g, lamps[1].g, lamps[2].b, lamps[3].r


ECPIX5 = Board(
    name="ecpix5",
    description="LambdaConcept ECPIX-5, ECP5-85F, one gigabit port",
    config="listen",
    device="um5g-85k",
    package="CABGA554",
    speed="8",
    programmer="ecpix5",
    platform=ECPIX585Platform,
    phys=(
        # Data sheet DS00002117: reset held for 10 ms after the supplies are steady, 100 us before the management bus.
        # It delays the clock that it gives by 1.2 ns, and not the one that it takes.
        PhyKind(address=0, reset_us=20_000, settle_us=1_000, tx_clock_delay_ps=2_000),
    ),
    lamps=_lamps,
)
