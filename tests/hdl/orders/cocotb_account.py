"""Account Query and the exchange's day, scenario by scenario."""

import cocotb

from hdl.types import OrderAnswerKind as Kind
from hdl.types import Refusal
from tests.hdl.orders.order_bench import canceled, next_number, read_order, system_event
from tests.hdl.orders.scenes import CANCEL, ENTER, MOVE, live_order, ready


@cocotb.test()
async def a_query_leaves_on_the_hosts_word_and_its_answer_raises_the_number(dut):
    d = await ready(dut)
    dut.session_up.value = 0  # the host asks before it lets orders go
    await d.pulse("query")
    await d.idle()
    assert [message for _, message in d.orders] == [b"Q"]
    assert d.sent == []
    assert d.answers == []
    assert dut.query_pending.value == 1
    d.say(next_number(4711, t=36_000_000_000_000))
    await d.idle()
    await d.run(3)
    assert dut.query_pending.value == 0
    assert (dut.next_number.value, dut.user_ref.value) == (4711, 4711)
    assert d.reports == [
        {"event": 0, "said": 4711, "own": 4711, "cause": 1 << 63 | 1, "exchange_time": 36_000_000_000_000}
    ]
    dut.session_up.value = 1
    await d.intent(**ENTER)
    await d.idle()
    assert read_order(d.orders[-1][1])["user_ref"] == 4711
    assert d.pulses["unknown_answers"] == d.pulses["impossible"] == 0


@cocotb.test()
async def an_answer_never_lowers_the_number(dut):
    """The query overtook nothing, but what was sent after it is not in its answer."""
    d = await ready(dut)
    for ref in (1, 2, 3):
        await live_order(d, ref=ref)
    for said, after in ((2, 4), (4, 4), (5, 5), (0, 5)):
        d.say(next_number(said))
        await d.idle()
        await d.run(3)
        assert (dut.next_number.value, dut.user_ref.value) == (said, after)
        assert (d.reports[-1]["said"], d.reports[-1]["own"]) == (said, after)


@cocotb.test()
async def no_number_is_used_twice_however_an_answer_meets_an_order(dut):
    d = await ready(dut)
    ref = 1
    for delay in range(14):
        before = len(d.orders)
        row = await live_order(d, ref=ref)
        ref += 1
        taken = False
        for cycle in range(40):
            if cycle == 6:
                d.offer(**MOVE, order=row)
            if cycle == delay:
                d.say(next_number(ref + 100))
            if await d.cycle():
                taken = True
                dut.intents__valid.value = 0
        assert taken
        used = [read_order(message)["user_ref"] for _, message in d.orders[before:]]
        assert used in ([ref - 1, ref], [ref - 1, ref + 100])
        assert dut.user_ref.value == max(ref + 100, used[-1] + 1)
        d.say(canceled(ref - 1, 300))
        await d.idle()
        ref = int(dut.user_ref.value)


@cocotb.test()
async def a_query_waits_for_the_message_before_it_and_goes_before_the_next(dut):
    d = await ready(dut)
    d.tx_ready = lambda: d.time % 3 == 0
    await d.intent(**ENTER)
    await d.pulse("query")
    await d.intent(**ENTER)
    await d.idle()
    assert [message[:1] for _, message in d.orders] == [b"O", b"Q", b"O"]
    assert [s["user_ref"] for s in d.sent] == [1, 2]
    # Said twice before an answer: asked twice. Another session may have lost the first.
    await d.pulse("query")
    await d.idle()
    await d.pulse("query")
    await d.idle()
    assert [message for _, message in d.orders[3:]] == [b"Q", b"Q"]


@cocotb.test()
async def a_kill_goes_before_a_query(dut):
    d = await ready(dut)
    await live_order(d)
    dut.killed.value = 1
    await d.pulse("query")
    await d.idle()
    assert [message[:1] for _, message in d.orders[1:]] == [b"X", b"Q"]


@cocotb.test()
async def the_end_of_the_day_is_the_end_of_orders(dut):
    d = await ready(dut)
    row = await live_order(d)
    d.say(system_event(b"S"))
    await d.idle()
    assert dut.day_over.value == 0
    d.say(system_event(b"E", t=72_000_000_000_000))
    await d.idle()
    assert dut.day_over.value == 1
    assert dut.session_open.value == 0
    sent = len(d.orders)
    for fields in (ENTER, {**MOVE, "order": row}):
        await d.intent(**fields)
        await d.idle()
        answer = d.answers[-1][1]
        assert (answer["kind"], answer["refusal"]) == (Kind.REFUSED.value, Refusal.SESSION_DOWN.value)
    assert len(d.orders) == sent
    # Cancels and breaks can still come: what lives may be canceled, and the exchange does it by itself.
    await d.intent(**CANCEL, order=row)
    await d.idle()
    assert read_order(d.orders[-1][1])["type"] == b"X"
    d.say(canceled(1, 300, reason=b"E"))
    await d.idle()
    assert dut.open_orders.value == 0
    events = [(r["event"], r["exchange_time"]) for r in d.reports]
    assert events == [(ord("S"), 1000), (ord("E"), 72_000_000_000_000)]
    # The host takes the session down: the next one is another day's.
    dut.session_up.value = 0
    await d.run(2)
    dut.session_up.value = 1
    await d.run(2)
    assert dut.session_open.value == 1
    assert d.pulses["impossible"] == d.pulses["unknown_answers"] == 0
