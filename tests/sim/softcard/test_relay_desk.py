"""Who holds the order session at a soft card: the rules of ownership, against a model of the gateware's relay."""

import struct

import pytest

from sim.softcard import relay_desk
from sim.softcard.relay_desk import RelayDesk

HEADER = struct.Struct("<HBBIHHIQIHHQ")
OPEN, UP, CLOSE = 1, 2, 16


class Model:
    """The order relay of docs/hostlink.md, as far as ownership goes."""

    def __init__(self):
        self.owner, self.open, self.up, self.out = 0, False, False, []

    def relay(self, datagram):
        _, _, _, number, _, _, _, token, _, flags, _, _ = HEADER.unpack_from(datagram)
        status = 0
        if flags & OPEN and token > self.owner and not self.open:
            self.owner, self.open = token, True
        elif not self.open or token != self.owner:
            status = 5 if flags & OPEN and self.open else 6
        else:
            self.open = not flags & CLOSE
        self.up = self.open and bool(flags & UP) if not status else self.up
        self.say(0x85, number, status)

    def say(self, kind, number, status=0):
        self.out.append(HEADER.pack(0x5750, 1, kind, number, 0, status, 0, self.owner, 0, int(self.open), 0, 0))

    def relayed(self):
        out, self.out = self.out, []
        return out


def request(token, flags, number=1):
    return HEADER.pack(0x5750, 1, 5, number, 0, 0, 0, token, 0, flags, 0, 0)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(relay_desk, "time", made)
    return made


@pytest.fixture
def desk(clock):
    sent = []
    made = RelayDesk(Model(), lambda owner, datagram: sent.append((owner, datagram[3])), 2.0)
    made.sent = sent
    return made


def rounds(desk, number=10):
    return sum(desk.look_at_the_clock() for _ in range(number))


def test_messages_go_to_the_owner_and_answers_to_who_asked(desk):
    desk.request("first", request(7, OPEN))
    desk.request("second", request(9, OPEN))
    desk._model.say(0xC1, 0)
    desk.pass_messages()
    assert desk.sent == [("first", 0x85), ("second", 0x85), ("first", 0xC1)]


def test_nobody_hears_messages_without_an_owner(desk):
    desk._model.say(0xC1, 0)
    desk.pass_messages()
    desk.request("first", request(7, OPEN))
    desk.request("first", request(7, CLOSE, 2))
    desk._model.say(0xC1, 1)
    desk.pass_messages()
    assert desk.sent == [("first", 0x85)] * 2
    assert desk.seconds_left() is None


def test_an_owner_who_hangs_up_takes_the_session_down(desk):
    desk.request("first", request(7, OPEN))
    desk.request("first", request(7, UP, 2))
    assert desk._model.up
    desk.gone("second")
    assert desk._model.up
    desk.gone("first")
    assert (desk._model.up, desk._model.open) == (False, False)


def test_an_owner_who_is_silent_loses_the_session_but_not_at_once(desk, clock):
    desk.request("first", request(7, OPEN))
    desk.request("first", request(7, UP, 2))
    clock.now += 1.9
    assert rounds(desk) == 0
    clock.now += 0.2
    # What he sent may have waited while a session was played: it is read in these rounds.
    assert rounds(desk, 3) == 0
    desk.request("first", request(7, UP, 3))
    assert rounds(desk) == 0
    clock.now += 2.1
    assert rounds(desk) == 1
    assert (desk._model.up, desk._model.open) == (False, False)


def test_an_owner_who_asks_under_another_token_is_still_watched(desk, clock):
    """A relay that gave its card up opens again from the same socket; the old owner must end."""
    desk.request("first", request(7, OPEN))
    desk.request("first", request(8, OPEN))
    assert desk._model.owner == 7
    clock.now += 2.1
    assert rounds(desk) == 1
    desk.request("first", request(8, OPEN, 2))
    assert (desk._model.owner, desk._model.open) == (8, True)
