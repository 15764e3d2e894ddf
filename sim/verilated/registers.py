"""Verilog whose registers are assigned where they take something over, and not once more in every cycle."""

import re
from collections import Counter

__all__ = ["assign_at_the_edge"]

_NAME = r"(?:\\\S+ |[A-Za-z_$][\w$]*)"
_WORD = re.compile(r"\\\S+|[A-Za-z_$][\w$]*")
_MODULE = re.compile(r"^(?=module )", re.MULTILINE)
# The line behind the first is there for simulators that never run a block which waits for nothing.
_CHOICE = re.compile(
    rf"^  always_comb begin\n    if \({_NAME}\) begin end\n(    ({_NAME})\s*= .*?)^  end\n", re.MULTILINE | re.DOTALL
)
_REGISTER = re.compile(rf"^  (always @\(posedge {_NAME}\s*\))\n    ({_NAME})\s*<= ({_NAME})\s*;\n", re.MULTILINE)


def assign_at_the_edge(text: str) -> str:
    """Assign registers inside the conditions under which they change.

    Amaranth gives every register a wire for its next value: a block chooses it, from the register's own value on, and
    at the clock's edge the register takes it over. Verilator keeps to that, so it works out the next value of each
    register, and copies it twice, in every cycle. Where nothing but the register reads the wire, the block can be run
    at the edge and assign the register itself: what is to be taken over is then worked out only when it is.

    Parameters
    ----------
    text : str
        Verilog as Yosys writes it for :func:`sim.verilated.build.to_verilog`. What does not have that form stays as
        it is.

    Returns
    -------
    str
        Verilog of the same behaviour, cycle by cycle; the wires of next values are gone.
    """
    return "".join(_rewrite(module) for module in _MODULE.split(text))


def _rewrite(module: str) -> str:
    """Rewrite one module."""
    used = Counter(_WORD.findall(module))
    choices = {choice[2].strip(): choice for choice in _CHOICE.finditer(module)}
    edits: list[tuple[tuple[int, int], str]] = []
    for register in _REGISTER.finditer(module):
        edge, name, following = register[1], register[2].strip(), register[3].strip()
        choice = choices.get(following)
        # Its declaration and the register's line are the other two.
        if choice is None or used[following] != _WORD.findall(choice[0]).count(following) + 2:
            continue
        body = _at_the_edge(choice[1], following, name)
        if body is not None:
            edits += [(register.span(), ""), (choice.span(), f"  {edge} begin\n{body}  end\n")]
    for (begin, end), text in sorted(edits, reverse=True):
        module = module[:begin] + text + module[end:]
    return module


def _at_the_edge(body: str, following: str, name: str) -> str | None:
    """Let a block that chooses the wire ``following`` assign the register; None where it reads that wire too."""
    target = f"{name} " if name.startswith("\\") else name
    keeps = re.compile(rf"    {re.escape(following)}\s*= {re.escape(name)}\s*;")
    lines = []
    for line in body.splitlines():
        if keeps.fullmatch(line):
            continue
        left, equals, right = line.partition(" = ")
        if following in _WORD.findall(right if equals else line):
            return None
        if equals and following in _WORD.findall(left):
            left = _WORD.sub(lambda word: target if word[0] == following else word[0], left)
            equals = " <= "
        lines.append(f"{left}{equals}{right}\n")
    return "".join(lines)
