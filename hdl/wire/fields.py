"""Fields and messages of fixed layout, described once for the gateware and for plain Python.

All integers are big-endian and unsigned; text is ASCII, left-justified and padded with spaces, as every protocol
in this folder has it. The gateware takes offsets and widths from here; simulation and tests encode and decode with
:meth:`MessageFormat.pack` and :meth:`MessageFormat.unpack`, so the two cannot drift apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

__all__ = ["Field", "Kind", "MessageFormat", "Value", "WireError"]

#: What a field holds: a number, or text with its padding.
Value = int | str


class WireError(ValueError):
    """A value that does not fit its field, or bytes that are not the message they should be."""


class Kind(Enum):
    """What the bytes of a field mean."""

    UINT = "u"  #: a number
    PRICE4 = "p4"  #: a price in 1/10,000 dollar
    PRICE8 = "p8"  #: a price in 1/100,000,000 dollar
    TIME = "t"  #: nanoseconds since midnight
    ALPHA = "a"  #: text, padded with spaces on the right


@dataclass(frozen=True)
class Field:
    """One field of a message.

    Attributes
    ----------
    name : str
        The specification's own word.
    offset : int
        Bytes from the start of the message.
    width : int
        Bytes.
    kind : Kind
        What the bytes mean.
    default : int or str or None
        What :meth:`MessageFormat.pack` puts there when nothing is given; ``None``: it must be given.
    """

    name: str
    offset: int
    width: int
    kind: Kind
    default: Value | None = None

    @property
    def end(self) -> int:
        """Offset of the first byte after the field."""
        return self.offset + self.width

    @property
    def numeric(self) -> bool:
        """Whether the field is a number in :meth:`MessageFormat.unpack`."""
        return self.kind is not Kind.ALPHA

    def encode(self, value: Value) -> bytes:
        """Bytes of ``value``.

        Raises
        ------
        WireError
            The value is of the wrong type or does not fit.
        """
        if self.kind is Kind.ALPHA:
            if not isinstance(value, str) or not value.isascii() or len(value) > self.width:
                raise WireError(f"{self.name}: {value!r} is not ASCII text of at most {self.width} characters")
            return value.encode("ascii").ljust(self.width)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 8 * self.width:
            raise WireError(f"{self.name}: {value!r} is not a whole number from 0 to 2**{8 * self.width} - 1")
        return value.to_bytes(self.width, "big")

    def decode(self, data: bytes) -> Value:
        """Value of the field in ``data``, a whole message; text keeps its padding."""
        part = data[self.offset : self.end]
        return part.decode("latin-1") if self.kind is Kind.ALPHA else int.from_bytes(part, "big")


@dataclass(frozen=True)
class MessageFormat:
    """A message of fixed length.

    Attributes
    ----------
    name : str
        The specification's name of the message, in lower case with underscores.
    fields : tuple of Field
        In wire order, without holes.
    type : str or None
        The letter that says which message it is, where the protocol has one.
    """

    name: str
    fields: tuple[Field, ...]
    type: str | None = None

    def __post_init__(self) -> None:
        """Refuse a table with holes, overlaps or two fields of one name."""
        at = 0
        for field in self.fields:
            if field.offset != at:
                raise WireError(f"{self.name}.{field.name} is at {field.offset}, the field before it ends at {at}")
            at = field.end
        if len(self._by_name) != len(self.fields):
            raise WireError(f"{self.name} has two fields of one name")

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def length(self) -> int:
        """Bytes of the whole message."""
        return self.fields[-1].end

    def __getitem__(self, name: str) -> Field:
        """Field of that name."""
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        """Whether the message has a field of that name."""
        return name in self._by_name

    def __iter__(self) -> Iterator[Field]:
        """Fields in wire order."""
        return iter(self.fields)

    def pack(self, **values: Value) -> bytes:
        """Bytes of the message with these fields; what is not given takes its default.

        Raises
        ------
        WireError
            A field is unknown, missing, of the wrong type or too large.
        """
        if unknown := values.keys() - self._by_name.keys():
            raise WireError(f"{self.name} has no field {', '.join(sorted(unknown))}")
        parts = []
        for field in self.fields:
            value = values.get(field.name, field.default)
            if value is None:
                raise WireError(f"{self.name}: {field.name} must be given")
            parts.append(field.encode(value))
        return b"".join(parts)

    def unpack(self, data: bytes) -> dict[str, Value]:
        """Fields of the message in ``data``, by name.

        Raises
        ------
        WireError
            The length is not that of this message, or its type is another.
        """
        if len(data) != self.length:
            raise WireError(f"{self.name} has {self.length} bytes, not {len(data)}")
        if self.type is not None and data[:1] != self.type.encode("ascii"):
            raise WireError(f"{self.name} has type {self.type!r}, not {data[:1]!r}")
        return {field.name: field.decode(data) for field in self.fields}
