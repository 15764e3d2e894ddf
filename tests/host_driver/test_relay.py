"""``pennywire-ctl relay`` between a card that is not trusted and an exchange over TCP, under every sanitizer."""

import random
import signal
import struct
import subprocess
import threading
import time

import pytest

from tests.host_driver.relay_card import RelayCard, address
from tests.host_driver.relay_ends import BUILD, SECRET, Exchange, Relay


@pytest.fixture(params=["plain", "address_undefined", "thread"])
def start(request):
    opened = []
    assert (BUILD / f"ctl_{request.param}").exists(), f"{BUILD}/ctl_{request.param} is not built: run `make driver`"

    def make(card, exchange, *options, **more):
        opened.append(Relay(request.param, card, exchange, *options, **more))
        return opened[-1]

    yield make
    for relay in opened:
        if relay.child.poll() is None:
            relay.end(signal.SIGKILL)


@pytest.fixture
def exchange():
    made = Exchange()
    yield made
    made.server.close()


@pytest.fixture
def new_card():
    cards = []

    def make(**options):
        cards.append(RelayCard(**options))
        return cards[-1]

    yield make
    for card in cards:
        card.close()


def wait_until(what):
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def enter(number):
    return b"O" + struct.pack(">I", number) + b"x" * 42


def test_messages_go_both_ways(start, exchange, new_card):
    card = new_card()
    exchange.server.publish(b"before")
    relay = start(card, exchange)
    relay.wait_for("up")
    wait_until(lambda: card.up)
    assert card.say(enter(1))
    assert card.say(enter(2))
    assert card.say(b"X" + struct.pack(">II", 1, 0))
    wait_until(lambda: len(exchange.server.received) == 4)
    assert exchange.server.received == [b"Q", *card.orders]
    wait_until(lambda: len(card.let_through) == len(exchange.told))
    assert card.let_through == exchange.told
    assert [message[:1] for message in card.let_through] == [b"b", b"Q", b"A", b"A"]
    assert card.never_received == [1]
    wait_until(lambda: card.taken == 3)
    assert card.registers[address("relay.carrier")] == 1
    name = card.registers[address("relay.session_lo")].to_bytes(8, "little").rstrip(b"\0")
    assert name == b"SESS1"
    assert relay.end() == (0, "")
    assert (card.up, card.open) == (False, False)
    assert relay.seen[-1].startswith("sent 3, dropped 0, again 0, received 4, delivered 4, came up 1")


