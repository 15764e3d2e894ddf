"""``python -m sim.poke BLOCK [NAME=VALUE ...]``: a block at a Python prompt, or under a script."""

import argparse
import code
import sys
from pathlib import Path

from sim.poke.bench import Bench
from sim.poke.find import PokeError, find_block, make_block
from sim.verilated.build import ROOT, BuildError


def _size(text: str) -> tuple[str, int]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, int(value, 0)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no size: write NAME=NUMBER, as in levels=4")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sim.poke", description="Poke a block of the gateware by hand.")
    parser.add_argument("block", help="e.g. book.ladder, or book.ladder.RowMatch")
    parser.add_argument("sizes", nargs="*", type=_size, metavar="NAME=VALUE", help="the block's parameters")
    parser.add_argument("--script", type=Path, help="run this instead of a prompt; it has the same names")
    parser.add_argument("--wave", type=Path, help="the wave file (default: build/waves/BLOCK.vcd)")
    return parser.parse_args()


def main() -> int:
    """Build the block and hand it over.

    Returns
    -------
    int
        Exit status: 1 for what cannot be poked, which is named on standard error. A script's own error is Python's.
    """
    options = _options()
    wave = options.wave or ROOT / "build" / "waves" / f"{options.block}.vcd"
    try:
        block, others = find_block(options.block)
        if others:
            _say(
                f"this is {block.__name__}; the file has {', '.join(others)} as well: BLOCK={options.block}.{others[0]}"
            )
        with Bench(make_block(block, dict(options.sizes)), wave, _say) as bench:
            names = {"bench": bench, "ports": bench.ports, "tick": bench.tick, "reset": bench.reset}
            if options.script:
                exec(compile(options.script.read_text(), str(options.script), "exec"), names)
            else:
                code.interact(banner=_banner(block.__name__, wave), local=names, exitmsg="")
    except (PokeError, BuildError, OSError) as error:
        _say(str(error))
        return 1
    print(f"wave: {wave}")
    return 0


def _banner(name: str, wave: Path) -> str:
    _complete_names()
    return (
        f"{name} at reset. ports: all of them; ports.NAME, ports.NAME = 5: one.\n"
        f"tick(), tick(10): clock cycles; reset(). Ctrl-D ends. The wave goes to {wave}"
    )


def _complete_names() -> None:
    try:
        import readline
        import rlcompleter  # noqa: F401  (registers itself)
    except ImportError:
        return  # a Python without line editing
    readline.parse_and_bind("tab: complete")


def _say(what: str) -> None:
    print(f"poke: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
