"""What a board is to the build, and the design that goes onto it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from amaranth import Elaboratable
from amaranth.build import Platform

from hdl.boards.top import BoardTop, Lamps
from hdl.configs import CardConfig
from hdl.gigabit_card import CLOCK_HZ
from hdl.net.gigabit import PhyKind

__all__ = ["DEFAULT_IP", "DEFAULT_MAC", "Board"]

#: Addresses of a board that was built without others (decision 0032): 02:50:57:00:00:01 and 192.168.57.2.
DEFAULT_MAC, DEFAULT_IP = 0x02_50_57_00_00_01, 0xC0A8_3902


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board that one can buy.

    Attributes
    ----------
    name, description : str
        How it is called at the command line, and what it is.
    config : str
        Name of the card configuration that it carries unless another is asked for.
    device, package, speed : str
        The part, in nextpnr's words.
    programmer : str
        The board's name for openFPGALoader.
    platform : callable
        Gives the board as an Amaranth platform.
    phys : sequence of PhyKind
        Its Ethernet ports.
    lamps : callable
        Gives the lamps, asked from the platform.
    mac, ip : int
        Addresses of the card until the host writes others. Two boards on one network must be built with different ones.
    """

    name: str
    description: str
    config: str
    device: str
    package: str
    speed: str
    programmer: str
    platform: Callable[[], Platform]
    phys: Sequence[PhyKind] = field(repr=False)
    lamps: Lamps = field(repr=False)
    mac: int = DEFAULT_MAC
    ip: int = DEFAULT_IP

    @property
    def ports(self) -> int:
        """Ethernet ports."""
        return len(self.phys)

    @property
    def clock_mhz(self) -> float:
        """Clock that is asked of place and route, in MHz."""
        return CLOCK_HZ / 1e6

    def top(self, config: CardConfig, **options: Any) -> Elaboratable:
        """Give the whole design.

        Parameters
        ----------
        config : CardConfig
            Sizes of the card; width and clock become those of a gigabit port.
        **options
            ``git_hash`` for the identity registers.
        """
        return BoardTop(config, self.phys, self.lamps, mac=self.mac, ip=self.ip, **options)
