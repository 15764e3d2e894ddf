"""Sequences of calls that hypothesis makes, from three clients, against a small model of what must hold.

The model knows who holds the lease, what the card is set to, what waits for a person, and none of the service's code.
After every call the outcome and the card's registers are the model's. ``make sequences`` tries 500;
``PENNYWIRE_SEQUENCES`` says how many.
"""

import asyncio
import os
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controlplane.config.load import load_config
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.control_service import SOCKETS, ControlService
from tests.controlplane.plain_card import PlainCard

SHORT = "PENNYWIRE_SEQUENCES" not in os.environ
SEQUENCES = int(os.environ.get("PENNYWIRE_SEQUENCES", "30"))
CONFIG = Path(__file__).resolve().parents[3] / "controlplane" / "config" / "demo.toml"
AGENT, OPERATOR = pb.ROLE_AGENT, pb.ROLE_OPERATOR
REFUSED = dict.fromkeys(
    (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.PERMISSION_DENIED,
    ),
    "refused",
)
#: Client: role. Two agents and an operator.
CLIENTS = {"anna": AGENT, "ben": AGENT, "olga": OPERATOR}
LIMITS = "RiskService.UpdateRiskParameters"
THRESHOLDS = "StrategyService.UpdateThresholds"
TOGGLE = "StrategyService.ToggleModule"
FRESH = pb.ExchangeStatement(next_order_number=1)
#: Typed in from demo.toml: what nobody may pass, and what an agent may pass only when a person says so.
MOST = {"inventory": (1000, 300), "size": (500, 100)}
LEAST = {"ratio": (1.5, 2.5), "volume": (500, 1000)}
#: Wall-clock seconds for which a request waits.
WAITS = 120.0

clients = st.sampled_from(sorted(CLIENTS))
epochs = st.sampled_from(["own"] * 6 + ["other", "stale"])
inventories = st.sampled_from([0, 100, 300, 301, 600, 900, 1000, 250, 400, 1001, -1, 2**31])
sizes = st.sampled_from([0, 50, 100, 101, 200, 300, 400, 500, 501, -5])
ratios = st.sampled_from([1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 4.0, 200.0, 0.0, float("nan"), float("inf")])
#: Whether the client takes the lease first: without it most calls of a sequence would be refused for that alone.
takes = st.sampled_from([True, True, False])
places = st.sampled_from([0, 0, 0, 1, 2, 5])
lies = st.sampled_from([False, False, False, True])
volumes = st.sampled_from([499, 500, 600, 900, 1000, 2000, 5000, -1])


@dataclass
class Asked:
    """A request that waits, and the state of the card it was asked for."""

    kind: str
    by: str
    values: dict
    state: tuple
    until: float
    good: bool = True


@dataclass
class Model:
    """What must hold."""

    now: float = 1000.0
    #: Holder, epoch, until.
    lease: tuple[str, int, float] | None = None
    armed: bool = False
    killed: bool = False
    settings: dict = field(default_factory=lambda: {"inventory": 0, "size": 0, "ratio": 3.0, "volume": 1000, "on": 0})
    #: Writes that changed the configuration.
    epoch: int = 0
    asked: dict[int, Asked] = field(default_factory=dict)

    def holder(self):
        return self.lease[0] if self.lease and self.now < self.lease[2] else None

    def state(self):
        return (self.epoch, self.armed, self.killed)

    def waits(self, asked):
        return asked.good and self.now < asked.until and asked.state == self.state()

    def may_take(self, client):
        held = self.holder()
        return held in (None, client) or (CLIENTS[client] == OPERATOR and CLIENTS[held] == AGENT)

    def sense(self, values):
        limits = {"inventory": 2**31 - 1, "size": 999_999, "volume": 2**31 - 1}
        whole = all(0 <= values[name] <= most for name, most in limits.items() if name in values)
        return whole and ("ratio" not in values or 1 / 256 <= values["ratio"] <= 255.99)

    def bolder(self, values, which):
        """Give the settings that would get bolder than now and than the envelope (0) or the agent's part (1)."""
        found = [n for n in ("inventory", "size") if n in values
                 and values[n] > self.settings[n] and values[n] > MOST[n][which]]  # fmt: skip
        return found + [n for n in ("ratio", "volume") if n in values
                        and values[n] < self.settings[n] and values[n] < LEAST[n][which]]  # fmt: skip

    def verdict(self, role, values):
        if "on" in values:
            now = self.settings
            bold = [n for n in ("inventory", "size") if now[n] > MOST[n][1]]
            bold += [n for n in ("ratio", "volume") if now[n] < LEAST[n][1]]
            return "asked" if values["on"] and role == AGENT and bold else "done"
        if not self.sense(values) or self.bolder(values, 0):
            return "refused"
        return "asked" if role == AGENT and self.bolder(values, 1) else "done"

    def write(self, values):
        self.settings |= values
        # The registers that count: three slots each, limits in three registers, thresholds in two; a switch in one.
        self.epoch += 1 if "on" in values else 9 if "inventory" in values else 6


