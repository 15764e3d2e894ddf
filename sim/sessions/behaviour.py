"""How a made symbol behaves: quiet stretches, and bursts of imbalance that the price then follows, or does not.

Between bursts each price level wanders about a size of its own. In a burst one side is filled up and the other thinned
out until five levels of the heavy side hold over four times the shares of the light one. Then the price moves: where to
is the regime's (:mod:`sim.sessions.regimes`).
"""

import random
from collections import deque
from collections.abc import Callable

from sim.sessions.regimes import HawkesGaps, Regime
from sim.sessions.tape import BUY, SELL, MadeBook

__all__ = ["SymbolBehaviour"]

_MS = 1_000_000
_US = 1_000
#: Which depth a quiet change touches: near the touch more often.
_DEPTHS = (0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9)
_NEAR = (0, 0, 1, 1, 2, 2, 3, 3, 4, 4)
#: Shares a level wanders about, by depth.
_USUAL = (900, 1200, 1300, 1200, 1100, 1000, 1000, 900, 900, 800)
_SIZES = (100, 100, 100, 100, 200, 200, 300, 400, 500)
_LEVEL_MOST = 3000
#: The best level never gets smaller than this while the price stands.
_BEST_LEAST = 200
#: Levels farther out than this are taken away as the price moves off.
_OUTERMOST = 13
_MPIDS = (b"PWMA", b"PWMB", b"PWMC")


