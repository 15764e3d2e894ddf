"""What a configuration asks of the memory of the part: every memory of a design, found in the design itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from amaranth.hdl import Fragment, Shape
from amaranth.hdl._mem import MemoryInstance

from sim.timing.flow import FEW_ROWS
from sim.timing.part import Part

__all__ = ["MemoryNeed", "block_rams_for", "memories_of"]

#: Shapes a DP16KD can take with one port that reads and one that writes: rows, bits.
_BLOCK_SHAPES = ((16384, 1), (8192, 2), (4096, 4), (2048, 9), (1024, 18), (512, 36))
#: A TRELLIS_DPR16X4, of look-up tables.
_SMALL_ROWS, _SMALL_BITS = 16, 4


@dataclass(frozen=True)
class MemoryNeed:
    """One memory.

    Attributes
    ----------
    name : str
        Its hierarchical name.
    rows, width : int
        Its shape; width in bits.
    block_rams : int
        DP16KD it takes; 0 if it is made of look-up tables or flip-flops.
    small_rams : int
        TRELLIS_DPR16X4 it takes; 0 if it is made of block RAM or flip-flops.
    """

    name: str
    rows: int
    width: int
    block_rams: int
    small_rams: int

    @property
    def bits(self) -> int:
        """Bits held."""
        return self.rows * self.width


def block_rams_for(rows: int, width: int) -> int:
    """Give the least number of DP16KD that hold so many rows of so many bits, one port reading and one writing."""
    return min(-(-rows // depth) * -(-width // bits) for depth, bits in _BLOCK_SHAPES)


def memories_of(design: object, part: Part) -> list[MemoryNeed]:
    """Give the memories of a design, the largest first.

    A memory is made of look-up tables if it is read in the cycle of its address, which block RAM cannot, if its
    ``ram_style`` says so, or if it has no more rows than such a RAM; it is block RAM otherwise. Either way there is one
    for each port that reads. Of few rows it is made of flip-flops (:data:`sim.timing.flow.FEW_ROWS`).

    Parameters
    ----------
    design : Elaboratable
        For instance the engine.
    part : Part
        Given to ``elaborate`` as the platform.
    """
    needs = []
    for name, memory in _walk(Fragment.get(design, part), ()):
        rows, width = memory._data.depth, Shape.cast(memory._data.shape).width
        needs.append(_need(name, rows, width, memory))
    return sorted(needs, key=lambda need: (-need.block_rams, -need.bits, need.name))


def _need(name: str, rows: int, width: int, memory: MemoryInstance) -> MemoryNeed:
    if rows <= FEW_ROWS:
        return MemoryNeed(name, rows, width, 0, 0)
    readers = len(memory._read_ports)
    at_once = any(port._domain == "comb" for port in memory._read_ports)
    style = memory._attrs.get("ram_style", "distributed" if rows <= _SMALL_ROWS else "block")
    if at_once or style == "distributed":
        return MemoryNeed(name, rows, width, 0, readers * -(-rows // _SMALL_ROWS) * -(-width // _SMALL_BITS))
    return MemoryNeed(name, rows, width, readers * block_rams_for(rows, width), 0)


def _walk(fragment: Fragment, path: tuple[str, ...]) -> Iterator[tuple[str, MemoryInstance]]:
    if isinstance(fragment, MemoryInstance):
        yield ".".join(path), fragment
    for number, (inside, name, _) in enumerate(fragment.subfragments):
        yield from _walk(Fragment.get(inside, None), (*path, name or f"U${number}"))
