"""A design after synthesis as Verilog again, so that what tests the design can test what Yosys made of it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Const, Value
from amaranth.lib import wiring

from sim.timing.flow import synthesise, write_source, yosys
from sim.timing.step import FlowError, Progress

__all__ = ["block_verilog", "netlist_verilog"]

_LOG, _OPENED, _TOP, _OUTPUT = "netlist.log", "opened.json", "netlist.il", "netlist.v"
#: Models of the cells that Yosys has no model of. Put beside the netlist, so that no command has a path of the machine.
_CELLS = Path(__file__).with_name("cells.v")
#: A cell that the model of it is only of in part, and what its parameters may be for that part, where they are given.
_AS_MODELLED: dict[str, dict[str, tuple[str | int, ...]]] = {
    "DP16KD": {
        "DATA_WIDTH_A": (36, 18), "DATA_WIDTH_B": (36, 18), "REGMODE_A": ("NOREG",), "REGMODE_B": ("NOREG",),
        "CSDECODE_A": ("0b000",), "CSDECODE_B": ("0b000",), "CLKAMUX": ("CLKA",), "CLKBMUX": ("CLKB",),
    },
    "MULT18X18D": {f"REG_{name}_CLK": ("NONE",) for name in ("INPUTA", "INPUTB", "INPUTC", "PIPELINE", "OUTPUT")},
}  # fmt: skip
#: Inputs of theirs that must be tied to 0.
_CHIP_SELECTS = tuple(f"CS{port}{i}" for port in "AB" for i in range(3))
_TIED = {"DP16KD": ("RSTA", "RSTB", "WEB", *_CHIP_SELECTS), "MULT18X18D": ("SOURCEA", "SOURCEB")}
_GIVEN_BY_PLL = ("CLKOP", "CLKOS", "CLKOS2", "CLKOS3", "LOCK")
#: In one level, as a simulator likes it.
_COMMANDS = (
    # The netlist brings empty modules of the cells along, which would stay instead of the models; Yosys' models' files
    # include some of theirs twice.
    f"read_json {_OPENED}; select top; write_rtlil -selected {_TOP}; design -reset",
    f"read_verilog {_CELLS.name}; read_verilog -nooverwrite +/ecp5/cells_sim.v; read_rtlil {_TOP}",
    "hierarchy -check -top top; proc; flatten; opt_clean -purge; rename top netlist",
    f"write_verilog -noattr {_OUTPUT}",
)


def block_verilog(block: wiring.Component, work: Path, say: Progress) -> str:
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
        As :func:`netlist_verilog`.
    """
    values = (Value.cast(value) for _, _, value in block.signature.flatten(block))
    ports = [value for value in values if not isinstance(value, Const)]
    write_source(rtlil.convert(block, name="top", ports=ports, emit_src=False), work)
    return netlist_verilog(synthesise(work, say))


