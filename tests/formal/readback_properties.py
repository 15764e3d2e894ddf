"""What must hold of reading back: it gives the register's own value, though that comes from another memory."""

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring
from constant import stays

from hdl.configs import CardConfig
from hdl.regs.bank import RegisterBank
from hdl.regs.readback import rows_of

SLOTS = 2
CONFIG = CardConfig("formal", 8, SLOTS, 32, 8, 2, 6400, "the smallest bank with more than one slot")


class ReadbackProperties(wiring.Component):
    """The real :class:`~hdl.regs.bank.RegisterBank` for two slots; bus, ``armed`` and resets are free.

    One register that the host reads back is watched, the solver's choice: what blocks see of it, in its cells or by a
    read port, is what :class:`~hdl.regs.readback.Readback` has of it at any time, and what a read of it is given.
    """

    def __init__(self):
        super().__init__({})
        self.bank = RegisterBank(CONFIG)
        self.values, self.ports = [], []
        for register in self.bank.description:
            for index in range(len(rows_of(register))):
                if register.memory:
                    port = self.bank.slot_port(register.key)
                    self.ports.append((port, index))
                    cells = {f.name: getattr(port.row, f.name) for f in register.fields}
                else:
                    # The bank has no port for a cell but the bus: it is looked at directly.
                    cells = {f.name: self.bank._cells[register.key, index, f.name] for f in register.fields}
                value = Signal(64, name=f"value_{len(self.values)}")
                self.values.append((value, [(f.low, f.width, cells[f.name]) for f in register.fields if f.kept]))
        self.watched = Signal(range(len(self.values)))
        bus = self.bank.bus
        self.free = [bus.address, bus.wdata, bus.read, bus.write, self.bank.armed, self.watched]

    def elaborate(self, platform):
        m = Module()
        m.submodules.bank = self.bank
        readback, watched = self.bank._readback, self.watched
        stays(m, watched)
        for port, index in self.ports:
            m.d.comb += port.slot.eq(index)
        for value, parts in self.values:
            m.d.comb += [value[low : low + width].eq(cell) for low, width, cell in parts]
        own = Signal(64)
        mask, reset = Signal(64), Signal(64)
        m.d.comb += [
            Assume(watched < len(self.values)),
            own.eq(Array(value for value, _ in self.values)[watched]),
            mask.eq(Array(row.mask for row in readback.rows)[watched]),
            reset.eq(Array(row.reset for row in readback.rows)[watched]),
        ]
        written, kept, masks = (
            Signal(),
            *(memory.read_port(domain="comb") for memory in (readback.words, readback.masks)),
        )
        before = readback.words.read_port(domain="comb")
        m.d.comb += [
            written.eq(Array(readback.written)[watched]),
            kept.addr.eq(Cat(watched, 1)),
            before.addr.eq(Cat(watched, 0)),
            masks.addr.eq(watched),
            Assert(masks.data == mask, "the masks stay"),
            Assert(before.data == reset, "the values after a reset stay"),
            Assert(Mux(written, kept.data & mask, reset) == own, "what is read back is the register"),
        ]

        asked, was = Signal(), Signal(64)
        m.d.sync += [asked.eq(Array(readback.hit)[watched] & ~readback.write), was.eq(own)]
        with m.If(asked):
            m.d.comb += Assert(readback.value == was & mask, "a read gives it")
        return m
