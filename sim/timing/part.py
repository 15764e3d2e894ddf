"""The FPGA that timing is computed for."""

from dataclasses import dataclass

__all__ = ["ECPIX5_85F", "Part"]


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
    """

    device: str
    package: str
    speed: str
    nextpnr: tuple[str, ...]
    luts: int
    block_rams: int


#: What the ECPIX-5 85F carries (``amaranth_boards.ecpix5.ECPIX585Platform`` says the same).
ECPIX5_85F = Part(
    device="LFE5UM5G-85F",
    package="BG554",
    speed="8",
    nextpnr=("--um5g-85k", "--package", "CABGA554", "--speed", "8"),
    luts=83_640,
    block_rams=208,
)
