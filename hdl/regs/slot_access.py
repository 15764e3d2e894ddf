"""Registers that there is one of for each slot, read, shown and heard one slot at a time."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data

from hdl.regs.description import Field, Register
from hdl.slot_numbers import SlotNumbers

__all__ = ["SlotAccess", "SlotPort", "SlotShow", "SlotWrite", "layout_of", "pack", "shape_of"]


def shape_of(field: Field):
    """Give the shape of a field's value."""
    return signed(field.width) if field.signed else unsigned(field.width)


def layout_of(register: Register) -> data.StructLayout:
    """Give the struct of a register's fields."""
    return data.StructLayout({f.name: shape_of(f) for f in register.fields})


def pack(parts: dict):
    """Put values at their lowest bits in a word of 64."""
    bits = []
    at = 0
    for low, value in sorted(parts.items(), key=lambda item: item[0]):
        if low > at:
            bits.append(Const(0, low - at))
        bits.append(value)
        at = low + len(value)
    return Cat(*bits)


@dataclass(frozen=True, slots=True)
class SlotPort:
    """A read port of a register that the host writes, one of each slot.

    Attributes
    ----------
    slot : Signal
        The reader drives it.
    row : data.View
        The register of that slot in the same cycle, a struct of the register's fields.
    """

    slot: Signal
    row: data.View


@dataclass(frozen=True, slots=True)
class SlotShow:
    """The way of a block to show the host a register of each slot, asked for only when the host reads it.

    Attributes
    ----------
    slot : Signal
        The bank drives it.
    row : data.View
        The register of that slot, to be driven in the same cycle, a struct of the register's fields.
    """

    slot: Signal
    row: data.View


@dataclass(frozen=True, slots=True)
class SlotWrite:
    """What the host writes into a register of each slot.

    Attributes
    ----------
    strobe : Signal
        High in the first cycle of a newly written value.
    slot : Signal
        Whose it is.
    row : data.View
        What was written, a struct of the register's fields; a command bit is high beside ``strobe`` only.
    """

    strobe: Signal
    slot: Signal
    row: data.View


class SlotAccess:
    """What the bank's registers of a slot are beside flip-flops: see the methods of ``RegisterBank`` that give them.

    Parameters
    ----------
    slots : int
        How many there are of each register.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._ports: dict[str, list[SlotPort]] = {}
        self._shows: dict[str, SlotShow] = {}
        self._writes: dict[str, SlotWrite] = {}
        self._changed: dict[str, list[Signal]] = {}

    def port(self, register: Register) -> SlotPort:
        """Give one more read port of a register that the host writes."""
        if not register.per_slot or register.reset or not all(f.kept for f in register.fields):
            raise ValueError(
                f"{register.key} is not a register of a slot that the host writes and that is zero after a reset"
            )
        name = register.name
        port = SlotPort(Signal(8, name=f"{name}_slot"), Signal(layout_of(register), name=f"{name}_row"))
        self._ports.setdefault(register.key, []).append(port)
        return port

    def show(self, register: Register) -> SlotShow:
        """Give a register for hardware to drive, of the slot that is read."""
        if not register.per_slot or any(f.writable for f in register.fields):
            raise ValueError(f"{register.key} is not a register of a slot that hardware drives")
        name = register.name
        show = SlotShow(Signal(8, name=f"{name}_slot"), Signal(layout_of(register), name=name))
        self._shows[register.key] = show
        return show

    def write(self, register: Register) -> SlotWrite:
        """Give what the host writes into a register, as it writes it."""
        if not register.per_slot or not all(f.writable and not f.driven for f in register.fields):
            raise ValueError(f"{register.key} is not a register of a slot that the host writes")
        name = register.name
        return self._writes.setdefault(
            register.key,
            SlotWrite(
                Signal(name=f"{name}_strobe"),
                Signal(8, name=f"{name}_written_slot"),
                Signal(layout_of(register), name=f"{name}_written_row"),
            ),
        )

    def changed(self, register: Register) -> list[Signal]:
        """Give a pulse a slot, in the first cycle of a value that is another than the one before."""
        pulses = [Signal(name=f"{register.name}_{i}_changed") for i in range(register.count)]
        return self._changed.setdefault(register.key, pulses)

    def compare(self, m: Module, register: Register, index: int, differs) -> None:
        """Tell who wants to know that another value is written in this cycle."""
        if register.key in self._changed:
            m.d.sync += self._changed[register.key][index].eq(differs)

    def tell(self, m: Module, register: Register, write, wdata, slot_index, armed) -> None:
        """Tell what is written to those who read a register by slot, or hear it as it is written.

        While ``armed``, command bits that need a disarmed card are not told of.
        """
        ports, heard = self._ports.get(register.key, []), self._writes.get(register.key)
        parts = {f.name: wdata[f.low :][: f.width] for f in register.fields}
        if ports:
            m.submodules[f"{register.block}_{register.name}"] = numbers = SlotNumbers(
                layout_of(register), self._slots, readers=len(ports)
            )
            m.d.comb += [
                numbers.write.eq(write),
                numbers.write_row.eq(slot_index),
                *(numbers.write_number[name].eq(part) for name, part in parts.items()),
            ]
            for i, port in enumerate(ports):
                m.d.comb += [numbers.row[i].eq(port.slot), port.row.eq(numbers.number[i])]
        if heard is not None:
            m.d.sync += [heard.strobe.eq(write), heard.slot.eq(slot_index)]
            m.d.sync += [
                heard.row[f.name].eq(Mux(write & ~(armed & f.disarmed), parts[f.name], 0) if f.pulse else parts[f.name])
                for f in register.fields
            ]

    def shown(self, m: Module, register: Register, slot_index):
        """Ask for a register that is shown; give the word, None for any other register."""
        show = self._shows.get(register.key)
        if show is None:
            return None
        m.d.comb += show.slot.eq(slot_index)
        return pack({f.low: show.row[f.name] for f in register.fields})
