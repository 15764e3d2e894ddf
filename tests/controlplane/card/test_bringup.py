"""``pennywire card check``: against the soft card, and against cards that are not what they should be."""

import contextlib
import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from controlplane.bringup.session import GROUP, PORT, UdpFeed, stored_session
from controlplane.card.register_table import ABI_VERSION
from controlplane.cli.main import app

ROOT = Path(__file__).parents[3]
ABI, SLOT_0_SYMBOL, STATUS = 0x08, 0x1000, 0x108


@pytest.fixture(scope="module")
def soft_card(tmp_path_factory):
    """Run a soft card of the smallest configuration; give its folder."""
    with running(tmp_path_factory.mktemp("card"), "demo") as directory:
        yield directory


@contextlib.contextmanager
def running(directory, config):
    command = [sys.executable, "-m", "sim.softcard", "--dir", directory, "--config", config]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("soft card ready:")
            yield directory
        finally:
            process.kill()


def check(tmp_path, url, *options):
    """Give exit status, steps by name, and the whole file."""
    out = tmp_path / "bringup.json"
    done = CliRunner().invoke(app, ["card", "check", "--device", url, "--out", str(out), *options])
    assert out.exists(), done.output
    found = json.loads(out.read_text())
    return done.exit_code, {step["name"]: step for step in found["steps"]}, found


def test_a_good_card_passes_every_step_that_it_can(soft_card, tmp_path):
    # Twice: the first check leaves the card as it found it.
    for _ in range(2):
        url, market = f"unix:{soft_card / 'link.sock'}", str(soft_card / "market.sock")
        status, steps, found = check(tmp_path, url, "--market", market)
        states = {name: step["state"] for name, step in steps.items() if not step["by_hand"]}
        assert states.pop("link") == "not done"
        assert set(states.values()) == {"pass"}, steps
        assert (status, found["failed"], found["soft"], found["format"]) == (0, [], True, 1)
        assert steps["book"]["numbers"]["shown"] == stored_session().book
        assert steps["feed"]["numbers"]["feed.messages"] == stored_session().messages
        histogram = steps["triggers"]["numbers"]["histogram"]
        assert sum(histogram.values()) == steps["triggers"]["numbers"]["count"] > 0
        assert "a simulation's, not a card's" in steps["triggers"]["words"]
        assert steps["link"]["words"] == "a soft card has no PHY"
        by_hand = [step for step in steps.values() if step["by_hand"]]
        assert {step["state"] for step in by_hand} == {"not done"}
        assert len(by_hand) == 6


def test_a_card_that_sends_no_orders_passes_what_it_can(tmp_path):
    with running(tmp_path, "listen") as directory:
        status, steps, _ = check(
            tmp_path, f"unix:{directory / 'link.sock'}", "--market", str(directory / "market.sock")
        )
    states = {name: step["state"] for name, step in steps.items() if not step["by_hand"]}
    assert [states.pop(name) for name in ("link", "triggers")] == ["not done", "not done"]
    assert (status, set(states.values())) == (0, {"pass"}), steps
    assert steps["triggers"]["words"] == "a card of configuration listen decides on nothing"
    assert sum(steps["depth"]["numbers"]["histogram"].values()) == steps["depth"]["numbers"]["count"] > 0


def test_a_book_that_is_not_the_one_fails(soft_card, tmp_path, monkeypatch):
    from controlplane.bringup import session

    # A session of other prices, as far as the check knows: the card shows what it heard.
    changed = tmp_path / "session"
    changed.mkdir()
    source = Path(session.__file__).parent
    about = json.loads((source / "session.json").read_text())
    about["book"]["bid"] += 100
    (changed / "session.json").write_text(json.dumps(about))
    (changed / "session.mold").write_bytes((source / "session.mold").read_bytes())
    monkeypatch.setattr("controlplane.cli.check_card.stored_session", lambda: stored_session(changed))
    url, market = f"unix:{soft_card / 'link.sock'}", str(soft_card / "market.sock")
    status, steps, found = check(tmp_path, url, "--market", market)
    assert (status, found["failed"]) == (1, ["book"])
    assert "it must be" in steps["book"]["words"]


def test_a_card_of_another_abi_fails_at_once(fake_card, tmp_path):
    fake_card.registers[ABI] = ABI_VERSION + 1
    status, steps, found = check(tmp_path, fake_card.url)
    assert (status, found["failed"]) == (1, ["identity"])
    assert f"ABI version {ABI_VERSION + 1}" in steps["identity"]["words"]
    assert {step["state"] for name, step in steps.items() if name != "identity"} == {"not done"}
    assert steps["book"]["words"] == "identity failed"


