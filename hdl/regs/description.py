"""The registers as plain data: ``card.rdl`` compiled once into dataclasses.

Everything that needs the register map starts here: the gateware's :class:`hdl.regs.bank.RegisterBank`, the generated C
header, the control plane's table and the documentation. ``card.rdl`` (SystemRDL 2.0) is the source; this module only
reads it and refuses what the bank could not build.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from systemrdl import RDLCompiler
from systemrdl.node import AddrmapNode, FieldNode, RegfileNode, RegNode

__all__ = ["COUNTER_BITS", "REGISTER_BYTES", "SLOT_BLOCK", "Block", "Description", "Field", "Register", "describe"]

SOURCE = Path(__file__).with_name("card.rdl")
#: Name of the block that says who a slot is; others may be there once a slot as well.
SLOT_BLOCK = "slot"
#: Bytes of a register: all are this wide and are moved in one transfer.
REGISTER_BYTES = 8
#: Width of a counter.
COUNTER_BITS = 32


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a register.

    Attributes
    ----------
    name : str
        Name within its register.
    low, width : int
        Lowest bit and number of bits.
    signed : bool
        Two's complement.
    unit : str
        Unit of the value, empty for none.
    reset : int
        Value after reset, as an unsigned number of ``width`` bits.
    readable, writable : bool
        What software may do.
    driven : bool
        Hardware gives the value; software's writes, if any, are for hardware to take over.
    pulse : bool
        Writing 1 makes a pulse of one cycle; nothing is kept.
    disarmed : bool
        A pulse that is ignored, and counted, while the card is armed.
    counter : bool
        Hardware counts it up, saturating; reset clears it.
    description : str
        What it means; empty where the register's own words say it.
    """

    name: str
    low: int
    width: int
    signed: bool
    unit: str
    reset: int
    readable: bool
    writable: bool
    driven: bool
    pulse: bool
    disarmed: bool
    counter: bool
    description: str

    @property
    def kept(self) -> bool:
        """Whether the host reads back what it wrote: nothing else changes it."""
        return self.readable and self.writable and not self.driven and not self.pulse

    @property
    def mask(self) -> int:
        """Bits of the register that are this field's."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True, slots=True)
class Register:
    """One register, or one array of equal registers.

    Attributes
    ----------
    block, name : str
        ``control`` and ``status``, for example.
    address : int
        Byte address of the first one.
    count, stride : int
        How many there are and how many bytes lie between two; 1 and 0 for a single register.
    per_slot : bool
        There is one a slot: ``count`` is the number of slots.
    locked : bool
        Writes while armed are dropped and counted.
    epoch : bool
        An accepted write raises the configuration epoch.
    memory : bool
        Kept in a memory: reset does not clear it, hardware reads it by slot.
    fields : tuple of Field
        Lowest bit first.
    description : str
        What it is for.
    """

    block: str
    name: str
    address: int
    count: int
    stride: int
    per_slot: bool
    locked: bool
    epoch: bool
    memory: bool
    fields: tuple[Field, ...]
    description: str

    @property
    def readable(self) -> bool:
        """Whether software may read any of it."""
        return any(f.readable for f in self.fields)

    @property
    def writable(self) -> bool:
        """Whether software may write any of it."""
        return any(f.writable for f in self.fields)

    @property
    def array(self) -> bool:
        """Whether the name takes an index."""
        return self.per_slot or self.count > 1

    @property
    def counter(self) -> bool:
        """Whether it is a counter, which is a register by itself."""
        return self.fields[0].counter

    def place(self, index: int) -> int:
        """Byte address of one of an array, or of the only one with index 0."""
        return self.address + index * self.stride

    @property
    def reset(self) -> int:
        """The whole register after reset; pulses and write-only fields read as zero."""
        return sum(f.reset << f.low for f in self.fields if f.readable)

    @property
    def key(self) -> str:
        """Name without an index: ``control.status``, ``slot.position``."""
        return f"{self.block}.{self.name}"

    def full_name(self, index: int | None = None) -> str:
        """Name as the driver spells it: ``slot[0].position``, ``risk.refused[3]``; ``[]`` without ``index``."""
        at = "" if index is None else str(index)
        if self.per_slot:
            return f"{self.block}[{at}].{self.name}"
        return f"{self.block}.{self.name}[{at}]" if self.array else self.key

    def field(self, name: str) -> Field:
        """Field by name.

        Raises
        ------
        KeyError
            The register has no such field.
        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.key} has no field {name!r}: it has {', '.join(f.name for f in self.fields)}")


@dataclass(frozen=True, slots=True)
class Block:
    """A group of registers that belong together, with its heading and what it is about.

    ``base`` and ``stride``: address of a block that is there once a slot, and bytes between two; 0 for a single block.
    """

    name: str
    title: str
    description: str
    registers: tuple[Register, ...]
    base: int
    stride: int


