"""A card in plain Python, and a service around it."""

import asyncio
import time
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from tests.controlplane.plain_card import PlainCard
from tests.controlplane.slow_disk import SlowDisk

ROOT = Path(__file__).resolve().parents[2]


async def until(condition, seconds=20.0):
    """Wait until a condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.005)


@pytest.fixture
def plain_card():
    return PlainCard()


@pytest.fixture
def board_card():
    return PlainCard(soft=False)


@pytest.fixture
def demo_config():
    from controlplane.config.load import load_config

    return load_config(ROOT / "controlplane" / "config" / "demo.toml")


@pytest.fixture
def disk(monkeypatch):
    """The disk under the audit log's anchor, which a test may shut."""
    slow = SlowDisk()
    monkeypatch.setattr("os.pwrite", slow)
    yield slow
    slow.open()


@pytest.fixture
def eventually():
    return until


@pytest.fixture
def serving(tmp_path):
    """Run a service around a card: ``async with serving(card, config) as (service, channels)``; channels by role."""
    from controlplane.service.control_service import SOCKETS, ControlService

    @asynccontextmanager
    async def run(card, config, directory=tmp_path, **extra):
        service = ControlService(card, config, directory, **extra)
        try:
            await service.start()
            channels = {r: grpc.aio.insecure_channel(f"unix:{directory / name}") for r, name in SOCKETS.items()}
            yield service, channels
            for channel in channels.values():
                await channel.close()
        finally:
            await service.stop()

    return run
