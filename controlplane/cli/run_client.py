"""What a simulated run asks of the control plane: arming as operator, and the numbers at the end."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.refusal import words_of

__all__ = ["RunClient", "RunClientError"]

_SECONDS = 20.0
_FRESH = pb.ExchangeStatement(next_order_number=1)


class RunClientError(RuntimeError):
    """The control plane refused or did not answer; the text has its words."""


class RunClient:
    """Calls of one run.

    Parameters
    ----------
    directory : Path
        Folder of the service's sockets.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()

    @contextlib.contextmanager
    def _channel(self, role: str) -> Iterator[grpc.Channel]:
        try:
            with grpc.insecure_channel(f"unix:{self._directory / role}.sock") as channel:
                yield channel
        except grpc.RpcError as error:
            raise RunClientError(f"the control plane, asked as {role}: {words_of(error)}") from error

    def arm(self, reason: str, strategies: Sequence[str] = ()) -> None:
        """Arm the card as operator, switch strategies on where there are any, and give the lease back.

        The limits are those of the part of the envelope that is signed for unattended use.

        The simulated exchange begins with the run: nothing is held, nothing is open, no number was used.

        Raises
        ------
        RunClientError
            It was refused, or took no effect.
        """
        with self._channel("operator") as channel:
            leases = rpc.LeaseServiceStub(channel)
            lease = leases.AcquireLease(pb.AcquireLeaseRequest(holder="operator", seconds=_SECONDS), timeout=_SECONDS)
            header = pb.WriteHeader(lease_epoch=lease.lease_epoch, mode=pb.WRITE_MODE_COMMIT, reason=reason)
            rpc.CardServiceStub(channel).Arm(pb.ArmRequest(header=header, statement=_FRESH), timeout=_SECONDS)
            if strategies:
                risk = rpc.RiskServiceStub(channel)
                part = risk.GetEnvelope(pb.GetEnvelopeRequest(), timeout=_SECONDS).unattended
                limits = pb.UpdateRiskParametersRequest(
                    header=header, max_inventory=part.max_inventory, order_size=part.max_order_size
                )
                risk.UpdateRiskParameters(limits, timeout=_SECONDS)
            for name in strategies:
                switch = pb.ToggleModuleRequest(header=header, strategy_name=name, state=True)
                rpc.StrategyServiceStub(channel).ToggleModule(switch, timeout=_SECONDS)
            leases.ReleaseLease(pb.ReleaseLeaseRequest(lease_epoch=lease.lease_epoch), timeout=_SECONDS)

    def reconcile(self, statement: Mapping[str, Any]) -> list[str]:
        """Say where the card differs from an exchange's statement, a sentence each.

        Parameters
        ----------
        statement : mapping
            As :func:`sim.exchange.statement.statement_of` gives it.

        Raises
        ------
        RunClientError
            The service does not answer.
        """
        request = pb.ReconcileRequest(statement=ParseDict(statement, pb.ExchangeStatement()))
        with self._channel("viewer") as channel:
            found = rpc.CardServiceStub(channel).Reconcile(request, timeout=_SECONDS).differences
        return [f"{row.what}: card {row.card}, exchange {row.exchange}" for row in found]

    def status(self) -> pb.GetStatusResponse:
        """Give the card's status.

        Raises
        ------
        RunClientError
            The service does not answer.
        """
        with self._channel("viewer") as channel:
            return rpc.CardServiceStub(channel).GetStatus(pb.GetStatusRequest(), timeout=_SECONDS)

    def report(self) -> pb.GetReportResponse:
        """Give the report of the whole day, from the control plane's ledger.

        Raises
        ------
        RunClientError
            The service does not answer.
        """
        with self._channel("viewer") as channel:
            return rpc.PerformanceServiceStub(channel).GetReport(pb.GetReportRequest(), timeout=_SECONDS)

    def registers(self, names: Sequence[str]) -> dict[str, int]:
        """Give whole registers by name.

        Raises
        ------
        RunClientError
            The service does not answer, or a register is unknown.
        """
        with self._channel("viewer") as channel:
            request = pb.ReadRegistersRequest(names=names)
            answer = rpc.CardServiceStub(channel).ReadRegisters(request, timeout=_SECONDS)
        return {name: answer.values[name] for name in names}
