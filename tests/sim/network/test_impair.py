"""What is decided of each frame, and that only the feed's frames are treated badly."""

import pytest
from scapy.contrib.igmp import IGMP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from sim.network.impair import Impairment

FEED = bytes(Ether(dst="01:00:5e:36:0c:6f") / IP(dst="233.54.12.111") / UDP(dport=26477) / b"message")
OTHERS = [
    bytes(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP()),
    bytes(Ether(dst="01:00:5e:36:0c:6f") / IP(dst="233.54.12.111") / IGMP()),
    bytes(Ether(dst="02:00:00:00:00:01") / IP(dst="10.0.0.1") / UDP() / b"answer"),
    FEED[:20],
]


def test_shares_come_out_as_asked():
    impairment = Impairment(loss=0.2, duplicate=0.1, delay=0.3, delay_ms=10, seed=4)
    decided = [impairment.copies(FEED) for _ in range(5000)]
    assert sum(not d for d in decided) == pytest.approx(1000, abs=150)
    assert sum(len(d) == 2 for d in decided) == pytest.approx(400, abs=100)
    held = [wait for d in decided for wait in d if wait]
    assert len(held) == pytest.approx(0.3 * sum(map(len, decided)), abs=200)
    assert 0 < min(held) <= max(held) <= 0.01
    assert impairment.counts["lost"] == sum(not d for d in decided)


def test_one_seed_decides_the_same():
    first, second = (Impairment(loss=0.3, duplicate=0.3, delay=0.5, delay_ms=5, seed=9) for _ in range(2))
    assert [first.copies(FEED) for _ in range(200)] == [second.copies(FEED) for _ in range(200)]
    third = Impairment(loss=0.3, duplicate=0.3, delay=0.5, delay_ms=5, seed=10)
    assert [first.copies(FEED) for _ in range(200)] != [third.copies(FEED) for _ in range(200)]


def test_what_is_not_the_feed_passes():
    impairment = Impairment(loss=1.0, seed=1)
    assert impairment.copies(FEED) == []
    assert [impairment.copies(frame) for frame in OTHERS] == [[0.0]] * len(OTHERS)
    assert impairment.counts["others"] == len(OTHERS)


@pytest.mark.parametrize("wish", [{"loss": 1.5}, {"duplicate": -0.1}, {"delay_ms": -1}])
def test_what_is_no_share_is_refused(wish):
    with pytest.raises(ValueError, match=r"is 0 to 1|must be 0 or more"):
        Impairment(**wish)
