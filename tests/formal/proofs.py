"""The proofs, and for each the changes of the source that it must catch."""

from dataclasses import dataclass

GATE, ARMING, POSITIONS, BANK = "hdl/risk/gate.py", "hdl/risk/arming.py", "hdl/risk/positions.py", "hdl/regs/bank.py"


@dataclass(frozen=True)
class Mutation:
    """A check removed from the source: ``old`` is there exactly once."""

    what: str
    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Proof:
    """A component of properties, the depth of its induction, and what it must catch."""

    name: str
    module: str
    component: str
    depth: int
    mutations: tuple[Mutation, ...]


_ARM = "self.arm & ~self.killed & self.lease_alive & self.session_up"
_KILL = "with m.If(self.kill | self.impossible | lease_ran_out):"
_PERMITS = "card_permits.eq(self.armed & ~self.killed & self.lease_alive & self.session_up)"

PROOFS = (
    Proof(
        "arming",
        "arming_properties",
        "ArmingProperties",
        3,
        (
            Mutation("arms while killed", ARMING, _ARM, "self.arm & self.lease_alive & self.session_up"),
            Mutation("arms without a lease", ARMING, _ARM, "self.arm & ~self.killed & self.session_up"),
            Mutation("arms with the session down", ARMING, _ARM, "self.arm & ~self.killed & self.lease_alive"),
            Mutation("does not hear a kill", ARMING, _KILL, "with m.If(self.impossible | lease_ran_out):"),
            Mutation("outlives its lease", ARMING, _KILL, "with m.If(self.kill | self.impossible):"),
            Mutation("trades on after nonsense", ARMING, _KILL, "with m.If(self.kill | lease_ran_out):"),
            Mutation("does not disarm", ARMING, "with m.Elif(self.disarm):", "with m.Elif(self.disarm & self.arm):"),
            Mutation("reset leaves it armed", ARMING, "    armed: Out(1)\n", "    armed: Out(1, init=1)\n"),
        ),
    ),
    Proof(
        "gate",
        "gate_properties",
        "GateProperties",
        4,
        (
            Mutation("grants while disarmed", GATE, _PERMITS, _PERMITS.replace("self.armed & ", "")),
            Mutation("grants while killed", GATE, _PERMITS, _PERMITS.replace("~self.killed & ", "")),
            Mutation("grants without a lease", GATE, _PERMITS, _PERMITS.replace("self.lease_alive & ", "")),
            Mutation("grants with the session down", GATE, _PERMITS, _PERMITS.replace(" & self.session_up", "")),
            Mutation("grants on a stale book", GATE, "slot.stale | ~slot.bound)", "~slot.bound)"),
            Mutation("grants while halted", GATE, "            (Refusal.HALTED, slot.halted),\n", ""),
            Mutation("grants before the open", GATE, "~slot.market_open | ~slot.opened)", "~slot.opened)"),
            Mutation(
                "grants before the opening cross", GATE, "~slot.market_open | ~slot.opened)", "~slot.market_open)"
            ),
            Mutation(
                "knows no inventory limit",
                GATE,
                "            (Refusal.INVENTORY, raises & (exposure > inventory_limit)),\n",
                "",
            ),
            Mutation(
                "knows no inventory ceiling",
                GATE,
                "_smaller(config.max_inventory, config.ceiling_inventory)",
                "config.max_inventory",
            ),
            Mutation(
                "forgets what could fill", GATE, "exposure.eq(held + open_same + more)", "exposure.eq(held + more)"
            ),
            Mutation(
                "knows no order size ceiling",
                GATE,
                "_smaller(config.max_order_size, config.ceiling_order_size)",
                "config.max_order_size",
            ),
            Mutation("grants before the last is sent", GATE, "card_permits & ~self.unsent)", "card_permits)"),
            Mutation("grants for a disabled slot", GATE, "raises & ~enabled)", "0)"),
            Mutation(
                "holds cancels back while killed",
                GATE,
                "item_valid & (cancel | (",
                "item_valid & ((cancel & ~self.killed) | (",
            ),
        ),
    ),
    Proof(
        "stake",
        "stake_properties",
        "StakeProperties",
        4,
        (
            Mutation("does not count a grant", POSITIONS, "Mux(enter, grant.shares, Mux(", "Mux(enter, 0, Mux("),
            Mutation(
                "does not count a Replace that raises",
                POSITIONS,
                "Mux(replace, _less(wanted_open, grant_row.counted), 0)",
                "0",
            ),
            Mutation("forgets a Replace's old size", GATE, "_less(new_open, row.counted))", "0)"),
            Mutation("forgets that an order is unsent", POSITIONS, "self.unsent.eq(1)", "self.unsent.eq(0)"),
            Mutation(
                "sells into the position",
                POSITIONS,
                "self.position[i] - answer.shares",
                "self.position[i] + answer.shares",
            ),
        ),
    ),
    Proof(
        "counters",
        "counter_properties",
        "CounterProperties",
        3,
        (Mutation("counters wrap", BANK, "cell.eq(Mux(total[-1], ~0, total))", "cell.eq(total)"),),
    ),
)
