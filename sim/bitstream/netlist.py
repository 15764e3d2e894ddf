"""A block after synthesis as Verilog again, so that what tests the block can test what Yosys made of it."""

import json
import subprocess
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Const, Value
from amaranth.lib import wiring

from sim.timing.flow import NETLIST, synthesise, write_source, yosys
from sim.timing.step import FlowError, Progress

__all__ = ["netlist_verilog"]

#: Cells whose module in Yosys' models is empty: what they put out would be nothing, and no error.
_WITHOUT_MODEL = {"DP16KD", "PDPW16KD", "MULT18X18D", "ALU54B"}
_LOG, _TOP, _OUTPUT = "netlist.log", "netlist.il", "netlist.v"
#: The cells' models are Yosys' own, of what the part's cells do; in one level, as a simulator likes it.
_COMMANDS = (
    # The netlist brings empty modules of the cells along, which would stay instead of the models; the models' files
    # include some of theirs twice.
    f"read_json {NETLIST}; select top; write_rtlil -selected {_TOP}; design -reset",
    f"read_verilog -nooverwrite +/ecp5/cells_sim.v; read_rtlil {_TOP}; hierarchy -top top; proc; flatten; opt_clean",
    f"write_verilog -noattr {_OUTPUT}",
)


def netlist_verilog(block: wiring.Component, work: Path, say: Progress) -> str:
    """Give the netlist of ECP5 cells that synthesis makes of a block, each cell by its model.

    Parameters
    ----------
    block : wiring.Component
        Its ports keep their names; the module is ``top``, the clock ``clk``, the reset ``rst``.
    work : Path
        Folder of the run; synthesis is not done again there while the block is the same.
    say : callable
        Told of progress.

    Raises
    ------
    FlowError
        Yosys failed, or the netlist has a cell without a model: block RAM has none.
    """
    values = (Value.cast(value) for _, _, value in block.signature.flatten(block))
    ports = [value for value in values if not isinstance(value, Const)]
    write_source(rtlil.convert(block, name="top", ports=ports, emit_src=False), work)
    cells = json.loads(synthesise(work, say).read_text())["modules"]["top"]["cells"]
    without = sorted({cell["type"] for cell in cells.values()} & _WITHOUT_MODEL)
    if without:
        raise FlowError(
            f"Yosys has no model of {', '.join(without)}, so this block cannot be simulated after synthesis"
        )
    done = subprocess.run(yosys(_LOG, *_COMMANDS), cwd=work, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FlowError(
            f"no netlist in Verilog, see {work / _LOG}; Yosys said:\n{(done.stderr or done.stdout)[-2000:]}"
        )
    return (work / _OUTPUT).read_text()
