"""One short session: a made market, an exchange that makes trouble, the verilated card; then three counts side by side.

Position, cash and open shares of every symbol are read from the card's registers, taken from the exchange's own log and
orders, and added up from the bytes of the order session by :mod:`sim.soak.ouch_log`. They must be equal.
"""

import random
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sim.bench.steer import SteeredCard
from sim.exchange.ledger import Account, accounts_of
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.encode import time_of
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.soak.ouch_log import Holding, OuchReckoning

__all__ = ["Recorded", "SessionEnd", "SoakSettings", "differences", "play_session"]

_FEES = Fees(fee_remove=3_000, fee_add=-2_000, commission=100)
_REGIMES = ("bursts", "halts")
_LATENCIES = ("10000", "uniform:2000-90000", "tail:3000-2000000~40000")
_MOST = Trouble(
    reject_enter=0.1,
    reject_replace=0.1,
    dead_on_entry=0.1,
    dead_on_replace=0.05,
    cancel_pending=0.3,
    cancel_reject=0.3,
    slide=0.1,
    break_trade=0.1,
    self_match=0.2,
    restate=0.3,
    reprioritize=0.3,
)
_STRATEGIES = ("taker", "maker")
#: How often the host looks at the card, in ns of the exchange.
_BOUNDARY_NS = 1_000_000_000
#: How far beyond a session's last order nothing can be on its way any more, in ns.
_SETTLE_NS = 50_000_000


@dataclass(frozen=True)
class SoakSettings:
    """Lengths and trouble.

    Attributes
    ----------
    messages : int
        Of each session.
    most : Trouble
        Chances are drawn from 0 to these.
    config : str
        Configuration of the card.
    """

    messages: int = 2_500
    most: Trouble = _MOST
    config: str = "demo"


@dataclass
class SessionEnd:
    """How a session ended.

    Attributes
    ----------
    seed : int
        What it followed from.
    strategy : str
        Which one traded.
    said : Counter
        Kinds of the exchange's log.
    sent : Counter
        Letters of the card's orders.
    put_right : int
        Times that the host put a slot right after a broken trade.
    wrong : list of str
        Where the three counts differ, or what the card should not have said or done; empty is good.
    """

    seed: int
    strategy: str
    said: Counter[str]
    sent: Counter[str]
    put_right: int = 0
    wrong: list[str] = field(default_factory=list)


class Recorded:
    """The exchange, with every byte of the order session also given to the reckoning.

    Parameters
    ----------
    venue : Venue
        The exchange.
    reckoning : OuchReckoning
        Hears both sides.

    Attributes
    ----------
    spoken : list of (bool, bytes)
        Every message in its order; true: the exchange said it.
    """

    def __init__(self, venue: Venue, reckoning: OuchReckoning) -> None:
        self._venue, self._reckoning = venue, reckoning
        self.spoken: list[tuple[bool, bytes]] = []
        self.latency_in_ns, self.latency_out_ns = venue.latency_in_ns, venue.latency_out_ns
        self.on_session_message, self.could_fill = venue.on_session_message, venue.could_fill

    @property
    def acts_at(self) -> int | None:
        """As of the exchange."""
        return self._venue.acts_at

    def on_order(self, time: int, ouch: bytes) -> None:
        """Note an order, and pass it on."""
        self._reckoning.asked(ouch)
        self.spoken.append((False, ouch))
        self._venue.on_order(time, ouch)

    def answers_until(self, time: int) -> list[tuple[int, bytes]]:
        """Take the exchange's answers, and note them."""
        answers = self._venue.answers_until(time)
        for _, ouch in answers:
            self._reckoning.told(ouch)
            self.spoken.append((True, ouch))
        return answers


class _Host:
    """Looks at the card from time to time, and puts right what a broken trade took back, while disarmed.

    After the session's last message, at ``last`` ns, it leaves the card disarmed: nobody would answer new orders.
    """

    def __init__(self, card: SteeredCard, reckoning: OuchReckoning, strategy: str, last: int) -> None:
        self._card, self._reckoning, self._strategy, self._last = card, reckoning, strategy, last
        self._adjusted: dict[str, tuple[int, int]] = {}
        self.put_right = 0

    def look(self, time: int) -> None:
        """Adjust every slot that the exchange has stopped, by what it took back since it was last adjusted."""
        card, broken = self._card, self._reckoning.broken()
        stopped = [slot for slot in range(len(MADE_SYMBOLS)) if card.get_slot("trade.state", slot) & 1]
        if not stopped:
            return
        card.set("control.command", disarm=1)
        for slot in stopped:
            symbol = MADE_SYMBOLS[slot].symbol
            total, before = broken[symbol], self._adjusted.get(symbol, (0, 0))
            card.set("trade.adjust_position", total[0] - before[0] & 0xFFFF_FFFF, index=slot)
            card.set("trade.adjust_cash", total[1] - before[1] & 0xFFFF_FFFF_FFFF_FFFF, index=slot)
            card.set("trade.adjust", index=slot, apply=1)
            self._adjusted[symbol] = total
            self.put_right += 1
        if time <= self._last:
            card.arm(self._strategy)


