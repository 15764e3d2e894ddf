"""The engine of a configuration, or one block of it alone, as it is timed."""

from amaranth.hdl import Fragment
from amaranth.lib import wiring

from hdl.configs import CONFIGS, CardConfig
from hdl.engine import Engine
from hdl.gigabit_card import at_gigabit
from sim.timing.part import Part
from sim.timing.scaffold import Scaffold

__all__ = ["block_of", "configuration", "engine_in_scaffold"]


#: What a configuration's name ends with where a gigabit board's form of it is meant.
_AT_GIGABIT = "-gigabit"


def configuration(name: str) -> CardConfig:
    """Give a configuration by its name; with ``-gigabit`` behind it, as a gigabit board has it (decision 0031).

    Raises
    ------
    ValueError
        There is none of that name.
    """
    plain = name.removesuffix(_AT_GIGABIT)
    if plain not in CONFIGS:
        known = ", ".join(CONFIGS)
        raise ValueError(
            f"there is no configuration {name!r}: there are {known}, and each with {_AT_GIGABIT} behind it"
        )
    return CONFIGS[plain] if plain == name else at_gigabit(CONFIGS[plain], ports=1)


def engine_in_scaffold(config: CardConfig) -> Scaffold:
    """Give the engine of a configuration between chains of registers.

    Configuration, counters and telemetry of its blocks are left to whoever holds the registers: they are chained too.
    """
    engine = Engine(config)
    blocks = [block for block in vars(engine).values() if isinstance(block, wiring.Component)]
    return Scaffold(engine, blocks, name="engine")


def block_of(config: CardConfig, path: str, part: Part) -> wiring.Component:
    """Give one block of the engine of a configuration, to be timed alone.

    Parameters
    ----------
    config : CardConfig
        Sizes.
    path : str
        Names of blocks from the engine down, as the report has them without ``engine``: ``book.rows``.
    part : Part
        Given to ``elaborate`` as the platform.

    Raises
    ------
    ValueError
        There is no such block, or it is no component with ports; the message names those that there are.
    """
    inside = Fragment.get(Engine(config), part)
    passed: list[str] = []
    for name in path.split("."):
        there = {known: fragment for fragment, known, _ in inside.subfragments if _component(fragment) is not None}
        if name not in there:
            within = ".".join(["engine", *passed])
            raise ValueError(f"there is no block {name!r} in {within}: there are {', '.join(sorted(there)) or 'none'}")
        inside = there[name]
        passed.append(name)
    block = _component(inside)
    assert block is not None
    return block


def _component(fragment: Fragment) -> wiring.Component | None:
    origins = fragment.origins or ()
    return next((origin for origin in origins if isinstance(origin, wiring.Component)), None)
