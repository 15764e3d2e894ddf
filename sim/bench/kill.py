"""How soon a kill silences the card, counted on the blocks it runs through, wired as in the engine.

A verilated card cannot be made to use every row of its order table from outside: the taker holds one position a symbol.
So orders are offered to the real gate here in every cycle, and the kill is written to the real registers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator

from hdl.configs import CONFIGS, CardConfig
from hdl.orders.port import OrderPort
from hdl.regs.bank import RegisterBank
from hdl.risk.arming import Arming
from hdl.risk.gate import RiskGate
from hdl.risk.positions import Positions
from hdl.types import OrderIntentKind, Role, Side
from sim.bench.figures import Figure

__all__ = ["KillCounts", "count_kills", "kill"]

_COMMAND = 0x100
_KILL = 4
#: A cycle in which the first orders have left.
_FIRST_KILL = 40
#: Cycles after which a run that is not over never will be.
_PATIENCE = 20_000


class _OrderPath(wiring.Component):
    """Registers, arming, gate, positions and order port; what they ask of others is the bench's."""

    def __init__(self, config: CardConfig) -> None:
        super().__init__({})
        # One slot's registers are enough for a command, and a small bank simulates fast.
        self.bank = RegisterBank(replace(config, slots=1))
        self.kill = self.bank.ahead("control.command.kill"), self.bank.strobe("control.command.kill")
        self.arming = Arming()
        self.gate = RiskGate(config.slots)
        self.positions = Positions(config.slots, config.own_orders)
        self.orders = OrderPort(config.own_orders)
        self._own_orders = config.own_orders

    def elaborate(self, platform: object) -> Module:
        """Wire the blocks as the engine does."""
        m = Module()
        gate, positions, orders, arming = self.gate, self.positions, self.orders, self.arming
        m.submodules.bank = self.bank
        m.submodules.arming, m.submodules.gate = arming, gate
        m.submodules.positions, m.submodules.orders = positions, orders
        connect(m, gate.granted, orders.intents)
        connect(m, gate.judged, positions.judged)
        connect(m, gate.standing_held, positions.standing)
        m.d.comb += [
            arming.kill.eq(self.kill[0] | self.kill[1]),
            self.bank.armed.eq(arming.armed),
            gate.armed.eq(arming.armed),
            gate.killed.eq(arming.killed),
            gate.lease_alive.eq(arming.lease_alive),
            gate.session_up.eq(arming.session_up),
            positions.lookup_order.eq(gate.lookup_order),
            gate.lookup.eq(positions.lookup),
            gate.unsent.eq(positions.unsent),
            gate.table_full.eq(orders.open_orders >= self._own_orders),
            positions.grants.valid.eq(gate.granted.valid & gate.granted.ready),
            positions.grants.payload.eq(gate.granted.payload),
            positions.answers.valid.eq(orders.answers.valid),
            positions.answers.payload.eq(orders.answers.payload),
            orders.killed.eq(arming.killed),
            orders.session_up.eq(arming.session_up),
            arming.impossible.eq((orders.impossible & ~orders.placed) | orders.unknown_answers),
        ]
        return m


@dataclass
class KillCounts:
    """What was seen around one kill.

    Attributes
    ----------
    written : int
        Cycle of the write on the register bus.
    begun : list of int
        Cycles in which a new order's first byte left.
    cancels : list of int
        Cycles in which a Cancel's last byte left, after the kill.
    open_orders : int
        Orders open at the write.
    """

    written: int = 0
    begun: list[int] = field(default_factory=list)
    cancels: list[int] = field(default_factory=list)
    open_orders: int = 0

    @property
    def silence(self) -> int:
        """Cycles from the write to the last cycle in which an order began, or zero."""
        return max([0, *(at - self.written for at in self.begun)])


