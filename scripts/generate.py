"""Write every file that is made from a description, or check that none is stale.

Usage: ``python scripts/generate.py [--check]``. With ``--check`` nothing is written: exit status 1 and a list if a
file is stale. Sources: ``hdl/regs/card.rdl`` (registers) and ``hdl/telemetry/records.py`` (event records).
"""

import argparse
import sys
from pathlib import Path

import render_events
import render_registers

from hdl.configs import CONFIGS
from hdl.regs.description import describe

ROOT = Path(__file__).resolve().parents[1]


def rendered() -> dict[Path, str]:
    """Render every generated file, by path below the root."""
    card = describe(next(iter(CONFIGS.values())).slots)
    return {
        Path("host-driver/include/pennywire_registers.h"): render_registers.c_header(card),
        Path("host-driver/include/pennywire_events.h"): render_events.c_header(),
        Path("controlplane/card/register_table.py"): render_registers.python_table(card),
        Path("controlplane/card/event_table.py"): render_events.python_table(),
        Path("docs/registers.md"): render_registers.markdown(card),
    }


def main() -> int:
    """Write or check the generated files.

    Returns
    -------
    int
        Exit status: 0, or 1 if ``--check`` found a stale file.
    """
    parser = argparse.ArgumentParser(description="Write the files that are made from a description.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    options = parser.parse_args()
    stale = []
    for path, text in rendered().items():
        target = ROOT / path
        if target.exists() and target.read_text() == text:
            continue
        stale.append(str(path))
        if not options.check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    for name in stale:
        print(f"{'stale' if options.check else 'written'}: {name}")
    if options.check and stale:
        print("run `make generate` and commit the result", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
