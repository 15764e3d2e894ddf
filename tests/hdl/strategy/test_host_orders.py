"""The host's orders from outside: what is asked for by register, and bytes of the order session out and in."""

import pytest

from hdl.strategy.host_orders import HostOutcome, HostStep
from hdl.strategy.taker_types import TakerState
from hdl.types import Refusal, Role, Side
from tests.hdl.strategy.trade_bench import SLOTS
from tests.hdl.strategy.wire_bench import (
    ASK,
    BID,
    ROWS,
    accepted,
    cancel_rejected,
    canceled,
    enter_and_rest,
    executed,
    rejected,
    replaced,
    run,
)

PRICE = BID - 500
FLATTEN = (b"O", 3, b"S", 60, PRICE, b"3")


async def ask(wire, settle=40, **fields):
    """Let the host ask for an order, a FLATTEN of slot 0 unless ``fields`` say otherwise."""
    ctx, host = wire.ctx, wire.dut.host
    ctx.set(host.order, {"slot": 0, "role": Role.FLATTEN, "price": PRICE} | fields)
    ctx.set(host.go, 1)
    await wire.step()
    ctx.set(host.go, 0)
    await wire.step(settle)


def ended(wire):
    """Step, outcome, refusal and shares executed."""
    host = wire.dut.host
    ctx = wire.ctx
    return (
        HostStep(ctx.get(host.step)),
        HostOutcome(ctx.get(host.outcome)),
        Refusal(ctx.get(host.refusal)),
        ctx.get(host.executed),
    )


def over(executed):
    return HostStep.IDLE, HostOutcome.OVER, Refusal.NONE, executed


def refused(reason):
    return HostStep.IDLE, HostOutcome.REFUSED, reason, 0


def test_a_flatten_waits_for_the_death_of_the_exit_and_then_sells_what_is_held():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        assert wire.messages()[2:] == [(b"X", 2, 0)]
        assert ended(wire)[0] == HostStep.WAITING
        await wire.view(ASK - 300, ASK - 200)  # the stop is hit: the taker stands aside
        await wire.step(500)
        assert len(wire.sent) == 3, "nothing leaves before the exchange has said that the exit is dead"
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.messages()[3:] == [FLATTEN]
        await wire.hear(accepted(3, b"S", 60, PRICE, b"3"))
        await wire.hear(executed(3, 60, PRICE + 100, b"R"))
        assert ended(wire) == over(60)
        assert wire.ctx.get(wire.dut.host.user_ref) == 3
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)
        assert wire.cash() == 60 * (PRICE + 100 - ASK) * 100 - 2 * 60 * 3500
        await wire.view(BID, ASK, bid_volume=4000)
        assert wire.messages()[4:] == [(b"O", 4, b"B", 100, ASK + 100, b"3")], "the slot is the taker's again"

    run(script)


@pytest.mark.parametrize("filled", [20, 60])
def test_a_fill_that_races_the_cancel_makes_the_flatten_smaller(filled):
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        await wire.hear(executed(2, filled, ASK + 300, b"A"))
        if filled == 60:
            assert ended(wire) == (HostStep.IDLE, HostOutcome.FLAT, Refusal.NONE, 0)
            assert len(wire.sent) == 3
        else:
            assert ended(wire)[0] == HostStep.WAITING
            await wire.hear(canceled(2, 60 - filled, b"U"))
            assert wire.messages()[3:] == [(b"O", 3, b"S", 60 - filled, PRICE, b"3")]

    run(script)


@pytest.mark.parametrize("answer", ["rejected", "replaced", "silence"])
def test_a_replace_on_its_way_when_the_flatten_begins(answer):
    """Its number is cancelled; if it is rejected the old one lives on, and is asked for again."""

    async def script(wire):
        await enter_and_rest(wire)
        await wire.view(ASK - 200, ASK - 100)
        assert wire.messages()[2:] == [(b"U", 2, 3, 60, ASK - 400, b"0")]
        await ask(wire)
        assert wire.messages()[3:] == [(b"X", 3, 0)]
        if answer == "rejected":
            await wire.hear(rejected(3))
            assert wire.messages()[4:] == [(b"X", 2, 0)]
            await wire.hear(canceled(2, 60, b"U"))
        elif answer == "replaced":
            await wire.hear(replaced(2, 3, b"S", 60, ASK - 400))
            assert len(wire.sent) == 4, "the Cancel of number 3 is on its way"
            await wire.hear(canceled(3, 60, b"U"))
        else:
            await wire.hear(canceled(2, 60, b"U"))  # an invalid Replace kills the old order
        assert wire.messages()[-1] == (b"O", 4, b"S", 60, PRICE, b"3")
        assert wire.state() in (TakerState.EXIT_WANTED, TakerState.UNMANAGED)

    run(script)