def count_kills(config: CardConfig, moments: Iterable[int | None]) -> list[KillCounts]:
    """Offer an entry in every cycle, and kill; all from reset, once for every moment.

    Parameters
    ----------
    config : CardConfig
        ``slots`` and ``own_orders`` are used.
    moments : iterable of int or None
        Cycle in which the kill is written; None: as soon as every row of the order table is in use.

    Raises
    ------
    RuntimeError
        The order path did not come to rest.
    """
    dut = _OrderPath(config)
    kill_at: int | None = None
    counts = KillCounts()

    async def bench(ctx: Any) -> None:
        gate, arming, orders, bus = dut.gate, dut.arming, dut.orders, dut.bank.bus
        ctx.set(arming.session_up, 1)
        ctx.set(arming.lease_until, 1 << 40)
        for slot in range(config.slots):
            ctx.set(gate.flags[slot], {"bound": 1, "opened": 1, "market_open": 1})
            ctx.set(gate.enabled[slot], 1)
        ctx.set(orders.symbol, int.from_bytes(b"PWKILL  ", "little"))
        for name in ("max_inventory", "ceiling_inventory", "max_order_size", "ceiling_order_size"):
            ctx.set(getattr(gate.standing_config, name), 1 << 20)
        ctx.set(orders.tx.ready, 1)
        ctx.set(arming.arm, 1)
        await ctx.tick()
        ctx.set(arming.arm, 0)
        entry = {"kind": OrderIntentKind.ENTER, "role": Role.ENTRY, "side": Side.BUY, "shares": 1, "price": 100}
        ctx.set(gate.standing, {"slot": 0, "shares": 1})
        await ctx.tick()
        ctx.set(gate.entries.payload, entry)
        ctx.set(gate.entries.valid, 1)
        first, letter, quiet, written = True, "", 0, False
        for cycle in range(_PATIENCE):
            now_killing = not written and (
                ctx.get(orders.open_orders) == config.own_orders and not ctx.get(orders.busy)
                if kill_at is None
                else cycle == kill_at
            )
            ctx.set(bus.write, now_killing)
            ctx.set(bus.address, _COMMAND)
            ctx.set(bus.wdata, _KILL)
            if now_killing:
                written, counts.written = True, cycle
                counts.open_orders = ctx.get(orders.open_orders)
            if ctx.get(orders.tx.valid):
                if first:
                    letter = chr(ctx.get(orders.tx.payload.data[0]))
                    if letter != "X":
                        counts.begun.append(cycle)
                first = bool(ctx.get(orders.tx.payload.last))
                if first and letter == "X" and written:
                    counts.cancels.append(cycle)
            killed_and_quiet = ctx.get(arming.killed) and not ctx.get(orders.busy)
            quiet = quiet + 1 if killed_and_quiet else 0
            if quiet > 32:
                return
            await ctx.tick()
        raise RuntimeError(f"the order path was not quiet {_PATIENCE} cycles after the start of the kill bench")

    simulator = Simulator(dut)
    simulator.add_clock(6.4e-9)
    simulator.add_testbench(bench)
    runs = []
    for number, moment in enumerate(moments):
        if number:
            simulator.reset()
        kill_at, counts = moment, KillCounts()
        simulator.run()
        runs.append(counts)
    return runs


def kill(config_name: str, *, offsets: int) -> dict[str, Figure]:
    """Kill at ``offsets`` successive cycles while orders begin, and once with every row in use.

    Raises
    ------
    RuntimeError
        The orders open at the kill and the Cancels after it are not equally many, so the count means nothing.
    """
    config = CONFIGS[config_name]
    *runs, full = count_kills(config, [*range(_FIRST_KILL, _FIRST_KILL + offsets), None])
    if not full.open_orders == len(full.cancels) == config.own_orders:
        raise RuntimeError(
            f"{full.open_orders} of {config.own_orders} orders were open at the kill, {len(full.cancels)} Cancels left"
        )
    path = f"entries offered to the gate in every cycle, {offsets} kills a cycle apart; registers to order port"
    return {
        "kill_to_silence_cycles_max": Figure(
            max(run.silence for run in runs),
            "cycles",
            f"from the write on the register bus to the last cycle in which a new order's first byte left; {path}",
        ),
        "kill_to_last_cancel_cycles": Figure(
            full.cancels[-1] - full.written,
            "cycles",
            f"from the write to the last byte of the last Cancel, all {config.own_orders} rows in use",
        ),
    }
