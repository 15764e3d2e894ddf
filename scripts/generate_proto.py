"""Write the Python of the control API from its proto file: ``controlplane/proto_gen/pennywire_v1``.

protoc names Python modules after the proto's path (``pennywire.v1``), which would be a top-level package of
its own; the generated code is moved inside ``controlplane`` and its import mended here. ``--check`` changes nothing and
exits 1 when a committed file is not what the proto gives.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = "pennywire/v1/control.proto"
TARGET = ROOT / "controlplane" / "proto_gen" / "pennywire_v1"


def generate(into: Path) -> dict[str, str]:
    """Run protoc and mend the imports.

    Parameters
    ----------
    into : Path
        An empty folder that protoc may write to.

    Returns
    -------
    dict of str to str
        Text of each generated file by its name.

    Raises
    ------
    RuntimeError
        protoc did not accept the proto file; its words are on standard error.
    """
    source = ROOT / "controlplane" / "proto"
    arguments = [
        "protoc",
        f"-I{source}",
        f"--python_out={into}",
        f"--pyi_out={into}",
        f"--grpc_python_out={into}",
        PROTO,
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError(f"protoc refused {source / PROTO}: see the lines above")
    produced = {}
    for path in sorted((into / "pennywire" / "v1").iterdir()):
        text = path.read_text()
        produced[path.name] = text.replace(
            "from pennywire.v1 import", "from controlplane.proto_gen.pennywire_v1 import"
        )
    return produced


def main() -> int:
    """Write the generated files, or compare them with ``--check``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is stale")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        produced = generate(Path(folder))
    stale = [n for n, t in produced.items() if not (TARGET / n).exists() or (TARGET / n).read_text() != t]
    if check:
        for name in stale:
            print(f"stale: controlplane/proto_gen/pennywire_v1/{name}; run `python scripts/generate_proto.py`")
        return 1 if stale else 0
    for name in stale:
        (TARGET / name).write_text(produced[name])
        print(f"wrote controlplane/proto_gen/pennywire_v1/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