def test_a_lost_session_stops_the_card_and_tells_it_what_was_never_received(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    wait_until(lambda: card.up)
    card.say(enter(1))
    wait_until(lambda: exchange.entered == [1])
    wait_until(lambda: card.taken == 1)
    # The exchange goes; an order and a Cancel leave the card before it hears of that.
    with card.lock:
        exchange.server.disconnect()
        relay.wait_for("connecting")
        card.orders += [enter(2), b"X" + struct.pack(">II", 1, 0)]
        card.registers[address("orders.user_ref")] = 3
        card.push()
    relay.wait_for("up")
    wait_until(lambda: card.up)
    assert exchange.entered == [1]
    assert card.never_received == [1, 2]
    assert card.ups == [True, False, True]
    # The Cancel arrives: it was kept.
    wait_until(lambda: b"X" + struct.pack(">II", 1, 0) in exchange.server.received)
    card.say(enter(3))
    wait_until(lambda: exchange.entered == [1, 3])


def test_an_order_that_comes_late_is_not_sent_after_it_was_taken_back(start, exchange, new_card):
    """It left the card while the session was up, and every copy is lost until long after the session was."""
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    wait_until(lambda: card.up)
    with card.lock:
        card.mute = True
        card.orders.append(enter(1))
        card.registers[address("orders.user_ref")] = 2
        card.push()
        exchange.server.disconnect()
        relay.wait_for("connecting")
    relay.wait_for("catching up")
    # The query is answered and the answer is with the card: all that is missing is the order itself.
    wait_until(lambda: len(card.let_through) == 2)
    heard = card.heard
    wait_until(lambda: card.heard > heard + 10)
    assert card.ups == [True, False]
    assert card.never_received == [1]
    card.mute = False
    relay.wait_for("up")
    wait_until(lambda: card.up)
    assert exchange.entered == []
    assert card.never_received == [1, 1]
    assert card.taken == 1


def test_an_order_that_comes_before_the_answer_to_the_query_is_not_sent(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    wait_until(lambda: card.up)
    exchange.holding.clear()
    exchange.server.disconnect()
    relay.wait_for("catching up")
    with card.lock:
        card.orders.append(enter(1))
        card.registers[address("orders.user_ref")] = 2
        card.push()
    wait_until(lambda: card.taken == 1)
    exchange.holding.set()
    relay.wait_for("up")
    assert exchange.entered == []
    assert card.never_received == [1, 1]


def test_a_query_of_the_card_puts_the_session_down_until_it_is_answered(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    wait_until(lambda: card.up)
    card.say(b"Q")
    relay.wait_for("catching up: the card asks")
    relay.wait_for("up")
    wait_until(lambda: card.ups == [True, False, True])
    assert exchange.queries == 2
    assert [m[:1] for m in card.let_through] == [b"Q", b"Q"]


def test_the_exchange_is_ahead_of_the_card(start, exchange, new_card):
    card = new_card()
    exchange.last = 41
    start(card, exchange).wait_for("up")
    assert card.registers[address("orders.user_ref")] == 42


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_or_doubled_by_a_hostile_card_and_relays_that_are_killed(start, exchange, new_card, seed):
    rng = random.Random(seed)
    card = new_card(hostile=seed, soft=False)
    relay = start(card, exchange)
    number = 0
    for round_ in range(6):
        relay.wait_for("up")
        wait_until(lambda: card.up)
        for _ in range(rng.randint(5, 30)):
            number += card.say(enter(card.registers[address("orders.user_ref")]))
            exchange.server.publish(b"E" + rng.randbytes(rng.randint(0, 100)))
        if round_ == 5:
            break
        if rng.random() < 0.5:
            exchange.server.disconnect()
        else:
            relay.end(signal.SIGKILL)
            relay = start(card, exchange)
    wait_until(lambda: card.taken == len(card.orders) and card.up)
    wait_until(lambda: len(card.let_through) == len(exchange.told))
    assert card.let_through == exchange.told
    assert len(exchange.entered) == len(set(exchange.entered))
    assert exchange.entered == sorted(exchange.entered)
    assert 10 < len(exchange.entered) <= number
    assert relay.end() == (0, "")


def test_a_relay_that_is_killed_holds_the_session_until_it_was_silent_for_too_long(start, exchange, new_card):
    """It is killed as it opens the session again: nobody but the card's clock can know that it will not go on."""
    card = new_card(soft=False)
    relay = start(card, exchange)
    relay.wait_for("up")
    assert card.registers[address("relay.silence")] == 156_250_000  # 1 s of cycles of 6.4 ns
    with card.lock:
        card.open = False
        card.set_up(False)
    relay.wait_for("opening: the card took this relay for dead")
    relay.wait_for("connecting")
    relay.end(signal.SIGKILL)
    held = card.owner
    start(card, exchange).wait_for("up")
    assert card.owner > held
    assert card.vanished > 0


def test_a_silent_card_makes_the_relay_hang_up_and_come_back(start, exchange, new_card):
    card = new_card(soft=False)
    relay = start(card, exchange)
    relay.wait_for("up")
    logins = len(exchange.server.logins)
    card.silent = True
    relay.wait_for("opening: the card is silent")
    wait_until(lambda: exchange.server._client is None)
    card.silent = False
    relay.wait_for("up")
    assert len(exchange.server.logins) == logins + 2


def test_a_relay_that_is_taken_for_dead_opens_again(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    with card.lock:
        card.open = False
        card.set_up(False)
    relay.wait_for("opening: the card took this relay for dead")
    relay.wait_for("up")


def test_the_session_is_taken_over(start, exchange, new_card):
    card = new_card()
    first = start(card, exchange)
    first.wait_for("up")
    second = start(card, exchange, "--take-over", device=card.udp_url)
    code, errors = first.over()
    assert (code, "another relay has taken the order session" in errors) == (1, True)
    second.wait_for("up")
    wait_until(lambda: card.up)


def test_a_relay_waits_for_another_to_go_and_says_so(start, exchange, new_card):
    card = new_card()
    first = start(card, exchange)
    first.wait_for("up")
    second = start(card, exchange, device=card.udp_url)
    second.wait_for("opening: another relay holds the order session")
    refused = card.heard
    wait_until(lambda: card.heard > refused + 10)
    assert first.end() == (0, "")
    second.wait_for("up")
    assert [line.split(":")[0].strip() for line in second.seen] == ["opening", "connecting", "catching up", "up"]


def test_a_card_that_was_reset_is_not_believed(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    with card.lock:
        card.owner = card.wanted = 0
        card.open = False
    code, errors = relay.over()
    assert (code, "it was reset" in errors) == (1, True)


def test_a_card_of_another_day_is_not_believed(start, exchange, new_card):
    card = new_card()
    card.wanted = 500
    code, errors = start(card, exchange).over()
    assert (code, "is it another day's?" in errors) == (1, True)
    relay = start(card, exchange, "--fresh")
    relay.wait_for("up")
    wait_until(lambda: card.wanted == 2)


def test_from_now_on(start, exchange, new_card):
    card = new_card()
    exchange.server.publish(b"old")
    start(card, exchange, "--from", "now").wait_for("up")
    assert [message[:1] for message in card.let_through] == [b"Q"]


def test_a_message_that_cannot_be_relayed_ends_it(start, exchange, new_card):
    card = new_card()
    relay = start(card, exchange)
    relay.wait_for("up")
    exchange.server.publish(bytes(513))
    code, errors = relay.over()
    assert (code, "of 513 bytes, cannot be relayed" in errors) == (1, True)
    wait_until(lambda: not card.up)


def test_a_rejected_login_ends_it_and_tells_no_password(start, exchange, new_card):
    relay = start(new_card(), exchange, password="an0ther")
    code, errors = relay.over()
    assert (code, "rejected the login" in errors) == (1, True)
    assert "an0ther" not in errors + "".join(relay.seen)


def test_the_password_comes_from_a_file(start, exchange, new_card, tmp_path):
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    relay = start(new_card(), exchange, "--password-file", str(file), password="wrong")
    relay.wait_for("up")
    relay.end()
    code, errors = start(new_card(), exchange, "--password-file", str(tmp_path / "none")).over()
    assert (code, "no password can be read" in errors) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--exchange", "127.0.0.1:1"], "relay needs --exchange HOST:PORT and --user NAME"),
        (["--exchange"], "incomplete option: --exchange"),
        (["--exchange", "h:1", "--user", "u", "--from", "0"], "not 0"),
        (["--exchange", "h:1", "--user", "u", "--password", "x"], "unknown or incomplete option: --password"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_opened(arguments, words):
    done = subprocess.run(
        [BUILD / "ctl_plain", "--device", "unix:/nowhere", "relay", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert words in done.stderr
