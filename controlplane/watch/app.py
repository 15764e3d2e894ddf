"""``pennywire watch``: the terminal screen, fed by a running service, with a kill on one key.

Depth comes as a stream, everything else is asked for once a second. A service that goes away is said on the first line,
and asked again until it is back.
"""

import asyncio
from pathlib import Path

import grpc
from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Static

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from controlplane.service.remote import open_channel
from controlplane.watch.ladder import ladder_text
from controlplane.watch.words import (
    COLUMNS,
    agent_line,
    depth_cells,
    plain,
    result_lines,
    state_line,
    symbol_cells,
)

__all__ = ["WatchApp"]

_DEADLINE = 5.0
_EVERY = 1.0
_ROWS = 1000


class KillScreen(ModalScreen[bool]):
    """Asks whether to kill: ``y`` does, any other key does not."""

    CSS = "KillScreen { align: center middle; } #ask { border: heavy red; padding: 1 3; width: auto; height: auto; }"

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static(
            "Kill? No new order from the next cycle on, a Cancel for every open one; positions are left.\n\n"
            "[b]y[/b] kills      any other key goes back",
            id="ask",
        )

    def on_key(self, event) -> None:  # noqa: ANN001
        """Take the answer."""
        event.stop()
        self.dismiss(event.key == "y")


class WatchApp(App[None]):
    """The screen.

    Parameters
    ----------
    directory : Path
        Folder of the service's sockets.
    rate : float
        Depth updates a second.

    Raises
    ------
    CertificateError
        The environment names a service on another machine, and there is no certificate for it.
    """

    TITLE = "Pennywire"
    CSS = """
    #state { height: auto; padding: 0 1; background: $panel; }
    #symbols { height: auto; max-height: 60%; }
    #ladders { height: 8; padding: 1 1 0 1; }
    #ladders Static { width: auto; min-width: 66; height: 6; }
    #below { height: auto; padding: 1 1 0 1; }
    #below Static { margin-bottom: 1; }
    """
    BINDINGS = [("k", "kill", "Kill"), ("q", "quit", "Quit")]

    def __init__(self, directory: Path, rate: float = 10.0) -> None:
        super().__init__()
        self._directory = directory
        self._rate = rate
        self._channel: grpc.aio.Channel | None = None
        self._heard = 0
        self._rows: list[pb.AuditRow] = []
        self._ladders: dict[str, Static] = {}

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        yield Static("connecting", id="state")
        yield DataTable(id="symbols", cursor_type="none", zebra_stripes=True)
        yield HorizontalScroll(id="ladders")
        with Vertical(id="below"):
            yield Static(id="results")
            yield Static(id="agent")
            yield Static(id="asked")
        yield Footer()

    def on_mount(self) -> None:
        """Open the channel and begin to ask."""
        table = self.query_one(DataTable)
        for key, heading in COLUMNS:
            table.add_column(heading, key=key, width=23 if key == "imbalance" else None)
        self._channel = open_channel(self._directory, ["viewer", "agent", "operator"])
        self._ask()
        self._follow_depth()

    async def on_unmount(self) -> None:
        """Close the channel."""
        if self._channel is not None:
            await self._channel.close()

    @work
    async def _ask(self) -> None:
        """Ask for everything but depth, again and again."""
        while True:
            try:
                await self._show()
            except grpc.aio.AioRpcError as error:
                self.query_one("#state", Static).update(
                    Text(f"no answer from the service: {plain(words_of(error))}", style="bold red")
                )
            await asyncio.sleep(_EVERY)

    async def _show(self) -> None:
        assert self._channel is not None  # it is opened before the first question
        channel = self._channel
        status = await rpc.CardServiceStub(channel).GetStatus(pb.GetStatusRequest(), timeout=_DEADLINE)
        report = await rpc.PerformanceServiceStub(channel).GetReport(pb.GetReportRequest(), timeout=_DEADLINE)
        asked = await rpc.ConfirmationServiceStub(channel).List(pb.ListConfirmationsRequest(), timeout=_DEADLINE)
        await self._hear_audit(channel)
        self.query_one("#state", Static).update(state_line(status))
        made = {row.symbol: row.pnl_microdollars for row in report.symbols}
        for row in status.symbols:
            self._fill(row.symbol, symbol_cells(row, made.get(row.symbol, 0)))
        self._say("results", "\n".join(result_lines(report, status.clock_period_ps)))
        self._say("agent", f"agent: {agent_line(self._directory, self._rows)}")
        waiting = [c for c in asked.confirmations if c.state == pb.CONFIRMATION_STATE_PENDING]
        lines = [f"asked, {c.seconds_left:.0f} s left: {c.id} {plain(c.method)} {plain(c.asked_for)}" for c in waiting]
        self._say("asked", "\n".join([*lines, *(["answer with `pennywire confirm`"] if lines else [])]))

    def _say(self, place: str, words: str) -> None:
        # The words are a model's: as Text, no markup of theirs is obeyed.
        self.query_one(f"#{place}", Static).update(Text(words))

    async def _hear_audit(self, channel: grpc.aio.Channel) -> None:
        """Read the audit rows that came since; the newest are kept."""
        stub = rpc.AuditServiceStub(channel)
        while rows := (await stub.Query(pb.AuditQueryRequest(after_id=self._heard), timeout=_DEADLINE)).rows:
            self._heard = rows[-1].id
            self._rows = [*self._rows, *rows][-_ROWS:]

    def _fill(self, symbol: str, cells: dict) -> None:
        table = self.query_one(DataTable)
        name = plain(symbol)
        if name not in table.rows:
            table.add_row(*("" for _ in COLUMNS), key=name)
        for column, value in cells.items():
            table.update_cell(name, column, value)

    def _climb(self, name: str, sample: pb.Depth) -> None:
        """Show a symbol's ladder, in the order in which symbols are first heard of."""
        if name not in self._ladders:
            self._ladders[name] = Static()
            self.query_one("#ladders", HorizontalScroll).mount(self._ladders[name])
        self._ladders[name].update(ladder_text(name, sample))

    @work
    async def _follow_depth(self) -> None:
        """Show depth as it comes; when the stream breaks, begin a new one."""
        assert self._channel is not None  # it is opened before
        while True:
            request = pb.StreamDepthRequest(most_per_second=self._rate)
            try:
                async for d in rpc.MarketServiceStub(self._channel).StreamDepth(request):
                    self._fill(d.symbol, depth_cells(d.bid_price, d.ask_price, d.bid_volume, d.ask_volume))
                    self._climb(plain(d.symbol), d)
            except grpc.aio.AioRpcError:
                # The other questions say what is wrong; this one is put again when they are.
                await asyncio.sleep(_EVERY)

    @work
    async def action_kill(self) -> None:
        """Ask, and kill."""
        if not await self.push_screen_wait(KillScreen()):
            return
        assert self._channel is not None  # it is opened before a key can be pressed
        try:
            request = pb.KillRequest(reason="the kill key of pennywire watch")
            result = await rpc.CardServiceStub(self._channel).Kill(request, timeout=_DEADLINE)
            self.notify(f"killed, audit row {result.audit_id}; positions are left as they are", severity="warning")
            await self._show()
        except grpc.aio.AioRpcError as error:
            self.notify(f"NOT killed: {plain(words_of(error))}", severity="error", timeout=60, markup=False)
