"""The book of one made symbol, and the tape that every change of it is written to.

Prices are whole cents here; the tape carries them as ITCH does, in 1/10,000 dollar.
"""

from hdl.wire.itch50 import ITCH50
from sim.sessions import encode

__all__ = ["BUY", "SELL", "MadeBook", "Tape"]

BUY = 0
SELL = 1
_LETTERS = (b"B", b"S")
_PRICE_OF_CENT = 100
#: Real references of one day are often 4k + 1, which wastes an index made of their low bits: so are these.
_REFERENCE_STEP = 4


class Tape:
    """Messages in the order of their times, with rising order references and match numbers.

    Parameters
    ----------
    time : int
        Exchange time of the first message, ns since midnight.
    """

    def __init__(self, time: int) -> None:
        self.time = time
        self.messages: list[bytes] = []
        self._reference = 1 - _REFERENCE_STEP
        self._match = 0

    def advance(self, time: int) -> None:
        """Move the clock on to ``time``; it never goes back."""
        self.time = max(self.time, time)

    def reference(self) -> int:
        """Next order reference."""
        self._reference += _REFERENCE_STEP
        return self._reference

    def match(self) -> int:
        """Next match number."""
        self._match += 1
        return self._match


class MadeBook:
    """The orders of one symbol, in price-time order. Each method puts the message that says so on the tape.

    Parameters
    ----------
    tape : Tape
        Where the messages go.
    locate : int
        Locate number of the day.
    stock : bytes
        Symbol, padded to 8 bytes.
    bid, ask : int
        Best prices to begin with, in cents.
    """

    def __init__(self, tape: Tape, locate: int, stock: bytes, bid: int, ask: int) -> None:
        self.tape = tape
        self.locate = locate
        self.stock = stock
        self.best = [bid, ask]
        #: For each side: price to orders, oldest first, each ``[reference, shares]``.
        self.levels: tuple[dict[int, list[list[int]]], dict[int, list[list[int]]]] = ({}, {})
        self.volume: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def price(self, side: int, depth: int) -> int:
        """Price ``depth`` cents behind the best of a side."""
        return self.best[side] - depth if side == BUY else self.best[side] + depth

    def shares(self, side: int, depth: int) -> int:
        """Shares ``depth`` cents behind the best of a side."""
        return self.volume[side].get(self.price(side, depth), 0)

    def five(self, side: int) -> int:
        """Shares of the five prices nearest the best of a side."""
        return sum(self.shares(side, depth) for depth in range(5))

    def add(self, side: int, price: int, shares: int, mpid: bytes | None = None) -> None:
        """Add an order, with the participant's letters if ``mpid`` is given."""
        tape = self.tape
        reference = tape.reference()
        wire = price * _PRICE_OF_CENT
        if mpid is None:
            message = encode.add(self.locate, tape.time, reference, _LETTERS[side], shares, self.stock, wire)
        else:
            message = encode.add_attributed(
                self.locate, tape.time, reference, _LETTERS[side], shares, self.stock, wire, mpid
            )
        tape.messages.append(message)
        self._put(side, price, reference, shares)

    def delete(self, side: int, price: int, index: int) -> None:
        """Delete the order at ``index`` of a price's queue."""
        reference, shares = self.levels[side][price][index]
        self.tape.messages.append(encode.delete(self.locate, self.tape.time, reference))
        self._take(side, price, index, shares)

    def cancel(self, side: int, price: int, index: int, shares: int) -> None:
        """Take ``shares``, fewer than it has, off the order at ``index``."""
        reference = self.levels[side][price][index][0]
        self.tape.messages.append(encode.cancel(self.locate, self.tape.time, reference, shares))
        self._take(side, price, index, shares)

    def replace(self, side: int, price: int, index: int, new_price: int, shares: int) -> None:
        """Move the order at ``index`` to another price and size; it goes to the back of the queue there."""
        reference, old = self.levels[side][price][index]
        new = self.tape.reference()
        wire = new_price * _PRICE_OF_CENT
        self.tape.messages.append(encode.replace(self.locate, self.tape.time, reference, new, shares, wire))
        self._take(side, price, index, old)
        self._put(side, new_price, new, shares)

    def execute(self, side: int, shares: int, *, at: int | None = None, printable: bool = True) -> None:
        """Execute up to ``shares`` of the oldest order at the best of a side, or at the price ``at`` (1/10,000)."""
        price = self.best[side]
        reference, open_shares = self.levels[side][price][0]
        shares = min(shares, open_shares)
        tape = self.tape
        if at is None:
            message = encode.execute(self.locate, tape.time, reference, shares, tape.match())
        else:
            message = encode.execute_at(
                self.locate, tape.time, reference, shares, tape.match(), at, printable=printable
            )
        tape.messages.append(message)
        self._take(side, price, 0, shares)

    def hidden(self, shares: int, price: int) -> None:
        """Print the trade of a hidden order at ``price`` (1/10,000 dollar)."""
        tape = self.tape
        tape.messages.append(encode.trade(self.locate, tape.time, shares, self.stock, price, tape.match()))

    def trading_action(self, state: str, reason: str) -> None:
        """Say that the symbol is halted (``H``), takes quotes only (``Q``) or trades (``T``)."""
        tape = self.tape
        symbol = self.stock.decode("ascii")
        tape.messages.append(
            ITCH50["H"].pack(
                stock_locate=self.locate, timestamp=tape.time, stock=symbol, trading_state=state, reason=reason
            )
        )

    def reg_sho(self, action: str) -> None:
        """Say whether short sales are restricted (``1``, ``2``) or not (``0``)."""
        tape = self.tape
        symbol = self.stock.decode("ascii")
        tape.messages.append(
            ITCH50["Y"].pack(stock_locate=self.locate, timestamp=tape.time, stock=symbol, reg_sho_action=action)
        )

    def _put(self, side: int, price: int, reference: int, shares: int) -> None:
        self.levels[side].setdefault(price, []).append([reference, shares])
        self.volume[side][price] = self.volume[side].get(price, 0) + shares

    def _take(self, side: int, price: int, index: int, shares: int) -> None:
        queue = self.levels[side][price]
        queue[index][1] -= shares
        self.volume[side][price] -= shares
        if not queue[index][1]:
            del queue[index]
            if not queue:
                del self.levels[side][price]
                del self.volume[side][price]
