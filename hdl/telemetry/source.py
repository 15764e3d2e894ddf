"""What a source of records can say, and so what has to be kept of a record while it waits."""

from amaranth import Cat, Value
from amaranth.lib import data
from amaranth.utils import bits_for

from hdl.telemetry.record import NO_SIDE, Record, RecordType
from hdl.telemetry.records import RECORDS
from hdl.types import SLOT_NONE

__all__ = ["SOURCE_DEPTH", "Source"]

#: Records that wait for their turn, a source.
SOURCE_DEPTH = 4

_BY_NUMBER = {record.number: record for record in RECORDS}
_WORD_BITS = 32
#: What a record has in a field that its type does not fill; any other such field is 0. All ones, both of them.
_NONE = {"slot": SLOT_NONE, "side": NO_SIDE}


class Source:
    """A source of records: the types it sends, and how many of its records may wait.

    From ``hdl.telemetry.records`` follows what a record of these types can have in it: ``layout`` has a field for it
    and no other. What the types do not have is a constant, which is put in again when the record goes on.

    Parameters
    ----------
    *types : RecordType
        What it sends.
    depth : int
        Records that may wait for their turn.
    in_block_ram : bool
        They wait in block RAM however few they are; else only where they do not fit one layer of look-up tables.

    Attributes
    ----------
    types, depth, in_block_ram
        As they were given.
    layout : amaranth.lib.data.StructLayout
        What is kept of a record.
    brings_time : bool
        ``card_time`` is among it.

    Raises
    ------
    ValueError
        No type, no depth, or some types bring their time and others do not.
    """

    def __init__(self, *types: RecordType, depth: int = SOURCE_DEPTH, in_block_ram: bool = False) -> None:
        if not types:
            raise ValueError("a source sends at least one type of record; it was given none")
        if depth < 1:
            raise ValueError(f"a source keeps at least one record, not {depth!r}")
        self.types = types
        self.depth = depth
        self.in_block_ram = in_block_ram
        contents = [_bits_of(kind) for kind in types]
        bringing = [kind.name for kind, bits in zip(types, contents, strict=True) if "card_time" in bits]
        self.brings_time = bool(bringing)
        if self.brings_time and len(bringing) != len(types):
            others = ", ".join(kind.name for kind in types if kind.name not in bringing)
            raise ValueError(
                f"{', '.join(bringing)} brings a card time of its own and {others} does not: give them two sources"
            )
        widths = {name: max(bits.get(name, 0) for bits in contents) for name in Record.as_shape().members}
        if widths["side"] and not all("side" in bits for bits in contents):
            widths["side"] = 2
        self._type = types[0] if len(types) == 1 else None
        if self._type is None:
            widths["type"] = bits_for(max(kind.value for kind in types))
        self.layout = data.StructLayout({name: width for name, width in widths.items() if width})

    def kept(self, record: data.View) -> dict[str, Value]:
        """Give what is kept of a record, by field of ``layout``."""
        return {name: Value.cast(getattr(record, name))[:bits] for name, bits in self.layout.members.items()}

    def restored(self, kept: data.View) -> dict[str, Value | int]:
        """Give every field of the record of which ``kept`` is left, but a card time that it does not bring."""
        fields: dict[str, Value | int] = {}
        for name in Record.as_shape().members:
            if name in self.layout.members:
                value = Value.cast(getattr(kept, name))
                # The second of two bits of a side says that it is none, which is all ones.
                fields[name] = Cat(value[0], value[1].replicate(7)) if name == "side" and len(value) > 1 else value
            elif name == "type" and self._type is not None:
                fields[name] = self._type.value
            elif name != "card_time":
                fields[name] = _NONE.get(name, 0)
        return fields


def _bits_of(kind: RecordType) -> dict[str, int]:
    """Bits of each field of a :class:`Record` that records of a type fill, but ``type``."""
    described = _BY_NUMBER[kind.value]
    words = {name: f"word{i}" for i, name in enumerate(described.words) if name is not None}
    header = {name: bits for name, bits in described.bits.items() if name not in words}
    return header | {word: described.bits.get(name, _WORD_BITS) for name, word in words.items()}
