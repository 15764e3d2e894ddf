"""The register map in the forms its readers want: C header, Python table, Markdown page."""

from hdl.regs.description import Description, Field, Register

__all__ = ["c_header", "markdown", "python_table"]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _c_flags(register: Register) -> str:
    flags = [
        name
        for name, on in (
            ("PW_REG_READ", register.readable),
            ("PW_REG_WRITE", register.writable),
            ("PW_REG_LOCKED", register.locked),
            ("PW_REG_EPOCH", register.epoch),
            ("PW_REG_MEMORY", register.memory),
            ("PW_REG_COUNTER", any(f.counter for f in register.fields)),
            ("PW_REG_PER_SLOT", register.per_slot),
        )
        if on
    ]
    return " | ".join(flags)


def _c_field_flags(field: Field) -> str:
    flags = [
        name
        for name, on in (
            ("PW_FIELD_READ", field.readable),
            ("PW_FIELD_WRITE", field.writable),
            ("PW_FIELD_SIGNED", field.signed),
            ("PW_FIELD_PULSE", field.pulse),
            ("PW_FIELD_DISARMED", field.disarmed),
            ("PW_FIELD_COUNTER", field.counter),
        )
        if on
    ]
    return " | ".join(flags)


_C_HEAD = """\
// clang-format off
// Made from hdl/regs/card.rdl by scripts/generate.py. Do not edit: `make generate` writes it anew.
#ifndef PENNYWIRE_REGISTERS_H
#define PENNYWIRE_REGISTERS_H

#include <stdint.h>

// Registers are 64 bits wide, addresses are bytes. Registers of a slot are named with `[]` after their block,
// as `slot[].x`, and exist once a slot; how many slots a card has is in its register identity.sizes.
"""

_C_TABLE_TYPES = """\
enum pw_reg_flags {
    PW_REG_READ = 1,     // software may read it
    PW_REG_WRITE = 2,    // software may write it
    PW_REG_LOCKED = 4,   // writes while armed are dropped, with item status 3
    PW_REG_EPOCH = 8,    // an accepted write raises control.config_epoch
    PW_REG_MEMORY = 16,  // reset does not clear it
    PW_REG_COUNTER = 32, // counts up, saturating; reset clears it
    PW_REG_PER_SLOT = 64 // one a slot: `count` is 0 here and identity.sizes.slots on the card
};

enum pw_field_flags {
    PW_FIELD_READ = 1,
    PW_FIELD_WRITE = 2,
    PW_FIELD_SIGNED = 4,    // two's complement
    PW_FIELD_PULSE = 8,     // writing 1 acts once; nothing is kept
    PW_FIELD_DISARMED = 16, // a pulse that is ignored while armed
    PW_FIELD_COUNTER = 32
};

struct pw_register_row {
    const char *name;     // `control.status`, `slot[].position`, `risk.refused[]`
    uint32_t address;     // of the first one
    uint32_t stride;      // bytes between two; 0 for a single register
    uint32_t count;       // how many; 1 for a single register, 0 for one a slot
    uint32_t flags;       // enum pw_reg_flags
    uint32_t first_field; // index into pw_field_rows
    uint32_t field_count;
    uint64_t reset;
};

struct pw_field_row {
    const char *name;
    uint32_t low;   // lowest bit
    uint32_t width; // bits
    uint32_t flags; // enum pw_field_flags
    const char *unit;
};
"""


def _macro(*names: str) -> str:
    return "_".join(n.upper() for n in names)


def c_header(card: Description) -> str:
    """Render ``pennywire_registers.h``: addresses and fields as macros, and two tables on request.

    Parameters
    ----------
    card : Description
        The register map; its number of slots does not matter.

    Returns
    -------
    str
        C11 source.
    """
    out = [_C_HEAD]
    out.append(f"#define PW_MAGIC UINT64_C({card.constant('identity.magic'):#018x})")
    out.append(f"#define PW_ABI_VERSION UINT32_C({card.constant('identity.abi')})")
    out.append(f"#define PW_SLOT_BASE UINT32_C({card.slot_base:#x})")
    out.append(f"#define PW_SLOT_STRIDE UINT32_C({card.slot_stride:#x})")
    for block in card.blocks:
        out.append(f"\n// {block.title}: {block.description}")
        for register in block.registers:
            name = _macro("PW_REG", register.block, register.name)
            if register.array:
                offset = f"UINT32_C({register.address:#06x})"
                out.append(f"#define {name}(n) ({offset} + UINT32_C({register.stride:#x}) * (uint32_t)(n))")
            else:
                out.append(f"#define {name} UINT32_C({register.address:#06x})")
            for field in register.fields:
                stem = _macro("PW", register.block, register.name, field.name)
                out.append(f"#define {stem}_SHIFT {field.low}")
                out.append(f"#define {stem}_MASK UINT64_C({field.mask:#018x})")
    rows: list[str] = []
    fields: list[str] = []
    for register in card:
        count = 0 if register.per_slot else register.count
        rows.append(
            f"    {{{_quoted(register.full_name())}, {register.address:#06x}, {register.stride:#x}, {count}, "
            f"{_c_flags(register)}, {len(fields)}, {len(register.fields)}, UINT64_C({register.reset:#x})}},"
        )
        fields += [
            f"    {{{_quoted(f.name)}, {f.low}, {f.width}, {_c_field_flags(f)}, {_quoted(f.unit)}}},"
            for f in register.fields
        ]
    out += ["", _C_TABLE_TYPES]
    out.append(f"#define PW_REGISTER_ROWS {len(rows)}")
    out.append(f"#define PW_FIELD_ROWS {len(fields)}")
    out.append("\n// Define PW_REGISTER_TABLES in the one source file that wants the tables.")
    out.append("#ifdef PW_REGISTER_TABLES")
    out += ["static const struct pw_register_row pw_register_rows[PW_REGISTER_ROWS] = {", *rows, "};"]
    out += ["static const struct pw_field_row pw_field_rows[PW_FIELD_ROWS] = {", *fields, "};"]
    out += ["#endif", "", "#endif", ""]
    return "\n".join(out)


