"""The FPGA that timing is computed for."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ECPIX5_85F", "LOGIC_85K", "Part"]

#: Columns, and rows from the top, of a -85 in which every place is one of logic, as nextpnr numbers them; between them
#: lie rows of block RAM and multipliers.
LOGIC_85K = range(2, 125), tuple(y for y in range(2, 94) if y not in range(10, 94, 12))


@dataclass(frozen=True)
class Part:
    """A member of the ECP5 family; given to ``elaborate`` as the platform, so that blocks can see the device.

    Attributes
    ----------
    device, package, speed : str
        As Lattice prints them on it.
    nextpnr : tuple of str
        The same in nextpnr's options.
    luts : int
        Look-up tables (TRELLIS_COMB) it has, and as many flip-flops.
    block_rams : int
        DP16KD it has, of 18 kbit each.
    logic_columns, logic_rows : sequence of int
        Tiles that are logic, eight look-up tables each; empty where nobody has looked.
    """

    device: str
    package: str
    speed: str
    nextpnr: tuple[str, ...]
    luts: int
    block_rams: int
    logic_columns: Sequence[int] = ()
    logic_rows: Sequence[int] = ()


#: What the ECPIX-5 85F carries (``amaranth_boards.ecpix5.ECPIX585Platform`` says the same).
ECPIX5_85F = Part(
    device="LFE5UM5G-85F",
    package="BG554",
    speed="8",
    nextpnr=("--um5g-85k", "--package", "CABGA554", "--speed", "8"),
    luts=83_640,
    block_rams=208,
    logic_columns=LOGIC_85K[0],
    logic_rows=LOGIC_85K[1],
)
