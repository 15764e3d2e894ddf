"""Imports go in one direction: hdl knows nobody, sim knows hdl, the control plane knows neither."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("hdl", "sim", "controlplane")
#: For each room, the rooms it may import when it is loaded.
MAY_IMPORT = {"hdl": {"hdl"}, "sim": {"sim", "hdl"}, "controlplane": {"controlplane"}}
#: The command line's simulation commands may import these inside the functions that need them.
LAZY = {"controlplane/cli": {"sim", "hdl"}}


def imports(path: Path) -> list[tuple[str, bool, int]]:
    """Return (room, at top level, line) of every import of a room in a file."""
    tree = ast.parse(path.read_text(), str(path))
    lazy = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    # Names that only a type checker reads are never imported when the program runs.
    unread = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for node in ast.walk(block)
    }
    found = []
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        for name in names:
            room = name.split(".")[0]
            if room in ROOMS:
                found.append((room, id(node) not in lazy, node.lineno))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"{room}/ holds no Python file: is this test looking in the right place?"
    wrong = []
    for path in files:
        relative = path.relative_to(ROOT).as_posix()
        for imported, at_top, line in imports(path):
            if imported in MAY_IMPORT[room]:
                continue
            if not at_top and any(
                relative.startswith(f"{place}/") and imported in rooms for place, rooms in LAZY.items()
            ):
                continue
            wrong.append(f"{relative}:{line} imports {imported}{'' if at_top else ' inside a function'}")
    assert not wrong, "\n".join(wrong)


def test_the_checker_sees_a_forbidden_import(tmp_path: Path):
    source = tmp_path / "bad.py"
    source.write_text("import hdl.types\ndef f():\n    from sim import player\n")
    assert imports(source) == [("hdl", True, 1), ("sim", False, 3)]


def test_the_driver_needs_no_python():
    text = "".join(p.read_text() for p in (ROOT / "host-driver").rglob("CMakeLists.txt"))
    assert "Python" not in text
