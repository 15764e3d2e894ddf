"""The engine of a configuration as it is timed, and what its memories are."""

from amaranth.lib import wiring

from hdl.configs import CONFIGS, CardConfig
from hdl.engine import Engine
from sim.timing.scaffold import Scaffold

__all__ = ["configuration", "engine_in_scaffold"]


def configuration(name: str) -> CardConfig:
    """Give a configuration by its name.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in CONFIGS:
        raise ValueError(f"there is no configuration {name!r}: there are {', '.join(CONFIGS)}")
    return CONFIGS[name]


def engine_in_scaffold(config: CardConfig) -> Scaffold:
    """Give the engine of a configuration between chains of registers.

    Configuration, counters and telemetry of its blocks are left to whoever holds the registers: they are chained too.
    """
    engine = Engine(config)
    blocks = [block for block in vars(engine).values() if isinstance(block, wiring.Component)]
    return Scaffold(engine, blocks, name="engine")
