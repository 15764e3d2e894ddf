"""What leaves the order port, and what it refuses: expected values follow from the OUCH 5.0 rules, by hand."""

import cocotb

from hdl.types import Module, OrderIntentKind, Refusal, Role, Side, TimeInForce
from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import (
    ROWS,
    canceled,
    executed,
    read_order,
    replaced,
)
from tests.hdl.orders.order_driver import SYMBOLS
from tests.hdl.orders.scenes import CANCEL, ENTER, MOVE, live_order, ready


@cocotb.test()
async def an_enter_leaves_in_the_cycle_of_the_handshake(dut):
    d = await ready(dut)
    d.time = 5000
    at = await d.intent(**ENTER, trigger_time=4990)
    await d.idle()
    ((first, message),) = d.orders
    assert first == at
    read = read_order(message)
    assert read == {
        "type": b"O",
        "user_ref": 1,
        "side": b"B",
        "shares": 300,
        "symbol": SYMBOLS[1].encode(),
        "price": 250_100,
        "tif": b"3",
        "display": b"Y",
        "capacity": b"P",
        "sweep": b"N",
        "cross": b"N",
        "clordid": b"PW00000001    ",
        "appendage_length": 0,
        "appendage": b"",
    }
    (sent,) = d.sent
    assert sent["latency_cycles"] == first - 4990
    assert (sent["user_ref"], sent["chain"], sent["previous"], sent["cause"]) == (1, 1, 0, 9)
    assert (sent["price"], sent["shares"], sent["immediate"], sent["short"]) == (250_100, 300, 1, 0)
    ((_, answer),) = d.answers
    assert answer["kind"] == Kind.SENT.value
    assert (answer["user_ref"], answer["chain"], answer["open"], answer["dead"]) == (1, 1, 300, 0)
    assert answer["flag"] == ord("O")
    assert d.pulses["entered"] == 1
    assert dut.open_orders.value == 1


@cocotb.test()
async def what_needs_its_row_leaves_one_cycle_after_the_handshake(dut):
    d = await ready(dut)
    row = await live_order(d, ref=1)
    for fields, letter in ((MOVE, "U"), (CANCEL, "X")):
        at = await d.intent(**fields, order=row)
        await d.idle()
        assert (d.orders[-1][0], d.orders[-1][1][:1]) == (at + 1, letter.encode())


@cocotb.test()
async def a_begun_enter_waits_for_the_line_and_says_the_same(dut):
    """The line is not ready at the handshake, and what is offered changes: the message is the one that was taken."""
    d = await ready(dut)
    d.time = 5000
    d.tx_ready = lambda: d.time >= 5007
    at = await d.intent(**ENTER, trigger_time=4990)
    d.offer(**{**ENTER, "shares": 7, "side": Side.SELL, "price": 1})
    for _ in range(6):
        assert not await d.cycle()
        assert dut.tx__valid.value == 1
    dut.intents__valid.value = 0
    await d.idle()
    ((first, message),) = d.orders
    assert (at, first) == (5000, 5007)
    read = read_order(message)
    assert (read["user_ref"], read["side"], read["shares"], read["price"]) == (1, b"B", 300, 250_100)
    assert [s["latency_cycles"] for s in d.sent] == [17]


@cocotb.test()
async def no_enter_begins_in_a_cycle_that_is_killed_or_without_a_session(dut):
    d = await ready(dut)
    for name, level in (("killed", 1), ("session_up", 0)):
        signal = getattr(dut, name)
        before = len(d.orders)
        signal.value = level
        await d.intent(**ENTER)  # taken, and told REFUSED
        await d.run(8)
        signal.value = 1 - level
        await d.idle()
        assert len(d.orders) == before, name
        assert d.answers[-1][1]["kind"] == Kind.REFUSED.value


@cocotb.test()
async def sides_shorts_and_every_hex_digit(dut):
    d = await ready(dut)
    dut.user_ref_write.value, dut.user_ref_value.value = 1, 0x89ABCDEF
    await d.cycle()
    dut.user_ref_write.value = 0
    await d.intent(**{**ENTER, "side": Side.SELL, "time_in_force": TimeInForce.DAY})
    await d.intent(**{**ENTER, "side": Side.SELL, "short": 1, "shares": 999_999, "price": 0xFFFF_FFFF})
    await d.idle()
    one, two = (read_order(message) for _, message in d.orders)
    assert (one["side"], one["tif"], one["clordid"], one["appendage"]) == (b"S", b"0", b"PW89ABCDEF    ", b"")
    assert (two["side"], two["appendage"], two["clordid"]) == (b"T", b"\x02\x19Y", b"PW89ABCDF0    ")
    assert (two["shares"], two["price"], two["user_ref"]) == (999_999, 0xFFFF_FFFF, 0x89ABCDF0)


@cocotb.test()
async def quotes_are_post_only_and_a_replace_says_so_again(dut):
    d = await ready(dut)
    quote = {**ENTER, "module": Module.MAKER, "role": Role.QUOTE, "time_in_force": TimeInForce.DAY}
    post_only, located = b"\x02\x0cP", b"\x02\x19Y"
    row = await live_order(d, **quote)
    await d.intent(**{**quote, "side": Side.SELL, "short": 1})
    await d.intent(**{**quote, "kind": OrderIntentKind.REPLACE, "price": 250_000}, order=row)
    await d.intent(**{**quote, "kind": OrderIntentKind.CANCEL, "shares": 0}, order=row)
    await d.idle()
    bid, offer, moved, gone = (read_order(message) for _, message in d.orders)
    assert (bid["type"], bid["side"], bid["tif"], bid["appendage"]) == (b"O", b"B", b"0", post_only)
    assert (offer["type"], offer["side"], offer["appendage"]) == (b"O", b"T", post_only + located)
    assert (moved["type"], moved["orig"], moved["price"], moved["appendage"]) == (b"U", 1, 250_000, post_only)
    assert gone["appendage"] == b""


