"""The gate's proof, and the changes of the source that it must catch."""

from proof import Mutation, Proof

GATE, JUDGE, STANDING = "hdl/risk/gate.py", "hdl/risk/judge.py", "hdl/risk/standing.py"
MARKS, RESTING = "hdl/risk/marks.py", "hdl/risk/own_resting.py"

_PERMITS = "card_permits.eq(self.armed & ~self.killed & self.lease_alive & self.session_up)"

GATE_PROOF = Proof(
    "gate",
    "gate_properties",
    "GateProperties",
    2,
    (
        Mutation("grants while disarmed", GATE, _PERMITS, _PERMITS.replace("self.armed & ", "")),
        Mutation("grants while killed", GATE, _PERMITS, _PERMITS.replace("~self.killed & ", "")),
        Mutation("grants without a lease", GATE, _PERMITS, _PERMITS.replace("self.lease_alive & ", "")),
        Mutation("grants with the session down", GATE, _PERMITS, _PERMITS.replace(" & self.session_up", "")),
        Mutation("grants on a stale book", JUDGE, "flags.stale | ~flags.bound)", "~flags.bound)"),
        Mutation("grants while halted", JUDGE, "            (Refusal.HALTED, flags.halted),\n", ""),
        Mutation("grants before the open", JUDGE, "~flags.market_open | ~flags.opened)", "~flags.opened)"),
        Mutation(
            "grants before the opening cross", JUDGE, "~flags.market_open | ~flags.opened)", "~flags.market_open)"
        ),
        Mutation(
            "knows no inventory limit",
            JUDGE,
            "            (Refusal.INVENTORY, raises & (before - fewer > inventory_limit)),\n",
            "",
        ),
        Mutation(
            "knows no inventory ceiling",
            JUDGE,
            "smaller(config.max_inventory, config.ceiling_inventory)",
            "config.max_inventory",
        ),
        Mutation("forgets what could fill", JUDGE, "before.eq(held + open_same)", "before.eq(held)"),
        Mutation(
            "knows no order size ceiling",
            JUDGE,
            "smaller(config.max_order_size, config.ceiling_order_size)",
            "config.max_order_size",
        ),
        Mutation("grants before the last is sent", GATE, "card_permits & ~self.unsent\n", "card_permits\n"),
        Mutation("grants for a disabled slot", JUDGE, "raises & ~self.enabled)", "0)"),
        Mutation(
            "holds cancels back while killed",
            GATE,
            "self.granted.valid.eq(cancel_valid | item",
            "self.granted.valid.eq((cancel_valid & ~self.killed) | item",
        ),
        Mutation(
            "lets a held exit keep a cancel out",
            GATE,
            "Mux(cancels, ~cancel_valid,",
            "Mux(cancels, ~cancel_valid & ~item_valid,",
        ),
        Mutation(
            "sends a held exit before a cancel",
            GATE,
            "Mux(cancel_valid, cancel, Mux(item_valid, item, self.entries.payload))",
            "Mux(item_valid, item, Mux(cancel_valid, cancel, self.entries.payload))",
        ),
        Mutation(
            "trades on after a broken trade",
            JUDGE,
            "(Refusal.BROKEN_TRADE, self.broken)",
            "(Refusal.BROKEN_TRADE, 0)",
        ),
        Mutation(
            "passes prepared entries after a broken trade",
            STANDING,
            "            (Refusal.BROKEN_TRADE, self.broken[prepared.slot]),\n",
            "",
        ),
        Mutation("meets own orders", JUDGE, "priced & meets_own(self.own, intent.side, intent.price)", "0"),
        Mutation("meets an own order at its very price", RESTING, "(price >= own.ask)", "(price > own.ask)"),
        Mutation(
            "passes prepared entries that meet own orders",
            STANDING,
            "            (Refusal.OWN_CROSS, meets_own(own, entry.side, entry.price)),\n",
            "",
        ),
        Mutation(
            "lets a flatten open",
            JUDGE,
            "(intent.role == Role.FLATTEN) & (~enter | raises)",
            "(intent.role == Role.FLATTEN) & ~enter",
        ),
        Mutation("flattens by Replace", JUDGE, "Role.FLATTEN) & (~enter | raises)", "Role.FLATTEN) & raises"),
        Mutation(
            "makes more short sales than are located",
            JUDGE,
            "unlocated = Mux(adds,",
            "unlocated = ~modify & Mux(adds,",
        ),
        Mutation("meets own bids", RESTING, "Mux(side == Side.SELL, price <= own.bid, buys)", "buys"),
        Mutation(
            "meets the own orders that count with prepared entries",
            STANDING,
            "m.d.sync += own.eq(self.own)",
            "m.d.sync += own.bid.eq(self.own.bid)",
        ),
        Mutation(
            "has a collar around no quote",
            JUDGE,
            "(~self.quoted | (priced & ~in_band(",
            "((priced & ~in_band(",
        ),
        Mutation(
            "knows no gross inventory",
            JUDGE,
            "            (Refusal.GROSS_INVENTORY, raises & (stops.max_gross != 0)"
            " & (stops.gross - fewer > stops.max_gross)),\n",
            "",
        ),
        Mutation(
            "passes prepared entries whatever stops the card",
            STANDING,
            "            judge.stops.eq(self.stops),\n",
            "",
        ),
        Mutation(
            "makes short sales where none may be sent",
            JUDGE,
            "(raises | modify) & sell & short_forbidden",
            "raises & sell & short_forbidden",
        ),
        Mutation("makes a sale larger by Modify", JUDGE, "(~intent.short | adds)", "(~intent.short)"),
        Mutation("knows no collar", JUDGE, "raises & outside)", "0)"),
        Mutation("measures from no trade", MARKS, "traded = mark.last != 0", "traded = mark.last == 1"),
        Mutation("sells below the last trade", MARKS, "(reach < far) | (reach < mark.last)", "(reach < far)"),
        Mutation(
            "buys above the last trade", MARKS, " & ((mark.last == 0) | (intent.price <= mark.last + collar))", ""
        ),
        Mutation("knows no highest price", MARKS, "(intent.price <= far + collar) & ", ""),
        Mutation("knows no order rate", JUDGE, "raises & stops.order_rate)", "0)"),
        Mutation("knows no number of open orders", JUDGE, "raises & enter & stops.open_orders)", "0)"),
        Mutation("knows no daily loss", JUDGE, "raises & stops.daily_loss)", "0)"),
        Mutation("forgets the order itself in the gross inventory", JUDGE, "stops.gross - fewer", "stops.gross"),
        Mutation(
            "passes prepared entries at any price",
            STANDING,
            "            (Refusal.PRICE_COLLAR, outside),\n",
            "",
        ),
        Mutation(
            "passes prepared entries whatever the levels",
            STANDING,
            "((levels, levels != Refusal.NONE), *checks)",
            "checks",
        ),
        Mutation(
            "passes prepared entries on a stale book",
            STANDING,
            "            (Refusal.STALE, flags.stale | ~flags.bound),\n",
            "",
        ),
        Mutation("passes prepared entries while halted", STANDING, "            (Refusal.HALTED, flags.halted),\n", ""),
        Mutation(
            "passes prepared entries for a disabled slot",
            STANDING,
            "            (Refusal.SLOT_DISABLED, ~enabled),\n",
            "",
        ),
        Mutation(
            "passes prepared entries whatever was judged",
            STANDING,
            "            (ahead, ahead != Refusal.NONE),\n",
            "",
        ),
        Mutation(
            "passes an entry larger than the prepared one",
            STANDING,
            "                & (entry.shares == prepared.shares)\n",
            "",
        ),
        Mutation(
            "passes prepared entries before the last is sent",
            STANDING,
            "& ~self.unsent & ~self.blocked &",
            "& ~self.blocked &",
        ),
        Mutation(
            "grants what is held because an entry came",
            STANDING,
            "& ~self.unsent & ~self.blocked &",
            "& ~self.unsent &",
        ),
    ),
)
