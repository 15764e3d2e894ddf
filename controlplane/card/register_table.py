# fmt: off
# ruff: noqa: E501
"""The registers of the card. Made from hdl/regs/card.rdl by scripts/generate.py: `make generate` writes it anew."""

from dataclasses import dataclass

__all__ = ["ABI_VERSION", "MAGIC", "REGISTERS", "SLOT_BASE", "SLOT_STRIDE", "FieldRow", "RegisterRow"]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field: lowest bit, bits, two's complement or not, unit, and what software may do with it."""

    name: str
    low: int
    width: int
    signed: bool
    unit: str
    readable: bool
    writable: bool
    pulse: bool
    disarmed: bool
    description: str


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One register or array. ``count`` is 0 for one a slot: the card's identity.sizes.slots says how many."""

    name: str
    address: int
    stride: int
    count: int
    readable: bool
    writable: bool
    locked: bool
    epoch: bool
    memory: bool
    counter: bool
    reset: int
    fields: tuple[FieldRow, ...]
    description: str


MAGIC = 0x524957594e4e4550
ABI_VERSION = 8
SLOT_BASE = 0x1000
SLOT_STRIDE = 0x200

REGISTERS: tuple[RegisterRow, ...] = (
    RegisterRow("identity.magic", 0x0000, 0x0, 1, True, False, False, False, False, False, 0x524957594e4e4550, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "The letters PENNYWIR, first in the lowest byte."),
    RegisterRow("identity.abi", 0x0008, 0x0, 1, True, False, False, False, False, False, 0x8, (
        FieldRow("version", 0, 32, False, "", True, False, False, False, ""),
    ), "Version of this register map and of the event records."),
    RegisterRow("identity.config_name_lo", 0x0010, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "Name of the configuration, characters 0 to 7, first in the lowest byte."),
    RegisterRow("identity.config_name_hi", 0x0018, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "Name of the configuration, characters 8 to 15."),
    RegisterRow("identity.git_hash", 0x0020, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "First 8 bytes of the commit the gateware was built from, most significant first; zero if unknown."),
    RegisterRow("identity.sizes", 0x0028, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("slots", 0, 8, False, "", True, False, False, False, "Symbols followed at once."),
        FieldRow("width", 8, 8, False, "", True, False, False, False, "Bytes of a feed beat."),
        FieldRow("row_levels", 16, 16, False, "", True, False, False, False, "Price levels a side kept sorted."),
        FieldRow("own_orders", 32, 8, False, "", True, False, False, False, "Own orders alive at once."),
        FieldRow("table_orders", 40, 24, False, "", True, False, False, False, "Live orders of the market."),
    ), "Sizes."),
    RegisterRow("identity.clock", 0x0030, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("period", 0, 32, False, "ps", True, False, False, False, ""),
    ), "Clock."),
    RegisterRow("identity.flags", 0x0038, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("soft", 0, 1, False, "", True, False, False, False, "A soft card: time is granted by whoever plays the session, and heartbeats follow its marks."),
        FieldRow("two_lines", 1, 1, False, "", True, False, False, False, "Line B of the feed can be heard and joined. Where it cannot, feed.arbitration.two_lines stays 0."),
        FieldRow("market_maker", 2, 1, False, "", True, False, False, False, "The market maker is built. Where it is not, modules.maker.enable stays 0."),
        FieldRow("trades", 3, 1, False, "", True, False, False, False, "Orders can be sent. A card that cannot hears and shows: it is never armed, modules.taker.enable and orders.session.up stay 0, and so do all that tells of orders."),
    ), "Capabilities."),
    RegisterRow("control.command", 0x0100, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("arm", 0, 1, False, "", False, True, True, False, "Arm: takes effect only if not killed, the lease runs and the order session is up."),
        FieldRow("disarm", 1, 1, False, "", False, True, True, False, "Disarm: no new order; the maker's quotes are pulled, other open orders are left as they are."),
        FieldRow("kill", 2, 1, False, "", False, True, True, False, "Kill: no new order from the next cycle on, and one Cancel for every open order."),
        FieldRow("release", 3, 1, False, "", False, True, True, False, "Release the kill. The card stays disarmed."),
    ), "Commands; each bit is a pulse."),
    RegisterRow("control.status", 0x0108, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("armed", 0, 1, False, "", True, False, False, False, ""),
        FieldRow("killed", 1, 1, False, "", True, False, False, False, ""),
        FieldRow("lease_alive", 2, 1, False, "", True, False, False, False, "The heartbeat lease has not run out."),
        FieldRow("session_up", 3, 1, False, "", True, False, False, False, "The order session is up."),
        FieldRow("market_open", 4, 1, False, "", True, False, False, False, "System Event Q was seen, M not yet."),
        FieldRow("kill_cause", 8, 8, False, "", True, False, False, False, "Why it was killed last, as in the KILL record."),
    ), "State."),
    RegisterRow("control.lease", 0x0110, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("until", 0, 64, False, "cycles", True, True, False, False, ""),
    ), "The host vouches for the card up to this card time. Running out while armed is a kill."),
    RegisterRow("control.time", 0x0118, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("now", 0, 64, False, "cycles", True, False, False, False, ""),
    ), "Card time."),
    RegisterRow("control.mark", 0x0120, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("token", 0, 32, False, "", False, True, False, False, ""),
    ), "Writing sends a HEARTBEAT record with this token."),
    RegisterRow("control.config_epoch", 0x0128, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "Raised by every accepted configuration write."),
    RegisterRow("control.locked_writes", 0x0130, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Writes that were dropped because the card was armed."),
    RegisterRow("control.hostlink_errors", 0x0138, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Requests on the host link that made no sense."),
    RegisterRow("feed.destination", 0x0200, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
        FieldRow("port", 32, 16, False, "", True, True, False, False, ""),
    ), "Frames for another address are ignored. 0 hears every address, and none on a card that has one itself (network.own_ip)."),
    RegisterRow("feed.checks", 0x0208, 0x0, 1, True, True, True, True, False, False, 0x1, (
        FieldRow("ip_checksum", 0, 1, False, "", True, True, False, False, "Drop frames whose IPv4 header checksum is wrong."),
    ), "Checks."),
    RegisterRow("feed.command", 0x0210, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("join", 0, 1, False, "", False, True, True, True, "Join a day that has begun: the next packet's session and sequence are taken as they come, and the market counts as open."),
    ), "Commands; each bit is a pulse."),
    RegisterRow("feed.session_lo", 0x0218, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "MoldUDP64 session, characters 0 to 7, first in the lowest byte."),
    RegisterRow("feed.session_hi", 0x0220, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 16, False, "", True, False, False, False, ""),
        FieldRow("epoch", 32, 16, False, "", True, False, False, False, ""),
    ), "MoldUDP64 session, characters 8 and 9; number of session changes."),
    RegisterRow("feed.next_sequence", 0x0228, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "Sequence number expected next."),
    RegisterRow("feed.frames", 0x0230, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames received."),
    RegisterRow("feed.frames_ignored", 0x0238, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames for others, or of other protocols."),
    RegisterRow("feed.frames_bad", 0x0240, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames with an error, a lying length or a wrong checksum."),
    RegisterRow("feed.packets", 0x0248, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "MoldUDP64 packets."),
    RegisterRow("feed.messages", 0x0250, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of known type and right size."),
    RegisterRow("feed.unknown_types", 0x0258, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of unknown type, skipped by length."),
    RegisterRow("feed.wrong_sizes", 0x0260, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages whose length is not that of their type, or that run past their frame."),
    RegisterRow("feed.gaps", 0x0268, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Jumps of the sequence number."),
    RegisterRow("feed.duplicates", 0x0270, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages heard before, skipped."),
    RegisterRow("feed.tracked", 0x0278, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of tracked symbols."),
    RegisterRow("feed.destination_b", 0x0280, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
        FieldRow("port", 32, 16, False, "", True, True, False, False, ""),
    ), "Frames of line B for another address are ignored. 0 hears every address."),
    RegisterRow("feed.arbitration", 0x0288, 0x0, 1, True, True, True, True, False, False, 0x3d0900000000, (
        FieldRow("two_lines", 0, 1, False, "", True, True, False, False, "Hear line B and join it with line A. Off, a gap of line A is declared at once. Stays 0 on a card of one line (identity.flags)."),
        FieldRow("reorder", 8, 8, False, "messages", True, True, False, False, "How far ahead of a missing message a line must be to have passed it."),
        FieldRow("timeout", 32, 32, False, "cycles", True, True, False, False, "Longest wait for a missing message."),
    ), "How two lines are joined."),
    RegisterRow("feed.b_frames", 0x0290, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Line B: frames received."),
    RegisterRow("feed.b_frames_ignored", 0x0298, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Line B: frames for others, or of other protocols."),
    RegisterRow("feed.b_frames_bad", 0x02a0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Line B: frames with an error, a lying length or a wrong checksum."),
    RegisterRow("feed.b_packets", 0x02a8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Line B: MoldUDP64 packets."),
    RegisterRow("feed.b_wrong_sizes", 0x02b0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Line B: messages that run past their frame, or lie whole in a beat."),
    RegisterRow("feed.a_first", 0x02b8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages whose first copy came on line A."),
    RegisterRow("feed.b_first", 0x02c0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages whose first copy came on line B."),
    RegisterRow("feed.a_skipped", 0x02c8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages that line A jumped over."),
    RegisterRow("feed.b_skipped", 0x02d0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages that line B jumped over."),
    RegisterRow("feed.a_overflows", 0x02d8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: beats of line A lost because its queue was full."),
    RegisterRow("feed.b_overflows", 0x02e0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: beats of line B lost because its queue was full."),
    RegisterRow("feed.foreign", 0x02e8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages of a session that is not followed."),
    RegisterRow("feed.divergences", 0x02f0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: messages of one number whose bytes differ between the lines. Every symbol goes stale."),
    RegisterRow("feed.given_up", 0x02f8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Joined: gaps declared because the wait for a message was over, or because more came than can wait."),
    RegisterRow("book.live_orders", 0x0300, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Live orders in the table."),
    RegisterRow("book.unknown_references", 0x0308, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages about orders that are not in the table, ignored."),
    RegisterRow("book.duplicate_references", 0x0310, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Adds of a reference that is in the table already, ignored."),
    RegisterRow("book.zero_adds", 0x0318, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Adds of zero shares or zero price, ignored."),
    RegisterRow("book.over_executions", 0x0320, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Executions and cancels of more shares than the order had: the order is removed."),
    RegisterRow("book.table_overflows", 0x0328, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Orders that the table could not hold: their symbol went stale."),
    RegisterRow("book.queue_overflows", 0x0330, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Events lost because the queue before the book was full: every symbol went stale."),
    RegisterRow("book.levels_spilled", 0x0338, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Levels pushed off the end of a sorted row."),
    RegisterRow("book.refills", 0x0340, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Rows filled again from the order table."),
    RegisterRow("book.queue_max", 0x0348, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 16, False, "", True, False, False, False, ""),
    ), "Largest number of events ever waiting before the book."),
    RegisterRow("book.events", 0x0350, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Market events applied."),
    RegisterRow("book.healed", 0x0358, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Symbols that were stale because the table was full, and are whole again because the orders that did not fit are gone."),
    RegisterRow("orders.user_ref", 0x0400, 0x0, 1, True, True, True, False, False, False, 0x1, (
        FieldRow("next", 0, 32, False, "", True, True, False, False, ""),
    ), "Next user reference number; it must be above every number used today."),
    RegisterRow("orders.account", 0x0408, 0x0, 1, True, True, True, False, False, False, 0x50, (
        FieldRow("capacity", 0, 8, False, "", True, True, False, False, "OUCH capacity letter."),
    ), "Account."),
    RegisterRow("orders.session", 0x0410, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("up", 0, 1, False, "", True, True, False, False, ""),
    ), "The host says whether the order session is up. Down stops trading."),
    RegisterRow("orders.open_orders", 0x0418, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("count", 0, 8, False, "", True, False, False, False, ""),
    ), "Own orders that may still fill."),
    RegisterRow("orders.entered", 0x0420, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Enter Order sent."),
    RegisterRow("orders.replaced", 0x0428, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Replace sent."),
    RegisterRow("orders.canceled", 0x0430, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Cancel sent."),
    RegisterRow("orders.answers", 0x0438, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages from the exchange."),
    RegisterRow("orders.impossible_answers", 0x0440, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages from the exchange that no order of ours explains: each stops its symbol, or kills where none can be told."),
    RegisterRow("orders.unknown_answers", 0x0448, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages from the exchange that cannot be read: each kills, for it may have been a fill."),
    RegisterRow("orders.executions", 0x0450, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Executions."),
    RegisterRow("orders.rejects", 0x0458, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Rejects."),
    RegisterRow("orders.modified", 0x0460, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Modify sent."),
    RegisterRow("orders.self_matched", 0x0468, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Orders that self-match prevention took shares from."),
    RegisterRow("orders.cancels_refused", 0x0470, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Cancels that the exchange refused."),
    RegisterRow("risk.fee_remove", 0x0500, 0x0, 1, True, True, True, False, False, False, 0x0, (
        FieldRow("value", 0, 32, True, "1/1,000,000 dollar per share", True, True, False, False, ""),
    ), "Fee for a share that removes liquidity; negative is a rebate."),
    RegisterRow("risk.fee_add", 0x0508, 0x0, 1, True, True, True, False, False, False, 0x0, (
        FieldRow("value", 0, 32, True, "1/1,000,000 dollar per share", True, True, False, False, ""),
    ), "Fee for a share that adds liquidity; negative is a rebate."),
    RegisterRow("risk.commission", 0x0510, 0x0, 1, True, True, True, False, False, False, 0x0, (
        FieldRow("value", 0, 32, True, "1/1,000,000 dollar per share", True, True, False, False, ""),
    ), "Commission a share."),
    RegisterRow("risk.on_stale", 0x0518, 0x0, 1, True, True, True, False, False, False, 0x0, (
        FieldRow("cancel_exit", 0, 1, False, "", True, True, False, False, "1: cancel it; 0: leave it at the exchange."),
    ), "What becomes of a resting exit when the book goes stale or the lease runs out."),
    RegisterRow("risk.refused[]", 0x0580, 0x8, 16, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Refusals, by the number of the refusal."),
    RegisterRow("telemetry.sequence", 0x0600, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "Number of the last record."),
    RegisterRow("telemetry.dropped", 0x0608, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Records lost because the queue was full; their sequence numbers are missing."),
    RegisterRow("telemetry.depth_interval", 0x0610, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("cycles", 0, 40, False, "cycles", True, True, False, False, ""),
    ), "Least card time between two DEPTH records of a slot; 0: none but at triggers."),
    RegisterRow("telemetry.enable", 0x0618, 0x0, 1, True, True, False, False, False, False, 0x1, (
        FieldRow("trades", 0, 1, False, "", True, True, False, False, "TRADE_PRINT."),
    ), "Which records are sent."),
    RegisterRow("statistics.select", 0x0680, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("slot", 0, 8, False, "", False, True, False, False, ""),
    ), "Writing shows this slot, as of now."),
    RegisterRow("statistics.shown", 0x0688, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("slot", 0, 8, False, "", True, False, False, False, ""),
    ), "Slot that is shown."),
    RegisterRow("statistics.volume", 0x0690, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("shares", 0, 64, False, "shares", True, False, False, False, ""),
    ), "Shares executed, in crosses too; broken trades are not taken off."),
    RegisterRow("statistics.last", 0x0698, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("price", 0, 32, False, "1/10,000 dollar", True, False, False, False, ""),
        FieldRow("shares", 32, 32, False, "shares", True, False, False, False, ""),
    ), "Last trade."),
    RegisterRow("statistics.last_time", 0x06a0, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 48, False, "ns", True, False, False, False, ""),
    ), "Exchange time of the last trade, since midnight."),
    RegisterRow("statistics.continuous", 0x06a8, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("cycles", 0, 64, False, "cycles", True, False, False, False, ""),
    ), "Time in continuous trading: bound, whole, not halted, opened, market open."),
    RegisterRow("statistics.one_tick", 0x06b0, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("cycles", 0, 64, False, "cycles", True, False, False, False, ""),
    ), "Of that, with best bid and offer one tick apart."),
    RegisterRow("modules.taker", 0x0700, 0x0, 1, True, True, False, True, False, False, 0x0, (
        FieldRow("enable", 0, 1, False, "", True, True, False, False, ""),
    ), "Imbalance taker."),
    RegisterRow("modules.maker", 0x0708, 0x0, 1, True, True, False, True, False, False, 0x0, (
        FieldRow("enable", 0, 1, False, "", True, True, False, False, "Stays 0 on a card that is built without it (identity.flags)."),
    ), "Market maker."),
    RegisterRow("phy.status", 0x0780, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("ready", 0, 1, False, "", True, False, False, False, "It is out of reset."),
        FieldRow("answered", 1, 1, False, "", True, False, False, False, "It answers on its management bus."),
        FieldRow("link", 2, 1, False, "", True, False, False, False, "Link, by the management bus."),
        FieldRow("band_link", 3, 1, False, "", True, False, False, False, "Link, as the PHY says between frames (RGMII in-band status)."),
        FieldRow("speed", 4, 2, False, "", True, False, False, False, "The same for the speed: 0, 1, 2 for 10, 100, 1,000 Mb/s. Only 2 carries frames."),
        FieldRow("full_duplex", 6, 1, False, "", True, False, False, False, "The same for duplex."),
    ), "The PHY."),
    RegisterRow("phy.identifier", 0x0788, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "Who the PHY says that it is: its registers 2 (upper half) and 3."),
    RegisterRow("phy.good", 0x0790, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames received with nothing wrong."),
    RegisterRow("phy.bad_fcs", 0x0798, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames with a wrong check sequence."),
    RegisterRow("phy.runt", 0x07a0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames of less than 64 bytes."),
    RegisterRow("phy.giant", 0x07a8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames of more than 1,522 bytes, cut off there."),
    RegisterRow("phy.broken", 0x07b0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames in which the PHY reported an error."),
    RegisterRow("phy.no_preamble", 0x07b8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "What began like no frame."),
    RegisterRow("phy.overflow", 0x07c0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames hurt or lost because the crossing to the card's clock was full."),
    RegisterRow("phy.sent", 0x07c8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames sent."),
    RegisterRow("phy.spoiled", 0x07d0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames ended with an error because a byte was missing."),
    RegisterRow("phy.link_losses", 0x07d8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Times that a link was lost, by the management bus."),
    RegisterRow("phy_b.status", 0x0800, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("ready", 0, 1, False, "", True, False, False, False, "It is out of reset."),
        FieldRow("answered", 1, 1, False, "", True, False, False, False, "It answers on its management bus."),
        FieldRow("link", 2, 1, False, "", True, False, False, False, "Link, by the management bus."),
        FieldRow("band_link", 3, 1, False, "", True, False, False, False, "Link, as the PHY says between frames (RGMII in-band status)."),
        FieldRow("speed", 4, 2, False, "", True, False, False, False, "The same for the speed: 0, 1, 2 for 10, 100, 1,000 Mb/s. Only 2 carries frames."),
        FieldRow("full_duplex", 6, 1, False, "", True, False, False, False, "The same for duplex."),
    ), "The PHY."),
    RegisterRow("phy_b.identifier", 0x0808, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "Who the PHY says that it is: its registers 2 (upper half) and 3."),
    RegisterRow("phy_b.good", 0x0810, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames received with nothing wrong."),
    RegisterRow("phy_b.bad_fcs", 0x0818, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames with a wrong check sequence."),
    RegisterRow("phy_b.runt", 0x0820, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames of less than 64 bytes."),
    RegisterRow("phy_b.giant", 0x0828, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames of more than 1,522 bytes, cut off there."),
    RegisterRow("phy_b.broken", 0x0830, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames in which the PHY reported an error."),
    RegisterRow("phy_b.no_preamble", 0x0838, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "What began like no frame."),
    RegisterRow("phy_b.overflow", 0x0840, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames hurt or lost because the crossing to the card's clock was full."),
    RegisterRow("phy_b.sent", 0x0848, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames sent."),
    RegisterRow("phy_b.spoiled", 0x0850, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames ended with an error because a byte was missing."),
    RegisterRow("phy_b.link_losses", 0x0858, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Times that a link was lost, by the management bus."),
    RegisterRow("requests.own_mac", 0x0880, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("value", 0, 48, False, "", True, True, False, False, ""),
    ), "Ethernet address that requests come from. 0: the card's own, network.own_mac."),
    RegisterRow("requests.own", 0x0888, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
        FieldRow("port", 32, 16, False, "", True, True, False, False, ""),
    ), "IPv4 address and port that requests come from and answers go to; heard on the station's port (decision 0051). 0: nothing is asked for."),
    RegisterRow("requests.server_mac", 0x0890, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("value", 0, 48, False, "", True, True, False, False, ""),
    ), "Ethernet address that requests go to: the server's, or the router's. 0: ARP finds it, and until it has, nothing is asked for."),
    RegisterRow("requests.server", 0x0898, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
        FieldRow("port", 32, 16, False, "", True, True, False, False, ""),
    ), "IPv4 address and port of the re-request server. 0: nothing is asked for."),
    RegisterRow("requests.pacing", 0x08a0, 0x0, 1, True, True, True, True, False, False, 0x50002625a, (
        FieldRow("timeout", 0, 32, False, "cycles", True, True, False, False, "Wait for the first answer; twice as long for each one after it."),
        FieldRow("tries", 32, 8, False, "", True, True, False, False, "Requests in a row that may bring nothing before the gap is given up."),
    ), "How long an answer is waited for."),
    RegisterRow("requests.status", 0x08a8, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("recovering", 0, 1, False, "", True, False, False, False, "A gap is open: every slot is stale."),
    ), "State."),
    RegisterRow("requests.next_missing", 0x08b0, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "While a gap is open: the lowest sequence number missing."),
    RegisterRow("requests.requests_sent", 0x08b8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Requests sent."),
    RegisterRow("requests.recovered", 0x08c0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages that came as answers and were put in their place."),
    RegisterRow("requests.gaps_filled", 0x08c8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Gaps filled: all has come, and the books are whole again."),
    RegisterRow("requests.gaps_lost", 0x08d0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Gaps lost: no answer after the last try, or a damaged frame whose messages had gone on."),
    RegisterRow("requests.not_held", 0x08d8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of the feed that did not fit the window while a gap was open; they are asked for in their turn."),
    RegisterRow("requests.answers_useless", 0x08e0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Answers' messages of no use: known, beyond the window, or of another session."),
    RegisterRow("limits.order_rate", 0x0900, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("burst", 0, 16, False, "", True, True, False, False, "Tokens the bucket holds."),
        FieldRow("interval", 24, 40, False, "cycles", True, True, False, False, "Time after which one more token is there."),
    ), "Orders in a stretch of time: a bucket of tokens. Every ENTER and REPLACE takes one."),
    RegisterRow("limits.open_orders", 0x0908, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("count", 0, 8, False, "", True, True, False, False, ""),
    ), "Own orders open at once."),
    RegisterRow("limits.gross", 0x0910, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("shares", 0, 40, False, "shares", True, True, False, False, ""),
    ), "All slots together: position and everything that could still fill, each slot in its worse direction."),
    RegisterRow("limits.daily_loss", 0x0918, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("value", 0, 63, False, "1/1,000,000 dollar", True, True, False, False, ""),
    ), "Most that may be lost, realised and unrealised, since the card was reset. Once reached it stays reached until the card is disarmed."),
    RegisterRow("limits.result", 0x0920, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, True, "1/1,000,000 dollar", True, False, False, False, ""),
    ), "Result: cash of all slots, and positions at the price at which they could be closed."),
    RegisterRow("limits.refused[]", 0x0980, 0x8, 16, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Refusals, by the number of the refusal less 16; risk.refused has the others."),
    RegisterRow("market_maker.entered", 0x0a00, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Quotes entered."),
    RegisterRow("market_maker.moved", 0x0a08, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Quotes moved by Replace."),
    RegisterRow("market_maker.pulled", 0x0a10, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Cancels of quotes; those of a kill are not among them."),
    RegisterRow("market_maker.post_only_refused", 0x0a18, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Quotes that the exchange refused to post."),
    RegisterRow("account.command", 0x0b00, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("query", 0, 1, False, "", False, True, True, False, "Send an Account Query, whatever orders.session says. Its answer raises orders.user_ref to the number that the exchange would take next; it never lowers it."),
    ), "Commands; each bit is a pulse."),
    RegisterRow("account.status", 0x0b08, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("pending", 0, 1, False, "", True, False, False, False, "A query was asked for, and no answer has come since."),
        FieldRow("day_over", 1, 1, False, "", True, False, False, False, "System Event E was heard: the session is over for orders, until S or until the host says that it is down."),
    ), "State."),
    RegisterRow("account.next", 0x0b10, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "Next user reference number, as the last answer to a query has it; 0 before the first."),
    RegisterRow("account.answers", 0x0b18, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Answers to queries."),
    RegisterRow("relay.carrier", 0x0c00, 0x0, 1, True, True, True, False, False, False, 0x0, (
        FieldRow("host", 0, 1, False, "", True, True, False, False, "1: the host's relay; the session is up while the relay and orders.session say so. 0: the card's port for it, which a player uses."),
    ), "Who carries the order session."),
    RegisterRow("relay.silence", 0x0c08, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("cycles", 0, 48, False, "cycles", True, True, False, False, ""),
    ), "A relay that has been silent for longer has lost the order session: it is down. 0: no limit."),
    RegisterRow("relay.session_lo", 0x0c10, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, True, False, False, ""),
    ), "Name of the exchange's session that message numbers are of, kept for whoever relays next: characters 0 to 7, first in the lowest byte."),
    RegisterRow("relay.session_hi", 0x0c18, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("value", 0, 16, False, "", True, True, False, False, ""),
    ), "Name of the exchange's session, characters 8 and 9."),
    RegisterRow("relay.never_received", 0x0c20, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, True, False, False, ""),
    ), "The exchange never received a number from this on: orders and Replaces that wait for an answer under one count as rejected. Nothing happens while the order session is up."),
    RegisterRow("relay.status", 0x0c28, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("opened", 0, 1, False, "", True, False, False, False, "A relay holds the order session."),
        FieldRow("up", 1, 1, False, "", True, False, False, False, "It says that the session is up."),
        FieldRow("taking_back", 2, 1, False, "", True, False, False, False, "never_received is at work."),
    ), "State."),
    RegisterRow("relay.owner", 0x0c30, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("token", 0, 64, False, "", True, False, False, False, ""),
    ), "Token of the relay that opened the session last."),
    RegisterRow("relay.wanted", 0x0c38, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "Number of the exchange's message that is wanted next; 0 before a relay has said where to begin."),
    RegisterRow("relay.messages", 0x0c40, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("next", 0, 32, False, "", True, False, False, False, "Number of the next."),
        FieldRow("taken", 32, 32, False, "", True, False, False, False, "Number of the oldest that no relay has taken."),
    ), "Messages of the card."),
    RegisterRow("relay.heard", 0x0c48, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Requests of the owner."),
    RegisterRow("relay.late", 0x0c50, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Requests of the owner that came late or twice: dropped."),
    RegisterRow("relay.refused", 0x0c58, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Requests of somebody else: refused."),
    RegisterRow("relay.bad", 0x0c60, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Datagrams that made no sense."),
    RegisterRow("relay.repeated", 0x0c68, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of the exchange whose number was not the one wanted: not taken."),
    RegisterRow("relay.delivered", 0x0c70, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of the exchange that were taken."),
    RegisterRow("relay.resent", 0x0c78, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Messages of the card that were sent to a relay again."),
    RegisterRow("relay.vanished", 0x0c80, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Relays that lost the session by their silence."),
    RegisterRow("host_order.what", 0x0d00, 0x0, 1, True, True, False, False, False, False, 0x30000, (
        FieldRow("slot", 0, 8, False, "", True, True, False, False, "Slot."),
        FieldRow("side", 8, 1, False, "", True, True, False, False, "0: buy, 1: sell. A FLATTEN takes its side from the position."),
        FieldRow("role", 16, 2, False, "", True, True, False, False, "0: ENTRY; 3: FLATTEN, which cancels the symbol's own orders, waits until they are dead, and then does nothing but reduce the position. No other is sent."),
        FieldRow("shares", 32, 32, False, "shares", True, True, False, False, "Shares. Of a FLATTEN: at most so many; 0: all that is held."),
    ), "What is asked for."),
    RegisterRow("host_order.price", 0x0d08, 0x0, 1, True, True, False, False, False, False, 0x0, (
        FieldRow("limit", 0, 32, False, "1/10,000 dollar", True, True, False, False, ""),
    ), "Worst price at which it may fill."),
    RegisterRow("host_order.command", 0x0d10, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("go", 0, 1, False, "", False, True, True, False, "Take what is asked for and begin; ignored and counted while one is under way."),
        FieldRow("give_up", 1, 1, False, "", False, True, True, False, "Wait no longer. An order that has left stays with the exchange."),
    ), "Commands; each bit is a pulse."),
    RegisterRow("host_order.state", 0x0d18, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("step", 0, 8, False, "", True, False, False, False, "0: idle, 1: cancelling, 2: waiting for deaths, 3: at the gate, 4: at the exchange."),
        FieldRow("outcome", 8, 8, False, "", True, False, False, False, "How the last one ended. 0: not yet, 1: it is over, 2: refused, 3: rejected by the exchange, 4: nothing was held, 5: given up."),
        FieldRow("refusal", 16, 8, False, "", True, False, False, False, "Number of the refusal."),
        FieldRow("executed", 32, 32, False, "shares", True, False, False, False, "Shares executed."),
    ), "Where it stands."),
    RegisterRow("host_order.user_ref", 0x0d20, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 32, False, "", True, False, False, False, ""),
    ), "User reference number of the last one that left; 0: it has not left."),
    RegisterRow("host_order.not_taken", 0x0d28, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Commands to begin that were ignored."),
    RegisterRow("snapshot.command", 0x0e00, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("slot", 0, 8, False, "", False, True, False, False, "Slot that begin means."),
        FieldRow("begin", 8, 1, False, "", False, True, True, False, "Begin: empty the slot's book and keep its events. Refused while another slot is loading."),
        FieldRow("abort", 9, 1, False, "", False, True, True, False, "Give up the load that is running. The slot stays stale."),
    ), "Commands; each bit is a pulse."),
    RegisterRow("snapshot.reference", 0x0e08, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", False, True, False, False, ""),
    ), "Reference of the order that is written next."),
    RegisterRow("snapshot.bid", 0x0e10, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("price", 0, 32, False, "1/10,000 dollar", False, True, False, False, ""),
        FieldRow("shares", 32, 32, False, "shares", False, True, False, False, ""),
    ), "Writing brings a buy order."),
    RegisterRow("snapshot.ask", 0x0e18, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("price", 0, 32, False, "1/10,000 dollar", False, True, False, False, ""),
        FieldRow("shares", 32, 32, False, "shares", False, True, False, False, ""),
    ), "Writing brings a sell order."),
    RegisterRow("snapshot.sequence", 0x0e20, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", False, True, False, False, ""),
    ), "First sequence number that the snapshot does not know; before commit."),
    RegisterRow("snapshot.commit", 0x0e28, 0x0, 1, False, True, False, False, False, False, 0x0, (
        FieldRow("orders", 0, 32, False, "", False, True, False, False, "Orders it had: another number than came fails the load."),
        FieldRow("trading", 32, 1, False, "", False, True, False, False, "It has a Trading Action T; without one the symbol is halted."),
        FieldRow("operating", 33, 1, False, "", False, True, False, False, "It has no operational halt of this market."),
        FieldRow("unrestricted", 34, 1, False, "", False, True, False, False, "It has a Reg SHO 0; without one the symbol is restricted."),
        FieldRow("opened", 35, 1, False, "", False, True, False, False, "The symbol's opening cross has been; 0 leaves it as the card knows it."),
        FieldRow("market_known", 36, 1, False, "", False, True, False, False, "It has a System Event; without one the market is as the card knows it."),
        FieldRow("market_open", 37, 1, False, "", False, True, False, False, "The last System Event is Q."),
    ), "Writing ends the snapshot."),
    RegisterRow("snapshot.status", 0x0e30, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("state", 0, 3, False, "", True, False, False, False, "0 none is running, 1 the book is being emptied, 2 orders may come, 3 ended, 4 kept events go to the book, 5 they pass through it."),
        FieldRow("failure", 4, 4, False, "", True, False, False, False, "Why the last load failed. 0 it did not; 1 a gap was lost, 2 the order table or 3 the queue was full, 4 the host's word on the slot, 5 session, 6 the lines diverge; 8 abort, 9 too many events to keep, 10 order or end out of turn, 11 older than first_sequence, 12 wrong number of orders, 13 kill, 14 slot not bound or not stale."),
        FieldRow("slot", 8, 8, False, "", True, False, False, False, "Slot."),
        FieldRow("orders", 32, 32, False, "", True, False, False, False, "Orders that came."),
    ), "How the load stands."),
    RegisterRow("snapshot.first_sequence", 0x0e38, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, False, False, False, ""),
    ), "From this sequence number on the slot's events are kept; 0 until the book is empty."),
    RegisterRow("snapshot.loaded", 0x0e40, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Loads that made a slot whole."),
    RegisterRow("snapshot.failed", 0x0e48, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Loads that failed."),
    RegisterRow("snapshot.refused", 0x0e50, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Begins while a slot was loading; they changed nothing."),
    RegisterRow("snapshot.kept", 0x0e58, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Events kept while a slot was loading."),
    RegisterRow("snapshot.dropped", 0x0e60, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Kept events that the snapshot knew."),
    RegisterRow("snapshot.applied", 0x0e68, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Kept events that went to the book."),
    RegisterRow("snapshot.ring_max", 0x0e70, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 16, False, "", True, False, False, False, ""),
    ), "Most events ever kept at once."),
    RegisterRow("network.mac", 0x0f00, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("value", 0, 48, False, "", True, True, False, False, ""),
    ), "Ethernet address of the card. 0: the one the board gives."),
    RegisterRow("network.address", 0x0f08, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
    ), "IPv4 address of the card. 0: the one the board gives; while that is 0 too, nothing is answered or joined."),
    RegisterRow("network.router", 0x0f10, 0x0, 1, True, True, True, True, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, True, False, False, ""),
    ), "Router behind which requests.server is. 0: it is on this network."),
    RegisterRow("network.own_ip", 0x0f18, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("ip", 0, 32, False, "", True, False, False, False, ""),
    ), "IPv4 address of the card, in use."),
    RegisterRow("network.own_mac", 0x0f20, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 48, False, "", True, False, False, False, ""),
    ), "Ethernet address of the card, in use."),
    RegisterRow("network.peer", 0x0f28, 0x0, 1, True, False, False, False, False, False, 0x0, (
        FieldRow("mac", 0, 48, False, "", True, False, False, False, "Ethernet address."),
        FieldRow("known", 48, 1, False, "", True, False, False, False, "It is known."),
    ), "What ARP found for requests.server or its router, where requests.server_mac is 0."),
    RegisterRow("network.foreign", 0x0f30, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames for others, or of protocols and ports the card does not speak; the feed is among them."),
    RegisterRow("network.damaged", 0x0f38, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames with a wrong check sequence, runts and giants."),
    RegisterRow("network.malformed", 0x0f40, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames for the card whose fields cannot be: lengths that lie, fragments, options, echo requests that are too long."),
    RegisterRow("network.wrong_sums", 0x0f48, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Frames for the card with a wrong sum of IPv4, ICMP, IGMP or UDP."),
    RegisterRow("network.overflows", 0x0f50, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Good frames for the card that found no room to wait in."),
    RegisterRow("network.arp_replies", 0x0f58, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "ARP replies sent."),
    RegisterRow("network.arp_requests", 0x0f60, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "ARP requests sent."),
    RegisterRow("network.arp_conflicts", 0x0f68, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "ARP frames of someone else who has the card's IPv4 address."),
    RegisterRow("network.echo_replies", 0x0f70, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Pings answered."),
    RegisterRow("network.queries", 0x0f78, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "IGMP membership queries heard."),
    RegisterRow("network.reports", 0x0f80, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "IGMP membership reports sent."),
    RegisterRow("network.leaves", 0x0f88, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "IGMP leaves sent."),
    RegisterRow("network.requests", 0x0f90, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Host link over UDP: requests carried out."),
    RegisterRow("network.copies", 0x0f98, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Host link over UDP: copies and requests that came late, not carried out."),
    RegisterRow("network.strangers", 0x0fa0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Host link over UDP: requests of hosts that said no HELLO, or were forgotten."),
    RegisterRow("network.short_requests", 0x0fa8, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Host link over UDP: datagrams shorter than a header, not answered."),
    RegisterRow("network.event_frames", 0x0fb0, 0x0, 1, True, False, False, False, False, True, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Event datagrams sent over UDP, one a subscriber."),
    RegisterRow("slot[].symbol", 0x1000, 0x200, 0, True, True, True, True, False, False, 0x0, (
        FieldRow("value", 0, 64, False, "", True, True, False, False, ""),
    ), "Symbol, 8 characters padded with spaces, first in the lowest byte. 0: slot not used."),
    RegisterRow("slot[].control", 0x1008, 0x200, 0, True, True, False, True, False, False, 0x0, (
        FieldRow("enable", 0, 1, False, "", True, True, False, False, "Orders for this symbol may pass the gate."),
        FieldRow("taker_buy", 1, 1, False, "", True, True, False, False, "The taker may buy to open."),
        FieldRow("taker_sell", 2, 1, False, "", True, True, False, False, "The taker may sell to open."),
    ), "Switches; reset turns them off."),
    RegisterRow("slot[].join", 0x1010, 0x200, 0, False, True, False, False, False, False, 0x0, (
        FieldRow("locate", 0, 16, False, "", False, True, False, False, "Locate number to bind."),
        FieldRow("bind", 16, 1, False, "", False, True, True, True, "Bind the locate to this slot."),
        FieldRow("trading", 17, 1, False, "", False, True, True, True, "The symbol trades: Trading Action T and its opening cross are taken as seen, and Reg SHO as unrestricted."),
        FieldRow("whole", 18, 1, False, "", False, True, True, True, "The book starts empty and whole here."),
        FieldRow("stale", 19, 1, False, "", False, True, True, False, "Mark the book stale."),
    ), "Host's word on a slot when the card joins a day late; writing acts at once, and only while disarmed."),
    RegisterRow("slot[].state", 0x1018, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("bound", 0, 1, False, "", True, False, False, False, ""),
        FieldRow("stale", 1, 1, False, "", True, False, False, False, ""),
        FieldRow("halted", 2, 1, False, "", True, False, False, False, ""),
        FieldRow("short_restricted", 3, 1, False, "", True, False, False, False, ""),
        FieldRow("opened", 4, 1, False, "", True, False, False, False, ""),
        FieldRow("market_open", 5, 1, False, "", True, False, False, False, ""),
        FieldRow("locate", 16, 16, False, "", True, False, False, False, "Locate number bound today."),
        FieldRow("taker_state", 32, 8, False, "", True, False, False, False, "State of the taker, as in docs/blocks/taker.md."),
    ), "State, bits as SlotFlags."),
    RegisterRow("slot[].tick", 0x1020, 0x200, 0, True, True, True, True, True, False, 0x64, (
        FieldRow("tick", 0, 32, False, "1/10,000 dollar", True, True, False, False, ""),
    ), "Tick size."),
    RegisterRow("slot[].taker_ratio", 0x1040, 0x200, 0, True, True, False, True, True, False, 0x300, (
        FieldRow("ratio", 0, 16, False, "Q8.8", True, True, False, False, ""),
    ), "Imbalance that triggers: bid volume > ratio x ask volume."),
    RegisterRow("slot[].taker_min_volume", 0x1048, 0x200, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("shares", 0, 32, False, "shares", True, True, False, False, ""),
    ), "Least five-level volume of the heavy side."),
    RegisterRow("slot[].taker_order_size", 0x1050, 0x200, 0, True, True, False, True, True, False, 0x64, (
        FieldRow("shares", 0, 32, False, "shares", True, True, False, False, ""),
    ), "Order size of an entry."),
    RegisterRow("slot[].taker_ticks", 0x1058, 0x200, 0, True, True, False, True, True, False, 0x80102000203, (
        FieldRow("take_profit", 0, 8, False, "ticks", True, True, False, False, "Take profit, from the entry."),
        FieldRow("stop", 8, 8, False, "ticks", True, True, False, False, "Stop, from the entry."),
        FieldRow("slip", 16, 8, False, "ticks", True, True, False, False, "Entry may pay this much beyond the far side."),
        FieldRow("stop_slip", 24, 8, False, "ticks", True, True, False, False, "The stop order is priced this much through the far side."),
        FieldRow("max_spread", 32, 8, False, "ticks", True, True, False, False, "Widest spread at which to enter."),
        FieldRow("retries", 40, 8, False, "", True, True, False, False, "Times that what is left of a stop is priced again, before the alarm."),
    ), "Prices in ticks."),
    RegisterRow("slot[].taker_cooldown", 0x1060, 0x200, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("cycles", 0, 48, False, "cycles", True, True, False, False, ""),
    ), "Rest after an exit is complete, before the next entry."),
    RegisterRow("slot[].max_inventory", 0x1080, 0x200, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("shares", 0, 31, False, "shares", True, True, False, False, ""),
    ), "Largest position, in either direction, counting everything that could still fill."),
    RegisterRow("slot[].max_order_size", 0x1088, 0x200, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("shares", 0, 31, False, "shares", True, True, False, False, ""),
    ), "Largest order."),
    RegisterRow("slot[].ceiling_inventory", 0x1090, 0x200, 0, True, True, True, False, True, False, 0x0, (
        FieldRow("shares", 0, 31, False, "shares", True, True, False, False, ""),
    ), "Ceiling of max_inventory; locked while armed."),
    RegisterRow("slot[].ceiling_order_size", 0x1098, 0x200, 0, True, True, True, False, True, False, 0x0, (
        FieldRow("shares", 0, 31, False, "shares", True, True, False, False, ""),
    ), "Ceiling of max_order_size; locked while armed."),
    RegisterRow("slot[].short_sale", 0x10a0, 0x200, 0, True, True, True, False, True, False, 0x0, (
        FieldRow("allowed", 0, 1, False, "", True, True, False, False, "The symbol may be sold short: shares are located."),
    ), "Short sales."),
    RegisterRow("slot[].position", 0x10c0, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("shares", 0, 32, True, "shares", True, False, False, False, ""),
    ), "Position."),
    RegisterRow("slot[].cash", 0x10c8, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("value", 0, 64, True, "1/1,000,000 dollar", True, False, False, False, ""),
    ), "Cash, after fees."),
    RegisterRow("slot[].open_shares", 0x10d0, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("buy", 0, 32, False, "shares", True, False, False, False, ""),
        FieldRow("sell", 32, 32, False, "shares", True, False, False, False, ""),
    ), "Shares that could still be bought and sold by open orders."),
    RegisterRow("slot[].bbo", 0x10d8, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("bid", 0, 32, False, "1/10,000 dollar", True, False, False, False, ""),
        FieldRow("ask", 32, 32, False, "1/10,000 dollar", True, False, False, False, ""),
    ), "Best bid and offer of the last view."),
    RegisterRow("slot[].volumes", 0x10e0, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("bid", 0, 32, False, "shares", True, False, False, False, ""),
        FieldRow("ask", 32, 32, False, "shares", True, False, False, False, ""),
    ), "Five-level volumes of the last view, saturated."),
    RegisterRow("slot[].triggers", 0x10e8, 0x200, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("count", 0, 32, False, "", True, False, False, False, ""),
    ), "Triggers of the taker, saturating."),
    RegisterRow("trade[].max_notional", 0xa000, 0x80, 0, True, True, True, True, True, False, 0x0, (
        FieldRow("value", 0, 52, False, "1/10,000 dollar", True, True, False, False, ""),
    ), "Largest value of an order, price times shares. The taker's entries are valued at the far edge of the collar: without a collar they are refused."),
    RegisterRow("trade[].collar", 0xa008, 0x80, 0, True, True, True, True, True, False, 0x0, (
        FieldRow("distance", 0, 32, False, "1/10,000 dollar", True, True, False, False, ""),
    ), "How far a price may be from the best price of the other side, and from the last trade. Without a quote on the other side everything is refused."),
    RegisterRow("trade[].repeat", 0xa010, 0x80, 0, True, True, True, True, True, False, 0x0, (
        FieldRow("window", 0, 40, False, "cycles", True, True, False, False, ""),
    ), "How long an order that opens may not be sent again with the same side, price and shares."),
    RegisterRow("trade[].adjust_position", 0xa020, 0x80, 0, True, True, True, False, False, False, 0x0, (
        FieldRow("shares", 0, 32, True, "shares", True, True, False, False, ""),
    ), "What adjust adds to the position."),
    RegisterRow("trade[].adjust_cash", 0xa028, 0x80, 0, True, True, True, False, False, False, 0x0, (
        FieldRow("value", 0, 64, True, "1/1,000,000 dollar", True, True, False, False, ""),
    ), "What adjust adds to the cash."),
    RegisterRow("trade[].adjust", 0xa030, 0x80, 0, False, True, False, False, False, False, 0x0, (
        FieldRow("apply", 0, 1, False, "", False, True, True, True, "Add the two to position and cash, and let the symbol trade again after a broken trade or an impossible answer."),
    ), "Command."),
    RegisterRow("trade[].state", 0xa038, 0x80, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("broken", 0, 1, False, "", True, False, False, False, "The exchange broke a trade: nothing but cancels leaves for the symbol until adjust is applied."),
        FieldRow("unexplained", 1, 1, False, "", True, False, False, False, "The exchange said of an order of the symbol what cannot be: the same stop."),
    ), "State."),
    RegisterRow("trade[].taker_time_stop", 0xa040, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("cycles", 0, 48, False, "cycles", True, True, False, False, ""),
    ), "Time stop of the taker: a position this old is closed at the stop's price. 0: none."),
    RegisterRow("trade[].taker_guard", 0xa048, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("ticks", 0, 8, False, "ticks", True, True, False, False, "The best price of the near side is this far against the entry; 0: not looked at."),
        FieldRow("imbalance", 8, 1, False, "", True, True, False, False, "The other side is heavy, as for an entry the other way."),
        FieldRow("window", 16, 48, False, "cycles", True, True, False, False, "For how long after the entry's first fill; 0: no guard."),
    ), "Guard of the taker: a book that turns against a young position closes it at the stop's price."),
    RegisterRow("maker[].control", 0xc000, 0x80, 0, True, True, False, True, False, False, 0x0, (
        FieldRow("enable", 0, 1, False, "", True, True, False, False, "The maker may quote this symbol. While it may, the taker opens nothing in it."),
    ), "Switches; reset turns them off."),
    RegisterRow("maker[].prices", 0xc008, 0x80, 0, True, True, False, True, True, False, 0x10101, (
        FieldRow("half_spread", 0, 8, False, "half-ticks", True, True, False, False, "Distance of each quote from the fair value."),
        FieldRow("max_spread", 8, 8, False, "ticks", True, True, False, False, "Widest spread at which to quote."),
        FieldRow("move", 16, 8, False, "ticks", True, True, False, False, "A quote is moved when it is off by so much."),
        FieldRow("skew", 24, 16, False, "1/65,536 half-tick per share", True, True, False, False, "Lean of both quotes against the position."),
        FieldRow("weighted", 40, 1, False, "", True, True, False, False, "Fair value. 0: the mid; 1: the mid weighted by the sizes of the best levels."),
    ), "Where the quotes stand."),
    RegisterRow("maker[].size", 0xc010, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("shares", 0, 32, False, "shares", True, True, False, False, ""),
    ), "Size of a quote."),
    RegisterRow("maker[].inventory", 0xc018, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("shares", 0, 31, False, "shares", True, True, False, False, ""),
    ), "No bid at this position, no offer at its negative."),
    RegisterRow("maker[].ratio", 0xc020, 0x80, 0, True, True, False, True, True, False, 0x300, (
        FieldRow("ratio", 0, 16, False, "Q8.8", True, True, False, False, ""),
    ), "A side is pulled when the other has more than this times its five-level volume; 0: never."),
    RegisterRow("maker[].throttle", 0xc028, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("cycles", 0, 48, False, "cycles", True, True, False, False, ""),
    ), "Least time from one operation of a side to the next that enters or moves."),
    RegisterRow("maker[].cooldown", 0xc030, 0x80, 0, True, True, False, True, True, False, 0x0, (
        FieldRow("cycles", 0, 48, False, "cycles", True, True, False, False, ""),
    ), "Rest of a side after the exchange or the gate would not have its quote."),
    RegisterRow("maker[].state", 0xc038, 0x80, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("bid", 0, 2, False, "", True, False, False, False, ""),
        FieldRow("ask", 8, 2, False, "", True, False, False, False, ""),
    ), "States of the quotes. 0: none, 1: entering, 2: resting, 3: moving."),
    RegisterRow("maker[].located", 0xc040, 0x80, 0, True, True, True, True, False, False, 0x0, (
        FieldRow("shares", 0, 32, False, "shares", True, True, False, False, ""),
    ), "Shares located today for short sales of this symbol, by any strategy."),
    RegisterRow("maker[].balance", 0xc048, 0x80, 0, True, False, False, False, False, False, 0x0, (
        FieldRow("shares", 0, 32, False, "shares", True, False, False, False, ""),
    ), "Located shares that have not been sold short yet."),
)