@cocotb.test()
async def intents_that_make_no_sense_are_refused_and_nothing_is_sent(dut):
    d = await ready(dut)
    row = await live_order(d)
    sent = len(d.orders)
    nobody, other = (0, 0, 1), (300, 1, 0)
    for fields, told in (
        ({**MOVE, "order": (row + 1) % ROWS}, nobody),
        ({**MOVE, "order": 200}, nobody),
        ({**MOVE, "order": row, "slot": 2}, other),
        ({**CANCEL, "order": row, "module": Module.MAKER}, other),
    ):
        await d.intent(**fields)
        await d.idle()
        answer = d.answers[-1][1]
        assert (answer["kind"], answer["refusal"]) == (Kind.REFUSED.value, Refusal.MALFORMED.value)
        assert (answer["order"], answer["slot"]) == (fields["order"], fields["slot"])
        assert (answer["open"], answer["chain"], answer["dead"]) == told
    assert len(d.orders) == sent
    assert dut.user_ref.value == 2
    await d.intent(**MOVE, order=row)
    await d.intent(**MOVE, order=row)
    await d.idle()
    assert (d.answers[-1][1]["refusal"], d.answers[-1][1]["dead"]) == (Refusal.BUSY.value, 0)
    assert len(d.orders) == sent + 1
    # The host may cancel every order of the slot; while a Replace is under way the newest number is named.
    await d.intent(**{**CANCEL, "module": Module.HOST}, order=row)
    await d.idle()
    assert read_order(d.orders[-1][1])["user_ref"] == 2


@cocotb.test()
async def no_free_row_no_enter_but_a_cancel_passes(dut):
    d = await ready(dut)
    rows = [await live_order(d, ref=i + 1) for i in range(ROWS)]
    assert sorted(rows) == list(range(ROWS))
    d.offer(**ENTER)
    for _ in range(40):
        assert not await d.cycle()
    await d.intent(**CANCEL, order=rows[2])
    await d.idle()
    d.say(canceled(3, 300))
    await d.idle()
    await d.intent(**ENTER)
    await d.idle()
    assert d.answers[-1][1]["order"] == rows[2]
    assert d.answers[-1][1]["user_ref"] == ROWS + 1


@cocotb.test()
async def numbers_rise_and_stop_at_the_end(dut):
    d = await ready(dut)
    dut.user_ref_write.value, dut.user_ref_value.value = 1, 0xFFFF_FFFD
    await d.cycle()
    dut.user_ref_write.value = 0
    row = await live_order(d, ref=0xFFFF_FFFD)
    await d.intent(**MOVE, order=row)
    await d.idle()
    assert [read_order(m)["user_ref"] for _, m in d.orders] == [0xFFFF_FFFD, 0xFFFF_FFFE]
    for fields in (ENTER, {**MOVE, "order": row}):
        d.offer(**fields)
        for _ in range(20):
            assert not await d.cycle()
    await d.intent(**CANCEL, order=row)
    await d.idle()
    assert read_order(d.orders[-1][1])["type"] == b"X"


@cocotb.test()
async def the_next_intent_sees_the_row_as_the_last_one_left_it(dut):
    """However an answer falls beside a Replace, a second one at its heels is refused, and a kill names the new one."""
    d = await ready(dut)
    ref = 1
    for delay in range(12):
        for killing in (False, True):
            row = await live_order(d, ref=ref)
            before, told = len(d.orders), len(d.answers)
            moves = 0
            for cycle in range(48):
                if cycle == 8:
                    d.offer(**MOVE, order=row)
                if cycle == delay:
                    d.say(executed(ref, 10, 250_100))
                if await d.cycle():
                    moves += 1
                    if killing:
                        dut.killed.value = 1
                    if killing or moves == 2:
                        dut.intents__valid.value = 0
            await d.idle()
            letters = [(o["type"], o["user_ref"]) for o in (read_order(m) for _, m in d.orders[before:])]
            refusals = [a["refusal"] for _, a in d.answers[told:] if a["kind"] == Kind.REFUSED.value]
            if killing:
                assert letters == [(b"U", ref + 1), (b"X", ref + 1)]
            else:
                assert letters == [(b"U", ref + 1)]
                assert refusals == [Refusal.BUSY.value]
            d.say(replaced(ref, ref + 1, 290, 250_000))
            d.say(canceled(ref + 1, 290))
            await d.idle()
            dut.killed.value = 0
            await d.idle()
            ref += 2
    assert d.pulses["impossible"] == 0
    assert dut.open_orders.value == 0


@cocotb.test()
async def waiting_for_a_row_is_not_being_busy(dut):
    d = await ready(dut)
    for i in range(ROWS):
        await live_order(d, ref=i + 1)
    d.offer(**ENTER)
    await d.run(20)
    assert not dut.busy.value
