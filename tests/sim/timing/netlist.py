"""The cells that the flow makes of one block, without a scaffold round it: the block's ports are the netlist's."""

import json
from collections import Counter

from amaranth import Value
from amaranth.back import rtlil

from sim.timing.flow import synthesise, write_source


def cells_of(block, work):
    """Synthesise a component in ``work``, which keeps its RTLIL and its netlist; give the netlist's cells."""
    ports = [Value.cast(getattr(block, name)) for name in block.signature.members]
    return cells_of_source(rtlil.convert(block, name="top", ports=ports), work)


def cells_of_source(text, work):
    """Do the same with RTLIL, its top level called ``top``."""
    write_source(text, work)
    netlist = json.loads(synthesise(work, lambda _: None).read_text())
    return list(netlist["modules"]["top"]["cells"].values())


def kinds_of(cells):
    """Count cells by kind."""
    return Counter(cell["type"] for cell in cells)
