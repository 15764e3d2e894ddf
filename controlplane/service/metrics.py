"""Metrics in Prometheus' text format, on the loopback address only.

Figures of the card and the ledger are read when they are asked for; only calls are counted as they happen. A card that
does not answer shows as ``pennywire_card_up 0``, and the other figures of the card are then left out, not repeated.
"""

import asyncio
import ipaddress
import threading
from collections.abc import Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.service.card_link import CardStatus
from controlplane.service.envelope import MODULES
from controlplane.service.fields import unpack
from controlplane.service.market_view import MarketView
from controlplane.service.refusal import RefusedError
from controlplane.service.startup import StartupError
from controlplane.service.state import ServiceState
from controlplane.service.unmanaged import unmanaged_slots
from controlplane.store.report import make_report

__all__ = ["CallTimes", "MetricsServer", "ServiceCollector", "loopback"]

#: Seconds that the card may take to answer a scrape.
_PATIENCE = 5.0
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_DOLLAR = 1_000_000


def loopback(address: str) -> tuple[str, int]:
    """Give host and port of ``HOST:PORT``, where HOST is a loopback address.

    Raises
    ------
    StartupError
        It is something else: metrics have no authentication.
    """
    host, _, port = address.rpartition(":")
    try:
        if ipaddress.ip_address(host.strip("[]")).is_loopback and 0 <= int(port) <= 65535:
            return host.strip("[]"), int(port)
    except ValueError:
        pass  # the words below say what would be taken
    raise StartupError(f"metrics are served on a loopback address only, as 127.0.0.1:9464, not on {address!r}")


