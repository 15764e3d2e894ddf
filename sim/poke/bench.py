"""A block in PyVerilator: built once, its ports by name, its clock ticked by hand, its wave written as it goes."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import pyverilator
from amaranth.lib import wiring

from sim.poke.find import PokeError
from sim.poke.ports import Ports, port_tree
from sim.verilated.build import ROOT, BuildError, Progress, build_once, run_tool, to_verilog

__all__ = ["Bench"]

#: PyVerilator asks for C++11, which Verilator 5 is past; the later flag wins. Without the second flag two models in one
#: process would share the statics of Verilator's own code, and the second would crash.
CXX_FLAGS = "--std=c++20 -fno-gnu-unique"
#: Neither Verilator's report nor its remarks on Verilog that Amaranth wrote.
QUIET = ["--quiet", "-Wno-lint", "-Wno-style"]
MODEL = "Vtop"


def build(block: wiring.Component, progress: Progress | None = None) -> Path:
    """Build a block's model, or find it built.

    Raises
    ------
    BuildError
        A tool failed; the message ends with what it said.
    """
    text = to_verilog(block)
    versions = [importlib.metadata.version(name) for name in ("pyverilator-mm", "verilator")]
    digest = hashlib.sha256("\0".join([text, CXX_FLAGS, *versions]).encode()).hexdigest()[:16]

    def compile_in(work: Path) -> None:
        if progress:
            progress("building the block (a minute the first time)")
        (work / "top.v").write_text(text)
        # PyVerilator looks for verilator in the path; a make above this one must not tell the one below what to do.
        os.environ["PATH"] = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        try:
            pyverilator.PyVerilator.build(
                str(work / "top.v"), build_dir=str(work / "model"), gen_only=True, cargs=CXX_FLAGS, args=QUIET
            )
        except subprocess.CalledProcessError as error:
            raise BuildError(f"verilator failed with status {error.returncode} on {work / 'top.v'}") from error
        run_tool(["make", "-j2", "-C", "model", "-f", f"{MODEL}.mk", "LDFLAGS=-fPIC -shared", "OPT_FAST=-O1"], work)
        shutil.move(work / "model" / MODEL, work / MODEL)
        shutil.rmtree(work / "model")

    return build_once(ROOT / "build" / "poke" / digest, MODEL, compile_in)


class Bench:
    """A block to poke. A context manager, which ends the wave file.

    Parameters
    ----------
    block : Component
        The block.
    wave : Path
        Where the wave is written, as VCD.
    progress : callable or None
        Told in a few words what is being done.

    Attributes
    ----------
    ports : Ports
        Its ports. Outputs that follow from inputs without a clock do so at once.
    cycles : int
        Clock cycles so far.
    """

    def __init__(self, block: wiring.Component, wave: Path, progress: Progress | None = None) -> None:
        self._model = pyverilator.PyVerilator(str(build(block, progress)))
        io = self._model.io
        self.ports: Ports = port_tree(block, lambda name: int(io[name]), io.__setitem__)
        self.cycles = 0
        self.wave = wave
        wave.parent.mkdir(parents=True, exist_ok=True)
        self._model.start_vcd_trace(str(wave))

    def tick(self, cycles: int = 1) -> None:
        """Let a number of clock cycles pass.

        Raises
        ------
        PokeError
            The block has no clock.
        """
        if "clk" not in self._model.io:
            raise PokeError("this block has no clock: its outputs follow its inputs at once")
        for _ in range(cycles):
            self._model.clock.tick()
            self.cycles += 1

    def reset(self, cycles: int = 2) -> None:
        """Hold the reset for a number of cycles."""
        if "rst" in self._model.io:
            self._model.io["rst"] = 1
        self.tick(cycles)
        if "rst" in self._model.io:
            self._model.io["rst"] = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model.stop_vcd_trace()