def test_an_entry_on_its_way_is_waited_for():
    async def script(wire):
        await wire.view(BID, ASK, bid_volume=4000)
        await ask(wire)
        assert wire.messages()[1:] == [(b"X", 1, 0)]
        await wire.hear(accepted(1, b"B", 100, ASK + 100, b"3"))
        await wire.hear(executed(1, 70, ASK, b"R"))
        assert len(wire.sent) == 2
        await wire.hear(canceled(1, 30))
        assert wire.messages()[2:] == [(b"O", 2, b"S", 70, PRICE, b"3")]

    run(script)


def test_what_is_left_is_the_takers_again():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        await wire.hear(canceled(2, 60, b"U"))
        await wire.hear(accepted(3, b"S", 60, PRICE, b"3"))
        await wire.hear(executed(3, 25, PRICE, b"R"))
        assert len(wire.sent) == 4
        await wire.hear(canceled(3, 35))
        assert ended(wire) == over(25)
        assert wire.messages()[4:] == [(b"O", 4, b"S", 35, ASK + 300, b"0")], "an exit of what is held, and no more"

    run(script)


def test_no_more_than_is_asked_for():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire, shares=10)
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.messages()[3:] == [(b"O", 3, b"S", 10, PRICE, b"3")]

    run(script)


def test_a_short_position_is_bought_back():
    async def script(wire):
        await wire.view(BID, ASK, ask_volume=4000)
        await wire.hear(accepted(1, b"T", 100, BID - 100, b"3"))
        await wire.hear(executed(1, 100, BID, b"R"))
        await wire.hear(accepted(2, b"B", 100, BID - 300))
        await ask(wire, price=ASK + 500)
        await wire.hear(canceled(2, 100, b"U"))
        assert wire.messages()[3:] == [(b"O", 3, b"B", 100, ASK + 500, b"3")]

    run(script)


def test_a_position_left_unmanaged_by_the_stop_is_flattened():
    """Retries are used up: the taker does nothing more, and says so, until a person does."""

    async def script(wire):
        await enter_and_rest(wire)
        await wire.view(ASK - 200, ASK - 100)
        for number in (3, 4, 5):
            await wire.hear(rejected(number))
            await wire.view(ASK - 300, ASK - 200)
        assert wire.state() == TakerState.UNMANAGED
        assert wire.alarms
        before = len(wire.sent)
        await ask(wire)
        assert wire.messages()[before:] == [(b"X", 2, 0)]
        await wire.hear(canceled(2, 60, b"U"))
        number = wire.messages()[-1][1]
        assert wire.messages()[-1] == (b"O", number, b"S", 60, PRICE, b"3")
        await wire.hear(accepted(number, b"S", 60, PRICE, b"3"))
        await wire.hear(executed(number, 60, PRICE, b"R"))
        assert (wire.position(), wire.state()) == (0, TakerState.COOLDOWN)

    run(script)


def test_the_host_gives_up_waiting():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        wire.ctx.set(wire.dut.host.give_up, 1)
        await wire.step()
        wire.ctx.set(wire.dut.host.give_up, 0)
        await wire.step(5)
        assert ended(wire) == (HostStep.IDLE, HostOutcome.GIVEN_UP, Refusal.NONE, 0)
        await wire.view(ASK - 200, ASK - 100)
        assert wire.messages()[3:] == [(b"U", 2, 3, 60, ASK - 400, b"0")], "the taker goes on"

    run(script)


@pytest.mark.parametrize(("what", "reason"), [("kill", Refusal.KILLED), ("disarm", Refusal.NOT_ARMED)])
def test_a_card_that_may_not_order_refuses_a_flatten(what, reason):
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        wire.ctx.set(getattr(wire.dut.arming, what), 1)
        await wire.step()
        wire.ctx.set(getattr(wire.dut.arming, what), 0)
        await wire.hear(canceled(2, 60, b"U"))
        assert ended(wire) == refused(reason)
        assert all(kind == b"X" for kind, *_ in wire.messages()[2:])

    run(script)


