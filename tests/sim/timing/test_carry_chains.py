"""Sums, comparisons and equalities on carry chains: which cells they become, and that those do what the block does."""

import subprocess
from collections import Counter
from functools import partial
from itertools import product

import pytest
from amaranth import Cat, Const, Instance, Module, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from sim.timing.flow import yosys
from tests.sim.timing.netlist import cells_of, cells_of_source, kinds_of


class Five(wiring.Component):
    """Adds five numbers."""

    given: In(data.ArrayLayout(16, 5))
    total: Out(19)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.total.eq(sum(self.given[i] for i in range(5)))
        return m


class Comparisons(wiring.Component):
    """Compares two numbers in the four ways, with signs and without, of one width and of two."""

    first: In(32)
    second: In(32)
    short: In(signed(19))
    long: In(signed(33))
    below: Out(4)
    not_above: Out(4)

    def elaborate(self, platform):
        m = Module()
        pairs = ((self.first, self.second), (self.long, self.short), (self.short, self.first), (self.second, self.long))
        m.d.comb += [
            self.below.eq(Cat(pairs[0][0] < pairs[0][1], *(a > b for a, b in pairs[1:]))),
            self.not_above.eq(Cat(pairs[0][0] <= pairs[0][1], *(a >= b for a, b in pairs[1:]))),
        ]
        return m


class Sums(wiring.Component):
    """Adds and subtracts, of an even and an odd number of bits, with signs and without, and counts up if told."""

    even: In(32)
    odd: In(17)
    short: In(signed(9))
    more: In(1)
    sums: Out(data.ArrayLayout(40, 6))

    def elaborate(self, platform):
        m = Module()
        results = (
            self.even + self.odd,
            self.even - self.odd,
            (self.odd + self.more)[:17],
            (self.odd - self.short)[:17],
            self.short + self.odd.as_signed(),
            self.more - self.even,
        )
        m.d.comb += [total.eq(result) for total, result in zip(self.sums, results, strict=True)]
        return m


class TurnedSigns(wiring.Component):
    """Turns the sign of two numbers: a difference from nothing."""

    even: In(32)
    short: In(signed(9))
    turned: Out(data.ArrayLayout(40, 2))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.turned[0].eq(-self.even), self.turned[1].eq(-self.short)]
        return m


class Equalities(wiring.Component):
    """Compares two numbers of each of some widths for equality, and for the opposite."""

    def __init__(self, *widths):
        self._widths = widths
        numbers = {f"{name}_{width}": In(width) for width in widths for name in ("first", "second")}
        super().__init__({**numbers, "alike": Out(len(widths)), "unlike": Out(len(widths))})

    def elaborate(self, platform):
        m = Module()
        pairs = [(getattr(self, f"first_{width}"), getattr(self, f"second_{width}")) for width in self._widths]
        m.d.comb += [
            self.alike.eq(Cat(first == second for first, second in pairs)),
            self.unlike.eq(Cat(first != second for first, second in pairs)),
        ]
        return m


class OwnCell(wiring.Component):
    """Subtracts in a cell of its own, whose carry in is a constant: the first half hands it on, and no more."""

    first: In(2)
    second: In(2)
    rest: Out(2)

    def __init__(self, carry):
        self._carry = carry
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        # A, and B inverted where C is 1.
        table = Const(0x96AA, 16)
        halves = {}
        for n in range(2):
            halves |= {f"p_INIT{n}": table, f"p_INJECT1_{n}": "NO", f"i_C{n}": Const(1), f"i_D{n}": Const(1)}
            halves |= {f"i_A{n}": self.first[n], f"i_B{n}": self.second[n]}
        m.submodules.cell = Instance(
            "CCU2C", i_CIN=Const(self._carry), o_S1=self.rest[0], o_COUT=self.rest[1], **halves
        )
        return m


def _sums_with_every_carry_in(*widths):
    """Give RTLIL of a sum for each width and each carry in and inversion, 0, 1 or a signal; all carries are let out.

    Amaranth has no word for a carry.
    """
    inputs, outputs, cells = {"carry": 1, "inverted": 1}, {}, []
    for width in widths:
        inputs |= {f"first_{width}": width, f"second_{width}": width}
        for carry, inverted in product(("1'0", "1'1", "\\carry"), ("1'0", "1'1", "\\inverted")):
            number = len(cells)
            outputs |= {f"sum_{number}": width, f"unlike_{number}": width, f"carries_{number}": width}
            cells.append(f"""
              cell $alu $sum{number}
                parameter \\A_SIGNED 0
                parameter \\B_SIGNED 0
                parameter \\A_WIDTH {width}
                parameter \\B_WIDTH {width}
                parameter \\Y_WIDTH {width}
                connect \\A \\first_{width}
                connect \\B \\second_{width}
                connect \\CI {carry}
                connect \\BI {inverted}
                connect \\Y \\sum_{number}
                connect \\X \\unlike_{number}
                connect \\CO \\carries_{number}
              end""")
    ports = [("input", *port) for port in inputs.items()] + [("output", *port) for port in outputs.items()]
    wires = [f"wire width {width} {way} {n} \\{name}" for n, (way, name, width) in enumerate(ports, 1)]
    return "\n".join(["module \\top", *wires, *cells, "end", ""])


def _begins_of(cells):
    """Give the cells that begin a chain: their carry in is no other cell's carry out."""
    chained = [cell for cell in cells if cell["type"] == "CCU2C"]
    handed_on = {tuple(cell["connections"]["COUT"]) for cell in chained if "COUT" in cell["connections"]}
    # nextpnr wants to see a carry in, if an open one.
    return [cell for cell in chained if tuple(cell["connections"]["CIN"]) not in handed_on]


