"""Words on symbols' states that come beside messages: when each is heard, and what makes one forgotten."""

import pytest
from amaranth.sim import Simulator

from hdl.feed.itch import ItchMessage
from hdl.feed.state_words import SlotJoin, StateWords


def heard(given, cycles=8):
    """Give who is heard in each cycle, of what comes in it: message, host's word, snapshot's, and what ends them."""
    words = StateWords()
    pulses = {
        "message": words.message_valid,
        "snapshot": words.snapshot.stated,
        "session": words.session_changed,
        "anew": words.begun_anew,
    }
    told = []

    async def bench(ctx):
        ctx.set(words.message, ItchMessage.const({"type": ord("A"), "locate": 5}))
        for cycle in range(cycles):
            here = given.get(cycle, ())
            for name, port in pulses.items():
                ctx.set(port, name in here)
            command = {"bind": 1, "stale": 1} if "host" in here else {}
            ctx.set(words.slot_join, SlotJoin.const({"slot": 3, "locate": 9, "command": command} if command else {}))
            who = set()
            if ctx.get(words.command.as_value()):
                who.add("host")
                assert (ctx.get(words.slot), ctx.get(words.locate)) == (3, 9)
                assert (ctx.get(words.command.bind), ctx.get(words.command.stale)) == (1, 1)
            if ctx.get(words.stated):
                who.add("snapshot")
            told.append(who)
            await ctx.tick()
        assert not ctx.get(words.waits)

    simulator = Simulator(words)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    simulator.run()
    return {cycle: who for cycle, who in enumerate(told) if who}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        # Without messages: a snapshot's at once, the host's in the next cycle.
        ({1: ["snapshot"], 3: ["host"]}, {1: {"snapshot"}, 4: {"host"}}),
        # Behind the messages, the snapshot's first.
        ({1: ["message", "snapshot"], 2: ["message"]}, {3: {"snapshot"}}),
        ({1: ["host"], 2: ["message"], 3: ["message"]}, {4: {"host"}}),
        ({1: ["message", "snapshot", "host"], 2: ["message"]}, {3: {"snapshot"}, 4: {"host"}}),
        ({1: ["host"], 2: ["message"], 3: ["snapshot"]}, {3: {"snapshot"}, 4: {"host"}}),
        # A session that changes makes both forgotten, another symbol in the slot that is loaded the snapshot's.
        ({1: ["message", "snapshot", "host"], 2: ["message", "session"]}, {}),
        ({1: ["message", "snapshot", "host"], 2: ["message", "anew"]}, {3: {"host"}}),
        # What comes with the change is of the new session.
        ({1: ["session", "host"], 2: ["message"]}, {3: {"host"}}),
    ],
)
def test_a_word_waits_for_a_cycle_without_a_message(given, told):
    assert heard(given) == told
