"""The taker from outside: views in, OUCH out; OUCH in, position and cash out.

The bytes of both directions are packed and cut with ``struct``, from the specification's offsets (``wire_bench.py``).
"""

import pytest

from hdl.strategy.taker_types import AlarmCode, TakerState
from hdl.types import Refusal
from tests.hdl.risk.held_table import shown
from tests.hdl.strategy.wire_bench import (
    ASK,
    BID,
    ENTRY,
    LEAVE,
    accepted,
    canceled,
    enter_and_rest,
    executed,
    replaced,
    run,
)


def test_first_byte_three_cycles_after_the_view():
    async def script(wire):
        await wire.view(BID, ASK, bid_volume=4000)
        seen = wire.now - 20
        assert [at - seen for at, _ in wire.sent] == [3]

    run(script)


def test_stop_with_a_fill_on_the_way():
    async def script(wire):
        await enter_and_rest(wire)
        assert wire.messages() == [ENTRY, LEAVE]
        assert wire.state() == TakerState.RESTING
        await wire.view(ASK - 200, ASK - 100)
        assert wire.messages()[2:] == [(b"U", 2, 3, 60, ASK - 400, b"0")]
        await wire.hear(executed(2, 20, ASK + 300, b"A"))
        await wire.hear(replaced(2, 3, b"S", 40, ASK - 400))
        assert wire.state() == TakerState.STOPPING
        await wire.hear(executed(3, 40, ASK - 200, b"R"))
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)
        gross = (20 * 300 - 40 * 200) * 100
        assert wire.cash() == gross - 60 * 3500 - 20 * -1500 - 40 * 3500
        assert (wire.refused, wire.alarms) == ([], [])
        await wire.view(BID, ASK, bid_volume=4000)
        assert wire.messages()[3:] == [(b"O", 4, b"B", 100, ASK + 100, b"3")]

    run(script)


def test_exit_filled_whole_while_its_replace_is_on_the_way():
    async def script(wire):
        await enter_and_rest(wire)
        await wire.view(ASK - 200, ASK - 100)
        await wire.hear(executed(2, 60, ASK + 300, b"A"))  # and never a word about number 3
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)
        assert wire.ctx.get(wire.port.open_orders) == 0
        assert shown(wire.ctx, wire.dut.positions, 0)[2] == 0

    run(script)


def test_short_entry_is_marked_and_located():
    async def script(wire):
        await wire.view(BID, ASK, ask_volume=4000)
        assert wire.messages() == [(b"O", 1, b"T", 100, BID - 100, b"3")]
        assert wire.sent[0][1][45:] == b"\x00\x03" + b"\x02\x19Y"
        await wire.hear(accepted(1, b"T", 100, BID - 100, b"3"))
        await wire.hear(executed(1, 100, BID, b"R"))
        assert wire.messages()[1:] == [(b"O", 2, b"B", 100, BID - 300, b"0")]
        assert wire.position() == -100

    run(script)


def test_kill_cancels_the_exit_and_leaves_the_position_unmanaged():
    async def script(wire):
        await enter_and_rest(wire)
        wire.ctx.set(wire.dut.arming.kill, 1)
        await wire.step()
        wire.ctx.set(wire.dut.arming.kill, 0)
        await wire.step(20)
        assert wire.messages()[2:] == [(b"X", 2, 0)]
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.state() == TakerState.UNMANAGED
        assert wire.refused == [Refusal.KILLED]
        assert wire.alarms == [AlarmCode.UNMANAGED]
        for _ in range(3):
            await wire.view(BID - 500, ASK - 500, bid_volume=9000)
        assert len(wire.sent) == 3, "a killed card is silent"
        wire.ctx.set(wire.dut.arming.release, 1)
        await wire.step()
        wire.ctx.set(wire.dut.arming.release, 0)
        await wire.arm()
        await wire.view(BID - 500, ASK - 500)
        assert wire.messages()[3:] == [(b"O", 3, b"S", 60, BID - 500 - 200, b"0")], "the stop was passed meanwhile"

    run(script)


@pytest.mark.parametrize("cancel_exit", [0, 1])
def test_a_lost_heartbeat_leaves_or_cancels_the_exit_as_the_register_says(cancel_exit):
    """Whatever it says, a kill of the host's own cancels; and the position is said to be unmanaged."""

    async def script(wire):
        wire.ctx.set(wire.dut.taker.cancel_exit, cancel_exit)
        await enter_and_rest(wire)
        wire.ctx.set(wire.dut.arming.lease_until, wire.now)
        await wire.step(40)
        assert wire.ctx.get(wire.dut.arming.killed) == 1
        assert wire.messages()[2:] == [(b"X", 2, 0)] * cancel_exit
        assert wire.alarms == [AlarmCode.UNMANAGED]
        await wire.view(ASK - 200, ASK - 100)
        assert len(wire.sent) == 2 + cancel_exit, "a killed card moves no stop"
        if not cancel_exit:
            wire.ctx.set(wire.dut.arming.kill, 1)
            await wire.step()
            wire.ctx.set(wire.dut.arming.kill, 0)
            await wire.step(20)
            assert wire.messages()[2:] == [(b"X", 2, 0)]

    run(script)


def test_a_lost_heartbeat_cancels_what_would_open():
    async def script(wire):
        await wire.view(BID, ASK, bid_volume=4000)
        wire.ctx.set(wire.dut.arming.lease_until, wire.now)
        await wire.step(40)
        assert wire.messages()[1:] == [(b"X", 1, 0)]

    run(script)


def test_an_answer_that_no_order_explains_kills():
    async def script(wire):
        await enter_and_rest(wire)
        await wire.hear(executed(77, 60, ASK, b"R"))
        assert wire.ctx.get(wire.dut.arming.killed) == 1
        assert wire.position() == 60

    run(script)
