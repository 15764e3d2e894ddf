"""What must hold of a card's records: no source says what the types that it was declared with do not have."""

from amaranth import Module, Value
from amaranth.hdl import Assert, Assume
from amaranth.lib import wiring

from hdl.configs import CONFIGS
from hdl.risk.arming import KillCause
from hdl.strategy.taker_types import AlarmCode
from hdl.telemetry.depth_sampler import DepthSampler
from hdl.telemetry.order_records import OrderRecords
from hdl.telemetry.records import RECORDS
from hdl.telemetry.sources import sources
from hdl.telemetry.state_records import StateRecords

CONFIG = CONFIGS["tiny"]
#: What a field is that a type does not have.
ZERO = ("detail", "exchange_time", "order", "chain", "cause", "card_time", *(f"word{i}" for i in range(5)))
NONE = {"slot": 255, "side": 255}


class RecordProperties(wiring.Component):
    """All the blocks that write records, and what they hear is free.

    The event stream keeps of a record what its source's types have, by ``hdl.telemetry.records``. That a record has
    nothing else is proved field by field and type by type, from that description, whatever the stream does with it.
    """

    def __init__(self):
        super().__init__({})
        self.blocks = {"orders": OrderRecords(), "states": StateRecords(), "sampler": DepthSampler(CONFIG.slots)}
        self.ports = {}
        self.free = []
        for block in self.blocks.values():
            for name, member in block.signature.members.items():
                port = getattr(block, name)
                if member.is_port:
                    self.free += [port] if member.flow is wiring.In else []
                elif member.flow is wiring.In:
                    self.free += [port.valid, port.payload]
                elif name in sources(CONFIG):
                    self.ports[name] = port

    def elaborate(self, platform):
        m = Module()
        for name, block in self.blocks.items():
            m.submodules[name] = block
        states, report = self.blocks["states"], self.blocks["orders"].reports.payload
        m.d.comb += [
            # These two have more bits than values.
            Assume(states.kill_changes.payload.cause.as_value() <= max(cause.value for cause in KillCause)),
            Assume(states.alarms.payload.code.as_value() <= max(code.value for code in AlarmCode)),
            # An event of the session is no answer of the account.
            Assume((report.event == 0) | ((report.said == 0) & (report.own == 0))),
        ]
        by_name = {record.name: record for record in RECORDS}
        for name, source in sources(CONFIG).items():
            port = self.ports[name]
            described = {kind: by_name[kind.name] for kind in source.types}
            kind_of = Value.cast(port.payload.type)
            for field in ZERO:
                if all(_bits(record, field) == 0 for record in described.values()):
                    # Always, not only while it is valid: what nobody writes holds its value, by induction.
                    m.d.comb += Assert(getattr(port.payload, field) == 0)
            with m.If(port.valid):
                m.d.comb += Assert(sum(kind_of == kind.value for kind in described) == 1)
                for kind, record in described.items():
                    with m.If(kind_of == kind.value):
                        m.d.comb += [_fits(port.payload, record, field) for field in (*ZERO, *NONE)]
        return m


def _bits(record, field):
    """Bits that a field of the gateware's record takes at most in a record of a type."""
    if field.startswith("word"):
        word = record.words[int(field[4:])]
        return 0 if word is None else record.bits.get(word, 32)
    return record.bits.get(field, 0)


def _fits(said, record, field):
    value, bits = Value.cast(getattr(said, field)), _bits(record, field)
    if field == "side" and bits == 2:
        return Assert((value < 2) | (value == NONE[field]))
    return Assert(value < 1 << bits if bits else value == NONE.get(field, 0))
