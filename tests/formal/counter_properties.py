"""What must hold of the register bank's counters: they add what they are given, and stop at their largest value."""

from amaranth import Module, Mux, ResetSignal, Signal
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.configs import CardConfig
from hdl.regs.bank import RegisterBank

CONFIG = CardConfig("formal", 8, 1, 32, 8, 2, 6400, "the smallest bank")
#: A counter of each of some blocks, with the width of its increment.
COUNTERS = {"feed.frames": 1, "feed.duplicates": 3, "book.queue_overflows": 1, "control.hostlink_errors": 1}


class CounterProperties(wiring.Component):
    """The real :class:`~hdl.regs.bank.RegisterBank` for one slot; increments and bus are free."""

    def __init__(self):
        super().__init__({})
        self.bank = RegisterBank(CONFIG)
        self.increments = {name: self.bank.count(name, width) for name, width in COUNTERS.items()}
        bus = self.bank.bus
        self.free = [bus.address, bus.wdata, bus.read, bus.write, self.bank.armed, *self.increments.values()]

    def elaborate(self, platform):
        m = Module()
        m.submodules.bank = self.bank
        past_reset = Signal(init=1, reset_less=True)
        m.d.sync += past_reset.eq(ResetSignal())
        for name, increment in self.increments.items():
            # The bank has no port for a counter's value but the bus: its cell is looked at directly.
            cell = self.bank._cells[name, 0, self.bank.description.register(name).fields[0].name]
            label = name.replace(".", "_")
            past, added = Signal(len(cell), name=f"{label}_past"), Signal(len(increment), name=f"{label}_added")
            m.d.sync += [past.eq(cell), added.eq(increment)]
            wanted = Signal(len(cell) + 1, name=f"{label}_wanted")
            m.d.comb += wanted.eq(past + added)
            largest = (1 << len(cell)) - 1
            with m.If(past_reset):
                m.d.comb += Assert(cell == 0)
            with m.Else():
                m.d.comb += [Assert(cell == Mux(wanted > largest, largest, wanted)), Assert(cell >= past)]
        return m
