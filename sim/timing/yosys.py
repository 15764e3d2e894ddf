"""Yosys as a native library, in a process of its own: ``python -m sim.timing.yosys LOG COMMAND...``.

Of its own because Yosys ends the process in which it finds an error. The proofs run Yosys from another wheel, which
brings SymbiYosys along and is WebAssembly: mapping to look-up tables takes several times as long in that one, and a
proof never maps.
"""

import os
import sys
from pathlib import Path

from pyosys import libyosys

__all__ = ["main"]


def main(log: str, *commands: str) -> None:
    """Run Yosys' commands one after another; an error ends the process with status 1 and is told on its error stream.

    Parameters
    ----------
    log : str
        File that takes what Yosys says.
    *commands : str
        Its commands.
    """
    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
    design = libyosys.Design()
    for command in commands:
        libyosys.run_pass(command, design)


if __name__ == "__main__":
    main(*sys.argv[1:])