_PY_HEAD = '''\
# fmt: off
# ruff: noqa: E501
"""The registers of the card. Made from hdl/regs/card.rdl by scripts/generate.py: `make generate` writes it anew."""

from dataclasses import dataclass

__all__ = ["ABI_VERSION", "MAGIC", "REGISTERS", "SLOT_BASE", "SLOT_STRIDE", "FieldRow", "RegisterRow"]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field: lowest bit, bits, two's complement or not, unit, and what software may do with it."""

    name: str
    low: int
    width: int
    signed: bool
    unit: str
    readable: bool
    writable: bool
    pulse: bool
    disarmed: bool
    description: str


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One register or array. ``count`` is 0 for one a slot: the card's identity.sizes.slots says how many."""

    name: str
    address: int
    stride: int
    count: int
    readable: bool
    writable: bool
    locked: bool
    epoch: bool
    memory: bool
    counter: bool
    reset: int
    fields: tuple[FieldRow, ...]
    description: str

'''


def python_table(card: Description) -> str:
    """Render ``controlplane/card/register_table.py``.

    Parameters
    ----------
    card : Description
        The register map; its number of slots does not matter.

    Returns
    -------
    str
        Python source.
    """
    out = [_PY_HEAD]
    out.append(f"MAGIC = {card.constant('identity.magic'):#018x}")
    out.append(f"ABI_VERSION = {card.constant('identity.abi')}")
    out.append(f"SLOT_BASE = {card.slot_base:#x}")
    out.append(f"SLOT_STRIDE = {card.slot_stride:#x}")
    out.append("\nREGISTERS: tuple[RegisterRow, ...] = (")
    for r in card:
        count = 0 if r.per_slot else r.count
        counter = any(f.counter for f in r.fields)
        out.append(
            f"    RegisterRow({_quoted(r.full_name())}, {r.address:#06x}, {r.stride:#x}, {count}, {r.readable}, "
            f"{r.writable}, {r.locked}, {r.epoch}, {r.memory}, {counter}, {r.reset:#x}, ("
        )
        for f in r.fields:
            out.append(
                f"        FieldRow({_quoted(f.name)}, {f.low}, {f.width}, {f.signed}, {_quoted(f.unit)}, "
                f"{f.readable}, {f.writable}, {f.pulse}, {f.disarmed}, {_quoted(f.description)}),"
            )
        out.append(f"    ), {_quoted(r.description)}),")
    out += [")", ""]
    return "\n".join(out)


_MD_HEAD = """\
# Registers

<!-- Made from hdl/regs/card.rdl by scripts/generate.py: `make generate` writes it anew. -->

Every register is 64 bits wide and moved in one transfer. Addresses are bytes. How a host reaches them is in
[hostlink.md](hostlink.md), how the bank behaves in [blocks/registers.md](blocks/registers.md).

Access: `r` read, `w` write, `p` a pulse (writing 1 acts once, nothing is kept), `c` a counter (saturates, reset
clears). Notes: **locked** writes while armed are dropped and counted; **disarmed** the pulse is ignored and counted
while armed; **epoch** an accepted write raises `control.config_epoch`; **memory** reset does not clear it.
"""


def _access(field: Field) -> str:
    if field.pulse:
        return "p"
    if field.counter:
        return "c"
    return ("r" if field.readable else "") + ("w" if field.writable else "")


def markdown(card: Description) -> str:
    """Render ``docs/registers.md``.

    Parameters
    ----------
    card : Description
        The register map; its number of slots does not matter.

    Returns
    -------
    str
        Markdown.
    """
    out = [_MD_HEAD]
    for block in card.blocks:
        out += [f"## {block.title} (`{block.name}`)", "", block.description, ""]
        if block.registers[0].per_slot:
            out += [f"Slot `n` is at `{block.base:#x} + {block.stride:#x} n`.", ""]
        out += [
            "| address | register | field | bits | access | reset | unit | meaning |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for r in block.registers:
            notes = [w for w, on in (("locked", r.locked), ("epoch", r.epoch), ("memory", r.memory)) if on]
            meaning = r.description + (f" **{', '.join(notes)}**" if notes else "")
            step = f" + {r.stride:#x} n" if r.array else ""
            lines = []
            for f in r.fields:
                bits = f"{f.low + f.width - 1}:{f.low}" if f.width > 1 else f"{f.low}"
                said = f.description + (" **disarmed**" if f.disarmed else "")
                unit = ", ".join(w for w in (f.unit, "signed" if f.signed else "") if w)
                lines.append((f"`{f.name}`", bits, _access(f), f"{f.reset:#x}" if f.reset else "0", unit, said))
            first = lines[0]
            both = " ".join(w for w in (meaning, first[5]) if w)
            out.append(f"| `{r.address:#06x}{step}` | `{r.full_name()}` | {' | '.join(first[:5])} | {both} |")
            out += [f"| | | {' | '.join(line)} |" for line in lines[1:]]
        out.append("")
    return "\n".join(out)
