"""Lattice ECP5 Versa: two gigabit ports, each behind a Marvell 88E1512.

openFPGALoader knows no Versa by name; the Evaluation Board of the same maker is reached by the same kind of cable.
Whether its name loads a Versa has not been tried. The part is too small for every configuration there is: of ``listen``
synthesis counts nearly all of its look-up tables, and place and route adds some.
"""

from amaranth_boards.versa_ecp5 import VersaECP5Platform

from hdl.boards.board import Board
from hdl.net.gigabit import PhyKind

__all__ = ["VERSA"]


def _lamps(platform):
    return [platform.request("led", i, dir="-") for i in range(4)]


# Reset is held and waited for longer than the PHY asks. After it both delays of its RGMII are on.
_PHY = {"reset_us": 20_000, "settle_us": 50_000}

VERSA = Board(
    name="versa",
    description="Lattice ECP5 Versa, LFE5UM-45F, two gigabit ports; no configuration fits it yet",
    config="listen",
    device="um-45k",
    package="CABGA381",
    speed="8",
    programmer="ecp5_evn",
    platform=VersaECP5Platform,
    phys=(PhyKind(address=0, **_PHY), PhyKind(address=1, **_PHY)),
    lamps=_lamps,
)
