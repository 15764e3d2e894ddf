"""Metrics as Prometheus scrapes them, and that dashboard and alerts ask for what is there."""

import asyncio
import json
import re
import urllib.request
from pathlib import Path

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.metrics import loopback
from controlplane.service.startup import StartupError

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
OPEN = 34_200_000_000_000


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.read().decode())
            for sample in family.samples
        }


@pytest.fixture
def scraped(serving, plain_card, demo_config, eventually):
    """Let a scenario happen to the card, then scrape."""

    def run(scenario):
        async def whole():
            async with serving(plain_card, demo_config, metrics="127.0.0.1:0") as (service, channels):
                await scenario(service, channels)
                found = await asyncio.to_thread(scrape, service.metrics.port)
                plain_card.failing = ""
                return found

        return asyncio.run(whole())

    return run


def busy(plain_card, eventually):
    async def scenario(service, channels):
        plain_card.values |= {"slot[0].position": (1 << 32) - 100, "slot[0].cash": 2_500_000, "modules.taker": 1}
        sent = {"slot": 0, "side": 1, "order": 1, "chain": 1, "exchange_time": OPEN}
        plain_card.say("DEPTH", (250_000, 250_100, 1, 1, 0), slot=0, exchange_time=OPEN)
        plain_card.say("TRIGGER", (1, 1, 1, 1, 1), slot=0, exchange_time=OPEN)
        plain_card.say("ORDER_SENT", (250_000, 100, 9, 0, 0x11), **sent)
        plain_card.say("ORDER_EXECUTED", (250_000, 100, 1, 0, 0), detail=ord("R"), skip=2, **sent)
        plain_card.say("GATE_REFUSED", (250_100, 100, 0, 0, 0), slot=0, detail=10, exchange_time=OPEN)
        await eventually(lambda: service.state.ledger.records == 5)
        await rpc.CardServiceStub(channels[pb.ROLE_VIEWER]).GetStatus(pb.GetStatusRequest())
        with pytest.raises(grpc.aio.AioRpcError):
            await rpc.CardServiceStub(channels[pb.ROLE_AGENT]).Arm(pb.ArmRequest())

    return scenario


def test_a_scrape_tells_card_ledger_and_calls(scraped, plain_card, eventually):
    found = scraped(busy(plain_card, eventually))
    symbol = ("symbol", "PWAA")
    assert found["pennywire_card_up",] == 1
    assert found["pennywire_armed",] == 0
    assert found["pennywire_module_on", ("strategy", "imbalance")] == 1
    assert found["pennywire_position_shares", symbol] == -100
    assert found["pennywire_cash_dollars", symbol] == 2.5
    assert found["pennywire_records_total",] == 5
    assert found["pennywire_records_lost_total",] == 2
    assert found["pennywire_fills_total",] == 1
    assert found["pennywire_gate_refusals_total", ("reason", "inventory")] == 1
    # Sold 100 at the bid: half a tick a share to the mid and the fee.
    assert found["pennywire_pnl_dollars", symbol] == pytest.approx(-0.80)
    assert found["pennywire_trigger_to_order_cycles", ("quantile", "0.5")] == 9
    calls = "pennywire_call_seconds_count"
    assert found[calls, ("code", "OK"), ("method", "CardService.GetStatus")] == 1
    assert found[calls, ("code", "PERMISSION_DENIED"), ("method", "CardService.Arm")] == 1


def test_a_card_that_does_not_answer_shows(scraped, plain_card, eventually):
    async def scenario(_service, _channels):
        plain_card.failing = "no answer in 10000 ms"

    found = scraped(scenario)
    assert found["pennywire_card_up",] == 0
    assert ("pennywire_armed",) not in found
    assert found["pennywire_records_total",] == 0


def test_dashboard_and_alerts_ask_for_metrics_that_there_are(scraped, plain_card, eventually):
    names = {key[0] for key in scraped(busy(plain_card, eventually))}
    dashboard = json.loads((DEPLOY / "grafana" / "pennywire.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += re.findall(r"expr: (.*)", (DEPLOY / "alerts.yml").read_text())
    wanted = {name for expression in asked for name in re.findall(r"pennywire_\w+", expression)}
    assert len(wanted) > 15
    assert wanted <= names, wanted - names


@pytest.mark.parametrize(
    "address", ["0.0.0.0:1", "192.0.2.1:1", "localhost:1", "127.0.0.1", "127.0.0.1:x", "[::]:1", ""]
)
def test_metrics_are_for_this_machine_alone(address):
    with pytest.raises(StartupError, match="loopback"):
        loopback(address)


def test_loopback_addresses_are_taken():
    assert loopback("127.0.0.1:9464") == ("127.0.0.1", 9464)
    assert loopback("[::1]:9464") == ("::1", 9464)
