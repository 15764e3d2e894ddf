"""``python emit.py MODULE COMPONENT OUT``: write the properties with the block they speak of as RTLIL.

Run with the tree that holds ``hdl`` first on PYTHONPATH: the same properties then judge that tree's source.
"""

import importlib
import sys
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Const


def main(module: str, component: str, out: str) -> None:
    top = getattr(importlib.import_module(module), component)()
    # A stream that never waits has a constant for its ready, which is no port.
    ports = [getattr(value, "as_value", lambda value=value: value)() for value in top.free]
    Path(out).write_text(rtlil.convert(top, name="top", ports=[p for p in ports if not isinstance(p, Const)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
