"""CardService and LeaseService: what the card is doing, arming it, stopping it, and the writer's lease."""

# ruff: noqa: N802  (the methods are named by the proto)

import re
from typing import Any

import grpc

from controlplane.card.register_table import REGISTERS
from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc
from controlplane.service.card_link import CardRequests
from controlplane.service.confirmations import Plan
from controlplane.service.envelope import MODULES, built_into
from controlplane.service.fields import pack, unpack
from controlplane.service.flatten import WATCHED, check_taken, flatten_status, give_up_items, plan_flatten
from controlplane.service.heartbeat import Heartbeat
from controlplane.service.reconcile import differences, refuse_difference
from controlplane.service.refusal import RefusedError
from controlplane.service.roles import ALLOWED, caller_role
from controlplane.service.state import ServiceState
from controlplane.service.unmanaged import unmanaged_slots

__all__ = ["CardRpc", "LeaseRpc"]

_SLOT_READS = ("state", "control", "position", "cash", "open_shares", "bbo", "volumes")
#: Registers of one call of ReadRegisters.
_MOST_REGISTERS = 256
_READABLE = {row.name: row for row in REGISTERS if row.readable}


class LeaseRpc(rpc.LeaseServiceServicer):
    """The writer's lease."""

    def __init__(self, state: ServiceState) -> None:
        self._lease = state.lease

    async def AcquireLease(
        self, request: pb.AcquireLeaseRequest, context: grpc.aio.ServicerContext
    ) -> pb.AcquireLeaseResponse:
        """Take or renew the lease."""
        epoch, seconds = await self._lease.acquire(caller_role(), request.holder, request.seconds)
        return pb.AcquireLeaseResponse(lease_epoch=epoch, seconds=seconds)

    async def ReleaseLease(
        self, request: pb.ReleaseLeaseRequest, context: grpc.aio.ServicerContext
    ) -> pb.ReleaseLeaseResponse:
        """Give the lease back."""
        self._lease.release(caller_role(), request.lease_epoch)
        return pb.ReleaseLeaseResponse()


