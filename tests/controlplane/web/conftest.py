"""A service on a plain card with a lively market, and ``pennywire web`` beside it as a process."""

import asyncio
import contextlib
import math
import sys
from pathlib import Path

import pytest

from tests.controlplane.ladders import tell
from tests.controlplane.web.browser import chromium, started

ROOT = Path(__file__).resolve().parents[3]
OPEN = 34_200_000_000_000
PICTURES = ROOT / "build" / "web"


class LivelyMarket:
    """Tells depth of three symbols 25 times a second each with its levels, and a trade now and then."""

    def __init__(self, card):
        self.card = card
        self.time = OPEN
        self.step = 0
        #: Slots of which no depth is told.
        self.silent = set()

    def tell(self):
        self.step += 1
        self.time += 40_000_000
        for slot, start in enumerate((250_000, 90_000, 1_231_000)):
            wave = math.sin(self.step / 40 + slot) + 0.4 * math.sin(self.step / 9 + 2 * slot)
            bid = start + 100 * round(4 * wave)
            heavy = round(6_000 + 5_500 * math.sin(self.step / 25 + slot))
            self.card.now += 6_250_000
            if slot in self.silent:
                continue
            bids = [(bid - 100 * n, heavy * (n + 1) // 15) for n in range(5)]
            asks = [(bid + 100 + 100 * n, (12_000 - heavy) * (n + 1) // 15) for n in range(5)]
            tell(self.card, slot, bids, asks, time=self.time, cause=self.step)
            if self.step % 40 == 20 + slot:
                self.trade(slot, bid, self.step // 40)

    def trade(self, slot, bid, number):
        """An entry and its exit a tick better; so many cycles after its trigger."""
        side = number % 2
        one, two = (0, 100) if side else (100, 0)
        order = 10 * number + slot
        said = {"slot": slot, "side": side, "order": order, "chain": order, "exchange_time": self.time}
        self.card.say("TRIGGER", (9000, 1000, bid, bid + 100, 0x900), slot=slot, side=side, exchange_time=self.time)
        self.card.say("ORDER_SENT", (bid + one, 100, 8 + number % 4, 0, 0x11), **said)
        self.card.say("ORDER_EXECUTED", (bid + one, 100, number, 0, 0), detail=ord("R"), **said)
        back = said | {"side": 1 - side, "order": order + 100_000, "chain": order + 100_000}
        price = bid + two + (200 if side == 0 else -200)
        self.card.say("ORDER_SENT", (price, 100, 0, 0, 0x15), **back)
        self.card.say("ORDER_EXECUTED", (price, 100, number, 0, 0), detail=ord("A"), **back)
        if number % 3 == 0:
            self.card.say("GATE_REFUSED", (bid, 100, 0, 0, 0), slot=slot, detail=10, exchange_time=self.time)

    async def run(self):
        while True:
            self.tell()
            await asyncio.sleep(0.04)


@contextlib.asynccontextmanager
async def page_process(directory, *arguments):
    """Run ``pennywire web``; gives its address."""
    command = [sys.executable, "-u", "-m", "controlplane.cli.main", "web", "--dir", str(directory), "--port", "0"]
    child = await asyncio.create_subprocess_exec(*command, *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    try:
        line = (await asyncio.wait_for(child.stdout.readline(), 60)).decode()
        assert line.startswith("the page is at http://127.0.0.1:"), line
        yield line.split()[4].rstrip("/;")
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@pytest.fixture
def paged(serving, plain_card, demo_config, tmp_path):
    """Run a scenario that takes the page's address, the service and its channels."""

    def run(scenario, *arguments, market=None):
        async def whole():
            async with serving(plain_card, demo_config) as (service, channels):
                telling = asyncio.create_task(market.run()) if market else None
                async with page_process(tmp_path, *arguments) as address:
                    await scenario(address, service, channels)
                if telling:
                    telling.cancel()

        asyncio.run(whole())

    return run


@pytest.fixture
def market(plain_card):
    return LivelyMarket(plain_card)


@pytest.fixture
def browsing(paged, market, tmp_path_factory):
    """The same with a browser at a lively market: the scenario takes browser, address, service, channels."""
    program, folder = chromium(), tmp_path_factory.mktemp("chromium")

    def run(scenario, *arguments):
        async def with_browser(address, service, channels):
            async with started(program, folder) as browser:
                await scenario(browser, address, service, channels)

        paged(with_browser, *arguments, market=market)

    return run
