"""What the exchange says: each answer put on the line and into the log, in one place."""

from sim.exchange.line import Line
from sim.exchange.log import ExchangeLog, Fees, LogEntry
from sim.exchange.matching import OwnOrder
from sim.exchange.ouch import Enter, answer

__all__ = ["Answers"]


class Answers:
    """Answers of one account. Every method is told the time, ns since midnight.

    Parameters
    ----------
    line : Line
        Takes the answers.
    log : ExchangeLog
        Takes the entries.
    fees : Fees
        What a share costs.
    """

    def __init__(self, line: Line, log: ExchangeLog, fees: Fees) -> None:
        self._line, self._log, self._fees = line, log, fees

    def accepted(self, now: int, order: OwnOrder, *, dead: bool) -> None:
        """Accepted, with the order's price as it is now; ``dead``: Order State D."""
        self._say(now, "A", user_ref_num=order.user_ref, **self._echo(order, dead))
        self._note(now, "accepted", order, 0 if dead else order.open, order.price, reason="D" if dead else "")

    def replaced(self, now: int, order: OwnOrder, old: int, *, dead: bool) -> None:
        """Replaced; ``old``: the number before."""
        self._say(now, "U", orig_user_ref_num=old, user_ref_num=order.user_ref, **self._echo(order, dead))
        self._note(now, "replaced", order, 0 if dead else order.open, order.price, reason="D" if dead else "")

    def executed(self, now: int, order: OwnOrder, shares: int, price: int, liquidity: str, match: int) -> LogEntry:
        """Executed; give its entry in the log."""
        self._say(
            now,
            "E",
            user_ref_num=order.user_ref,
            quantity=shares,
            price=price,
            liquidity_flag=liquidity,
            match_number=match,
        )
        fee = self._fees.of(shares, liquidity)
        return self._note(now, "executed", order, shares, price, liquidity=liquidity, match=match, fee=fee)

    def broken(self, now: int, fill: LogEntry, clordid: str) -> None:
        """Broken Trade: a fill is taken back."""
        self._say(now, "B", user_ref_num=fill.user_ref, match_number=fill.match, reason="E", clordid=clordid)
        self._log.append(
            LogEntry(
                "broken", now, fill.symbol, fill.user_ref, fill.chain, fill.side, fill.shares, fill.price,
                fill.liquidity, fill.match, fill.fee, "E",
            )
        )  # fmt: skip

    def canceled(self, now: int, order: OwnOrder, shares: int, reason: str) -> None:
        """Canceled: ``shares`` are taken away."""
        self._say(now, "C", user_ref_num=order.user_ref, quantity=shares, reason=reason)
        self._note(now, "canceled", order, shares, order.price, reason=reason)

    def self_matched(self, now: int, order: OwnOrder, shares: int, price: int, liquidity: str) -> None:
        """AIQ Canceled: ``shares`` would have met another order of the account at ``price``, and are taken away."""
        self._say(
            now,
            "D",
            user_ref_num=order.user_ref,
            decrement_shares=shares,
            reason="Q",
            quantity_prevented_from_trading=shares,
            execution_price=price,
            liquidity_flag=liquidity,
            aiq_strategy="D",
        )
        self._note(now, "self_matched", order, shares, price, reason="Q")

    def restated(self, now: int, order: OwnOrder) -> None:
        """Restated; nothing of the order changes."""
        self._say(now, "R", user_ref_num=order.user_ref, reason="R")
        self._note(now, "restated", order, order.open, order.price, reason="R")

    def reprioritized(self, now: int, order: OwnOrder) -> None:
        """Priority Update: the order has the reference number that it says now."""
        self._say(
            now,
            "T",
            user_ref_num=order.user_ref,
            price=order.price,
            display="Y",
            order_reference_number=order.reference,
        )
        self._note(now, "reprioritized", order, order.open, order.price)

    def modified(self, now: int, order: OwnOrder) -> None:
        """Modified."""
        self._say(now, "M", user_ref_num=order.user_ref, side=order.side, quantity=order.open)
        self._note(now, "modified", order, order.open, order.price)

    def cancel_pending(self, now: int, order: OwnOrder) -> None:
        """Cancel Pending: the order goes on for now."""
        self._say(now, "P", user_ref_num=order.user_ref)
        self._note(now, "cancel_pending", order, order.open, order.price)

    def cancel_rejected(self, now: int, order: OwnOrder) -> None:
        """Cancel Reject: the order lives on."""
        self._say(now, "I", user_ref_num=order.user_ref)
        self._note(now, "cancel_rejected", order, order.open, order.price)

    def rejected(self, now: int, request: Enter, reason: int) -> None:
        """Rejected, of an Enter."""
        self._say(now, "J", user_ref_num=request.user_ref, reason=reason, clordid=request.clordid)
        self._log.append(
            LogEntry(
                "rejected", now, request.symbol.rstrip(), request.user_ref, request.user_ref, request.side,
                request.shares, request.price, reason=f"0x{reason:04X}",
            )
        )  # fmt: skip

    def replace_rejected(self, now: int, order: OwnOrder, user_ref: int, reason: int) -> None:
        """Rejected, of a Replace with the number ``user_ref``: the order is as it was."""
        self._say(now, "J", user_ref_num=user_ref, reason=reason, clordid=order.clordid)
        symbol = order.symbol.rstrip()
        self._log.append(LogEntry("rejected", now, symbol, user_ref, order.chain, order.side, reason=f"0x{reason:04X}"))

    def next_number(self, now: int, number: int) -> None:
        """Answer an Account Query."""
        self._say(now, "Q", next_user_ref_num=number)

    def day(self, now: int, letter: str) -> None:
        """System Event: ``S`` start of day, ``E`` end of day."""
        self._say(now, "S", event_code=letter)

    def ignored(self, now: int, user_ref: int, why: str) -> None:
        """Say nothing, and note why."""
        self._log.append(LogEntry("ignored", now, "", user_ref, reason=why))

    def _say(self, now: int, letter: str, **fields: int | str) -> None:
        self._line.answer(now, answer(letter, now, **fields))

    def _note(
        self,
        now: int,
        kind: str,
        order: OwnOrder,
        shares: int,
        price: int,
        *,
        liquidity: str = "",
        match: int = 0,
        fee: int = 0,
        reason: str = "",
    ) -> LogEntry:
        entry = LogEntry(
            kind, now, order.symbol.rstrip(), order.user_ref, order.chain, order.side, shares, price, liquidity, match,
            fee, reason,
        )  # fmt: skip
        self._log.append(entry)
        return entry

    @staticmethod
    def _echo(order: OwnOrder, dead: bool) -> dict[str, int | str]:
        """Fields that Accepted and Replaced have in common."""
        return {
            "side": order.side,
            "quantity": order.open,
            "symbol": order.symbol,
            "price": order.price,
            "time_in_force": "3" if order.immediate else "0",
            "display": "Y",
            "order_reference_number": order.reference,
            "capacity": order.capacity,
            "inter_market_sweep_eligibility": "N",
            "cross_type": "N",
            "order_state": "D" if dead else "L",
            "clordid": order.clordid,
        }