def play_session(seed: int, settings: SoakSettings | None = None) -> SessionEnd:
    """Play one session to its end and compare.

    The market may close with a position or an order open; that is no fault: the three must say the same of it.

    Raises
    ------
    OuchLogError
        The card or the exchange said what is no OUCH, or what contradicts what was said before.
    """
    chosen = settings or SoakSettings()
    rng = random.Random(f"soak/{seed}")
    regime = rng.choice(_REGIMES)

    def up_to(most: float) -> float:
        return rng.choice((0.0, rng.random() * most))

    chances = [f.name for f in fields(chosen.most) if not f.name.endswith("_ns")]
    drawn: dict[str, Any] = {name: up_to(getattr(chosen.most, name)) for name in chances}
    trouble = replace(chosen.most, **drawn)
    strategy = rng.choice(_STRATEGIES)
    rules = Rules(
        short_restricted=rng.choice(("reprice", "reject")),
        halt_cancels=rng.random() < 0.5,
        trouble=trouble,
        seed=seed,
    )
    venue = Venue(_FEES, rng.choice(_LATENCIES), rng.choice(_LATENCIES), rules)
    reckoning = OuchReckoning(_FEES.fee_remove, _FEES.fee_add, _FEES.commission)
    messages = make_messages(seed, chosen.messages, regime).messages
    # Half the sessions break off before the close, with orders open.
    messages = messages[: -rng.randint(3, 400)] if rng.random() < 0.5 else messages
    with SteeredCard(chosen.config) as card:
        _prepare(card, rng, strategy)
        host = _Host(card, reckoning, strategy, time_of(messages[-1]))
        period = card.config.clock_period_ps
        player = Player(
            card.model,
            Recorded(venue, reckoning),
            PlayerSettings(clock_period_ps=period, settle_ns=_SETTLE_NS, boundary_ns=_BOUNDARY_NS, wait_for_host=False),
            on_boundary=host.look,
        )
        lengths = player.play(messages)
        said = Counter(entry.kind for entry in venue.log.entries)
        end = SessionEnd(seed, strategy, said, lengths.orders, host.put_right)
        end.wrong = differences(card, venue, reckoning) + _faults(card)
    return end


def _prepare(card: SteeredCard, rng: random.Random, strategy: str) -> None:
    card.set("risk.fee_remove", _FEES.fee_remove)
    card.set("risk.fee_add", _FEES.fee_add & 0xFFFF_FFFF)
    card.set("risk.commission", _FEES.commission)
    card.follow(made.symbol for made in MADE_SYMBOLS)
    for slot in range(len(MADE_SYMBOLS)):
        # A low ratio and a short rest: as many orders as a short session can hold.
        card.set("slot.taker_ratio", rng.choice((0x0180, 0x0200, 0x0300)), index=slot)
        card.set("slot.taker_order_size", rng.choice((100, 300, 500)), index=slot)
        card.set(
            "slot.taker_ticks",
            index=slot,
            take_profit=rng.randint(1, 4),
            stop=rng.randint(1, 3),
            slip=rng.randint(0, 2),
        )
        card.set("maker.size", rng.choice((100, 300)), index=slot)
        card.set("maker.inventory", 600, index=slot)
        card.set("maker.prices", index=slot, half_spread=rng.randint(1, 3), max_spread=3, skew=rng.choice((0, 600)))
        card.set("maker.cooldown", 100_000, index=slot)
        card.set("maker.control", strategy == "maker", index=slot)
    card.arm(strategy)


def _faults(card: SteeredCard) -> list[str]:
    """What no trouble of the exchange may bring about: the card killed, or an answer that it did not understand."""
    counts = {name: card.get(f"orders.{name}") for name in ("impossible_answers", "unknown_answers")}
    wrong = [f"orders.{name} is {count}" for name, count in counts.items() if count]
    if card.get("control.status") & 2:
        wrong.append("the card is killed")
    return wrong


def differences(card: SteeredCard, venue: Venue, reckoning: OuchReckoning) -> list[str]:
    """Say, of every made symbol, where card, exchange and order bytes do not say the same."""
    accounts = accounts_of(venue.log.entries)
    held = reckoning.holdings()
    wrong = []
    for slot, made in enumerate(MADE_SYMBOLS):
        account, bytes_say = accounts.get(made.symbol, Account()), held.get(made.symbol, Holding())
        own = [order for order in venue.orders.values() if order.symbol.rstrip() == made.symbol]
        open_shares = card.get_slot("slot.open_shares", slot)
        counts = {
            "position": (
                _signed(card.get_slot("slot.position", slot), 32), account.position, bytes_say.position
            ),
            "cash": (_signed(card.get_slot("slot.cash", slot), 64), account.cash, bytes_say.cash),
            "open to buy": (open_shares & 0xFFFF_FFFF, sum(o.open for o in own if o.buy), bytes_say.open_buy),
            "open to sell": (open_shares >> 32, sum(o.open for o in own if not o.buy), bytes_say.open_sell),
        }  # fmt: skip
        wrong += [
            f"{made.symbol} {what}: card {ours}, exchange {theirs}, bytes {said}"
            for what, (ours, theirs, said) in counts.items()
            if not ours == theirs == said
        ]
    return wrong


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
