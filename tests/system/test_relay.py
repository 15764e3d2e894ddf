"""A made session traded over the relay: position, cash and open orders are the exchange's own, whatever is cut."""

import random
import time

import pytest
from relay_play import Relay, Rig

from sim.sessions.make import make_messages

MESSAGES = 2_500
#: Packets played between two looks at what has happened.
CHUNK = 40


@pytest.fixture
def rig(request):
    rigs = []

    def make(**options):
        rigs.append(Rig(make_messages(options.pop("seed", 5), MESSAGES, "bursts").messages, **options))
        return rigs[-1]

    yield make
    for one in rigs:
        one.close()


def check(rig):
    rig.settle()
    assert rig.differences() == []
    numbers = rig.numbers()
    assert len(numbers) == len(set(numbers)), "an order was sent twice"
    assert numbers == sorted(numbers)
    impossible, unknown = rig.registers("orders.impossible_answers", "control.status.killed")
    assert (impossible, unknown) == (0, 0)


@pytest.mark.parametrize("network", [None, 1])
def test_a_session_is_traded_over_the_relay(rig, network):
    rig = rig(network=network)
    rig.wait_up()
    rig.device.arm()
    while rig.played < len(rig.packets):
        rig.play(CHUNK)
        rig.settle()
    check(rig)
    assert len(rig.numbers()) > 20
    fills = [entry for entry in rig.exchange.venue.log.entries if entry.kind == "executed"]
    assert len(fills) > 10
    code, errors = rig.relay.end()
    assert (code, errors) == (0, "")
    assert rig.registers("relay.status.opened", "control.status.session_up") == [0, 0]
    if network is not None:
        assert rig.network.lost > 0
        (late,) = rig.registers("relay.late")
        assert late > 0


@pytest.mark.parametrize(
    ("network", "cancel_on_disconnect", "seed"), [(None, True, 1), (None, False, 2), (2, True, 3), (3, False, 4)]
)
def test_the_connection_is_cut_at_random_moments(rig, network, cancel_on_disconnect, seed):
    rng = random.Random(seed)
    rig = rig(network=network, cancel_on_disconnect=cancel_on_disconnect, seed=seed)
    rig.wait_up()
    rig.device.arm()
    cuts = 0
    while rig.played < len(rig.packets):
        rig.play(rng.randint(5, CHUNK))
        if rng.random() < 0.8:
            rig.settle()
        if rng.random() < 0.25:
            cuts += 1
            cut = rng.choice(("relay killed", "exchange hangs up", "card is silent"))
            if cut == "exchange hangs up":
                rig.exchange.server.disconnect()
                rig.play(rng.randint(1, 10))
                rig.wait_up()
            elif cut == "card is silent" and rig.network is not None:
                rig.network.silent = True
                rig.play(rng.randint(1, 5))
                rig.relay.wait_for("opening: the card is silent")
                rig.network.silent = False
                rig.wait_up()
            else:
                rig.relay.kill()
                rig.play(rng.randint(1, 10))
                rig.start_relay()
                rig.wait_up()
    check(rig)
    assert cuts > 3
    assert len(rig.numbers()) > 10


def test_trading_stops_with_the_session(rig):
    """Nothing leaves the card once its relay has gone, however the market moves; it goes on when a relay is back."""
    rig = rig()
    rig.wait_up()
    rig.device.arm()
    half = len(rig.packets) // 2
    rig.play(half)
    rig.settle()
    rig.relay.kill()
    while rig.registers("control.status.session_up") != [0]:
        time.sleep(0.01)
    before = rig.registers("orders.entered", "orders.replaced", "control.status.armed")
    rig.play(len(rig.packets) // 4)
    assert rig.registers("orders.entered", "orders.replaced", "control.status.armed") == before
    rig.start_relay()
    rig.wait_up()
    rig.play(len(rig.packets) - rig.played)
    check(rig)
    assert rig.registers("orders.entered")[0] > before[0]


def test_one_relay_at_a_time(rig):
    rig = rig()
    rig.wait_up()
    first = rig.relay
    second = Relay(rig.url, rig.exchange.server.address, "--take-over", "--card-silence-ms", "1500")
    first.wait_for("finished: another relay has taken the order session")
    code, errors = first.over()
    assert code == 1
    assert "another relay has taken" in errors
    rig.relay = second
    rig.wait_up()


def test_a_card_that_has_died_ends_the_relay(rig):
    rig = rig()
    rig.wait_up()
    rig.card.kill()
    rig.card.wait()
    rig.relay.wait_for("finished")
    code, errors = rig.relay.over()
    assert (code, "closed the connection" in errors) == (1, True)
