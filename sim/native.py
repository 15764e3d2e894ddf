"""C of the simulation's own, compiled once and found by content ever after."""

import hashlib
from pathlib import Path

from sim.verilated.build import CACHE, build_once, run_tool

__all__ = ["build_library"]

_FLAGS = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]


def build_library(source: Path) -> Path:
    """Compile one C file into a shared library, or find it compiled.

    Parameters
    ----------
    source : Path
        The file; it includes nothing of the project.

    Returns
    -------
    Path
        The shared library.

    Raises
    ------
    BuildError
        The compiler failed or is missing.
    """
    digest = hashlib.sha256(source.read_bytes() + repr(_FLAGS).encode()).hexdigest()[:16]

    def compile_in(work: Path) -> None:
        run_tool(["gcc", *_FLAGS, "-o", "library.so", str(source)], work)

    return build_once(CACHE.parent / "native" / f"{source.stem}-{digest}", "library.so", compile_in)
