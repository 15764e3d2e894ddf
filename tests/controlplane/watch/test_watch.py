"""The terminal screen, headless, against a real service on a plain card."""

import asyncio
import json

import pytest
from textual.widgets import DataTable, Static
from textual.widgets.data_table import CellDoesNotExist

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.watch.app import WatchApp
from controlplane.watch.words import imbalance, plain
from tests.controlplane.ladders import tell

OPEN = 34_200_000_000_000


def text_of(app, place):
    return str(app.screen_stack[0].query_one(f"#{place}", Static).content)


def cell(app, symbol, column):
    return str(app.screen_stack[0].query_one(DataTable).get_cell(symbol, column))


async def comes(pilot, condition, seconds=20.0):
    """Wait until the screen shows it."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        await pilot.pause(0.02)
        try:
            if condition():
                return
        except CellDoesNotExist:
            pass
        assert asyncio.get_running_loop().time() < end, "the screen did not show it in time"


@pytest.fixture
def watching(serving, plain_card, demo_config, tmp_path):
    """Run a scenario that takes the app, its pilot, the service and channels."""

    def run(scenario):
        async def whole():
            async with serving(plain_card, demo_config) as (service, channels):
                app = WatchApp(tmp_path, 20.0)
                async with app.run_test(size=(150, 40)) as pilot:
                    await scenario(app, pilot, service, channels)

        asyncio.run(whole())

    return run


def test_the_screen_shows_card_market_and_results(watching, plain_card, tmp_path):
    decision = {"exchange_time": OPEN, "said": "Calm \x1b[31m[b]and earning[/b].", "error": ""}
    (tmp_path / "decisions.jsonl").write_text(json.dumps(decision) + "\n")
    plain_card.values |= {"slot[0].position": 300, "slot[0].open_shares": 40 << 32, "modules.taker": 1}

    async def scenario(app, pilot, _service, _channels):
        await comes(pilot, lambda: cell(app, "PWAA", "position") == "+300")
        assert cell(app, "PWAA", "open") == "0/40"
        assert cell(app, "PWBB", "position") == "0"
        assert text_of(app, "state").startswith("disarmed  soft card plain")
        plain_card.say("DEPTH", (250_000, 250_100, 9000, 1000, 0), slot=0, exchange_time=OPEN)
        plain_card.say("TRIGGER", (9000, 1000, 250_000, 250_100, 0x900), slot=0, side=0, exchange_time=OPEN)
        sent = {"slot": 0, "side": 0, "order": 1, "chain": 1, "exchange_time": OPEN}
        plain_card.say("ORDER_SENT", (250_100, 100, 9, 0, 0x11), **sent)
        plain_card.say("ORDER_EXECUTED", (250_100, 100, 1, 0, 0), detail=ord("R"), **sent)
        plain_card.say("GATE_REFUSED", (250_100, 100, 0, 0, 0), slot=0, detail=10, exchange_time=OPEN)

        def depth():
            return cell(app, "PWAA", "bid"), cell(app, "PWAA", "ask_volume"), cell(app, "PWAA", "imbalance")

        # By the stream: the plain card's registers, which are asked for once a second, know of no price.
        await comes(pilot, lambda: depth() == ("25.00", "1,000", "  ██████|          9.0"))
        await comes(pilot, lambda: "fills 1" in text_of(app, "results"))
        shown = text_of(app, "results")
        # Half a tick lost to the mid on 100 shares, and 0.30 $ of fees.
        assert "09:30:00  made -0.80 $ after 0.30 $ fees" in shown
        assert "trigger to order 9/9/9 cycles, median 58 ns" in shown
        assert "refused by the gate: inventory 1" in shown
        assert "09:30:00  Calm [31m[b]and earning[/b]." in text_of(app, "agent")
        assert "\x1b" not in text_of(app, "agent")

    watching(scenario)


def ladder(app):
    return str(app.screen_stack[0].query_one("#ladders").query("Static").first().content).splitlines()


def test_the_screen_shows_five_levels_a_side(watching, plain_card):
    bids = [(250_000, 9000), (249_900, 4500), (249_700, 100), (249_600, 1), (9_900, 2250)]
    asks = [(250_100, 1000), (250_300, 4_000_000_000)]
    plain_card.values["slot[0].state"] = 0b110001

    async def scenario(app, pilot, _service, _channels):
        await comes(pilot, lambda: cell(app, "PWAA", "position") == "0")
        tell(plain_card, 0, bids, asks, time=OPEN, cause=5)
        await comes(pilot, lambda: app.screen_stack[0].query("#ladders Static"))
        name, *rows = ladder(app)
        assert name == "PWAA"
        assert [row.split() for row in rows] == [
            ["█", "9,000", "25.00", "|", "25.01", "1,000", "█"],
            ["█", "4,500", "24.99", "|", "25.03", "4,000,000,000", "████████"],
            ["█", "100", "24.97", "|", "-", "-"],
            ["█", "1", "24.96", "|", "-", "-"],
            ["█", "2,250", "0.9900", "|", "-", "-"],
        ]
        # The next sample has no levels, and a crossed book: no level of the one before is shown.
        plain_card.say("DEPTH", (250_200, 250_100, 9000, 1000, 0b1001), slot=0, exchange_time=OPEN + 1)
        await comes(pilot, lambda: "crossed" in ladder(app)[0])
        name, *rows = ladder(app)
        assert name == "PWAA  levels not told with this sample; crossed; bids may miss a level"
        assert [row.split() for row in rows] == [["?", "25.02", "|", "25.01", "?"], *[["?", "?", "|", "?", "?"]] * 4]
        plain_card.say("SYMBOL_STATE", (7,), slot=0, detail=0b110011)
        await comes(pilot, lambda: "STALE" in ladder(app)[0])

    watching(scenario)


def test_one_key_kills_once_it_is_confirmed(watching, plain_card):
    async def scenario(app, pilot, service, channels):
        await comes(pilot, lambda: cell(app, "PWAA", "position") == "0")
        await pilot.press("k")
        await comes(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("n")
        await comes(pilot, lambda: len(app.screen_stack) == 1)
        assert not plain_card.killed
        await pilot.press("k")
        await comes(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("y")
        await comes(pilot, lambda: plain_card.killed)
        await comes(pilot, lambda: text_of(app, "state").startswith("KILLED"))
        rows = (await rpc.AuditServiceStub(channels[pb.ROLE_VIEWER]).Query(pb.AuditQueryRequest())).rows
        assert (rows[-1].method, rows[-1].reason) == ("CardService.Kill", "the kill key of pennywire watch")

    watching(scenario)


def test_a_kill_that_fails_is_said(watching, plain_card):
    async def scenario(app, pilot, service, channels):
        await comes(pilot, lambda: cell(app, "PWAA", "position") == "0")
        plain_card.failing = "no answer in 10000 ms"
        await comes(pilot, lambda: "no answer from the service" in text_of(app, "state"))
        await pilot.press("k")
        await comes(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("y")
        await comes(pilot, lambda: any("NOT killed" in n.message for n in app._notifications))
        plain_card.failing = ""

    watching(scenario)


def test_what_waits_for_a_person_is_shown(watching):
    async def scenario(app, pilot, service, channels):
        agent = channels[pb.ROLE_AGENT]
        lease = await rpc.LeaseServiceStub(agent).AcquireLease(pb.AcquireLeaseRequest(holder="agent"))
        header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="calm and earning")
        request = pb.UpdateRiskParametersRequest(header=header, max_inventory=900, order_size=100)
        await rpc.RiskServiceStub(agent).UpdateRiskParameters(request)
        await comes(pilot, lambda: "RiskService.UpdateRiskParameters" in text_of(app, "asked"))
        assert "calm and earning (asked of a person" in text_of(app, "agent")
        await comes(pilot, lambda: "lease: agent" in text_of(app, "state"))

    watching(scenario)


def test_a_service_that_goes_and_comes_back(plain_card, demo_config, serving, tmp_path):
    async def scenario():
        app = WatchApp(tmp_path)
        async with app.run_test(size=(150, 40)) as pilot:
            await comes(pilot, lambda: "no answer from the service" in text_of(app, "state"))
            async with serving(plain_card, demo_config):
                await comes(pilot, lambda: text_of(app, "state").startswith("disarmed"), 60)
            await comes(pilot, lambda: "no answer from the service" in text_of(app, "state"))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("bid", "ask", "shown"),
    [
        (9000, 1000, "  ██████|          9.0"),
        (1000, 9000, "        |██████    9.0"),
        (5, 5, "        |          1.0"),
        (10, 0, "████████|          inf"),
        (0, 0, "-"),
    ],
)
def test_imbalance_leans_to_the_heavy_side(bid, ask, shown):
    assert imbalance(bid, ask).plain == shown


def test_words_of_others_keep_to_their_line():
    assert plain("a\nb\x1b[2J\tc" + "x" * 1000) == ("a b[2J c" + "x" * 1000)[:400]