def test_no_card_is_said(tmp_path):
    status, steps, _ = check(tmp_path, f"unix:{tmp_path / 'nobody.sock'}")
    assert status == 1
    assert steps["identity"]["state"] == "fail"
    assert "nobody.sock" in steps["identity"]["words"]


def test_a_card_in_use_is_left_alone(fake_card, tmp_path):
    fake_card.registers[SLOT_0_SYMBOL] = int.from_bytes(b"AAPL    ", "little")
    status, steps, found = check(tmp_path, fake_card.url)
    assert (status, found["failed"]) == (1, ["quiet"])
    assert "symbols set in slots [0]" in steps["quiet"]["words"]
    assert steps["book"]["words"].startswith("the card is in use")
    # Nothing was written: kind 2.
    assert [kind for kind, _ in fake_card.requests if kind == 2] == []


def test_an_armed_card_is_left_alone(fake_card, tmp_path):
    fake_card.registers[STATUS] = 1
    status, steps, found = check(tmp_path, fake_card.url)
    assert (status, found["failed"]) == (1, ["quiet"])
    assert steps["quiet"]["words"].startswith("armed")
    assert steps["book"]["words"].startswith("the card is in use")
    assert [kind for kind, _ in fake_card.requests if kind == 2] == []


def test_without_a_way_for_the_session_it_is_not_played(fake_card, tmp_path):
    status, steps, _ = check(tmp_path, fake_card.url)
    assert status == 0
    assert steps["book"]["state"] == "not done"
    assert "give --market" in steps["book"]["words"]


def test_a_board_without_a_link_fails(fake_card, tmp_path):
    fake_card.registers[0x38] = 0b1000  # not a soft card
    status, steps, found = check(tmp_path, fake_card.url)
    assert (status, found["failed"]) == (1, ["link"])
    assert "phy: NO link" in steps["link"]["words"]
    fake_card.registers[0x0780] = 0b1101111
    status, steps, found = check(tmp_path, fake_card.url)
    assert (status, steps["link"]["state"]) == (0, "pass")
    assert set(steps["link"]["numbers"]) == {"phy"}
    # A hundred megabits carry no frames.
    fake_card.registers[0x0780] = 0b1011111
    assert check(tmp_path, fake_card.url)[2]["failed"] == ["link"]


def test_the_stored_session_is_the_one_that_its_script_writes_and_meatpy_agrees(tmp_path, monkeypatch):
    from independent_books import Meatpy

    from controlplane.bringup import session
    from scripts.bringup_session import write

    write(tmp_path)
    for name in ("session.mold", "session.json"):
        assert (tmp_path / name).read_bytes() == (Path(session.__file__).parent / name).read_bytes(), name
    stored = stored_session()
    book = Meatpy({17: b"PWAA    "})
    for packet in stored.packets:
        at = 10
        while at < len(packet.body):
            length = int.from_bytes(packet.body[at : at + 2], "big")
            book.apply(packet.body[at + 2 : at + 2 + length])
            at += 2 + length
    bids, asks = book.top(17)
    assert stored.book == {
        "bid": bids[0][0],
        "ask": asks[0][0],
        "bid_volume": sum(shares for _, shares in bids),
        "ask_volume": sum(shares for _, shares in asks),
    }


def test_the_session_leaves_by_the_interface_that_is_named():
    """The loopback interface stands for the one to the feed's port; the card's address leads nowhere near it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind((GROUP, PORT))
        membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        wire.settimeout(10)
        feed = UdpFeed("192.0.2.7", "127.0.0.1")
        with contextlib.closing(feed):
            feed.send(b"packet")
        data, (sender, _) = wire.recvfrom(100)
    assert (data, sender) == (b"packet", "127.0.0.1")


@pytest.mark.parametrize(
    ("device", "address", "words"),
    [
        ("udp:127.0.0.1", "192.0.2.9", "no interface of this host has the address '192.0.2.9'"),
        ("udp:127.0.0.1", "eth1", "no interface of this host has the address 'eth1'"),
        ("unix:nobody.sock", "127.0.0.1", "hears no feed by UDP"),
    ],
)
def test_an_interface_that_is_none_is_refused_before_anything_is_asked(tmp_path, device, address, words):
    out = tmp_path / "bringup.json"
    options = ["--device", device, "--out", str(out), "--feed-from", address]
    done = CliRunner().invoke(app, ["card", "check", *options])
    assert done.exit_code == 2
    assert words in done.output
    assert not out.exists()
