"""ITCH messages that no exchange sends, and the same stream with each of them put as ``docs/blocks/book.md`` reads it.

Books differ in what they make of nonsense. :class:`Plain` rewrites a hostile message into messages that leave nothing
to interpret (or into none), by the written rules and by nothing else: it knows who owns a reference and how many
shares are left, and keeps no levels. Another book that is given the plain stream must show what the card shows
when given the hostile one.
"""

import random
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sim.sessions import encode

SYMBOLS = {7: b"AAA     ", 300: b"BBB     ", 4001: b"CCC     "}
_OPENED = 34_200 * 10**9
#: Hostilities that ``itch-book`` reads as the card does, so that it may be given them as they are.
SHARED = frozenset({"unknown", "zero add", "zero price", "over-execution", "zero execution", "crossed", "onto itself"})
#: All of them.
ALL = SHARED | {"duplicate", "replace onto a live one", "other symbol", "reference zero", "huge level"}


@dataclass(frozen=True)
class Held:
    """A live order."""

    locate: int
    shares: int


class HostileStream:
    """Adds, executions, cancels, deletes and replaces of three symbols, with every hostility named.

    Parameters
    ----------
    seed : int
        One seed makes one stream.
    hostilities : frozenset of str
        Out of ``ALL``; about one message in five is one of them.
    most : int
        Orders kept live; the table must hold them.
    """

    def __init__(self, seed: int, hostilities: frozenset[str], most: int = 900) -> None:
        self._rng = random.Random(seed)
        self._hostilities = sorted(hostilities - {"crossed"})
        self._crosses = "crossed" in hostilities
        self._most = most
        self._live: dict[int, Held] = {}
        self._middle = dict.fromkeys(SYMBOLS, 250_000)
        self._next = 1
        self._time = _OPENED
        self.made: Counter[str] = Counter()

    def messages(self, count: int) -> Iterator[bytes]:
        """Yield ``count`` messages."""
        for _ in range(count):
            self._time += self._rng.randrange(1, 5_000)
            if self._hostilities and self._rng.random() < 0.2:
                what = self._rng.choice(self._hostilities)
                self.made[what] += 1
                yield self._hostile(what)
            else:
                yield self._honest()

    def _fresh(self) -> int:
        self._next += self._rng.choice([1, 4, 4, 4, 1 << 20])
        return self._next

    def _add(self, locate: int, reference: int, shares: int, price: int) -> bytes:
        side = self._rng.choice([b"B", b"S"])
        if shares and price and reference not in self._live:
            self._live[reference] = Held(locate, shares)
        return encode.add(locate, self._time, reference, side, shares, SYMBOLS[locate], price)

    def _price(self, locate: int) -> int:
        """Give a price near the symbol's middle, which wanders, so that books cross and rows run empty."""
        if self._crosses and self._rng.random() < 0.02:
            self._middle[locate] += self._rng.choice([-4_000, 4_000])
        return max(1, self._middle[locate] + 100 * self._rng.randrange(-40, 41))

    def _taken(self, reference: int, shares: int) -> None:
        held = self._live.pop(reference)
        if shares < held.shares:
            self._live[reference] = Held(held.locate, held.shares - shares)

    def _one(self) -> int:
        return self._rng.choice(list(self._live))

    def _honest(self) -> bytes:
        rng, locate = self._rng, self._rng.choice(list(SYMBOLS))
        if not self._live or (rng.random() < 0.5 and len(self._live) < self._most):
            return self._add(locate, self._fresh(), rng.randrange(1, 500), self._price(locate))
        reference = self._one()
        held = self._live[reference]
        shares = rng.choice([held.shares, rng.randrange(1, held.shares + 1)])
        kind = rng.choice("EECXDDU")
        if kind == "D":
            self._taken(reference, held.shares)
            return encode.delete(held.locate, self._time, reference)
        if kind == "U":
            new = self._fresh()
            self._taken(reference, held.shares)
            self._live[new] = Held(held.locate, shares)
            return encode.replace(held.locate, self._time, reference, new, shares, self._price(held.locate))
        self._taken(reference, shares)
        return self._take(kind, held.locate, reference, shares)

    def _take(self, kind: str, locate: int, reference: int, shares: int) -> bytes:
        match, price = self._rng.getrandbits(40), self._price(locate)
        if kind == "E":
            return encode.execute(locate, self._time, reference, shares, match)
        if kind == "C":
            return encode.execute_at(locate, self._time, reference, shares, match, price)
        return encode.cancel(locate, self._time, reference, shares)

    def _replace(self, reference: int, new: int, shares: int, price: int) -> bytes:
        held = self._live.pop(reference)
        if shares and price and new not in self._live:
            self._live[new] = Held(held.locate, shares)
        return encode.replace(held.locate, self._time, reference, new, shares, price)

    def _hostile(self, what: str) -> bytes:
        rng, locate = self._rng, self._rng.choice(list(SYMBOLS))
        if what == "unknown" or not self._live:
            unknown = self._fresh()
            kind = rng.choice("ECXDU")
            if kind == "D":
                return encode.delete(locate, self._time, unknown)
            if kind == "U":
                return encode.replace(locate, self._time, unknown, self._fresh(), 5, self._price(locate))
            return self._take(kind, locate, unknown, rng.randrange(1, 9))
        reference = self._one()
        held = self._live[reference]
        price, kind = self._price(held.locate), rng.choice("ECX")
        if what in ("zero add", "zero price"):
            shares, price = (0, price) if what == "zero add" else (rng.randrange(1, 9), 0)
            if rng.random() < 0.5:
                return self._replace(reference, self._fresh(), shares, price)
            return self._add(locate, self._fresh(), shares, price)
        if what == "over-execution":
            self._taken(reference, held.shares)
            return self._take(kind, held.locate, reference, min(held.shares + rng.randrange(1, 1_000), 2**32 - 1))
        if what == "zero execution":
            return self._take(kind, held.locate, reference, 0)
        if what == "onto itself":
            return self._replace(reference, reference, rng.randrange(1, 500), price)
        if what == "duplicate":
            return self._add(rng.choice([locate, held.locate]), reference, rng.randrange(1, 500), price)
        if what == "replace onto a live one":
            return self._replace(reference, self._one(), rng.randrange(1, 500), price)
        if what == "other symbol":
            other = rng.choice([symbol for symbol in SYMBOLS if symbol != held.locate])
            return rng.choice(
                [
                    encode.delete(other, self._time, reference),
                    self._take(kind, other, reference, held.shares),
                    encode.replace(other, self._time, reference, self._fresh(), 5, price),
                ]
            )
        if what == "reference zero":
            # One symbol's for good: meatpy keeps a reference in mind after its order was executed whole.
            mine = next(iter(SYMBOLS))
            if 0 not in self._live:
                return self._add(mine, 0, rng.randrange(1, 500), self._price(mine))
            del self._live[0]
            return encode.delete(mine, self._time, 0)
        assert what == "huge level", what
        return self._add(locate, self._fresh(), 2**32 - 1, self._middle[locate])


