"""Where numbered records wait for the host link."""

from amaranth import Const, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from hdl.telemetry.record import Record
from hdl.telemetry.stamps import Stamp

__all__ = ["Content", "RecordQueue"]

#: A record but for the time that it brings, which is its stamp's.
Content = data.StructLayout({name: shape for name, shape in Record.as_shape().members.items() if name != "card_time"})

#: Cycles after a record's turn in which the rest of it comes.
_CONTENT_DELAY, _STAMP_DELAY = 1, 3


class RecordQueue(wiring.Component):
    """A queue in block RAM whose rows come in parts: a record's number, a cycle later what it says, then its stamp.

    They are wanted in this order too, as a datagram is sent.

    Latency: ``valid`` and ``head_number`` 2 cycles after ``write`` where none waits, ``head`` one cycle after ``valid``
    and ``head_stamp`` 3. Of a record that waited all are there one cycle after ``valid``.

    Parameters
    ----------
    depth : int
        Records that wait, a power of two from 2 on.

    Ports
    -----
    write : In(1), number : In(32)
        A record has its turn; only while ``room``.
    room : Out(1)
        One more may wait.
    content : In
        The record that had its turn in the cycle before.
    stamp : In
        The stamp of the record that had its turn 3 cycles before.
    valid : Out(1)
        A record is there.
    head_number, head, head_stamp : Out
        Of the record that waits longest.
    take : In(1)
        It is done with; only while ``valid``, and not before its stamp is there.
    """

    def __init__(self, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"{depth!r} records cannot wait: it must be a power of two from 2 on")
        self._depth = depth
        super().__init__(
            {
                "write": In(1),
                "number": In(32),
                "room": Out(1),
                "content": In(Content),
                "stamp": In(Stamp),
                "valid": Out(1),
                "head_number": Out(32),
                "head": Out(Content),
                "head_stamp": Out(Stamp),
                "take": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the ring's two ends, and a memory for each part."""
        m = Module()
        # Of the ``depth`` rows one is the head's, which is not counted here.
        level = Signal(range(self._depth))
        produce, consume, at = (Signal(range(self._depth), name=name) for name in ("produce", "consume", "at"))
        fetch = Signal()
        m.d.comb += [
            self.room.eq(level != self._depth - 1),
            fetch.eq((level != 0) & (~self.valid | self.take)),
        ]
        m.d.sync += [
            level.eq(level + self.write - fetch),
            produce.eq(produce + self.write),
            self.valid.eq(fetch | (self.valid & ~self.take)),
        ]
        with m.If(fetch):
            m.d.sync += [consume.eq(consume + 1), at.eq(consume)]

        writes = [(self.write, produce)]
        for delay in range(1, _STAMP_DELAY + 1):
            write, row = Signal(name=f"write_{delay}"), Signal(range(self._depth), name=f"row_{delay}")
            m.d.sync += [write.eq(writes[-1][0]), row.eq(writes[-1][1])]
            writes.append((write, row))
        for name, part, head, delay, en, addr in (
            ("numbers", self.number, self.head_number, 0, fetch, consume),
            ("contents", self.content, self.head, _CONTENT_DELAY, Const(1), at),
            ("stamps", self.stamp, self.head_stamp, _STAMP_DELAY, Const(1), at),
        ):
            # What a read gives while its row is being written is not looked at: the datagram is not there yet.
            attributes: dict[str, str | int] = {"ram_style": "block", "no_rw_check": 1}
            memory = Memory(shape=part.shape(), depth=self._depth, init=[], attrs=attributes)
            m.submodules[name] = memory
            write, read = memory.write_port(), memory.read_port()
            m.d.comb += [
                write.en.eq(writes[delay][0]),
                write.addr.eq(writes[delay][1]),
                write.data.eq(part),
                read.en.eq(en),
                read.addr.eq(addr),
                head.eq(read.data),
            ]
        return m
