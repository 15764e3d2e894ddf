"""The proofs of the order book, and for each the changes of the source that it must catch."""

from proof import Mutation, Proof

BOOK, TABLE, MEMORY = "hdl/book/book.py", "hdl/book/order_table.py", "hdl/book/row_memory.py"
LADDER, QUEUE = "hdl/book/ladder.py", "hdl/book/queue.py"

_APPLIED = "~step[1] & (event.kind != EventKind.NONE) & (event.kind != EventKind.REFRESH)"
_AFTER = "self.step[4] & same_slot & (self.reference == target_3)"

BOOK_PROOFS = (
    Proof(
        "book_pipeline",
        "book_pipeline_properties",
        "BookPipelineProperties",
        16,
        (
            Mutation("gives two views of an event", BOOK, "valid.eq(stage[5] &", "valid.eq(stage[4:6].any() &"),
            Mutation(
                "takes events in cycles on end",
                BOOK,
                "ready.eq(~(stage[0] & ~step[0] & ~(move[0] & alone[0])) & ",
                "ready.eq(",
            ),
            Mutation(
                "loses an event when the next one comes",
                BOOK,
                "gives_way.eq(Cat((taken & step[0]).replicate(2)",
                "gives_way.eq(Cat(taken.replicate(2)",
            ),
            Mutation("shows the event behind", BOOK, "depth.event.eq(third.event)", "depth.event.eq(second.event)"),
            Mutation("counts what is no message", BOOK, _APPLIED, "~step[1]"),
        ),
    ),
    Proof(
        "row",
        "row_properties",
        "RowProperties",
        2,
        (
            Mutation(
                "keeps a level of no shares",
                LADDER,
                "emptied.eq(takes & (found.old_shares == found.taken))",
                "emptied.eq(0)",
            ),
            Mutation("takes up what is beyond the bound", LADDER, "self.insert & found.within &", "self.insert &"),
            Mutation("keeps its bound when it spills", LADDER, "Mux(self.spilled, pushed - 1, row.bound)", "row.bound"),
            Mutation("believes it has what it pushed off", LADDER, "pushed - 1, row.bound", "pushed, row.bound"),
            Mutation("opens a second level at one price", LADDER, " & ~found.new.any())", ")"),
            Mutation(
                "loses the level it moves aside",
                LADDER,
                "found.key, worse[0], better[0], row",
                "found.key, worse[0], row.keys[i], row",
            ),
            Mutation(
                "moves levels up that lie behind the new one",
                LADDER,
                "up.eq(removed[i] & ~fresh_at[i + 1] & ~puts)",
                "up.eq(removed[i] & ~puts)",
            ),
            Mutation(
                "forgets what it took when it puts some there",
                LADDER,
                "Mux(self.reduce & at_one_price, found.put_less_taken, found.put)",
                "found.put",
            ),
        ),
    ),
    Proof(
        "row_memory",
        "row_memory_properties",
        "RowMemoryProperties",
        14,
        (
            Mutation("takes up a row before it is written", MEMORY, "with m.If(being_written & (", "with m.If(0 & ("),
            Mutation(
                "shows the rows of a slot that was cleared",
                MEMORY,
                "read_there = there.bit_select(rows.read_address, 1)",
                "read_there = there[0] | 1",
            ),
            Mutation(
                "shows the other side of a slot that is cleared",
                MEMORY,
                "with m.If(self.clear | ~read_there):",
                "with m.If(~read_there):",
            ),
            Mutation(
                "takes up a row of block RAM before it is written",
                MEMORY,
                "from_result.eq(being_written & (",
                "from_result.eq(0 & (",
            ),
            Mutation(
                "takes up a row of block RAM while it is written", MEMORY, "from_last.eq(kept & (", "from_last.eq(0 & ("
            ),
            Mutation(
                "empties one side of a slot that is cleared",
                MEMORY,
                "own_side = self.cleared | (",
                "own_side = (",
            ),
        ),
        bounded=True,
    ),
    Proof(
        "book_serial",
        "book_serial_properties",
        "BookSerialProperties",
        18,
        (
            Mutation(
                "forgets what the event before left of an order",
                TABLE,
                "self.step[4] & (self.reference == reference_3)",
                "0",
            ),
            Mutation("does not find the order added two cycles ago", TABLE, _AFTER, "0"),
            Mutation(
                "does not find the order added three cycles ago",
                TABLE,
                "self.insert & (self.slot == slot_5) & (self.reference == target_5)",
                "0",
            ),
            Mutation(
                "finds orders of a slot just cleared",
                TABLE,
                "after_clear.eq(self.clear & same_slot)",
                "after_clear.eq(0)",
            ),
            Mutation("adds an order twice", TABLE, "target_again.eq(self.step[4] & (", "target_again.eq(0 & ("),
            Mutation(
                "writes over the order just added",
                TABLE,
                "free.eq(~self.live & ~(fills & same_rows))",
                "free.eq(~self.live)",
            ),
        ),
        bounded=True,
    ),
    Proof(
        "queue",
        "queue_properties",
        "QueueProperties",
        10,
        (
            Mutation("loses an event without a word", QUEUE, "overflow.eq(fifo.w_en & ~fifo.w_rdy)", "overflow.eq(0)"),
            Mutation(
                "gives an event twice",
                QUEUE,
                "w_en.eq((self.incoming.valid & ~passes) |",
                "w_en.eq(self.incoming.valid |",
            ),
            Mutation(
                "takes another's event in the feed's cycle", QUEUE, "ready.eq(~self.incoming.valid & (", "ready.eq(("
            ),
            Mutation("fills up with another's events", QUEUE, "level < self._depth // 2", "level < self._depth"),
            Mutation("lets an event overtake", QUEUE, "empty.eq(fifo.level == 0)", "empty.eq(~fifo.r_rdy)"),
            Mutation("makes an event wait for none", QUEUE, "fifo.r_rdy | (empty & self.incoming.valid)", "fifo.r_rdy"),
        ),
        bounded=True,
    ),
)
