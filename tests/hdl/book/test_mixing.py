"""Rows of the order table: what the comparators of a bank leave out, the row says."""

from amaranth import Module, Signal
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from hdl.book.mixing import BANKS, address_of


@settings(max_examples=30, deadline=None)
@given(
    st.integers(3, 14),
    st.integers(0, BANKS - 1),
    st.lists(st.integers(0, 2**64 - 1), min_size=20, max_size=20),
)
def test_row_and_upper_bits_tell_the_reference(bits: int, bank: int, references: list[int]) -> None:
    """Of two references with the same upper bits, the rows differ in the bits in which the references do."""
    reference = Signal(64)
    row = address_of(reference, bank, bits)

    async def look(context) -> None:
        for value in references:
            rows = []
            for other in (value, value >> bits << bits):
                context.set(reference, other)
                await context.delay(1e-9)
                rows.append(context.get(row))
            assert rows[0] ^ rows[1] == value % 2**bits

    simulator = Simulator(Module())
    simulator.add_testbench(look)
    simulator.run()
