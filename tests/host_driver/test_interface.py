"""The headers, the symbol map, the binding's declarations and the built library say the same."""

import ctypes
import re
from pathlib import Path

from controlplane.card.library import CDEF, find_library

ROOT = Path(__file__).parents[2] / "host-driver"
HEADER = (ROOT / "include" / "pennywire.h").read_text()


def tokens(text: str) -> list[str]:
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).replace("PW_API", " ")
    return re.findall(r"\w+|[^\w\s]", text)


#: Headers that the Python binding does not read.
OTHERS = "".join((ROOT / "include" / f"pennywire_{name}.h").read_text() for name in ("relay", "ring", "session"))


def declarations() -> str:
    begin, end = "/* cffi: begin */", "/* cffi: end */"
    return HEADER[HEADER.index(begin) + len(begin) : HEADER.index(end)]


def functions() -> set[str]:
    return set(re.findall(r"PW_API [^;]*?\b(pw_\w+)\(", declarations() + OTHERS))


def test_the_binding_declares_what_the_header_declares():
    assert tokens(CDEF) == tokens(declarations())


def test_the_library_exports_the_functions_of_the_header_and_nothing_else():
    exported = re.findall(r"^    (pw_\w+);$", (ROOT / "src" / "libpennywire.map").read_text(), flags=re.MULTILINE)
    assert exported == sorted(functions())
    library = ctypes.CDLL(find_library())
    for name in exported:
        assert getattr(library, name)


def test_every_function_is_described():
    """A declaration follows a comment, or the declaration it shares a comment with."""
    for match in re.finditer(r"(.*)\nPW_API", declarations() + OTHERS):
        above = match.group(1).rstrip()
        assert above.endswith(("*/", ";")), above