class Plain:
    """Puts each message as the rules of ``docs/blocks/book.md`` read it, and names the hostility it met."""

    def __init__(self) -> None:
        self._live: dict[int, Held] = {}
        self.met: Counter[str] = Counter()

    def of(self, message: bytes) -> list[bytes]:
        """Give the messages that say the same without a doubt: none, one, or two."""
        kind, locate, time = message[:1], encode.locate_of(message), encode.time_of(message)
        if kind not in b"AFECXDU":
            return [message]
        (reference,) = struct.unpack_from(">Q", message, 11)
        if kind in b"AF":
            shares, price = struct.unpack_from(">I", message, 20)[0], struct.unpack_from(">I", message, 32)[0]
            return [message] if self._enters(locate, reference, shares, price) else []
        held = self._live.get(reference)
        if held is None or held.locate != locate:
            self.met["unknown"] += 1
            return []
        if kind == b"D":
            del self._live[reference]
            return [message]
        if kind == b"U":
            new, shares, price = struct.unpack_from(">QII", message, 19)
            del self._live[reference]
            if self._enters(locate, new, shares, price):
                return [message]
            return [encode.delete(locate, time, reference)]
        (shares,) = struct.unpack_from(">I", message, 19)
        if shares == 0:
            return []
        if shares >= held.shares:
            del self._live[reference]
            self.met["over-execution"] += shares > held.shares
            return [encode.delete(locate, time, reference)] if shares > held.shares else [message]
        self._live[reference] = Held(locate, held.shares - shares)
        return [message]

    def _enters(self, locate: int, reference: int, shares: int, price: int) -> bool:
        """Whether an order may enter the book."""
        if shares == 0 or price == 0:
            self.met["zero add"] += 1
            return False
        if reference in self._live:
            self.met["duplicate"] += 1
            return False
        self._live[reference] = Held(locate, shares)
        return True

    @property
    def live_orders(self) -> int:
        """Orders that live now."""
        return len(self._live)
