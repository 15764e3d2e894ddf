"""The IPv4 header of a frame that is to be sent, with its checksum."""

from amaranth import Cat, Const, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.wire.ethernet import IPV4
from hdl.wire.fields import MessageFormat

__all__ = ["Ipv4Header", "folded", "multicast_mac", "number", "octets"]


def octets(layout: MessageFormat, **values: object) -> list:
    """Give the bytes of a header, first one first; what is not given is zero."""
    out = []
    for field in layout:
        value = values.get(field.name, 0)
        bits = Const(value, 8 * field.width) if isinstance(value, int) else value
        out += [bits[8 * i : 8 * i + 8] for i in reversed(range(field.width))]
    return out


def number(head, layout: MessageFormat, name: str, at: int):
    """Give a header's field as a number; ``head``: bytes of a frame, ``at``: where the header begins in it."""
    field = layout[name]
    return Cat(head[at + field.offset + i] for i in reversed(range(field.width)))


def folded(total):
    """Add the carries of a sum of 16-bit words back in, once; twice makes it a one's complement sum (RFC 1071)."""
    return total[:16] + total[16:]


def multicast_mac(group):
    """Give a group's Ethernet address: its low 23 bits in a fixed prefix (RFC 1112 section 6.4)."""
    return Cat(group[:23], Const(0x0100_5E00_0000 >> 23, 25))


class Ipv4Header(wiring.Component):
    """A header of a datagram that is not to be fragmented, with time to live 64 unless told otherwise.

    Parameters
    ----------
    protocol : int
        What it carries.
    time_to_live, type_of_service : int
        As in the header.
    options : tuple of int
        32-bit words behind the header.

    Ports
    -----
    source, destination : In
        IPv4 addresses.
    total_length : In
        Bytes of header and payload.
    header : Out
        The header's bytes, in wire order.

    Latency: 2 cycles from the addresses and the length to the checksum in ``header``; the rest of it at once.

    Sources: ``hdl.wire.ethernet``; RFC 1071 for the sum.
    """

    def __init__(
        self, protocol: int, *, time_to_live: int = 64, type_of_service: int = 0, options: tuple[int, ...] = ()
    ) -> None:
        self._fixed = {
            "version_ihl": 0x45 + len(options),
            "type_of_service": type_of_service,
            "flags_fragment": 0x4000,
            "time_to_live": time_to_live,
            "protocol": protocol,
        }
        self._options = options
        super().__init__(
            {
                "source": In(32),
                "destination": In(32),
                "total_length": In(16),
                "header": Out(data.ArrayLayout(unsigned(8), IPV4.length + 4 * len(options))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the block."""
        m = Module()
        values = {
            **self._fixed,
            "total_length": self.total_length,
            "source": self.source,
            "destination": self.destination,
        }
        options = [octet for word in self._options for octet in word.to_bytes(4, "big")]
        summed = [*octets(IPV4, **values), *(Const(octet, 8) for octet in options)]
        total, checksum = Signal(21), Signal(16)
        once = Signal(17)
        m.d.sync += [
            total.eq(sum(Cat(summed[i + 1], summed[i]) for i in range(0, len(summed), 2))),
            checksum.eq(~folded(once)),
        ]
        m.d.comb += once.eq(folded(total))
        whole = octets(IPV4, **values, header_checksum=checksum)
        m.d.comb += Cat(self.header).eq(Cat(*whole, *(Const(octet, 8) for octet in options)))
        return m
