"""Writes and the disk under the audit log: what waits for it, what does not, in which order rows stand, what is said.

The card is plain Python, the service and its sockets are real. ``HeldCard`` stops in the middle of a write, as a slow
card does; ``disk`` stops where the anchor is put on the disk.
"""

import asyncio
import contextlib
import json
import sqlite3
import threading

import grpc
import pytest

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of
from controlplane.store.audit import AuditEntry, AuditError
from controlplane.store.audit_check import check_audit, read_audit
from tests.controlplane.plain_card import PlainCard

OPERATOR, AGENT, VIEWER = pb.ROLE_OPERATOR, pb.ROLE_AGENT, pb.ROLE_VIEWER
PATIENCE = 30.0
ARMED, KILLED = 1, 2
INVENTORY = "slot[0].max_inventory"


class HeldCard(PlainCard):
    """A card that takes a write and answers when the test lets it."""

    def __init__(self):
        super().__init__()
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.hold = ""

    def write(self, items):
        super().write(items)
        if self.hold in items:
            self.hold = ""
            self.begun.set()
            assert self.go_on.wait(PATIENCE), "the test held the card"


@pytest.fixture
def held_card():
    return HeldCard()


async def lease(channel, holder="test"):
    return (await rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder=holder))).lease_epoch


def calls_without_outcome(service):
    """Count the settings of limits that ended with neither an answer nor a refusal, by the service's own metric."""
    labels = {"method": "RiskService.UpdateRiskParameters", "code": "UNKNOWN"}
    calls = service._registry.restricted_registry(["pennywire_call_seconds_count"])
    return sum(sample.value for metric in calls.collect() for sample in metric.samples if sample.labels == labels)


def limits(channel, epoch, inventory):
    header = pb.WriteHeader(lease_epoch=epoch, mode=pb.WRITE_MODE_COMMIT, reason="a test")
    request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=10)
    return rpc.RiskServiceStub(channel).UpdateRiskParameters(request)


def kill(channel):
    return rpc.CardServiceStub(channel).Kill(pb.KillRequest(reason="now"))


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), words_of(caught.value)


def rows_of(directory):
    return [row for _, _, row in read_audit(directory / "pennywire.sqlite", 1000)]


def change(directory, statement):
    with contextlib.closing(sqlite3.connect(directory / "pennywire.sqlite")) as connection, connection:
        connection.execute(statement)


def fill_disk(directory, table):
    words = f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    change(directory, words)


def test_only_the_answer_of_a_write_waits_for_the_disk(serving, plain_card, demo_config, disk, eventually, tmp_path):
    async def scenario():
        async with serving(plain_card, demo_config) as (service, channels):
            epoch = await lease(channels[OPERATOR])
            stream = rpc.MarketServiceStub(channels[VIEWER]).StreamDepth(pb.StreamDepthRequest())
            await eventually(lambda: service.market.watchers == 1)
            begun = disk.begun
            disk.shut()
            first = limits(channels[OPERATOR], epoch, 100)
            second = limits(channels[OPERATOR], epoch, 50)
            await asyncio.to_thread(disk.await_begun, begun + 1)
            # The disk stands still: the card is killed nevertheless, is watched, and answers.
            killing = kill(channels[VIEWER])
            await eventually(lambda: plain_card.killed)
            plain_card.say("DEPTH", (1, 2, 3, 4, 0), slot=0)
            assert (await stream.read()).bid_price == 1
            status = await rpc.CardServiceStub(channels[VIEWER]).GetStatus(pb.GetStatusRequest())
            assert status.killed
            assert (await rpc.AuditServiceStub(channels[VIEWER]).Query(pb.AuditQueryRequest())).rows
            # No answer without a row on the disk, and no write before the answer of the one before.
            assert not any(call.done() for call in (first, second, killing))
            assert plain_card.values[INVENTORY] == 100
            disk.open()
            numbers = [(await call).audit_id for call in (first, killing, second)]
            assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
            stream.cancel()

    asyncio.run(scenario())
    assert [row.method.partition(".")[2] for row in rows_of(tmp_path)[-3:]] == [
        "UpdateRiskParameters", "Kill", "UpdateRiskParameters",
    ]  # fmt: skip


class LoggedCard(HeldCard):
    """Notes in which order registers are read and written; may also stop in the middle of a read."""

    def __init__(self):
        super().__init__()
        self.log = []
        self.hold_read = ""

    def read(self, names):
        self.log += [("read", name) for name in names]
        if self.hold_read in names:
            self.hold_read = ""
            self.begun.set()
            assert self.go_on.wait(PATIENCE), "the test held the card"
        return super().read(names)

    def write(self, items):
        self.log += [("write", name) for name in items]
        super().write(items)