@dataclass(frozen=True, slots=True)
class Description:
    """The whole register map for a number of slots."""

    slots: int
    slot_base: int
    slot_stride: int
    blocks: tuple[Block, ...]

    def __iter__(self) -> Iterator[Register]:
        """Every register or array, in order of the source."""
        for block in self.blocks:
            yield from block.registers

    def register(self, key: str) -> Register:
        """Register or array by ``block.name``.

        Raises
        ------
        KeyError
            There is no such register.
        """
        for register in self:
            if register.key == key:
                return register
        raise KeyError(f"there is no register {key!r} in {SOURCE.name}")

    def constant(self, key: str) -> int:
        """Reset value of a register that never changes, such as ``identity.magic``."""
        return self.register(key).reset


def _flag(node: RegNode | FieldNode, name: str) -> bool:
    # A boolean property that is named without a value comes back as a marker that is neither None nor False.
    return node.get_property(name) not in (None, False)


def _text(value: str | None) -> str:
    return " ".join((value or "").split())


def _field(node: FieldNode) -> Field:
    sw, hw = node.get_property("sw"), node.get_property("hw")
    counter = _flag(node, "pw_counter")
    reset = node.get_property("reset")
    return Field(
        name=node.inst_name,
        low=node.low,
        width=node.width,
        signed=_flag(node, "pw_signed"),
        unit=_text(node.get_property("pw_unit")),
        reset=int(reset or 0),
        readable=bool(sw.name in ("r", "rw")),
        writable=bool(sw.name in ("w", "rw")),
        driven=bool(hw.name in ("w", "rw")) and not counter,
        pulse=_flag(node, "singlepulse"),
        disarmed=_flag(node, "pw_disarmed"),
        counter=counter,
        description=_text(node.get_property("desc")),
    )


def _register(block: RegfileNode, node: RegNode) -> Register:
    per_slot = bool(block.is_array)
    if per_slot and node.is_array:
        raise ValueError(f"{block.inst_name}.{node.inst_name}: an array inside the slot array is not supported")
    outer, inner = (block if per_slot else node), node
    dimensions = outer.array_dimensions or [1]
    register = Register(
        block=block.inst_name,
        name=node.inst_name,
        address=block.raw_address_offset + inner.raw_address_offset,
        count=dimensions[0],
        stride=outer.array_stride if outer.is_array else 0,
        per_slot=per_slot,
        locked=_flag(node, "pw_locked"),
        epoch=_flag(node, "pw_epoch"),
        memory=_flag(node, "pw_memory"),
        fields=tuple(sorted((_field(f) for f in node.fields()), key=lambda f: f.low)),
        description=_text(node.get_property("desc")),
    )
    if register.address % REGISTER_BYTES or node.size != REGISTER_BYTES:
        raise ValueError(f"{register.key} at {register.address:#x} is not an aligned 64-bit register")
    if register.memory and not (per_slot and all(f.readable and f.writable for f in register.fields)):
        raise ValueError(f"{register.key}: only a readable and writable register of the slot array can be pw_memory")
    for f in register.fields:
        if f.counter and (f.low, f.width, len(register.fields)) != (0, COUNTER_BITS, 1):
            raise ValueError(f"{register.key}: a counter is {COUNTER_BITS} bits from bit 0 and alone in its register")
    return register


def describe(slots: int) -> Description:
    """Compile ``card.rdl`` for a number of slots.

    Parameters
    ----------
    slots : int
        Symbols the card follows at once, 1 to 64.

    Returns
    -------
    Description
        The register map.

    Raises
    ------
    ValueError
        ``slots`` is out of range, or the source holds something the bank cannot build.
    """
    if not 1 <= slots <= 64:
        raise ValueError(f"a card has 1 to 64 slots, not {slots!r}")
    compiler = RDLCompiler()
    compiler.compile_file(str(SOURCE))
    top = compiler.elaborate("card", parameters={"SLOTS": slots}).top
    blocks = []
    slot_base = slot_stride = 0
    for block in top.children(unroll=False):
        if not isinstance(block, RegfileNode) or isinstance(block, AddrmapNode):
            raise ValueError(f"{block.inst_name}: registers stand in a regfile, so that they have a block's name")
        base, stride = (block.raw_address_offset, block.array_stride) if block.is_array else (0, 0)
        if block.is_array and block.array_dimensions != [slots]:
            raise ValueError(f"{block.inst_name}: an array of blocks has one a slot, not {block.array_dimensions}")
        if base % (stride or 1) or stride & (stride - 1):
            raise ValueError(f"{block.inst_name} at {base:#x} is not in steps of a power of two: {stride:#x}")
        if block.inst_name == SLOT_BLOCK:
            slot_base, slot_stride = base, stride
        registers = tuple(_register(block, r) for r in block.registers(unroll=False))
        words = _text(block.get_property("desc", default=""))
        blocks.append(Block(block.inst_name, block.get_property("name"), words, registers, base, stride))
    return Description(slots, slot_base, slot_stride, tuple(blocks))
