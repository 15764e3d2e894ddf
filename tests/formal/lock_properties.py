"""What must hold of every register that locks: while the card is armed nothing that the host does changes it."""

from amaranth import Module, ResetSignal, Signal
from amaranth.hdl import Assert
from amaranth.lib import wiring

from hdl.configs import CardConfig
from hdl.regs.bank import RegisterBank

SLOTS = 2
CONFIG = CardConfig("formal", 8, SLOTS, 32, 8, 2, 6400, "the smallest bank with more than one slot")


class LockProperties(wiring.Component):
    """The real :class:`~hdl.regs.bank.RegisterBank` for two slots, bus and ``armed`` free.

    Every ``pw_locked`` register is looked at whole: those kept in a memory by a read port of their own, which is how
    the gate reads its ceilings, the others in their cells. The next user reference number is not among them: the card
    itself counts it up while armed.
    """

    def __init__(self):
        super().__init__({})
        self.bank = RegisterBank(CONFIG)
        self.ports, self.values = {}, {}
        for register in self.bank.description:
            if not register.locked or any(f.driven for f in register.fields):
                continue
            if register.memory:
                self.ports |= {(register.key, slot): self.bank.slot_port(register.key) for slot in range(SLOTS)}
                continue
            for index in range(register.count):
                for field in register.fields:
                    # The bank has no port for a cell but the bus: it is looked at directly.
                    cell = self.bank._cells[register.key, index, field.name]
                    self.values[f"{register.key}.{index}.{field.name}"] = cell
        bus = self.bank.bus
        self.free = [bus.address, bus.wdata, bus.read, bus.write, self.bank.armed]

    def elaborate(self, platform):
        m = Module()
        m.submodules.bank = self.bank
        held = Signal(reset_less=True)  # armed in the cycle before, and not in reset
        m.d.sync += held.eq(self.bank.armed & ~ResetSignal())
        for (key, slot), port in self.ports.items():
            m.d.comb += port.slot.eq(slot)
            self.values[f"{key}.{slot}"] = port.row.as_value()
        for name, value in self.values.items():
            past = Signal(len(value), name=f"{name.replace('.', '_')}_past", reset_less=True)
            m.d.sync += past.eq(value)
            with m.If(held):
                m.d.comb += Assert(value[:] == past, name)  # whole, without regard to its sign
        return m