@pytest.fixture
def logged_card():
    return LoggedCard()


def test_nobody_comes_between_the_check_of_a_write_and_the_write(serving, logged_card, demo_config, eventually):
    async def scenario():
        async with serving(logged_card, demo_config) as (service, channels):
            epoch = await lease(channels[OPERATOR])
            logged_card.hold_read, logged_card.log = INVENTORY, []
            writing = limits(channels[OPERATOR], epoch, 100)
            await eventually(logged_card.begun.is_set)
            # Its check reads what is set; a kill comes meanwhile.
            killing = kill(channels[VIEWER])
            await eventually(lambda: service.state.link._thread._work_queue.qsize())
            assert not logged_card.killed
            logged_card.go_on.set()
            await writing
            await killing

    asyncio.run(scenario())
    places = {what: logged_card.log.index(what) for what in (("write", INVENTORY), ("write", "control.command"))}
    assert places["write", INVENTORY] < places["write", "control.command"]


def test_a_kill_that_comes_while_the_card_is_written_stands_behind_that_write(
    serving, held_card, demo_config, eventually, tmp_path
):
    async def scenario():
        async with serving(held_card, demo_config) as (_service, channels):
            epoch = await lease(channels[OPERATOR])
            held_card.values |= {"orders.session": 1}
            header = pb.WriteHeader(lease_epoch=epoch, mode=pb.WRITE_MODE_COMMIT, reason="a test")
            held_card.hold = "control.command"
            request = pb.ArmRequest(header=header, statement=pb.ExchangeStatement(next_order_number=1))
            arming = rpc.CardServiceStub(channels[OPERATOR]).Arm(request)
            await eventually(held_card.begun.is_set)
            killing = [kill(channels[role]) for role in (VIEWER, AGENT)]
            assert held_card.armed
            held_card.go_on.set()
            for call in (arming, *killing):
                await call
            assert held_card.killed

    asyncio.run(scenario())
    rows = rows_of(tmp_path)[-3:]
    assert [row.method.partition(".")[2] for row in rows] == ["Arm", "Kill", "Kill"]
    states = [json.loads(text)["control.status"] & (ARMED | KILLED) for row in rows for text in (row.before, row.after)]
    assert states == [0, ARMED, ARMED, KILLED, KILLED, KILLED]
    assert rows[0].result == "committed"


def test_a_caller_who_goes_away_leaves_a_write_with_its_row_or_none(
    serving, held_card, demo_config, eventually, tmp_path
):
    async def scenario():
        async with serving(held_card, demo_config) as (service, channels):
            epoch = await lease(channels[OPERATOR])
            held_card.hold = INVENTORY
            under_way, waiting = (limits(channels[OPERATOR], epoch, number) for number in (100, 70))
            await eventually(held_card.begun.is_set)
            for call in (under_way, waiting):
                call.cancel()
            # The service hears of it some time later: before the card goes on, as this is about.
            await eventually(lambda: calls_without_outcome(service) == 2)
            held_card.go_on.set()
            assert (await limits(channels[OPERATOR], epoch, 60)).audit_id

    asyncio.run(scenario())
    written = [json.loads(row.after)[INVENTORY] for row in rows_of(tmp_path) if row.method.endswith("RiskParameters")]
    assert written == [100, 60]
    assert [value for name, value in held_card.writes if name == INVENTORY][-2:] == [100, 60]