def _hands_on(cell):
    """Whether the first half of a cell ever hands its carry in on: for some row of its table, that is 1."""
    table = int(cell["parameters"]["INIT0"], 2)
    inputs = [cell["connections"][f"{name}0"][0] for name in "ABCD"]
    rows = [row for row in range(16) if all(bit != str(~row >> n & 1) for n, bit in enumerate(inputs))]
    return any(table >> row & 1 for row in rows)


def _prove_netlist(work):
    """Prove that the netlist in ``work`` does what the RTLIL does that it was made of, whatever was left open in it.

    What a cell does is for Yosys' model of it to say.
    """
    for level in ("zero", "one"):
        commands = (
            "read_rtlil top.il",
            "hierarchy -top top",
            "proc",
            "techmap -autoproc -map +/ecp5/cells_sim.v top",
            "rename top block",
            "read_json top.json",
            "rename top netlist",
            f"setundef -{level} netlist",
            "techmap -autoproc -map +/ecp5/cells_sim.v netlist",
            "miter -equiv -flatten -make_outputs block netlist miter",
            "hierarchy -top miter",
            "techmap",
            "opt -full",
            "sat -verify -prove trigger 0 miter",
        )
        log = work / f"proof-{level}.log"
        proved = subprocess.run(yosys(log.name, *commands), cwd=work, capture_output=True, text=True, check=False)
        assert proved.returncode == 0, log.read_text()[-2000:] + proved.stderr
        assert "no model found: SUCCESS" in log.read_text()


def test_a_sum_of_five_is_carry_chains_and_next_to_nothing_else(tmp_path):
    kinds = kinds_of(cells_of(Five(), tmp_path))
    # Two bits a cell: three sums of 17 and 18 bits and one of 19, in whatever order. Of an even number bit 0 is
    # a look-up table.
    assert set(kinds) <= {"CCU2C", "LUT4"}
    assert kinds["CCU2C"] <= 4 * 10
    assert kinds["LUT4"] <= 4


def test_a_comparison_is_a_carry_chain(tmp_path):
    kinds = kinds_of(cells_of(Comparisons(), tmp_path))
    # Eight of 33 to 35 bits, two bits a cell; of look-up tables no more than turn a sign round.
    assert set(kinds) == {"CCU2C", "LUT4"}
    assert 8 * 17 <= kinds["CCU2C"] <= 8 * 19
    assert kinds["LUT4"] <= 8


def test_an_equality_of_many_bits_is_a_carry_chain_of_two_bits_a_half(tmp_path):
    kinds = kinds_of(cells_of(Equalities(23, 48), tmp_path))
    # 48 bits: a half for the first, 24 for the others and one to come out by, two halves a cell. Both ways of asking
    # are one chain. Fewer bits are a tree of look-up tables.
    assert set(kinds) == {"CCU2C", "LUT4"}
    assert kinds["CCU2C"] == 13
    assert kinds["LUT4"] <= 12 + 12 // 3 + 4


def test_no_cell_goes_before_a_chain(tmp_path):
    # A carry in that is no other cell's carry out would be brought in by a cell of its own.
    begins = _begins_of(cells_of(Sums(), tmp_path))
    assert [cell["connections"]["CIN"] for cell in begins] == 6 * [["x"]]


def test_a_carry_in_is_left_open_only_where_the_first_half_hands_none_on(tmp_path):
    begins = _begins_of(cells_of_source(_sums_with_every_carry_in(8, 9), tmp_path))
    opened = [cell for cell in begins if cell["connections"]["CIN"] == ["x"]]
    # Of 9 bits all, which have the carry in in the first half. Of 8 bits those four whose carry in and inversion are
    # both constant; three have a signal, and two a constant with an inversion that is a signal.
    assert len(opened) == 9 + 4
    assert not any(_hands_on(cell) for cell in opened)
    given = [cell["connections"]["CIN"][0] for cell in begins if cell not in opened]
    assert Counter("signal" if isinstance(carry, int) else carry for carry in given) == {"signal": 3, "0": 1, "1": 1}


@pytest.mark.parametrize("carry", [0, 1])
def test_a_constant_that_the_first_half_hands_on_stays(tmp_path, carry):
    (begin,) = _begins_of(cells_of(OwnCell(carry), tmp_path))
    _prove_netlist(tmp_path)
    assert begin["connections"]["CIN"] == [str(carry)]


@pytest.mark.parametrize(
    ("block", "cells_in_chains"),
    [
        # Two bits a cell: 17 bits or more, four times.
        (Five, 4 * 9),
        # 33 to 35 bits, eight times.
        (Comparisons, 8 * 17),
        # 33 bits three times, 17 bits twice, and 18.
        (Sums, 3 * 17 + 2 * 9 + 9),
        # 33 and 10 bits.
        (TurnedSigns, 17 + 5),
        # Four bits a cell, beside bit 0 and the half to come out by.
        (partial(Equalities, 24, 25, 26, 27, 47, 48), 7 + 7 + 8 + 8 + 13 + 13),
        # Nine of 8 bits and nine of 9.
        (partial(_sums_with_every_carry_in, 8, 9), 9 * 4 + 9 * 5),
    ],
    ids=["five", "comparisons", "sums", "turned signs", "equalities", "every carry in"],
)
def test_a_netlist_of_carry_chains_does_what_the_block_does(tmp_path, block, cells_in_chains):
    made = block()
    cells = cells_of_source(made, tmp_path) if isinstance(made, str) else cells_of(made, tmp_path)
    # Look-up tables alone would be proved as well.
    assert kinds_of(cells)["CCU2C"] >= cells_in_chains
    _prove_netlist(tmp_path)
