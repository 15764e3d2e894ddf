"""A block between two chains of registers, so that a part with few pins can be filled with it and nothing else."""

from collections.abc import Iterable, Iterator

from amaranth import Cat, Module, Signal
from amaranth.hdl import Const, Fragment, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Scaffold"]

#: Bits that one look-up table of the output's tree takes in.
_TREE = 4


class Scaffold(wiring.Component):
    """Holds a block so that synthesis keeps all of it and its ports cost no pins.

    Every input bit of the block comes from a register of one long shift register, every output bit goes through a tree
    of exclusive ors, a register after each, to one pin. So each path that is timed begins and ends in a register, no
    input is a constant, and no output is without a reader. An output's path is an exclusive or longer than the block's
    own; a register before it would be one for each of thousands of bits, most of which come from one.

    Where the block is made of others whose ports it does not wire itself (the engine leaves configuration, counters and
    telemetry to whoever holds the registers), those ports are chained in the same way: an input that the block drives
    nowhere, an output that it reads nowhere.

    Parameters
    ----------
    block : wiring.Component
        What is timed.
    parts : iterable of wiring.Component
        Blocks in it whose loose ports are chained too.
    name : str
        Its name in the hierarchy.

    Ports
    -----
    serial_in, serial_out
        The ends of the two chains.
    """

    def __init__(self, block: wiring.Component, parts: Iterable[wiring.Component] = (), *, name: str = "block") -> None:
        self._block = block
        self._parts = tuple(parts)
        self._name = name
        super().__init__({"serial_in": In(1), "serial_out": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Build the chains."""
        m = Module()
        inside = Fragment.get(self._block, platform)
        m.submodules[self._name] = inside
        inputs, outputs = self._loose_ports(inside)

        chain = Signal(max(1, sum(map(len, inputs))))
        m.d.sync += chain.eq(Cat(self.serial_in, chain))
        at = 0
        for value in inputs:
            m.d.comb += value.eq(chain[at : at + len(value)])
            at += len(value)

        layer = Cat(outputs)
        while True:
            after = Signal(max(1, -(-len(layer) // _TREE)), name=f"tree_{len(layer)}")
            m.d.sync += after.eq(Cat(layer[i : i + _TREE].xor() for i in range(0, len(layer), _TREE)))
            layer = after
            if len(layer) == 1:
                break
        m.d.comb += self.serial_out.eq(layer)
        return m

    def _loose_ports(self, inside: Fragment) -> tuple[list[Value], list[Value]]:
        # What the block's own statements drive and read: the ports of its parts that are not loose.
        statements = [statement for group in inside.statements.values() for statement in group]
        driven = {id(signal) for statement in statements for signal in statement._lhs_signals()}
        read = {id(signal) for statement in statements for signal in statement._rhs_signals()}
        inputs: list[Value] = []
        outputs: list[Value] = []
        for component, wired_here in ((self._block, False), *((part, True) for part in self._parts)):
            for flow, value in _ports(component):
                wired = driven if flow is In else read
                if not (wired_here and any(id(signal) in wired for signal in value._rhs_signals())):
                    (inputs if flow is In else outputs).append(value)
        return inputs, outputs


def _ports(component: wiring.Component) -> Iterator[tuple[wiring.Flow, Value]]:
    for _, member, port in component.signature.flatten(component):
        value = Value.cast(port)
        # The ready of a stream that never waits is a constant.
        if not isinstance(value, Const):
            yield member.flow, value
