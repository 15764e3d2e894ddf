"""Where own orders rest, or may come to rest: an order that would meet one of them does not leave the card."""

from amaranth import Module, Mux, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl import types
from hdl.risk.positions import ENTER_LETTER, REPLACE_LETTER
from hdl.types import OrderAnswer, OrderAnswerKind, OrderIntent, OrderIntentKind, Side, TimeInForce

__all__ = ["RESTING", "OwnPrices", "OwnResting", "meets_own"]

#: Strategies whose orders rest, at most one a side and slot each; the host's are immediate.
RESTING = (types.Module.TAKER, types.Module.MAKER)


class OwnPrices(data.Struct):
    """Highest price at which an own buy order of a slot may rest, lowest of an own sell; zero for none."""

    bid: unsigned(32)
    ask: unsigned(32)


class OwnResting(wiring.Component):
    """Keeps, for every slot, the prices at which own day orders rest and those that were asked for and not answered.

    An order counts from the cycle after the gate grants it: first by the price asked for, and from the exchange's
    Accepted, Replaced or Priority Update on by the price it names. A Replace under way counts at both its prices, since
    either may be the one that is met. It is forgotten when nothing more can fill on it. An immediate order never rests.

    Parameters
    ----------
    slots : int
        Symbols followed.
    readers : int
        Slots shown at once.
    strategies : tuple of Module
        Those whose orders rest.

    Ports
    -----
    grants : In(stream, always ready)
        Intents as they leave the gate.
    answers : In(stream, always ready)
        Answers of the order port.
    slot : In(array of 8), prices : Out(array of OwnPrices)
        What each reader asks for, in the same cycle; nothing for a slot that does not exist.

    Latency: a grant and an answer are seen 1 cycle later.
    """

    def __init__(self, slots: int, readers: int, strategies: tuple[types.Module, ...] = RESTING) -> None:
        self._slots, self._readers, self._strategies = slots, readers, strategies
        super().__init__(
            {
                "grants": In(stream.Signature(OrderIntent, always_ready=True)),
                "answers": In(stream.Signature(OrderAnswer, always_ready=True)),
                "slot": In(data.ArrayLayout(unsigned(8), readers)),
                "prices": Out(data.ArrayLayout(OwnPrices, readers)),
            }
        )

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        grant, answer = self.grants.payload, self.answers.payload
        named, answered, over = Signal(), Signal(), Signal()
        priced = Signal()
        asks = Signal()
        m.d.comb += [
            # The exchange names a price; a Replace or an ENTER is answered, or never left; nothing more can fill.
            named.eq((answer.kind == OrderAnswerKind.ACCEPTED) | (answer.kind == OrderAnswerKind.REPLACED)),
            priced.eq(named | (answer.kind == OrderAnswerKind.PRIORITY)),
            # SENT says it too, of a Replace that left for an order that had died: nothing more is said of that one.
            over.eq((answer.kind != OrderAnswerKind.REFUSED) & answer.dead),
            answered.eq(
                named
                | over
                | (answer.kind == OrderAnswerKind.REJECTED)
                | ((answer.kind == OrderAnswerKind.REFUSED) & _one_of(answer.flag, (ENTER_LETTER, REPLACE_LETTER)))
            ),
            asks.eq(
                self.grants.valid
                & (grant.slot < self._slots)
                & _one_of(grant.kind, (OrderIntentKind.ENTER, OrderIntentKind.REPLACE))
                & (grant.time_in_force == TimeInForce.DAY)
            ),
        ]
        kept = {
            (module, side): self._keep(m, module, side, asks, priced, answered, over)
            for module in self._strategies
            for side in Side
        }
        for i in range(self._readers):
            slot = self.slot[i]
            for side, shown in ((Side.BUY, self.prices[i].bid), (Side.SELL, self.prices[i].ask)):
                nearest = None
                for module in self._strategies:
                    for price in kept[module, side](slot):
                        nearest = price if nearest is None else _nearer(m, side, nearest, price)
                m.d.comb += shown.eq(nearest)
        return m

    def _keep(self, m, module, side, asks, priced, answered, over):
        """Keep the order of one strategy and side of every slot; give what shows its prices for a slot."""
        grant, answer = self.grants.payload, self.answers.payload
        name = f"{module.name.lower()}_{side.name.lower()}"
        asked = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
        rests = memory.Memory(shape=unsigned(32), depth=self._slots, init=[])
        m.submodules[f"{name}_asked"], m.submodules[f"{name}_rests"] = asked, rests
        write_asked, write_rests = asked.write_port(), rests.write_port()
        is_asked, is_resting = Signal(self._slots, name=f"{name}_is_asked"), Signal(self._slots, name=f"{name}_resting")
        own_grant, own_answer = Signal(name=f"{name}_grant"), Signal(name=f"{name}_answer")
        m.d.comb += [
            own_grant.eq(asks & (grant.module == module) & (grant.side == side)),
            own_answer.eq(
                self.answers.valid
                & (answer.slot < self._slots)
                & (answer.module == module)
                & (answer.side == side)
                & (answer.role != types.Role.ENTRY)
            ),
            write_asked.addr.eq(grant.slot),
            write_asked.data.eq(grant.price),
            write_asked.en.eq(own_grant),
            write_rests.addr.eq(answer.slot),
            write_rests.data.eq(answer.price),
            write_rests.en.eq(own_answer & priced),
        ]
        with m.If(own_answer & priced):
            m.d.sync += is_resting.bit_select(answer.slot, 1).eq(1)
        with m.If(own_answer & over):
            m.d.sync += is_resting.bit_select(answer.slot, 1).eq(0)
        # Later statements win: what is granted in the cycle of an answer is not answered by it.
        with m.If(own_answer & answered):
            m.d.sync += is_asked.bit_select(answer.slot, 1).eq(0)
        with m.If(own_grant):
            m.d.sync += is_asked.bit_select(grant.slot, 1).eq(1)

        def prices(slot):
            found = []
            for rows, known in ((asked, is_asked), (rests, is_resting)):
                read = rows.read_port(domain="comb")
                price = Signal(32)
                m.d.comb += read.addr.eq(slot)
                with m.If((slot < self._slots) & known.bit_select(slot, 1)):
                    m.d.comb += price.eq(read.data)
                found.append(price)
            return found

        return prices


def _one_of(value, members):
    """Whether a value is one of some."""
    return (value == members[0]) | (value == members[1])


def _nearer(m, side, first, second):
    """The price of the two that an order of the other side would meet first; zero is none."""
    price = Signal(32)
    better = (first >= second) if side == Side.BUY else ((first <= second) & (first != 0)) | (second == 0)
    m.d.comb += price.eq(Mux(better, first, second))
    return price


def meets_own(own, side, price):
    """Whether an order of this side and price would meet an own order of the other side.

    Parameters
    ----------
    own : OwnPrices
        Of the order's slot.
    side, price : value
        Of the order.
    """
    buys = (own.ask != 0) & (price >= own.ask)
    return Mux(side == Side.SELL, price <= own.bid, buys)
