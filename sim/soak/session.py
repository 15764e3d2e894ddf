"""One short session: a made market, an exchange that makes trouble, the verilated card; then three counts side by side.

Position, cash and open shares of every symbol are read from the card's registers, taken from the exchange's own log and
orders, and added up from the bytes of the order session by :mod:`sim.soak.ouch_log`. They must be equal.
"""

import random
from collections import Counter
from dataclasses import dataclass, field, replace

from sim.bench.steer import SteeredCard
from sim.exchange.ledger import Account, accounts_of
from sim.exchange.log import Fees
from sim.exchange.rules import Rules, Trouble
from sim.exchange.venue import Venue
from sim.player import Player, PlayerSettings
from sim.sessions.make import MADE_SYMBOLS, make_messages
from sim.soak.ouch_log import Holding, OuchReckoning

__all__ = ["Recorded", "SessionEnd", "SoakSettings", "differences", "play_session"]

_FEES = Fees(fee_remove=3_000, fee_add=-2_000, commission=100)
_REGIMES = ("bursts", "halts")
_LATENCIES = ("10000", "uniform:2000-90000", "tail:3000-2000000~40000")
_MOST = Trouble(reject_enter=0.1, reject_replace=0.1, dead_on_entry=0.1, dead_on_replace=0.05)
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
    said : Counter
        Kinds of the exchange's log.
    sent : Counter
        Letters of the card's orders.
    wrong : list of str
        Where the three counts differ; empty is good.
    """

    seed: int
    said: Counter[str]
    sent: Counter[str]
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

    trouble = replace(
        chosen.most,
        reject_enter=up_to(chosen.most.reject_enter),
        reject_replace=up_to(chosen.most.reject_replace),
        dead_on_entry=up_to(chosen.most.dead_on_entry),
        dead_on_replace=up_to(chosen.most.dead_on_replace),
    )
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
        _prepare(card, rng)
        period = card.config.clock_period_ps
        player = Player(
            card.model,
            Recorded(venue, reckoning),
            PlayerSettings(clock_period_ps=period, settle_ns=_SETTLE_NS, wait_for_host=False),
        )
        lengths = player.play(messages)
        end = SessionEnd(seed, Counter(entry.kind for entry in venue.log.entries), lengths.orders)
        end.wrong = differences(card, venue, reckoning)
    return end


def _prepare(card: SteeredCard, rng: random.Random) -> None:
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
    card.arm()


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
