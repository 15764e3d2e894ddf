"""Blocks by the names they have in ``hdl``, made with small sizes."""

import importlib
import inspect
from collections.abc import Mapping

from amaranth.lib import wiring

from hdl.configs import CONFIGS

__all__ = ["SIZES", "PokeError", "find_block", "make_block"]

#: What a block's parameters are unless they are given: small, so that rows and waves can be taken in at a glance.
SIZES = {
    "address_bits": 6,
    "banks": 4,
    "least": 20,
    "length": 100,
    "levels": 8,
    "orders": 64,
    "own_orders": 4,
    "readers": 1,
    "row_levels": 8,
    "rows": 4,
    "share_bits": 24,
    "size": 4,
    "slots": 2,
    "table_orders": 64,
    "width": 8,
}
#: For blocks that take a whole configuration.
CONFIG = CONFIGS["tiny"]


class PokeError(ValueError):
    """A block cannot be found, made or driven as asked; the message says what to do."""


def find_block(name: str) -> tuple[type[wiring.Component], list[str]]:
    """Find a block.

    Parameters
    ----------
    name : str
        ``book.ladder``: the first block of ``hdl/book/ladder.py``; ``book.ladder.RowMatch``: the one of that name.

    Returns
    -------
    type
        Its class.
    list of str
        Names of the other blocks of the file.

    Raises
    ------
    PokeError
        There is no such file, or no such block in it.
    """
    module_name, _, last = name.rpartition(".")
    if not last[:1].isupper():
        module_name, last = name, ""
    try:
        module = importlib.import_module(f"hdl.{module_name}")
    except ModuleNotFoundError as error:
        path = f"hdl/{module_name.replace('.', '/')}.py"
        raise PokeError(f"there is no block {name!r}, for there is no {path}: write e.g. book.ladder") from error
    blocks = {
        key: value
        for key, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, wiring.Component) and value.__module__ == module.__name__
    }
    if not blocks:
        raise PokeError(f"hdl.{module_name} has no block of its own, only what blocks are made of")
    chosen = last or next(iter(blocks))
    if chosen not in blocks:
        raise PokeError(f"hdl.{module_name} has no block {chosen!r}: it has {', '.join(blocks)}")
    return blocks[chosen], [key for key in blocks if key != chosen]


def make_block(block: type[wiring.Component], sizes: Mapping[str, int]) -> wiring.Component:
    """Make a block.

    Parameters
    ----------
    block : type
        Its class.
    sizes : mapping of str to int
        Parameters that are to differ from :data:`SIZES` and from the block's own defaults.

    Returns
    -------
    Component
        The block.

    Raises
    ------
    PokeError
        A size names no parameter, a parameter is no number, or the block refuses a size.
    """
    parameters = {name: p for name, p in inspect.signature(block).parameters.items() if p.kind is not p.VAR_POSITIONAL}
    for name in sizes:
        if name not in parameters:
            known = ", ".join(parameters) or "none"
            raise PokeError(f"{block.__name__} has no parameter {name!r}; it has: {known}")
    given: dict[str, object] = dict(sizes)
    for name, parameter in parameters.items():
        if name in given or parameter.default is not parameter.empty:
            continue
        if name == "config":
            given[name] = CONFIG
        elif name in SIZES:
            given[name] = SIZES[name]
        elif parameter.annotation in (int, "int"):
            raise PokeError(f"{block.__name__} wants {name!r}: give it as in SIZES='{name}=4'")
        else:
            raise PokeError(f"{block.__name__} takes {name!r}, which is no number: poke a block that contains it")
    try:
        return block(**given)
    except ValueError as error:
        raise PokeError(f"{block.__name__} refuses {given}: {error}") from error
