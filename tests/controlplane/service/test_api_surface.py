"""What any gRPC client finds: reflection, health, details of google.rpc, deadlines that end a call."""

import asyncio
import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.control_service import SOCKETS
from tests.controlplane.plain_card import PlainCard


def asked(serving, card, config, directory, question, role=pb.ROLE_VIEWER):
    """Put a question to a service with a synchronous channel, in a thread, as another program would."""

    def ask():
        with grpc.insecure_channel(f"unix:{directory / SOCKETS[role]}") as channel:
            return question(channel)

    async def body():
        async with serving(card, config):
            return await asyncio.to_thread(ask)

    return asyncio.run(body())


def test_reflection_tells_every_service_and_method(serving, plain_card, demo_config, tmp_path):
    def question(channel):
        database = ProtoReflectionDescriptorDatabase(channel)
        pool = DescriptorPool(database)
        services = [name for name in database.get_services() if name.startswith("pennywire.v1.")]
        return {name: {m.name for m in pool.FindServiceByName(name).methods} for name in services}

    told = asked(serving, plain_card, demo_config, tmp_path, question)
    assert told == {s.full_name: {m.name for m in s.methods} for s in pb.DESCRIPTOR.services_by_name.values()}
    assert "Kill" in told["pennywire.v1.CardService"]


def test_health_is_told_of_every_service(serving, plain_card, demo_config, tmp_path):
    def question(channel):
        names = ["", *(s.full_name for s in pb.DESCRIPTOR.services_by_name.values())]
        stub = health_pb2_grpc.HealthStub(channel)
        return {name: stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=20).status for name in names}

    told = asked(serving, plain_card, demo_config, tmp_path, question)
    assert set(told.values()) == {health_pb2.HealthCheckResponse.SERVING}, told


def test_a_wrong_field_and_a_missing_condition_come_as_googles_details(serving, plain_card, demo_config, tmp_path):
    def question(channel):
        lease = rpc.LeaseServiceStub(channel).AcquireLease(pb.AcquireLeaseRequest(holder="x", seconds=20), timeout=20)
        header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason="x")
        found = []
        for request, call in (
            (pb.FlattenRequest(header=header, symbol="NONE"), rpc.CardServiceStub(channel).Flatten),
            (pb.FlattenRequest(header=header, symbol="PWAA", worst_price=10), rpc.CardServiceStub(channel).Flatten),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                call(request, timeout=20)
            found.append((refused.value.code(), rpc_status.from_call(refused.value)))
        return found

    (bad, one), (unmet, two) = asked(serving, plain_card, demo_config, tmp_path, question, pb.ROLE_OPERATOR)
    fields, conditions = error_details_pb2.BadRequest(), error_details_pb2.PreconditionFailure()
    assert (bad, one.details[0].Unpack(fields)) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    assert [v.field for v in fields.field_violations] == ["symbol"]
    assert "PWAA, PWBB, PWCC" in fields.field_violations[0].description
    assert (unmet, two.details[0].Unpack(conditions)) == (grpc.StatusCode.FAILED_PRECONDITION, True)
    assert "control.status.armed" in [v.subject for v in conditions.violations]


class StuckCard(PlainCard):
    """Answers no read of the open orders until it is let go."""

    def __init__(self):
        super().__init__()
        self.let_go = threading.Event()

    def read(self, names):
        if "orders.open_orders" in names:
            self.let_go.wait(30)
        return super().read(names)


def test_a_deadline_ends_a_call_and_the_service_goes_on(serving, demo_config, tmp_path):
    card = StuckCard()

    def question(channel):
        stub = rpc.CardServiceStub(channel)
        request = pb.ReadRegistersRequest(names=["orders.open_orders"])
        with pytest.raises(grpc.RpcError) as late:
            stub.ReadRegisters(request, timeout=0.3)
        card.let_go.set()
        return late.value.code(), stub.GetStatus(pb.GetStatusRequest(), timeout=20).config_name

    assert asked(serving, card, demo_config, tmp_path, question) == (grpc.StatusCode.DEADLINE_EXCEEDED, "plain")
