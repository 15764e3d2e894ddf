"""A router that does not come to an end is stopped, with a word on how near it was."""

import os
import stat
import sys

import pytest

from sim.timing import flow, step
from sim.timing.part import ECPIX5_85F

#: A line of nextpnr's log that is no round of its router, though it counts too: the placer's.
PLACER = "Info: iter=900 steplen=0.968303 a=237.363861 penalty=[2.47, 2.47, 2.47, 2.47]"


def _round(number, overused):
    return f"Info:     iter={number} wires=903969 overused={overused} overuse={overused} archfail=NA"


@pytest.fixture
def router(tmp_path, monkeypatch):
    """Put a program in nextpnr's place that says so many lines, and waits for ever if it is not to end."""

    def runs(lines, *, ends):
        program = tmp_path / "nextpnr"
        finish = "open(sys.argv[sys.argv.index('--report') + 1], 'w').write('{}')" if ends else "time.sleep(1000)"
        program.write_text(
            f"#!{sys.executable}\nimport os, sys, time\nopen('pid', 'w').write(str(os.getpid()))\n"
            f"open(sys.argv[sys.argv.index('-l') + 1], 'w').write({chr(10).join(lines)!r})\n{finish}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (tmp_path / "top.json").write_text("{}")
        monkeypatch.setattr(flow, "tool", lambda _: str(program))
        monkeypatch.setattr(step, "INTERVAL", 0.2)
        return flow.place_and_route(tmp_path, ECPIX5_85F, target_mhz=1, seed=7, say=lambda _: None)

    return runs


def test_two_hundred_rounds_without_getting_nearer_are_enough(router, tmp_path):
    rounds = [_round(number, 60 if number < 50 else 3 + (number > 50)) for number in range(1, 251)]
    with pytest.raises(step.NoWayError, match=r"3 wires were still wanted twice in round 50.*another seed"):
        router([PLACER, *rounds], ends=False)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not (tmp_path / "nextpnr.json.key").exists()


@pytest.mark.parametrize(
    "rounds",
    [
        [_round(number, 60 if number < 50 else 3 + (number > 50)) for number in range(1, 250)],
        [_round(number, 2000 - number) for number in range(1, 1000)],
        [PLACER.replace("900", str(number)) for number in range(1, 900)],
    ],
    ids=["one round short of it", "always a little nearer", "the placer"],
)
def test_what_may_come_to_an_end_is_waited_for(router, rounds, tmp_path):
    router(rounds, ends=True)
    assert flow._no_way(tmp_path / "nextpnr.log") is None
    assert (tmp_path / "nextpnr.json.key").exists()