@pytest.mark.parametrize(
    ("flags", "reason"),
    [({"stale": 1}, Refusal.STALE), ({"halted": 1}, Refusal.HALTED), ({"market_open": 0}, Refusal.MARKET_CLOSED)],
)
def test_a_flatten_needs_a_symbol_that_trades(flags, reason):
    async def script(wire):
        await enter_and_rest(wire)
        wire.flags(0, **flags)
        await ask(wire)
        await wire.hear(canceled(2, 60, b"U"))
        assert ended(wire) == refused(reason)
        assert wire.position() == 60

    run(script)


def test_a_cancel_that_the_exchange_refuses_is_asked_for_again_after_a_while():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        await wire.hear(cancel_rejected(2))
        await wire.step(200)
        assert wire.messages()[2:] == [(b"X", 2, 0)], "not as fast as the line allows"
        wire.now = 1 << 16
        await wire.step(60)
        assert wire.messages()[3:] == [(b"X", 2, 0)]
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.messages()[4:] == [FLATTEN]

    run(script)


def test_the_exchange_rejects_a_flatten():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        await wire.hear(canceled(2, 60, b"U"))
        await wire.hear(rejected(3))
        assert ended(wire) == (HostStep.IDLE, HostOutcome.REJECTED, Refusal.NONE, 0)
        assert wire.state() == TakerState.EXIT_SENT, "the taker tries as before"

    run(script)


def test_a_second_command_is_not_taken_while_one_is_under_way():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire)
        host = wire.dut.host
        wire.ctx.set(host.order, {"slot": 1, "role": Role.ENTRY, "shares": 7, "price": 1})
        wire.ctx.set(host.go, 1)
        assert wire.ctx.get(host.not_taken) == 1
        await wire.step()
        wire.ctx.set(host.go, 0)
        assert list(wire.ctx.get(host.claims)) == [1, *[0] * (SLOTS - 1)]
        await wire.hear(canceled(2, 60, b"U"))
        assert wire.messages()[3:] == [FLATTEN]

    run(script)


def test_every_own_order_of_the_slot_is_cancelled_and_no_other():
    async def script(wire):
        ctx = wire.ctx
        for slot in (0, 1):
            await wire.view(BID, ASK, bid_volume=4000, slot=slot)
        await ask(wire, slot=1)
        assert [m for m in wire.messages() if m[0] == b"X"] == [(b"X", 2, 0)]
        assert ctx.get(wire.dut.host.seek_order) == ROWS - 1

    run(script)


@pytest.mark.parametrize(
    ("side", "shares", "sent"),
    [(Side.BUY, 100, b"B"), (Side.SELL, 100, b"T")],
)
def test_an_entry_of_the_host_passes_the_same_gate(side, shares, sent):
    async def script(wire):
        await ask(wire, role=Role.ENTRY, side=side, shares=shares, price=ASK)
        assert wire.messages() == [(b"O", 1, sent, 100, ASK, b"3")]
        await wire.hear(accepted(1, sent, 100, ASK, b"3"))
        await wire.hear(executed(1, 100, ASK, b"R"))
        assert ended(wire) == over(100)
        assert wire.position() == (100 if side == Side.BUY else -100)
        await wire.view(BID, ASK, bid_volume=4000)
        assert len(wire.sent) == 1, "the taker opens nothing where something is held"

    run(script)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"shares": 501}, Refusal.ORDER_SIZE),
        ({"shares": 0}, Refusal.MALFORMED),
        ({"price": 0}, Refusal.MALFORMED),
        ({"slot": SLOTS}, Refusal.MALFORMED),
        ({"role": Role.EXIT}, Refusal.MALFORMED),
        ({"role": Role.QUOTE}, Refusal.MALFORMED),
    ],
)
def test_an_entry_of_the_host_that_is_refused(fields, reason):
    async def script(wire):
        await ask(wire, **{"role": Role.ENTRY, "shares": 100, "price": ASK} | fields)
        assert ended(wire) == refused(reason)
        assert not wire.sent

    run(script)


def test_an_entry_of_the_host_leaves_the_takers_slot_alone():
    async def script(wire):
        await enter_and_rest(wire)
        await ask(wire, role=Role.ENTRY, shares=100, price=ASK)
        assert ended(wire) == refused(Refusal.BUSY)
        assert len(wire.sent) == 2

    run(script)