def netlist_verilog(netlist: Path) -> str:
    """Give a netlist of ECP5 cells, each cell by its model: Yosys' own, or that of ``cells.v``.

    A PLL is taken out, and what it gives comes in at ports: of ``pll`` these are ``pll__CLKOP``, ``pll__LOCK`` and so
    on. So is what drives a pin both ways: for ``mdio__io`` there are the ports ``mdio__io__O``, what the pin is, and
    what the card makes of it, ``mdio__io__I`` and ``mdio__io__T`` (1: nothing). Every flip-flop begins with what
    configuration leaves in it, and has it again while the part's reset net is low, if it hears that; memories keep
    what they have.

    Parameters
    ----------
    netlist : Path
        As :func:`sim.timing.flow.synthesise` leaves it. Files of the run lie beside it.

    Raises
    ------
    FlowError
        Yosys failed, or the netlist has a cell that there is no model of, or asks more of one than its model does.
    """
    work = netlist.parent
    design = json.loads(netlist.read_text())
    _open(design["modules"]["top"])
    (work / _OPENED).write_text(json.dumps(design))
    shutil.copyfile(_CELLS, work / _CELLS.name)
    done = subprocess.run(yosys(_LOG, *_COMMANDS), cwd=work, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FlowError(
            f"no netlist in Verilog, see {work / _LOG}; Yosys said:\n{(done.stderr or done.stdout)[-2000:]}"
        )
    text = (work / _OUTPUT).read_text() + _within_top(design["modules"]["top"]["ports"])
    # What Yosys makes of a constant waits for something to change, and never runs.
    return text.replace("always @*", "always_comb")


def _open(top: dict[str, Any]) -> None:
    """Take out of a module what cannot be simulated, and give it ports there; refuse what the models do not do."""
    pins = {tuple(port["bits"]): name for name, port in top["ports"].items()}
    resets = [name for name, cell in top["cells"].items() if cell["type"] == "SGSR"]
    reset_net = [top["cells"].pop(name)["connections"]["GSR"] for name in resets]
    read = {
        bit
        for cell in top["cells"].values()
        for port, wires in cell["connections"].items()
        if cell["port_directions"][port] == "input"
        for bit in wires
        if isinstance(bit, int)  # the others are constants
    }
    for name, cell in list(top["cells"].items()):
        kind, bits, parameters = cell["type"], cell["connections"], cell.get("parameters", {})
        for parameter, modelled in _AS_MODELLED.get(kind, {}).items():
            if parameter in parameters and _value(parameters[parameter]) not in modelled:
                raise FlowError(
                    f"the model of {kind} in {_CELLS.name} has {parameter} {' or '.join(map(str, modelled))} only; "
                    f"{name} has {_value(parameters[parameter])}"
                )
        for port in _TIED.get(kind, ()):
            if bits.get(port, ["0"]) != ["0"]:
                raise FlowError(f"the model of {kind} in {_CELLS.name} has no {port}, which {name} uses")
        if kind == "DP16KD" and parameters.get("DATA_WIDTH_A") != parameters.get("DATA_WIDTH_B"):
            raise FlowError(f"the model of DP16KD in {_CELLS.name} has one width at both ports; {name} has two")
        if kind == "DP16KD" and _value(parameters.get("DATA_WIDTH_A", "")) == 18:
            shown = {bit for port, wires in bits.items() if port.startswith("DOA") for bit in wires}
            if shown & read:
                raise FlowError(f"the model of DP16KD in {_CELLS.name} shows nothing at port A; of {name} it is read")
        if kind == "TRELLIS_FF" and reset_net and parameters["GSR"] == "ENABLED":
            cell["type"], bits["GSR_NET"] = "RESET_FF", reset_net[0]
        if kind == "EHXPLLL":
            given = {f"{name}__{port}": (bits[port], "input") for port in _GIVEN_BY_PLL if port in bits}
        elif kind == "TRELLIS_IO" and bits.get("T", ["0"]) != ["0"]:
            pin = pins[tuple(bits["B"])]
            given = {f"{pin}__{port}": (bits[port], "input" if port == "O" else "output") for port in "OIT"}
            del top["ports"][pin]
        else:
            continue
        del top["cells"][name]
        top["ports"] |= {port: {"direction": direction, "bits": wires} for port, (wires, direction) in given.items()}
    # Synthesis gives cells long names, and every wire in a model would begin with one.
    top["cells"] = {f"c{i}": cell for i, cell in enumerate(top["cells"].values())}


def _within_top(ports: dict[str, Any]) -> str:
    """Give a module that has nothing but the netlist in it: of a top level a simulation shows every signal."""
    widths = {name: f"[{len(port['bits']) - 1}:0] " if len(port["bits"]) > 1 else "" for name, port in ports.items()}
    # A backslash before and a space behind make a name of any word, also of one that the language has a use for.
    declared = ", ".join(f"{port['direction']} {widths[name]}\\{name} " for name, port in ports.items())
    joined = ", ".join(f".\\{name} (\\{name} )" for name in ports)
    return f"module top({declared});\n  netlist netlist({joined});\nendmodule\n"


def _value(parameter: str | int) -> str | int:
    """Give a parameter of a cell, which is text or a number in binary digits."""
    return int(parameter, 2) if isinstance(parameter, str) and len(parameter) == 32 else parameter