class Service:
    """A service in a thread of its own, and a channel for each role."""

    def __init__(self, clock):
        self._folder = tempfile.TemporaryDirectory(prefix="pw-")
        directory = Path(self._folder.name)
        self.card = PlainCard()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._service = self._in_loop(self._start(directory, clock))
        self.epoch_at_start = self.card.epoch
        self.channels = {r: grpc.insecure_channel(f"unix:{directory / name}") for r, name in SOCKETS.items()}

    def _in_loop(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _start(self, directory, clock):
        # So that it stops at once: it waits for the card's next record.
        poll = self.card.poll_events
        self.card.poll_events = lambda most, _wait: poll(most, 5)
        service = ControlService(self.card, load_config(CONFIG), directory, clock=clock)
        await service.start()
        return service

    def close(self):
        for channel in self.channels.values():
            channel.close()
        self._in_loop(self._service.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()


class Sequences(RuleBasedStateMachine):
    """The calls."""

    @initialize()
    def begin(self):
        self.model = Model()
        self.service = Service(lambda: self.model.now)
        self.epochs = dict.fromkeys(CLIENTS, 0)

    def teardown(self):
        if hasattr(self, "service"):
            self.service.close()

    def stub(self, kind, client):
        return kind(self.service.channels[CLIENTS[client]])

    def header(self, client, which):
        other = next(name for name in CLIENTS if name != client)
        epoch = {"own": self.epochs[client], "other": self.epochs[other], "stale": 0}[which]
        return pb.WriteHeader(lease_epoch=epoch, mode=pb.WRITE_MODE_COMMIT, reason="a sequence")

    def holds(self, client, header):
        """Whether the header is of the client's live lease. A lease belongs to a role: the name is for the log."""
        held = self.model.holder()
        return held is not None and header.lease_epoch == self.model.lease[1] and CLIENTS[held] == CLIENTS[client]

    @staticmethod
    def outcome(call):
        try:
            answer = call()
        except grpc.RpcError as error:
            return REFUSED.get(error.code(), error), None
        return ("asked" if answer.HasField("asked") else "done"), answer

    def judge(self, client, header, values, call, kind):
        model = self.model
        expected = model.verdict(CLIENTS[client], values) if self.holds(client, header) else "refused"
        if expected == "asked":
            waiting = [a for a in model.asked.values() if model.waits(a)]
            same = any((a.kind, a.by, a.values) == (kind, model.holder(), values) for a in waiting)
            expected = "asked" if same or len(waiting) < 8 else "refused"
        found, answer = self.outcome(call)
        assert found == expected, (client, values, self.model)
        if found == "done":
            self.model.write(values)
        elif found == "asked":
            fresh = Asked(kind, model.holder(), values, self.model.state(), self.model.now + WAITS)
            self.model.asked.setdefault(answer.asked.id, fresh)

    @rule(client=clients, seconds=st.sampled_from([1.0, 30.0, 300.0]))
    def acquires(self, client, seconds):
        self.acquire(client, seconds)

    def acquire(self, client, seconds):
        request = pb.AcquireLeaseRequest(holder=client, seconds=seconds)
        try:
            answer = self.stub(rpc.LeaseServiceStub, client).AcquireLease(request)
        except grpc.RpcError:
            assert not self.model.may_take(client)
            return
        assert self.model.may_take(client)
        assert answer.lease_epoch > max(self.epochs.values())
        self.epochs[client] = answer.lease_epoch
        self.model.lease = (client, answer.lease_epoch, self.model.now + seconds)

    def take_first(self, client, take):
        if take and self.model.may_take(client):
            self.acquire(client, 30.0)

    @rule(client=clients)
    def give_back(self, client):
        request = pb.ReleaseLeaseRequest(lease_epoch=self.epochs[client])
        self.stub(rpc.LeaseServiceStub, client).ReleaseLease(request)
        if self.model.lease and self.model.lease[1] == self.epochs[client]:
            self.model.lease = None

    @rule(seconds=st.sampled_from([0.5, 5.0, 29.9, 60.0, 121.0]))
    def time_goes_by(self, seconds):
        self.model.now += seconds

    @rule(client=clients, take=takes, which=epochs, inventory=inventories, size=sizes)
    def limits(self, client, take, which, inventory, size):
        self.take_first(client, take)
        header = self.header(client, which)
        request = pb.UpdateRiskParametersRequest(header=header, max_inventory=inventory, order_size=size)
        call = self.stub(rpc.RiskServiceStub, client).UpdateRiskParameters
        self.judge(
            client,
            header,
            {"inventory": inventory, "size": size},
            lambda: call(request),
            LIMITS,
        )

    @rule(client=clients, take=takes, which=epochs, ratio=ratios, volume=volumes)
    def thresholds(self, client, take, which, ratio, volume):
        self.take_first(client, take)
        header = self.header(client, which)
        request = pb.UpdateThresholdsRequest(
            header=header, strategy_name="imbalance", imbalance_ratio=ratio, min_volume=volume
        )
        call = self.stub(rpc.StrategyServiceStub, client).UpdateThresholds
        self.judge(
            client,
            header,
            {"ratio": ratio, "volume": volume},
            lambda: call(request),
            THRESHOLDS,
        )

    @rule(client=clients, which=epochs, state=st.booleans())
    def toggle(self, client, which, state):
        header = self.header(client, which)
        request = pb.ToggleModuleRequest(header=header, strategy_name="imbalance", state=state)
        call = self.stub(rpc.StrategyServiceStub, client).ToggleModule
        self.judge(client, header, {"on": int(state)}, lambda: call(request), TOGGLE)

    @rule(client=clients, which=epochs, statement=st.booleans())
    def arm(self, client, which, statement):
        header = self.header(client, which)
        may = CLIENTS[client] == OPERATOR and self.holds(client, header) and not self.model.killed and statement
        request = pb.ArmRequest(header=header, statement=FRESH if statement else None)
        found, _ = self.outcome(lambda: self.stub(rpc.CardServiceStub, client).Arm(request))
        assert found == ("done" if may else "refused")
        self.model.armed |= may

    @rule(client=clients, which=epochs)
    def disarm(self, client, which):
        header = self.header(client, which)
        may = self.holds(client, header)
        call = self.stub(rpc.CardServiceStub, client).Disarm
        assert self.outcome(lambda: call(pb.DisarmRequest(header=header)))[0] == ("done" if may else "refused")
        self.model.armed &= not may

    @rule(role=st.sampled_from(sorted(SOCKETS)))
    def kill(self, role):
        rpc.CardServiceStub(self.service.channels[role]).Kill(pb.KillRequest())
        self.model.armed, self.model.killed = False, True

    @rule(client=clients, which=epochs)
    def release_kill(self, client, which):
        header = self.header(client, which)
        may = CLIENTS[client] == OPERATOR and self.holds(client, header)
        call = self.stub(rpc.CardServiceStub, client).ReleaseKill
        expected = "done" if may and not self.model.armed else "refused"
        assert self.outcome(lambda: call(pb.ReleaseKillRequest(header=header)))[0] == expected
        self.model.killed &= not may

    @precondition(lambda self: self.model.asked)
    @rule(client=st.sampled_from(["olga", "olga", "olga", "anna"]), take=takes, which=epochs, place=places, lie=lies)
    def approve(self, client, take, which, place, lie):
        self.take_first(client, take)
        numbers = sorted(self.model.asked)
        number = numbers[-1 - place] if place < len(numbers) else 999
        waiting = self.model.asked.get(number)
        method = waiting.kind if waiting and not lie else "CardService.Arm"
        header = self.header(client, which)
        good = (
            CLIENTS[client] == OPERATOR
            and self.holds(client, header)
            and waiting is not None
            and not lie
            and self.model.waits(waiting)
        )
        request = pb.ApproveRequest(header=header, id=number, method=method)
        found, _ = self.outcome(lambda: self.stub(rpc.ConfirmationServiceStub, client).Approve(request))
        assert found == ("done" if good else "refused"), (waiting, self.model)
        if good:
            waiting.good = False
            self.model.write(waiting.values)

    @rule(inventory=st.sampled_from([10, 20]), other=st.sampled_from([30, 40]))
    def race(self, inventory, other):
        """An agent and the operator write in the same moment: only the holder's write is done."""
        calls = {}
        for client, wanted in (("anna", inventory), ("olga", other)):
            header = self.header(client, "own")
            request = pb.UpdateRiskParametersRequest(header=header, max_inventory=wanted, order_size=0)
            calls[client] = (wanted, self.holds(client, header),
                             self.stub(rpc.RiskServiceStub, client).UpdateRiskParameters.future(request))  # fmt: skip
        for wanted, may, future in calls.values():
            assert self.outcome(future.result)[0] == ("done" if may else "refused")
            if may:
                self.model.write({"inventory": wanted, "size": 0})

    @invariant()
    def the_card_is_as_the_model_says(self):
        if not hasattr(self, "service"):
            return
        card, wanted = self.service.card, self.model.settings
        assert (card.armed, card.killed) == (self.model.armed, self.model.killed)
        registers = card.read(
            [f"slot[{n}].{name}" for n in range(3) for name in
             ("max_inventory", "max_order_size", "taker_order_size", "taker_ratio", "taker_min_volume")]
            + ["modules.taker"]
        )  # fmt: skip
        for n in range(3):
            assert registers[f"slot[{n}].max_inventory"] == wanted["inventory"] <= 1000
            assert registers[f"slot[{n}].max_order_size"] == wanted["size"] <= 500
            assert registers[f"slot[{n}].taker_order_size"] == wanted["size"]
            assert registers[f"slot[{n}].taker_ratio"] == wanted["ratio"] * 256 >= 1.5 * 256
            assert registers[f"slot[{n}].taker_min_volume"] == wanted["volume"] >= 500
        assert registers["modules.taker"] == wanted["on"]


TestSequences = Sequences.TestCase
TestSequences.settings = settings(
    max_examples=SEQUENCES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=SHORT,
    # The short form says at once what it found; the long one takes the time to make it smaller.
    phases=(Phase.explicit, Phase.generate) if SHORT else tuple(Phase),
)
