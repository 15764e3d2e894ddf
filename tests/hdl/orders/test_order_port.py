# amaranth: UnusedElaboratable=no
"""The order port on Verilator."""

import pytest

from hdl.orders.order_rows import OrderRows
from tests.hdl.orders.never_received_bench import NeverReceivedBench
from tests.hdl.orders.order_bench import OrderBench


@pytest.mark.parametrize(
    "scenes", ["cocotb_orders", "cocotb_order_lives", "cocotb_order_troubles", "cocotb_account", "cocotb_answers"]
)
def test_order_port_scenarios(run_cocotb, scenes):
    run_cocotb(OrderBench(), scenes)


def test_what_was_never_received(run_cocotb):
    run_cocotb(NeverReceivedBench(), "cocotb_never_received")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_port_against_a_random_exchange(run_cocotb, seed):
    run_cocotb(OrderBench(), "cocotb_orders_random", env={"SEED": str(seed)})


@pytest.mark.parametrize("rows", [0, 1, 129])
def test_a_size_that_cannot_be_built_is_refused(rows):
    with pytest.raises(ValueError, match=f"{rows} is not 2 to 128"):
        OrderRows(rows)
