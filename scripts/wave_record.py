"""Running a block in Amaranth's simulator and noting what chosen signals are, cycle by cycle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth import ClockDomain, Module
from amaranth.lib import wiring
from amaranth.sim import Simulator
from wave_svg import Row

__all__ = ["Inputs", "Probe", "Scene", "bit", "record", "when"]

#: Gives the text of one cell from the simulation's context; an empty string where the signal says nothing.
Probe = Callable[[Any], str]
#: Signals and what they are set to.
Inputs = Sequence[tuple[Any, Any]]


@dataclass(frozen=True)
class Scene:
    """A short run of one block.

    Attributes
    ----------
    title : str
        What is seen.
    block : wiring.Component
        The real block.
    fixed : Inputs
        Inputs that stay.
    script : sequence of Inputs
        Inputs of each cycle that is drawn; what a cycle does not name stays as it was.
    probes : mapping of str to Probe
        Rows of the diagram.
    settle : int
        Cycles before the first that is drawn.
    before : sequence of Inputs
        Inputs of the cycles after settling and before the first that is drawn.
    """

    title: str
    block: wiring.Component
    script: Sequence[Inputs]
    probes: Mapping[str, Probe]
    fixed: Inputs = ()
    settle: int = 0
    before: Sequence[Inputs] = ()


def bit(signal: Any) -> Probe:
    """Show a one-bit signal."""
    return lambda ctx: str(ctx.get(signal))


def when(valid: Any, text: Callable[[Any], object]) -> Probe:
    """Show what ``text`` makes of the context while ``valid`` is high."""
    return lambda ctx: str(text(ctx)) if ctx.get(valid) else ""


def record(scene: Scene) -> list[Row]:
    """Run a scene.

    Parameters
    ----------
    scene : Scene
        The scene; its block can be run once.

    Returns
    -------
    list of Row
        The rows of its diagram.
    """
    cells: dict[str, list[str]] = {label: [] for label in scene.probes}
    bench = Module()
    bench.domains.sync = ClockDomain()  # a block without a register has none of its own
    bench.submodules.block = scene.block
    simulator = Simulator(bench)
    simulator.add_clock(1e-6)

    async def play(ctx: Any) -> None:
        def put(inputs: Inputs) -> None:
            for signal, value in inputs:
                ctx.set(signal, value)

        put(scene.fixed)
        await ctx.tick().repeat(1 + scene.settle)
        for inputs in scene.before:
            put(inputs)
            await ctx.tick()
        for inputs in scene.script:
            put(inputs)
            for label, probe in scene.probes.items():
                cells[label].append(probe(ctx))
            await ctx.tick()

    simulator.add_testbench(play)
    simulator.run()
    return [Row(label, values) for label, values in cells.items()]
