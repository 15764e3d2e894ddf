"""The event records in the forms their readers want: C header and Python table."""

from hdl.telemetry.records import HEADER, RECORD_BYTES, RECORDS

__all__ = ["c_header", "python_table"]

WORDS = 5
_C_TYPES = {1: "uint8_t", 2: "uint16_t", 4: "uint32_t", 8: "uint64_t"}
_STRUCT_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}


def _check_layout() -> None:
    at = 0
    for field in HEADER:
        if field.offset != at or field.offset % field.size:
            raise ValueError(f"record header field {field.name} at {field.offset}: expected an aligned {at}")
        at += field.size
    if at + 4 * WORDS != RECORD_BYTES:
        raise ValueError(f"a record of {at} header bytes and {WORDS} words is not {RECORD_BYTES} bytes long")


def c_header() -> str:
    """Render ``pennywire_events.h``.

    Returns
    -------
    str
        C11 source: the record as a struct whose layout is asserted, record types, names of their words.

    Raises
    ------
    ValueError
        The description of the header is not gapless and aligned.
    """
    _check_layout()
    out = [
        "// clang-format off",
        "// Made from hdl/telemetry/records.py by scripts/generate.py. Do not edit: `make generate` writes it anew.",
        "#ifndef PENNYWIRE_EVENTS_H",
        "#define PENNYWIRE_EVENTS_H",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        "// Records are little-endian, and so is every machine that this driver supports: no field is ever swapped.",
        f"#define PW_RECORD_BYTES {RECORD_BYTES}",
        f"#define PW_RECORD_WORDS {WORDS}",
        "",
        "enum pw_record_type {",
    ]
    last = RECORDS[-1]
    out += [f"    PW_RECORD_{r.name} = {r.number}{'' if r is last else ','} // {r.meaning}" for r in RECORDS]
    out += ["};", "", "struct pw_record {"]
    out += [f"    {_C_TYPES[f.size]} {f.name}; // {f.meaning}" for f in HEADER]
    out += [f"    uint32_t words[{WORDS}]; // meaning by type, see PW_WORD_*", "};", ""]
    out += [
        f'_Static_assert(offsetof(struct pw_record, {f.name}) == {f.offset}, "{f.name} is misplaced");' for f in HEADER
    ]
    out.append(
        f'_Static_assert(offsetof(struct pw_record, words) == {RECORD_BYTES - 4 * WORDS}, "words are misplaced");'
    )
    out.append('_Static_assert(sizeof(struct pw_record) == PW_RECORD_BYTES, "an event record has padding");')
    out += ["", "// Index of each named word."]
    for r in RECORDS:
        out += [f"#define PW_WORD_{r.name}_{w.upper()} {i}" for i, w in enumerate(r.words) if w]
    out += [
        "",
        "struct pw_record_row {",
        "    uint8_t type;",
        "    const char *name;",
        "    const char *words[PW_RECORD_WORDS]; // NULL where unused",
        "    const char *detail;",
        "};",
        "",
        f"#define PW_RECORD_ROWS {len(RECORDS)}",
        "",
        "// Define PW_EVENT_TABLES in the one source file that wants the table.",
        "#ifdef PW_EVENT_TABLES",
        "static const struct pw_record_row pw_record_rows[PW_RECORD_ROWS] = {",
    ]
    for r in RECORDS:
        words = ", ".join(f'"{w}"' if w else "NULL" for w in r.words)
        out.append(f'    {{{r.number}, "{r.name}", {{{words}}}, "{r.detail}"}},')
    out += ["};", "#endif", "", "#endif", ""]
    return "\n".join(out)


_PY_HEAD = '''\
# fmt: off
# ruff: noqa: E501
"""The event records. Made from hdl/telemetry/records.py by scripts/generate.py: `make generate` writes it anew."""

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["HEADER_FIELDS", "RECORDS", "RECORD_BYTES", "STRUCT_FORMAT", "RecordRow", "RecordType"]


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record type: names of its five words (``None``: unused), what ``detail`` means, what happened."""

    number: int
    name: str
    words: tuple[str | None, str | None, str | None, str | None, str | None]
    detail: str
    meaning: str


class RecordType(IntEnum):
    """Number of each record type."""

'''


def python_table() -> str:
    """Render ``controlplane/card/event_table.py``.

    Returns
    -------
    str
        Python source.

    Raises
    ------
    ValueError
        The description of the header is not gapless and aligned.
    """
    _check_layout()
    out = [_PY_HEAD + "\n".join(f"    {r.name} = {r.number}" for r in RECORDS)]
    letters = "".join(_STRUCT_LETTERS[f.size] for f in HEADER)
    out += [
        "",
        f"RECORD_BYTES = {RECORD_BYTES}",
        "#: For the standard library's struct: the header's fields, then five words.",
    ]
    out.append(f'STRUCT_FORMAT = "<{letters}{WORDS}I"')
    names = ", ".join(f'"{f.name}"' for f in HEADER)
    out.append(f"HEADER_FIELDS = ({names})")
    out.append("RECORDS: dict[int, RecordRow] = {")
    for r in RECORDS:
        words = ", ".join(f'"{w}"' if w else "None" for w in r.words)
        out.append(f'    {r.number}: RecordRow({r.number}, "{r.name}", ({words}), "{r.detail}", "{r.meaning}"),')
    out += ["}", ""]
    return "\n".join(out)