class CallTimes:
    """How long calls took, by method and outcome.

    Parameters
    ----------
    registry : CollectorRegistry
        Where they are shown.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "pennywire_call_seconds", "Calls of the control API.", ["method", "code"], buckets=_BUCKETS,
            registry=registry,
        )  # fmt: skip

    def count(self, method: str, code: str, seconds: float) -> None:
        """Count a call that ended."""
        self._seconds.labels(method, code).observe(seconds)


class ServiceCollector(Collector):
    """Reads the figures of one service.

    Parameters
    ----------
    state : ServiceState
        The service.
    market : MarketView
        Its watchers.
    loop : asyncio.AbstractEventLoop
        Where the card is asked.
    """

    def __init__(self, state: ServiceState, market: MarketView, loop: asyncio.AbstractEventLoop) -> None:
        self._state = state
        self._market = market
        self._loop = loop

    def describe(self) -> list[Metric]:
        """Say nothing beforehand: the card is not asked when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every figure; called from the thread of the scrape."""
        asked = asyncio.run_coroutine_threadsafe(self._ask(), self._loop)
        try:
            status, values, pending, unmanaged = asked.result(_PATIENCE)
        except (RefusedError, FutureTimeoutError):
            yield GaugeMetricFamily("pennywire_card_up", "The card answers.", 0)
        else:
            yield GaugeMetricFamily("pennywire_card_up", "The card answers.", 1)
            yield GaugeMetricFamily("pennywire_confirmations_pending", "Requests that wait for a person.", pending)
            yield from self._card(status, values, unmanaged)
        yield from self._ledger()

    async def _ask(self) -> tuple[CardStatus, dict[str, int], int, frozenset[int]]:
        state = self._state
        names = [n for register in ("position", "cash", "open_shares", "state") for n in state.slot_names(register)]
        names += MODULES.values()
        status, values = await state.link.status(), await state.link.read(names)
        waiting = pb.CONFIRMATION_STATE_PENDING
        pending = sum(c.state == waiting for c in state.writes.confirmations.messages(status))
        return status, values, pending, frozenset(await unmanaged_slots(state.link, len(state.config.symbols)))

    def _card(self, status: CardStatus, values: dict[str, int], unmanaged: frozenset[int]) -> Iterator[Metric]:
        for name, words in (
            ("armed", "The card is armed."),
            ("killed", "The card is killed."),
            ("lease_alive", "The heartbeat lease has not run out."),
            ("session_up", "The order session is up."),
            ("market_open", "The market is open."),
            ("config_epoch", "Raised by every configuration write."),
            ("kill_cause", "Why it was killed last: 1 host, 2 lease, 3 impossible answer."),
        ):
            yield GaugeMetricFamily(f"pennywire_{name}", words, float(getattr(status, name)))
        modules = GaugeMetricFamily("pennywire_module_on", "A strategy is on.", labels=["strategy"])
        for name, register in MODULES.items():
            modules.add_metric([name], values[register] & 1)
        yield modules
        position = GaugeMetricFamily("pennywire_position_shares", "Position; negative is short.", labels=["symbol"])
        cash = GaugeMetricFamily("pennywire_cash_dollars", "Cash after fees.", labels=["symbol"])
        still = GaugeMetricFamily("pennywire_open_shares", "Shares that could still fill.", labels=["symbol", "side"])
        stale = GaugeMetricFamily("pennywire_stale", "The book is not whole.", labels=["symbol"])
        alone = GaugeMetricFamily("pennywire_unmanaged", "Something is held and nothing works it.", labels=["symbol"])
        for slot, symbol in enumerate(self._state.config.symbols):
            row = {
                register: unpack(f"slot[{slot}].{register}", values[f"slot[{slot}].{register}"])
                for register in ("position", "cash", "open_shares", "state")
            }
            position.add_metric([symbol.name], row["position"]["shares"])
            cash.add_metric([symbol.name], row["cash"]["value"] / _DOLLAR)
            still.add_metric([symbol.name, "buy"], row["open_shares"]["buy"])
            still.add_metric([symbol.name, "sell"], row["open_shares"]["sell"])
            stale.add_metric([symbol.name], row["state"]["stale"])
            alone.add_metric([symbol.name], slot in unmanaged)
        yield from (position, cash, still, stale, alone)

    def _ledger(self) -> Iterator[Metric]:
        ledger = self._state.ledger
        report = make_report(ledger)
        yield GaugeMetricFamily("pennywire_exchange_time_seconds", "Of the newest record, since midnight.",
                                report.exchange_time / 1e9)  # fmt: skip
        yield CounterMetricFamily("pennywire_records", "Event records taken in.", ledger.records)
        lost = max(report.records_lost, self._state.link.lost)
        yield CounterMetricFamily("pennywire_records_lost", "Event records lost.", lost)
        differs = len(ledger.disagreements)
        yield CounterMetricFamily("pennywire_ledger_disagreements", "Ledger and card differed at a mark.", differs)
        yield GaugeMetricFamily("pennywire_depth_streams", "Depth streams that are read.", self._market.watchers)
        for name, words in (
            ("triggers", "Triggers of the strategies."),
            ("orders", "Enter Orders sent."),
            ("fills", "Executions."),
            ("round_trips", "Positions opened and closed."),
            ("round_trips_won", "Of them those that made money after fees."),
        ):
            yield CounterMetricFamily(f"pennywire_{name}", words, getattr(report, name))
        refusals = CounterMetricFamily("pennywire_gate_refusals", "Orders that the gate refused.", labels=["reason"])
        for reason, count in report.refusals_by_reason.items():
            refusals.add_metric([reason], count)
        yield refusals
        made = GaugeMetricFamily("pennywire_pnl_dollars", "After fees, position at the mid.", labels=["symbol"])
        fees = GaugeMetricFamily("pennywire_fees_dollars", "Fees; negative was earned.", labels=["symbol"])
        for row in report.symbols:
            made.add_metric([row.symbol], row.pnl / _DOLLAR)
            fees.add_metric([row.symbol], row.fees / _DOLLAR)
        yield from (made, fees)
        latency = GaugeMetricFamily("pennywire_trigger_to_order_cycles", "Over the day.", labels=["quantile"])
        if report.latency.orders:
            for quantile, cycles in zip(["0", "0.5", "1"], (report.latency.min, report.latency.median,
                                                            report.latency.max), strict=True):  # fmt: skip
                latency.add_metric([quantile], cycles)
        yield latency


class MetricsServer:
    """Serves a registry over HTTP from a thread of its own.

    Parameters
    ----------
    address : str
        HOST:PORT, HOST being a loopback address.
    registry : CollectorRegistry
        What to serve.

    Raises
    ------
    StartupError
        No loopback address, or the port is taken.
    """

    def __init__(self, address: str, registry: CollectorRegistry) -> None:
        host, port = loopback(address)
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            raise StartupError(f"cannot serve metrics on {address}: {error.strerror}") from error
        self._server: WSGIServer = server
        self._thread: threading.Thread = thread
        self.port: int = server.server_port

    def close(self) -> None:
        """Stop to serve; a scrape under way ends first."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
