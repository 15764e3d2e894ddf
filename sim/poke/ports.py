"""The ports of a poked block as a tree of names: ``ports.row.keys[0] = 5``, ``ports.result.valid``."""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import Any

from amaranth.hdl import Const, Shape, ShapeCastable, Value
from amaranth.lib import data, wiring

from sim.poke.find import PokeError

__all__ = ["Port", "Ports", "port_tree"]

Path = tuple[str | int, ...]


class Port:
    """One port.

    Parameters
    ----------
    path : tuple
        Its names, outermost first.
    shape : ShapeLike
        As the block declares it: fields of a layout and names of an enumeration are understood.
    is_input : bool
        Whether it may be set.
    read, write : callable
        Give and take its bits as an unsigned number.
    """

    def __init__(
        self, path: Path, shape: Any, is_input: bool, read: Callable[[], int], write: Callable[[int], None]
    ) -> None:
        self.name = dotted(path)
        self.is_input = is_input
        self._declared = shape
        self._shape = Shape.cast(shape)
        self._read, self._write = read, write

    def get(self) -> Any:
        """Give the value: a number, or what the port's layout or enumeration makes of its bits."""
        bits = self._read()
        if isinstance(self._declared, ShapeCastable):
            return self._declared.from_bits(bits)
        signed = self._shape.signed and bits >> (self._shape.width - 1)
        return bits - (1 << self._shape.width) if signed else bits

    def set(self, value: Any) -> None:
        """Set the value: a number of the port's bits, or a mapping or name that its layout or enumeration takes.

        Raises
        ------
        PokeError
            The port is an output, or the value does not fit.
        """
        if not self.is_input:
            raise PokeError(f"{self.name} is an output: it is the block's to set")
        width = self._shape.width
        if isinstance(self._declared, ShapeCastable) and not isinstance(value, int):
            value = Const.cast(Value.cast(self._declared.const(value))).value
        low = -(1 << width - 1) if self._shape.signed else 0
        high = 1 << (width - 1 if self._shape.signed else width)
        if not low <= value < high:
            raise PokeError(f"{self.name} holds {low} to {high - 1}, not {value}")
        self._write(value & (1 << width) - 1)


class Ports:
    """Ports, or parts of them, by name or by number: reading one gives its value, assigning sets it."""

    def __init__(self, children: Mapping[str | int, "Ports | Port"]) -> None:
        object.__setattr__(self, "_children", children)

    def _child(self, key: str | int) -> "Ports | Port":
        if key not in self._children:
            names = ", ".join(map(str, self._children))
            raise PokeError(f"there is no port {key!r} here: there are {names}")
        child: Ports | Port = self._children[key]
        return child

    def __getitem__(self, key: str | int) -> Any:
        child = self._child(key)
        return child.get() if isinstance(child, Port) else child

    def __setitem__(self, key: str | int, value: Any) -> None:
        child = self._child(key)
        if not isinstance(child, Port):
            raise PokeError(f"{key!r} is made of {', '.join(map(str, child._children))}: set one of these")
        child.set(value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by Python itself
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [key for key in self._children if isinstance(key, str)]

    def __repr__(self) -> str:
        return "\n".join(
            f"{port.name:<32} {'<-' if port.is_input else '->'} {_shown(port.get())}" for port in self._all()
        )

    def _all(self) -> list[Port]:
        found: list[Port] = []
        for child in self._children.values():
            found += [child] if isinstance(child, Port) else child._all()
        return found


def _shown(value: Any) -> str:
    """Write a value as it could be set; Amaranth's own way repeats the layout each time."""
    if isinstance(value, data.Const):
        return "{" + ", ".join(f"{key!r}: {_shown(value[key])}" for key, _ in value.shape()) + "}"
    return value.name if isinstance(value, Enum) else repr(value)


def dotted(path: Path) -> str:
    """Write a path as one does in Python: ``row.keys[0]``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def port_tree(block: wiring.Component, read: Callable[[str], int], write: Callable[[str, int], None]) -> Ports:
    """Make the tree of a block's ports.

    Parameters
    ----------
    block : Component
        The block.
    read, write : callable
        Give and take the bits of a port by its name in Verilog, as in ``row__keys__0``.

    Returns
    -------
    Ports
        The ports. One that is a constant (``ready`` of a stream that never waits) can be read.
    """
    tree: dict[str | int, Any] = {}
    for path, member, value in block.signature.flatten(block):
        cast, verilog = Value.cast(value), "__".join(map(str, path))
        if isinstance(cast, Const):
            port = Port(path, member.shape, False, partial(int, cast.value), lambda _: None)
        else:
            port = Port(path, member.shape, member.flow == wiring.In, partial(read, verilog), partial(write, verilog))
        place = tree
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = port

    def close(branch: dict[str | int, Any]) -> Ports:
        return Ports({key: close(child) if isinstance(child, dict) else child for key, child in branch.items()})

    return close(tree)
