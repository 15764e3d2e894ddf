"""The order port against an exchange that answers at random: races, kills, rejects, in every order they can come."""

import itertools
import os
import random

import cocotb

from hdl.types import Module, OrderIntentKind, Role, Side, TimeInForce
from hdl.types import OrderAnswerKind as Kind
from tests.hdl.orders.order_bench import SLOTS, read_order
from tests.hdl.orders.order_driver import Driver
from tests.hdl.orders.random_exchange import Account, RandomExchange, what_it_says

CYCLES = 10_000


def random_intent(rng, chains):
    """Enter, or touch a row that lives (by what the card has told so far)."""
    fields = {
        "kind": OrderIntentKind.ENTER,
        "slot": rng.randrange(SLOTS),
        "module": Module.TAKER,
        "role": Role.ENTRY,
        "side": rng.choice((Side.BUY, Side.SELL)),
        "shares": rng.randint(1, 1_000),
        "price": rng.randint(1, 10**6),
        "time_in_force": TimeInForce.DAY,
    }
    if chains and rng.random() < 0.6:
        chain = rng.choice(list(chains.values()))
        fields |= {"slot": chain.slot, "order": chain.row, "kind": OrderIntentKind.REPLACE}
        fields["shares"] = chain.done + rng.randint(1, 1_000)
        if rng.random() < 0.4:
            fields |= {"kind": OrderIntentKind.CANCEL, "shares": rng.choice((0, 0, fields["shares"]))}
        elif chain.sells and rng.random() < 0.3:
            fields |= {"kind": OrderIntentKind.MODIFY, "side": Side.SELL, "short": 1}
            fields["shares"] = chain.done + chain.open
    return fields


@cocotb.test()
async def random_races(dut):
    rng = random.Random(int(os.environ["SEED"]))
    d = Driver(dut)
    await d.start()
    exchange, account = RandomExchange(rng), Account()
    d.tx_ready = lambda: rng.random() < 0.9
    offered = False
    orders = answers = 0
    killed_at = None
    kills = 0
    intent = {}

    async def cycle(quiet=False):
        nonlocal offered, orders, answers, killed_at, kills, intent
        if not offered and not quiet and rng.random() < 0.05:
            intent = random_intent(rng, account.chains)
            d.offer(**intent)
            offered = True
        # Now and then the host kills, and releases once everything has come to rest.
        if killed_at is None and not quiet and rng.random() < 0.0005:
            dut.killed.value = 1
            killed_at, kills = d.time, kills + 1
        elif killed_at is not None and d.time > killed_at + 800:
            assert not exchange.live, "an order outlived the kill"
            assert not account.chains
            assert dut.open_orders.value == 0
            dut.killed.value = 0
            killed_at = None
        exchange.step(d.time)
        for message in exchange.due(d.time):
            d.say(message)
            account.said.append(what_it_says(message))
        exchange.refuses_cancels = killed_at is None
        chain = account.chains.get(intent.get("order"))
        prevented = chain.prevented if chain else None
        if await d.cycle():
            dut.intents__valid.value = 0
            offered = False
            if intent["kind"] in (OrderIntentKind.REPLACE, OrderIntentKind.MODIFY):
                account.taken.append((intent["shares"], prevented))
        for _, message in d.orders[orders:]:
            exchange.receive(d.time, message)
            account.sent.append(read_order(message))
        orders = len(d.orders)
        # A message is told SENT while it leaves: the account waits with that until its frame is whole.
        while answers < len(d.answers):
            answer = d.answers[answers][1]
            if answer["kind"] == Kind.SENT.value and not account.sent:
                break
            account.check(answer)
            answers += 1

    for _ in range(CYCLES):
        await cycle()
    # Everything that lives is canceled at the end; then nothing is owed to anyone.
    dut.intents__valid.value = 0
    offered = True
    killed_at = killed_at or d.time
    dut.killed.value = 1
    for _ in range(800):
        await cycle(quiet=True)
    assert not exchange.live
    assert not account.chains
    assert not account.said
    assert answers == len(d.answers)
    assert dut.open_orders.value == 0
    assert not dut.busy.value
    assert d.pulses["impossible"] == 0
    assert d.pulses["unknown_answers"] == 0
    times = [t for t, _ in d.answers]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 4
    refs = [o["user_ref"] for o in (read_order(m) for _, m in d.orders) if o["type"] in b"OU"]
    assert all(a < b for a, b in itertools.pairwise(refs))
    counts = {kind: sum(a["kind"] == kind for _, a in d.answers) for kind in range(1, 15) if kind != Kind.BROKEN.value}
    cocotb.log.info(f"{len(refs)} orders, {kills} kills, {exchange.silent} silent, answers by kind {counts}")
    assert len(refs) > 100
    assert kills
    assert exchange.silent
    assert all(counts.values()), "some kind of answer never came"
