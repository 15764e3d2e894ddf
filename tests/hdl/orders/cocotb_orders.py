"""The order port, scenario by scenario: expected values follow from the OUCH 5.0 rules, written out by hand."""

import itertools

import cocotb

from hdl.types import Module, OrderIntentKind, Refusal, Role, Side, TimeInForce
from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import (
    ROWS,
    accepted,
    broken,
    canceled,
    executed,
    read_order,
    rejected,
    replaced,
)
from tests.hdl.orders.order_driver import SYMBOLS
from tests.hdl.orders.scenes import CANCEL, ENTER, MOVE, ks, live_order, ready


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
async def immediate_order_fills_in_part_and_the_rest_is_canceled(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    row = d.answers[0][1]["order"]
    d.say(accepted(1, 300, 250_100, reference=0x1122334455667788, t=34_200_000_000_123))
    d.say(executed(1, 100, 250_050, match=0xA1, appendage=b"\x02\x12Z"))
    d.say(canceled(1, 200, reason=b"I"))
    await d.idle()
    assert d.kinds() == ks(Kind.SENT, Kind.ACCEPTED, Kind.EXECUTED, Kind.CANCELED)
    a, e, c = (answer for _, answer in d.answers[1:])
    assert (a["shares"], a["price"], a["open"], a["dead"], a["flag"]) == (300, 250_100, 300, 0, ord("L"))
    assert (a["exchange_time"], a["cause"]) == (34_200_000_000_123, 1 << 63 | 1)
    assert d.details[1]["reference"] == 0x1122334455667788
    assert (e["shares"], e["price"], e["open"], e["chain_executed"], e["dead"]) == (100, 250_050, 200, 100, 0)
    assert (e["match"], e["flag"], e["cause"]) == (0xA1, ord("R"), 1 << 63 | 2)
    assert (c["shares"], c["open"], c["chain_executed"], c["dead"], c["flag"]) == (200, 0, 100, 1, ord("I"))
    assert {answer["order"] for _, answer in d.answers} == {row}
    assert dut.open_orders.value == 0
    assert d.pulses == {
        "impossible": 0, "entered": 1, "replaced": 0, "canceled": 0, "answered": 3, "unknown_answers": 0,
        "executions": 1, "rejects": 0, "modified": 0, "self_matched": 0, "cancels_refused": 0,
    }  # fmt: skip
    times = [t for t, _ in d.answers]
    assert all(b - a >= 4 for a, b in itertools.pairwise(times))


@cocotb.test()
async def answers_come_soon_after_their_last_beat(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    for message in (accepted(1, 300, 1), executed(1, 100, 1), canceled(1, 200)):
        d.say(message)
        await d.idle()
        assert d.answers[-1][0] - d.last_beat_at[-1] == 5


@cocotb.test()
async def accepted_dead_is_dead(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    d.say(accepted(1, 300, 250_100, state=b"D"))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["open"], answer["dead"]) == (Kind.ACCEPTED.value, 0, 1)
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def rejected_order_gives_its_row_back(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    d.say(rejected(1, reason=0x0123))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["reason"], answer["shares"], answer["open"], answer["dead"]) == (
        Kind.REJECTED.value, 0x0123, 300, 0, 1,
    )  # fmt: skip
    assert d.pulses["rejects"] == 1
    assert dut.open_orders.value == 0


@cocotb.test()
async def replace_moves_the_one_live_order(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(executed(1, 100, 250_100, flag=b"A"))
    await d.idle()
    await d.intent(**MOVE, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["type"], read["orig"], read["user_ref"], read["shares"], read["price"], read["tif"]) == (
        b"U", 1, 2, 300, 250_000, b"0",
    )  # fmt: skip
    assert (d.sent[-1]["previous"], d.sent[-1]["chain"], d.sent[-1]["user_ref"]) == (1, 1, 2)
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["user_ref"], answer["chain"], answer["open"], answer["chain_executed"]) == (
        Kind.SENT.value, 2, 1, 200, 100,
    )  # fmt: skip
    # The old number still fills until Replaced comes; the exchange subtracts that from what the new one carries.
    d.say(executed(1, 50, 250_100, flag=b"A"))
    d.say(replaced(1, 2, 150, 250_000, reference=0x99, appendage=b"\x02\x12Z"))
    d.say(executed(2, 150, 250_000))
    await d.idle()
    assert d.kinds()[-3:] == ks(Kind.EXECUTED, Kind.REPLACED, Kind.EXECUTED)
    old, new, last = (answer for _, answer in d.answers[-3:])
    assert (old["user_ref"], old["open"], old["chain_executed"]) == (1, 150, 150)
    assert (new["user_ref"], new["chain"], new["shares"], new["open"], new["price"]) == (2, 1, 150, 150, 250_000)
    assert (d.details[-2]["reference"], d.details[-2]["previous"]) == (0x99, 1)
    assert (last["user_ref"], last["open"], last["chain_executed"], last["dead"]) == (2, 0, 300, 1)
    assert d.pulses["impossible"] == 0
    assert d.pulses["replaced"] == 1
    assert dut.open_orders.value == 0


@cocotb.test()
async def rejected_replace_leaves_the_old_order_and_burns_the_number(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    await d.idle()
    d.say(rejected(2))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["user_ref"], answer["open"], answer["dead"]) == (Kind.REJECTED.value, 2, 300, 0)
    await d.intent(**MOVE, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert (read["orig"], read["user_ref"]) == (1, 3)
    d.say(replaced(1, 3, 300, 250_000))
    await d.idle()
    assert d.answers[-1][1]["open"] == 300
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def order_gone_while_its_replace_is_under_way(dut):
    """Filled, or canceled for invalid details: no answer comes to the Replace, the chain is dead."""
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    d.say(executed(1, 300, 250_100, flag=b"A"))
    await d.idle()
    assert d.answers[-1][1]["dead"] == 1
    assert dut.open_orders.value == 0
    row = await live_order(d, ref=3)
    await d.intent(**MOVE, order=row)
    d.say(canceled(3, 300, reason=b"Z"))
    await d.idle()
    assert (d.answers[-1][1]["dead"], d.answers[-1][1]["chain_executed"]) == (1, 0)
    assert dut.open_orders.value == 0
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def replaced_dead_is_dead(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**MOVE, order=row)
    d.say(replaced(1, 2, 300, 250_000, state=b"D"))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["open"], answer["dead"]) == (Kind.REPLACED.value, 0, 1)
    assert dut.open_orders.value == 0


@cocotb.test()
async def partial_cancel_lives_on_and_broken_is_told(dut):
    d = await ready(dut)
    row = await live_order(d)
    await d.intent(**{**CANCEL, "shares": 120}, order=row)
    await d.idle()
    read = read_order(d.orders[-1][1])
    assert read == {"type": b"X", "user_ref": 1, "shares": 120, "appendage": b""}
    assert (d.answers[-1][1]["flag"], d.answers[-1][1]["open"]) == (ord("X"), 300)
    d.say(canceled(1, 180))
    d.say(broken(1, match=0x55))
    await d.idle()
    partial, told = (answer for _, answer in d.answers[-2:])
    assert (partial["shares"], partial["open"], partial["dead"]) == (180, 120, 0)
    assert (told["kind"], told["match"], told["open"], told["flag"]) == (Kind.BROKEN.value, 0x55, 120, ord("E"))
    assert d.pulses["impossible"] == 0


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
async def kill_cancels_every_open_order_once(dut):
    d = await ready(dut)
    rows = [await live_order(d, ref=i + 1) for i in range(3)]
    await d.intent(**MOVE, order=rows[1])  # order 2 becomes 4, unanswered: the newest number is the one to cancel
    before = len(d.orders)
    dut.killed.value = 1
    d.offer(**ENTER)
    taken_at = None
    for _ in range(60):
        if await d.cycle() and taken_at is None:
            taken_at = d.time - 1
            dut.intents__valid.value = 0
    # The Replace was under way when the kill came; what follows are cancels only.
    cancels = [read_order(m) for _, m in d.orders[before:]]
    cancels = [c for c in cancels if c["type"] != b"U"]
    assert sorted((c["type"], c["user_ref"], c["shares"]) for c in cancels) == [
        (b"X", 1, 0),
        (b"X", 3, 0),
        (b"X", 4, 0),
    ]
    assert taken_at is not None
    refused = [a for _, a in d.answers if a["kind"] == Kind.REFUSED.value]
    assert [a["refusal"] for a in refused] == [Refusal.KILLED.value]
    await d.idle()
    # The Replace turns out rejected: the Cancel named a number that never lived, so the old one is canceled as well.
    d.say(rejected(4))
    await d.idle()
    await d.run(20)
    assert [read_order(m)["user_ref"] for _, m in d.orders][-1] == 2
    total = len(d.orders)
    for ref in (1, 2):
        d.say(canceled(ref, 300))
    await d.idle()
    await d.run(30)
    assert len(d.orders) == total
    assert dut.open_orders.value == 1
    # Released and killed again: what is still open is asked for again, once.
    dut.killed.value = 0
    await d.run(5)
    dut.killed.value = 1
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders[total:]] == [3]
    assert all(s["latency_cycles"] == 0 for s in d.sent if s["kind"] == OrderIntentKind.CANCEL.value)
    assert d.pulses["impossible"] == 0


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
async def a_kill_without_a_session_cancels_when_it_is_back(dut):
    d = await ready(dut)
    row = await live_order(d)
    dut.session_up.value = 0
    await d.intent(**MOVE, order=row)
    await d.idle()
    assert d.answers[-1][1]["refusal"] == Refusal.SESSION_DOWN.value
    before = len(d.orders)
    dut.killed.value = 1
    await d.run(30)
    assert len(d.orders) == before
    dut.session_up.value = 1
    await d.run(30)
    assert [read_order(m)["type"] for _, m in d.orders[before:]] == [b"X"]
    # It went down before the answer came: what was sent may be lost, so it is said again, and once only.
    dut.session_up.value = 0
    await d.run(30)
    dut.session_up.value = 1
    await d.run(60)
    assert [read_order(m)["user_ref"] for _, m in d.orders[before:]] == [1, 1]


@cocotb.test()
async def waiting_for_a_row_is_not_being_busy(dut):
    d = await ready(dut)
    for i in range(ROWS):
        await live_order(d, ref=i + 1)
    d.offer(**ENTER)
    await d.run(20)
    assert not dut.busy.value


@cocotb.test()
async def impossible_answers_are_counted_and_a_fill_is_still_booked(dut):
    d = await ready(dut)
    told = len(d.answers)
    strange = [
        executed(7, 100, 1),
        accepted(7, 100, 1),
        canceled(7, 1),
        rejected(7),
        broken(7),
        replaced(7, 8, 1, 1),
    ]
    for n, message in enumerate(strange, 1):
        d.say(message)
        await d.idle()
        assert d.pulses["impossible"] == n
    assert len(d.answers) == told
    await live_order(d)
    told, impossible = len(d.answers), d.pulses["impossible"]
    for message in (accepted(1, 300, 1), rejected(1), replaced(1, 2, 300, 1)):
        d.say(message)
        await d.idle()
    assert len(d.answers) == told
    assert d.pulses["impossible"] == impossible + 3
    d.say(executed(1, 301, 250_100))
    await d.idle()
    answer = d.answers[-1][1]
    assert (answer["kind"], answer["shares"], answer["open"], answer["dead"]) == (Kind.EXECUTED.value, 301, 0, 1)
    assert d.pulses["impossible"] == impossible + 4
    assert d.pulses["executions"] == 1


@cocotb.test()
async def what_cannot_be_believed_is_counted_and_the_next_message_is_right(dut):
    d = await ready(dut)
    await d.intent(**ENTER)
    await d.idle()
    good = accepted(1, 300, 250_100)
    wrong = [
        good[:-1],
        good + b"\0",
        good[:62] + b"\x00\x05",
        executed(1, 100, 1)[:35],
        canceled(1, 100) + b"\0" * 100,
        b"z" * 20,
        b"A",
        b"D" + b"\0" * 30,
        b"T" + b"\0" * 30,
        b"Q" + b"\0" * 11,
    ]
    for message in wrong:
        d.say(message)
    d.say(canceled(1, 300), error=True)
    d.say(b"S" + b"\0" * 8 + b"S")
    d.say(good + b"")
    await d.idle()
    assert d.pulses["unknown_answers"] == len(wrong) + 1
    assert d.pulses["answered"] == len(wrong) + 3
    assert d.kinds() == ks(Kind.SENT, Kind.ACCEPTED)
    assert d.answers[-1][1]["cause"] == 1 << 63 | (len(wrong) + 3)
    # A long appendage is skipped by its length.
    d.say(executed(1, 10, 5, appendage=b"\x09\x17" + b"\1" * 8 + b"\x03\x7f\1\2"))
    await d.idle()
    assert d.answers[-1][1]["shares"] == 10
    assert d.pulses["impossible"] == 0


@cocotb.test()
async def a_slow_taker_of_frames_loses_nothing(dut):
    d = await ready(dut)
    d.tx_ready = lambda: d.time % 3 == 0
    await d.intent(**{**ENTER, "short": 1, "side": Side.SELL})
    await d.idle()
    assert read_order(d.orders[0][1])["appendage"] == b"\x02\x19Y"
    assert d.sent[0]["card_time"] == d.orders[0][0]
    assert d.pulses["entered"] == 1