class CardRpc(rpc.CardServiceServicer):
    """The card as a whole."""

    def __init__(self, state: ServiceState, heartbeat: Heartbeat) -> None:
        self._state = state
        self._heartbeat = heartbeat

    async def GetStatus(self, request: pb.GetStatusRequest, context: grpc.aio.ServicerContext) -> pb.GetStatusResponse:
        """Read the state of the card and of every symbol."""
        state, identity = self._state, self._state.link.identity
        status = await state.link.status()
        epoch, holder = state.lease.live
        there = built_into(identity)
        modules = await state.link.read(list(MODULES.values()))
        return pb.GetStatusResponse(
            config_name=identity.config_name,
            abi_version=identity.abi_version,
            soft=identity.soft,
            armed=status.armed,
            killed=status.killed,
            lease_alive=status.lease_alive,
            session_up=status.session_up,
            market_open=status.market_open,
            card_time=status.card_time,
            clock_period_ps=identity.clock_period_ps,
            config_epoch=status.config_epoch,
            symbols=await self._symbols(),
            modules=[
                pb.ModuleStatus(strategy_name=name, enabled=bool(modules[register] & 1), available=name in there)
                for name, register in MODULES.items()
            ],
            records_received=state.ledger.records,
            records_lost=state.link.lost,
            lease_epoch=epoch,
            lease_holder=holder,
            role=pb.Role.Name(caller_role()),
            kill_cause=status.kill_cause,
        )

    async def GetCapabilities(
        self, request: pb.GetCapabilitiesRequest, context: grpc.aio.ServicerContext
    ) -> pb.GetCapabilitiesResponse:
        """Say what card and service are, and what the caller may call."""
        identity, names = self._state.link.identity, ["identity.git_hash", "identity.sizes"]
        values = await self._state.link.read(names)
        sizes, role = unpack("identity.sizes", values["identity.sizes"]), caller_role()
        return pb.GetCapabilitiesResponse(
            config_name=identity.config_name,
            abi_version=identity.abi_version,
            git_hash=f"{values['identity.git_hash']:016x}",
            soft=identity.soft,
            clock_period_ps=identity.clock_period_ps,
            slots=identity.slots,
            symbols=[symbol.name for symbol in self._state.config.symbols],
            feed_width=sizes["width"],
            row_levels=sizes["row_levels"],
            own_orders=sizes["own_orders"],
            table_orders=sizes["table_orders"],
            strategies=built_into(identity),
            allowed_calls=sorted(method for method, roles in ALLOWED.items() if role in roles),
        )

    async def _symbols(self) -> list[pb.SymbolStatus]:
        values = await self._state.link.read([n for register in _SLOT_READS for n in self._state.slot_names(register)])
        unmanaged = await unmanaged_slots(self._state.link, len(self._state.config.symbols))
        rows = []
        for slot, symbol in enumerate(self._state.config.symbols):
            f = {reg: unpack(f"slot[{slot}].{reg}", values[f"slot[{slot}].{reg}"]) for reg in _SLOT_READS}
            rows.append(
                pb.SymbolStatus(
                    symbol=symbol.name,
                    slot=slot,
                    bound=bool(f["state"]["bound"]),
                    stale=bool(f["state"]["stale"]),
                    halted=bool(f["state"]["halted"]),
                    short_restricted=bool(f["state"]["short_restricted"]),
                    opened=bool(f["state"]["opened"]),
                    enabled=bool(f["control"]["enable"]),
                    position_shares=f["position"]["shares"],
                    cash_microdollars=f["cash"]["value"],
                    open_buy_shares=f["open_shares"]["buy"],
                    open_sell_shares=f["open_shares"]["sell"],
                    bid_price=f["bbo"]["bid"],
                    ask_price=f["bbo"]["ask"],
                    bid_volume=f["volumes"]["bid"],
                    ask_volume=f["volumes"]["ask"],
                    unmanaged=slot in unmanaged,
                )
            )
        return rows

    async def ReadRegisters(
        self, request: pb.ReadRegistersRequest, context: grpc.aio.ServicerContext
    ) -> pb.ReadRegistersResponse:
        """Read whole registers by name."""
        wrong = []
        if len(request.names) > _MOST_REGISTERS:
            wrong.append(("names", f"at most {_MOST_REGISTERS} registers at once, not {len(request.names)}"))
        for name in request.names:
            row = _READABLE.get(re.sub(r"\[\d+\]", "[]", name))
            index = re.search(r"\[(\d+)\]", name)
            if row is None or (index and int(index[1]) >= (row.count or self._state.link.identity.slots)):
                wrong.append(("names", f"{name!r} is no register that can be read; docs/registers.md lists them"))
        if wrong:
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "these cannot be read", fields=wrong)
        return pb.ReadRegistersResponse(values=await self._state.link.read(request.names))

    async def Reconcile(self, request: pb.ReconcileRequest, context: grpc.aio.ServicerContext) -> pb.ReconcileResponse:
        """Say where the card differs from what the exchange side says."""
        found = await self._state.link.in_one_go(lambda card: differences(self._state, card, request.statement))
        return pb.ReconcileResponse(differences=found)

    async def Arm(self, request: pb.ArmRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Arm the card where it agrees with the exchange's statement: operator only."""

        def plan(_role: int, card: CardRequests) -> dict[str, int]:
            status = card.status()
            missing = []
            identity = self._state.link.identity
            if not identity.trades:
                words = f"the card's configuration {identity.config_name} sends no orders: flash one that does"
                missing.append(("GATEWARE", "identity.flags.trades", words))
            if status.killed:
                missing.append(("CARD", "control.status.killed", "the card is killed: release the kill first"))
            if not status.session_up:
                missing.append(("CARD", "control.status.session_up", "the order session is down"))
            if all(symbol.failures() for symbol in self._state.config.symbols):
                missing.append(("PREREQUISITE", "symbols", "no symbol meets its prerequisites"))
            if missing:
                raise RefusedError(
                    grpc.StatusCode.FAILED_PRECONDITION, "the card cannot be armed", preconditions=missing
                )
            if not request.HasField("statement"):
                words = "give what the exchange says is held and open, and its next order number"
                raise RefusedError(
                    grpc.StatusCode.INVALID_ARGUMENT, "the card cannot be armed", fields=[("statement", words)]
                )
            refuse_difference(differences(self._state, card, request.statement))
            if request.header.mode == pb.WRITE_MODE_COMMIT:
                self._heartbeat.extend(card)
            return {"control.command": pack("control.command", arm=1)}

        return await self._command("Arm", request, plan, armed=True)

    async def Disarm(self, request: pb.DisarmRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Disarm the card: no new order, open orders stay as they are."""

        def plan(_role: int, _card: CardRequests) -> dict[str, int]:
            return {"control.command": pack("control.command", disarm=1)}

        return await self._command("Disarm", request, plan, armed=False)

    async def ReleaseKill(self, request: pb.ReleaseKillRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Release the kill; the card stays disarmed."""

        def plan(_role: int, _card: CardRequests) -> dict[str, int]:
            return {"control.command": pack("control.command", release=1)}

        return await self._command("ReleaseKill", request, plan, armed=False, killed=False)

    async def Kill(self, request: pb.KillRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Kill: anyone, no lease."""
        return await self._state.writes.kill(caller_role(), request.reason)

    async def Flatten(self, request: pb.FlattenRequest, context: grpc.aio.ServicerContext) -> pb.WriteResult:
        """Begin to flatten a symbol: operator only."""
        ignored = 0

        def plan(_role: int, card: CardRequests) -> dict[str, int]:
            nonlocal ignored
            items, ignored = plan_flatten(self._state, card, request)
            return items

        def confirm(card: CardRequests) -> None:
            check_taken(card, ignored)

        return await self._state.writes.commit(
            caller_role(), "CardService.Flatten", request, plan, watched=WATCHED, confirm=confirm
        )

    async def GetFlatten(self, request: pb.GetFlattenRequest, context: grpc.aio.ServicerContext) -> pb.FlattenStatus:
        """Say where the last flatten stands."""
        return await flatten_status(self._state)

    async def GiveUpFlatten(
        self, request: pb.GiveUpFlattenRequest, context: grpc.aio.ServicerContext
    ) -> pb.WriteResult:
        """Wait no longer: operator only."""

        def plan(_role: int, card: CardRequests) -> dict[str, int]:
            return give_up_items(card)

        return await self._state.writes.commit(
            caller_role(), "CardService.GiveUpFlatten", request, plan, watched=WATCHED
        )

    async def _command(
        self,
        method: str,
        request: Any,
        plan: Plan,
        *,
        armed: bool,
        killed: bool | None = None,
    ) -> pb.WriteResult:
        def confirm(card: CardRequests) -> None:
            status = card.status()
            if status.armed != armed or (killed is not None and status.killed != killed):
                raise RefusedError(
                    grpc.StatusCode.FAILED_PRECONDITION,
                    f"the card took {method} and did not do it: armed={status.armed} killed={status.killed} "
                    f"lease_alive={status.lease_alive} session_up={status.session_up}",
                )

        return await self._state.writes.commit(
            caller_role(), f"CardService.{method}", request, plan, watched=["control.status"], confirm=confirm
        )