class SymbolBehaviour:
    """Drives the book of one symbol.

    Parameters
    ----------
    book : MadeBook
        The book, empty.
    regime : Regime
        What follows an imbalance.
    seed : str
        Everything this symbol does follows from it.
    """

    def __init__(self, book: MadeBook, regime: Regime, seed: str) -> None:
        self.book = book
        self._regime = regime
        self._random = random.Random(seed)
        #: Multiplies the usual size of a level, by side.
        self._factor = [1.0, 1.0]
        self._plan: deque[tuple[int, Callable[[], None]]] = deque()
        self._quiet_until = 0
        self._hawkes = HawkesGaps(regime.branching, self._random) if regime.branching else None
        self._last_lifted: int | None = None
        self._halted = self._restricted = False

    def fill(self) -> None:
        """Put the first orders into the book."""
        for depth in range(len(_USUAL)):
            for side in (BUY, SELL):
                while self.book.shares(side, depth) < 0.8 * _USUAL[depth]:
                    self._add(side, self.book.price(side, depth))

    def start(self, time: int) -> None:
        """Begin with a quiet stretch at ``time``."""
        self._quiet_until = time + self._spell()

    def step(self, quiet_gap: float) -> int:
        """Do the next thing, and say how long after it the one that follows is due, in ns.

        Parameters
        ----------
        quiet_gap : float
            Mean time between two changes of a quiet stretch, in ns.
        """
        if not self._plan and self.book.tape.time >= self._quiet_until:
            self._plan_burst()
        if self._plan:
            _, action = self._plan.popleft()
            action()
            if self._plan:
                return self._plan[0][0]
            if self.book.tape.time >= self._quiet_until:
                self._quiet_until = self.book.tape.time + self._spell()
        else:
            self._quiet()
        if self._hawkes is not None:
            return int(self._hawkes.next(quiet_gap))
        return int(self._random.expovariate(1.0) * quiet_gap)

    def _spell(self) -> int:
        least, more = self._regime.spell_s
        return int((least + self._random.expovariate(1.0 / more)) * 1000 * _MS)

    def _between(self, least_ms: int, most_ms: int) -> int:
        return self._random.randint(least_ms * _MS, most_ms * _MS)

    def _quiet(self) -> None:
        for _ in range(1 if self._random.random() < 0.7 else self._random.randint(2, 6)):
            self._nudge(_DEPTHS)
            self.book.tape.time += self._random.randint(200, 3 * _US)
        drift = self._random.random()
        if drift < 0.003:
            side = SELL if drift < 0.0015 else BUY
            self._plan.append((0, lambda: self._lift(side)))
            self._plan.append((self._random.randint(1, 40) * _US, lambda: self._follow(side)))
        elif drift < 0.03 and not self._halted:
            book = self.book
            halves = book.best[BUY] + book.best[SELL]
            price = self._random.choice((book.best[BUY] * 100, book.best[SELL] * 100, halves * 50))
            book.hidden(self._random.choice(_SIZES), price)

    def _plan_burst(self) -> None:
        """Plan a burst: build up, hold, move, recover."""
        rng = self._random
        heavy = rng.choice((BUY, SELL))
        plan = self._plan
        if self._regime.persists and self._last_lifted is not None and rng.random() < self._regime.persists:
            heavy = 1 - self._last_lifted
        light = 1 - heavy
        if self._regime.builds:
            plan.append((0, lambda: self._weigh(heavy, 1.7, 0.28)))
            build = rng.randint(90, 130)
            for _ in range(build):
                plan.append((rng.randint(100 * _US, 2 * _MS), lambda: self._press(heavy)))
        # Lifting the light side moves the price the way the imbalance points.
        lifted = light if rng.random() < self._regime.follows else heavy
        self._last_lifted = lifted
        if not self._regime.builds:
            for _ in range(rng.randint(3, 8)):
                plan.append((rng.randint(200 * _US, 4 * _MS), lambda: self._hit(lifted)))
        hold = self._between(*self._regime.hold_ms)
        if self._regime.pulled and lifted == heavy:
            plan.append((hold, lambda: self._pull(heavy)))
            hold = rng.randint(50, 900) * _US
        for cent in range(rng.randint(*self._regime.ticks)):
            plan.append((hold if cent == 0 else self._between(*self._regime.step_ms), lambda: self._lift(lifted)))
            # Now and then the gap stays open for a while: the spread is two cents.
            gap = self._between(10, 150) if rng.random() < 0.1 else rng.randint(1, 60) * _US
            plan.append((gap, lambda: self._follow(lifted)))
            if cent == 0:
                plan.append((0, lambda: self._weigh(heavy, 1.0, 1.0)))
            for _ in range(6):
                plan.append((rng.randint(100 * _US, 4 * _MS), lambda: self._nudge(_NEAR)))
        for _ in range(30):
            plan.append((rng.randint(1 * _MS, 12 * _MS), lambda: self._nudge(_NEAR)))
        if self._regime.halts and rng.random() < self._regime.halts:
            self._plan_halt()

    def _plan_halt(self) -> None:
        """Plan a halt: stop, quotes only, trade again. Orders come and go meanwhile, and none is executed."""
        rng, plan = self._random, self._plan
        plan.append((rng.randint(1, 40) * _MS, lambda: self._set_halted("H")))
        for state in ("Q", "T"):
            for _ in range(20):
                plan.append((rng.randint(5 * _MS, 40 * _MS), lambda: self._nudge(_NEAR)))
            plan.append((rng.randint(5 * _MS, 40 * _MS), lambda state=state: self._set_halted(state)))  # type: ignore[misc]

    def _set_halted(self, state: str) -> None:
        self._halted = state != "T"
        self.book.trading_action(state, "LUDP" if state == "H" else "")
        if self._halted and not self._restricted:
            self._restricted = True
            self.book.reg_sho("1")

    def _hit(self, side: int) -> None:
        """Hit the best quotes of a side, and leave some: the price stands still."""
        price = self.book.best[side]
        oldest = self.book.levels[side][price][0][1]
        if self.book.shares(side, 0) - min(oldest, 100) >= _BEST_LEAST:
            self.book.execute(side, 100)

    def _weigh(self, heavy: int, heavy_factor: float, light_factor: float) -> None:
        self._factor[heavy] = heavy_factor
        self._factor[1 - heavy] = light_factor

    def _press(self, heavy: int) -> None:
        """Bring one level nearer to what the burst wants of it; nothing once the imbalance stands."""
        if self.book.five(heavy) < 4.3 * self.book.five(1 - heavy):
            self._nudge(_NEAR, 1 - heavy if self._random.random() < 0.6 else heavy)

    def _pull(self, heavy: int) -> None:
        """Take the heavy side's youngest orders away, down to half the usual size of each level."""
        book = self.book
        for depth in range(6):
            price = book.price(heavy, depth)
            while book.shares(heavy, depth) > 0.5 * _USUAL[depth] and len(book.levels[heavy][price]) > 1:
                book.delete(heavy, price, -1)
                book.tape.time += self._random.randint(100, 900)
        self._weigh(heavy, 0.6, 1.0)

    def _lift(self, side: int) -> None:
        """Trade the best level of a side away."""
        book = self.book
        rng = self._random
        if not book.shares(side, 1):
            self._add(side, book.price(side, 1))
        best = book.best[side]
        while best in book.levels[side]:
            at = best * 100 if rng.random() < 0.08 else None
            book.execute(side, _LEVEL_MOST, at=at, printable=rng.random() < 0.8)
            book.tape.time += rng.randint(50, 600)
        book.best[side] = book.price(side, 1)

    def _follow(self, side: int) -> None:
        """Close the gap that :meth:`_lift` of ``side`` left: the other side steps up into it."""
        book = self.book
        other = 1 - side
        book.best[other] = book.price(other, -1)
        while book.shares(other, 0) < 0.6 * _USUAL[0]:
            self._add(other, book.best[other])
            book.tape.time += self._random.randint(50, 600)
        outermost = book.price(other, _OUTERMOST)
        while outermost in book.levels[other]:
            book.delete(other, outermost, 0)

    def _add(self, side: int, price: int) -> None:
        mpid = self._random.choice(_MPIDS) if self._random.random() < 0.05 else None
        self.book.add(side, price, self._random.choice(_SIZES), mpid)

    def _nudge(self, depths: tuple[int, ...], side: int | None = None) -> None:
        """Add to a level or take from it, so that it wanders about its size."""
        rng = self._random
        book = self.book
        if side is None:
            side = rng.randrange(2)
        depth = rng.choice(depths)
        price = book.price(side, depth)
        shares = book.volume[side].get(price, 0)
        wanted = _USUAL[depth] * self._factor[side]
        if rng.random() < 0.5 + 0.8 * (wanted - shares) / wanted:
            if shares < _LEVEL_MOST - _SIZES[-1]:
                self._add(side, price)
            return
        if not shares:
            return
        queue = book.levels[side][price]
        index = rng.randrange(len(queue))
        order = queue[index][1]
        least = _BEST_LEAST if depth == 0 else 0
        kind = rng.random()
        if kind < 0.15 and order > 100 and shares - 100 >= least:
            book.cancel(side, price, index, 100)
        elif kind < 0.33 and shares - order >= least:
            new_price = book.price(side, rng.choice(depths))
            if book.volume[side].get(new_price, 0) <= _LEVEL_MOST - _SIZES[-1]:
                book.replace(side, price, index, new_price, rng.choice(_SIZES))
        elif kind < 0.45 and depth == 0 and not self._halted and shares - queue[0][1] >= least:
            book.execute(side, queue[0][1] if rng.random() < 0.6 else 100)
        elif shares - order >= least:
            book.delete(side, price, index)
