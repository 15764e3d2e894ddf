"""The proofs, and for each the changes of the source that it must catch."""

from book_proofs import BOOK_PROOFS
from gate_proofs import GATE_PROOF
from proof import Mutation, Proof

JUDGE, EXIT = "hdl/risk/judge.py", "hdl/strategy/taker_exit.py"
ROWS, CHANGE = "hdl/orders/order_rows.py", "hdl/orders/row_answer.py"
HOST = "hdl/strategy/host_orders.py"
INTENTS = "hdl/strategy/intents.py"
ARMING, POSITIONS = "hdl/risk/arming.py", "hdl/risk/positions.py"
OPEN, NUMBERS = "hdl/risk/open_shares.py", "hdl/slot_numbers.py"
BANK, COUNTERS, READBACK = "hdl/regs/bank.py", "hdl/regs/counters.py", "hdl/regs/readback.py"

STATE_RECORDS, ORDER_RECORDS = "hdl/telemetry/state_records.py", "hdl/telemetry/order_records.py"
SAMPLER = "hdl/telemetry/depth_sampler.py"

_AND_PRICE = ", answer.price.eq(said.price), answer.match"
_SELF_MATCH = "out.decremented.eq(decremented[:32] | decremented[32].replicate(32)),\n"
_ARM = "self.arm & ~self.killed & self.lease_alive & self.session_up"
_KILL = "with m.If(self.kill | self.impossible | lease_ran_out):"

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
            Mutation(
                "spares exits after a kill", ARMING, "& ~self.kill & ~self.impossible)\n", "& ~self.impossible)\n"
            ),
            Mutation("does not disarm", ARMING, "with m.Elif(self.disarm):", "with m.Elif(self.disarm & self.arm):"),
            Mutation("releases itself", ARMING, "with m.If(self.release & self.killed &", "with m.If(self.killed &"),
            Mutation(
                "has a lease a cycle too long",
                ARMING,
                "self.card_time < self.lease_until)",
                "self.card_time <= self.lease_until)",
            ),
            Mutation("reset leaves it armed", ARMING, "    armed: Out(1)\n", "    armed: Out(1, init=1)\n"),
        ),
    ),
    GATE_PROOF,
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
                "Mux(replace & (most >= 0), most[:32], 0)",
                "0",
            ),
            Mutation(
                "forgets a Replace's old size",
                JUDGE,
                "fewer.eq(counted - new_open)",
                "fewer.eq(Mux(enter, counted - new_open, 0))",
            ),
            Mutation(
                "counts a Cancel",
                POSITIONS,
                "Mux(replace & (most >= 0), most[:32], 0)",
                "Mux(most >= 0, most[:32], 0)",
            ),
            Mutation(
                "counts on the other side",
                OPEN,
                "totals.write_row.eq(Mux(grants, row(grant), waiting))",
                "totals.write_row.eq(Mux(grants, row(grant) ^ 1, waiting))",
            ),
            Mutation("loses an answer's total that waits for a grant", OPEN, "~grants | (waiting == row(grant))", "1"),
            Mutation("shows what was there before an answer", OPEN, "Mux(waits & (waiting == asked),", "Mux(0,"),
            Mutation(
                "writes an answer's total over a later grant", OPEN, "~grants | (waiting == row(grant))", "~grants"
            ),
            Mutation("knows what was before a reset", NUMBERS, "with m.If(written.bit", "with m.If(1 | written.bit"),
            Mutation("forgets that an order is unsent", POSITIONS, "self.unsent.eq(1)", "self.unsent.eq(0)"),
            Mutation(
                "sells into the position",
                POSITIONS,
                "Mux(answer.side == Side.SELL, -answer.shares, answer.shares)",
                "answer.shares",
            ),
        ),
    ),
    Proof(
        "exit",
        "exit_properties",
        "ExitProperties",
        2,
        (
            Mutation(
                "enters an exit again while one lives",
                EXIT,
                "Mux(row.live, TakerState.STOP_WANTED, TakerState.EXIT_WANTED)",
                "TakerState.EXIT_WANTED",
            ),
            Mutation(
                "enters the stop beside the profit",
                EXIT,
                "intent.kind.eq(Mux(moves, OrderIntentKind.REPLACE,",
                "intent.kind.eq(Mux(0, OrderIntentKind.REPLACE,",
            ),
            Mutation(
                "forgets what dead chains closed",
                EXIT,
                "m.d.comb += [writes.closed.eq(1), following.live.eq(0)]",
                "m.d.comb += following.live.eq(0)",
            ),
            Mutation(
                "asks for what is open alone",
                EXIT,
                "rest.eq(row.filled - row.closed)",
                "rest.eq(row.filled - row.closed - row.chain_executed)",
            ),
            Mutation(
                "forgets what was flattened",
                EXIT,
                "m.d.comb += self.writes.closed.eq(1)\n",
                "m.d.comb += self.writes.closed.eq(0)\n",
            ),
            Mutation(
                "closes on the side of the entry",
                EXIT,
                "intent.side.eq(Mux(long, Side.SELL, Side.BUY))",
                "intent.side.eq(row.side)",
            ),
            Mutation("does not notice that it lives", EXIT, "following.live.eq(1)", "following.live.eq(0)"),
        ),
    ),
    Proof(
        "way",
        "way_properties",
        "WayProperties",
        1,
        (
            Mutation(
                "lets an order keep a cancel waiting",
                INTENTS,
                "self.first.valid & (_cancels(self.first) | ~_cancels(self.second))",
                "self.first.valid",
            ),
            Mutation(
                "takes two at once",
                INTENTS,
                "self.second.ready.eq(self.outgoing.ready & ~first)",
                "self.second.ready.eq(self.outgoing.ready)",
            ),
        ),
    ),
    Proof(
        "host",
        "host_properties",
        "HostProperties",
        2,
        (
            Mutation("does not wait for deaths", HOST, "& ~(flattens & may_fill)", ""),
            Mutation("does not wait for what is on its way", HOST, "clear.eq(self.way_free & self", "clear.eq(self"),
            Mutation(
                "sizes by what is shown of another slot", HOST, "self.way_free & self.held_ready &", "self.way_free &"
            ),
            Mutation("flattens more than is held", HOST, "Mux(size < most, size, most)", "most"),
            Mutation("flattens the wrong way", HOST, "Mux(held < 0, Side.BUY, Side.SELL)", "order.side"),
            Mutation(
                "does not claim its slot",
                HOST,
                "(self.step != HostStep.IDLE) & (order.slot == i)",
                "(self.step == HostStep.WORKING) & (order.slot == i)",
            ),
            Mutation("lets the host quote", HOST, "self.order.role == Role.ENTRY", "self.order.role != Role.FLATTEN"),
        ),
    ),
    Proof(
        "fills",
        "fill_properties",
        "FillProperties",
        6,
        (
            Mutation(
                "tells a fill twice",
                ROWS,
                "self.answers.valid.eq(writing & (",
                "self.answers.valid.eq((writing | (step == _Step.PICK)) & (",
            ),
            Mutation("loses what no order explains", CHANGE, "((taken == OrderAnswerKind.NONE) & ~idle) | odd", "odd"),
            Mutation(
                "tells what was open for what was filled",
                CHANGE,
                f"answer.shares.eq(said.shares){_AND_PRICE}",
                f"answer.shares.eq(state.open){_AND_PRICE}",
            ),
            Mutation(
                "forgets what a dead order filled",
                CHANGE,
                "m.d.comb += [taken.eq(OrderAnswerKind.EXECUTED), odd.eq(1)]",
                "m.d.comb += odd.eq(1)",
            ),
            Mutation(
                "takes an answer with a command",
                ROWS,
                "self.exchange.ready.eq(~self.commands.valid)",
                "self.exchange.ready.eq(1)",
            ),
        ),
    ),
    Proof(
        "chain",
        "chain_properties",
        "ChainProperties",
        2,
        (
            Mutation(
                "counts a self-match as a fill",
                CHANGE,
                _SELF_MATCH,
                _SELF_MATCH.replace("out.decremented.eq", "new.executed.eq"),
            ),
            Mutation("forgets a self-match", CHANGE, _SELF_MATCH, "out.decremented.eq(seen.decremented),\n"),
            Mutation("books what is of no row on one", CHANGE, "                answer.order.eq(NO_ROW),\n", ""),
            Mutation("tells a strategy what is of no row", CHANGE, "                answer.module.eq(Who.HOST),\n", ""),
        ),
    ),
    Proof(
        "locks",
        "lock_properties",
        "LockProperties",
        2,
        (
            Mutation(
                "takes ceilings while armed",
                BANK,
                "port.en.eq(taken & hit.any())",
                "port.en.eq(write & hit.any())",
            ),
            Mutation(
                "takes fees while armed",
                BANK,
                "                    with m.If(taken & hit[index]):\n",
                "                    with m.If(write & hit[index]):\n",
            ),
            Mutation("forgets which registers lock", BANK, "self.armed & int(register.locked)", "0"),
        ),
    ),
    Proof(
        "readback",
        "readback_properties",
        "ReadbackProperties",
        2,
        (
            Mutation(
                "reads a refused write back", BANK, "rewritten.append(Mux(taken,", "rewritten.append(Mux(hit_write,"
            ),
            Mutation("keeps what was read back before a reset", READBACK, "reset_less=row.lasts", "reset_less=True"),
            Mutation("forgets what lasts", READBACK, "reset_less=row.lasts", "reset_less=False"),
            Mutation("reads back without a mask", READBACK, "read.data & masks.data", "read.data"),
            Mutation(
                "reads back the row before", READBACK, "write.addr.eq(Cat(row, 1))", "write.addr.eq(Cat(row - 1, 1))"
            ),
        ),
    ),
    Proof(
        "counters",
        "counter_properties",
        "CounterProperties",
        4,
        (
            Mutation("counters wrap", COUNTERS, "Mux(total[self._width :].any(), ~0, total)", "total"),
            Mutation("loses what comes at a turn", COUNTERS, "Mux(taken, increment, pending", "Mux(taken, 0, pending"),
            Mutation("counts twice", COUNTERS, "Mux(taken, increment, pending + increment)", "pending + increment"),
            Mutation("takes a turn for a look", COUNTERS, "taking.eq(~self.look)", "taking.eq(1)"),
            Mutation("reads beside a write", COUNTERS, "Mux(same, self.total, read.data)", "read.data"),
            Mutation("reads what is being written", COUNTERS, "read_port(transparent_for=(write,))", "read_port()"),
            Mutation("keeps what was before a reset", COUNTERS, "Mux(fresh, 0, ", "Mux(0, 0, "),
            Mutation("starts afresh at every turn", COUNTERS, "self.first & (row >= self.turn)", "row >= self.turn"),
            Mutation("forgets that looks take turns", COUNTERS, "-(-cycles // LOOK_DISTANCE)", "0"),
        ),
    ),
    Proof(
        "records",
        "record_properties",
        "RecordProperties",
        2,
        (
            Mutation(
                "says a word that the type does not have",
                STATE_RECORDS,
                "self.heartbeat.payload.word2.eq(",
                "self.heartbeat.payload.word3.eq(",
            ),
            Mutation(
                "says more than the field has",
                ORDER_RECORDS,
                "record.word4.eq(_flags(sent, sent.immediate, sent.short))",
                "record.word4.eq(sent.shares)",
            ),
            Mutation(
                "says a type that it was not declared with",
                SAMPLER,
                "record.type.eq(RecordType.TRADE_PRINT)",
                "record.type.eq(RecordType.MARKET)",
            ),
            Mutation(
                "says a word that another type of it has",
                SAMPLER,
                "record.word4.eq(Mux(tells_top, flags, 0))",
                "record.word4.eq(flags)",
            ),
            Mutation(
                "speaks of a slot where there is none",
                STATE_RECORDS,
                "if port not in (self.symbol_state, self.stale, self.trigger, self.alarm):",
                "if port not in (self.symbol_state, self.stale, self.trigger, self.alarm, self.armed):",
            ),
        ),
    ),
    *BOOK_PROOFS,
)
