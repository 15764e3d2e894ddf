"""Joining a board's Ethernet ports and lamps to the card."""

from amaranth import Cat, Module, unsigned
from amaranth.lib import data, wiring

from hdl.engine import Engine
from hdl.net.gigabit import PHY_COUNTERS
from hdl.regs.bank import RegisterBank

__all__ = ["PHY_BLOCKS", "Lights", "join_lights", "join_phys"]

#: Register blocks of the ports, and the card's ports of the same names.
PHY_BLOCKS = ("phy", "phy_b")


class Lights(data.Struct):
    """What a person at the board is to see: ``whole``, symbols are bound and none of them is stale."""

    whole: unsigned(1)
    armed: unsigned(1)
    killed: unsigned(1)


def join_lights(m: Module, engine: Engine, lights: data.View) -> None:
    """Say in three bits how the card is."""
    flags = engine.feed.flags
    slots = range(len(flags))
    m.d.comb += [
        lights.whole.eq(
            Cat(*(flags[i].bound for i in slots)).any() & ~Cat(*(flags[i].bound & flags[i].stale for i in slots)).any()
        ),
        lights.armed.eq(engine.arming.armed),
        lights.killed.eq(engine.arming.killed),
    ]


def join_phys(m: Module, bank: RegisterBank, card: wiring.Component) -> None:
    """Wire register blocks ``phy`` and ``phy_b``."""
    for block in PHY_BLOCKS:
        report = getattr(card, block)
        m.d.comb += [
            bank.drive(f"{block}.status.ready").eq(report.ready),
            bank.drive(f"{block}.status.answered").eq(report.managed.answered),
            bank.drive(f"{block}.status.link").eq(report.managed.link),
            bank.drive(f"{block}.status.band_link").eq(report.in_band.link),
            bank.drive(f"{block}.status.speed").eq(report.in_band.speed),
            bank.drive(f"{block}.status.full_duplex").eq(report.in_band.full_duplex),
            bank.drive(f"{block}.identifier.value").eq(report.managed.identifier),
            *(bank.count(f"{block}.{name}").eq(report.pulses[i]) for i, name in enumerate(PHY_COUNTERS)),
        ]