def test_a_disk_that_takes_nothing_is_said_to_whoever_wrote(serving, plain_card, demo_config, disk, tmp_path):
    """The card is safer or not as asked for, nobody is told that all is well, and the next start says what differs."""

    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            epoch = await lease(channels[OPERATOR])
            await limits(channels[OPERATOR], epoch, 100)
            fill_disk(tmp_path, "audit")
            fill_disk(tmp_path, "lease")
            code, words = await refusal(limits(channels[OPERATOR], epoch, 50))
            assert code == grpc.StatusCode.INTERNAL
            assert words.startswith("the card did it, and no audit row says so: ")
            assert "the disk is full" in words
            assert plain_card.values[INVENTORY] == 50
            code, words = await refusal(limits(channels[OPERATOR], epoch, 10**6))
            assert code == grpc.StatusCode.INVALID_ARGUMENT
            assert "max_inventory" in words
            assert "no audit row says so" in words
            code, words = await refusal(kill(channels[VIEWER]))
            assert code == grpc.StatusCode.INTERNAL
            assert words.startswith("the card is killed, and no audit row says so: ")
            assert plain_card.killed
            code, words = await refusal(lease(channels[OPERATOR]))
            assert code == grpc.StatusCode.INTERNAL
            assert "the disk is full" in words
            code, words = await refusal(
                rpc.LoginServiceStub(channels[OPERATOR]).MakeCode(pb.MakeLoginCodeRequest(name="boss"))
            )
            assert code == grpc.StatusCode.INTERNAL
            assert "the disk is full" in words
            # The lease that was held is held still, and the service goes on where the disk does.
            for table in ("audit", "lease"):
                change(tmp_path, f"DROP TRIGGER full_{table}")
            disk.open(OSError(5, "Input/output error"))
            code, words = await refusal(kill(channels[VIEWER]))
            assert code == grpc.StatusCode.INTERNAL
            assert "Input/output error" in words
            disk.open()
            assert (await limits(channels[OPERATOR], epoch, 40)).audit_id
            fill_disk(tmp_path, "audit")
            await refusal(limits(channels[OPERATOR], epoch, 30))
            change(tmp_path, "DROP TRIGGER full_audit")

    asyncio.run(scenario())
    assert check_audit(tmp_path / "pennywire.sqlite").found == ""
    before = len(rows_of(tmp_path))

    async def again():
        async with serving(plain_card, demo_config):
            pass

    asyncio.run(again())
    restart = rows_of(tmp_path)[before]
    assert restart.method == "Restart"
    assert (json.loads(restart.before)[INVENTORY], json.loads(restart.after)[INVENTORY]) == (40, 30)


def test_a_start_that_cannot_be_noted_is_none(serving, plain_card, demo_config, tmp_path):
    async def start():
        async with serving(plain_card, demo_config):
            assert (tmp_path / "operator.sock").exists()

    asyncio.run(start())
    for table in ("start", "audit"):
        fill_disk(tmp_path, table)
        with pytest.raises(AuditError, match="the disk is full"):
            asyncio.run(start())
        assert not (tmp_path / "operator.sock").exists()
        change(tmp_path, f"DROP TRIGGER full_{table}")
    asyncio.run(start())


def test_stopping_writes_the_rows_of_callers_who_have_gone(
    serving, plain_card, demo_config, disk, eventually, tmp_path
):
    async def open_late():
        # The last socket goes when every call has ended, and before the stores are closed.
        await eventually(lambda: not list(tmp_path.glob("*.sock")))
        disk.open()

    async def scenario():
        async with serving(plain_card, demo_config) as (service, channels):
            epoch = await lease(channels[OPERATOR])
            begun = disk.begun
            disk.shut()
            calls = [limits(channels[OPERATOR], epoch, 100)]
            await asyncio.to_thread(disk.await_begun, begun + 1)
            calls.append(kill(channels[VIEWER]))
            await eventually(lambda: plain_card.killed)
            for call in calls:
                call.cancel()
            opening = asyncio.create_task(open_late())
        await opening
        with pytest.raises(RuntimeError, match="closed"):
            service.state.audit.append(AuditEntry("late", OPERATOR, "", 0, "", "", "", ""))

    asyncio.run(scenario())
    assert [row.method for row in rows_of(tmp_path)[-2:]] == ["RiskService.UpdateRiskParameters", "CardService.Kill"]
    assert check_audit(tmp_path / "pennywire.sqlite").found == ""


def test_of_two_who_ask_for_the_lease_while_the_disk_is_slow_one_gets_it(
    serving, plain_card, demo_config, disk, eventually
):
    async def scenario():
        async with serving(plain_card, demo_config) as (_service, channels):
            begun = disk.begun
            disk.shut()
            # So that the lease's epoch waits: an anchor is under way before it.
            killing = kill(channels[VIEWER])
            await asyncio.to_thread(disk.await_begun, begun + 1)
            calls = [asyncio.ensure_future(lease(channels[AGENT], holder)) for holder in ("anna", "ben")]
            status = rpc.CardServiceStub(channels[VIEWER])
            for _ in range(5):
                assert (await status.GetStatus(pb.GetStatusRequest())).lease_epoch == 0
            assert not any(call.done() for call in calls)
            disk.open()
            await killing
            found = await asyncio.gather(*calls, return_exceptions=True)
            refused = [error for error in found if isinstance(error, grpc.aio.AioRpcError)]
            (epoch,) = [one for one in found if isinstance(one, int)]
            assert [error.code() for error in refused] == [grpc.StatusCode.FAILED_PRECONDITION]
            assert (await status.GetStatus(pb.GetStatusRequest())).lease_epoch == epoch

    asyncio.run(scenario())
