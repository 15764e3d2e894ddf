"""The register bank: every register of ``card.rdl`` as gateware."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from hdl.configs import CardConfig
from hdl.regs.bus import BusStatus, bus_signature
from hdl.regs.counters import Counters
from hdl.regs.decoder import AddressDecoder
from hdl.regs.description import COUNTER_BITS, REGISTER_BYTES, SLOT_BLOCK, Description, Field, Register, describe
from hdl.regs.readback import Readback, rows_of
from hdl.regs.slot_access import SlotAccess, SlotPort, SlotShow, SlotWrite, layout_of, pack, shape_of

__all__ = ["RegisterBank"]


class RegisterBank(wiring.Component):
    """Keeps the registers, counts what is to be counted, and answers the bus.

    Blocks that use a register ask for its signals by name before elaboration (the methods below). The identity
    registers that say which configuration this is are driven here, from ``config``. A switch for what the configuration
    does not have stays off, so that who reads back what was written sees it.

    A write to a ``pw_locked`` register while ``armed`` is dropped; so is a ``pw_disarmed`` pulse (the other fields of
    that write are taken). Both raise ``control.locked_writes`` by one an access and answer ``LOCKED``. An accepted
    write of a ``pw_epoch`` register raises ``config_epoch``, which wraps. Counters saturate
    (:class:`hdl.regs.counters.Counters`). Write-only fields read as zero.

    Latency: a write takes effect 3 cycles after its strobe (pulses are high in that cycle; those of :meth:`ahead` after
    1); ``ack`` comes 4 cycles after the strobe, always. An unknown address, and a write where nothing can be written,
    change nothing.

    Parameters
    ----------
    config : CardConfig
        Sizes; ``slots`` is the size of the slot array. With one line, ``feed.arbitration.two_lines`` stays off,
        ``modules.maker`` without the market maker, ``modules.taker`` and ``orders.session.up`` where no order is sent.
    description : Description or None
        The register map; compiled from ``card.rdl`` if not given.
    git_hash : int
        First 8 bytes of the commit, 0 if unknown.

    Ports
    -----
    bus : In
        One access at a time, see :func:`hdl.regs.bus.bus_signature`.
    armed : In
        The card is armed: locks are on.
    config_epoch : Out
        Number of accepted configuration writes.
    """

    def __init__(self, config: CardConfig, description: Description | None = None, *, git_hash: int = 0) -> None:
        self.description = description or describe(config.slots)
        if self.description.slots != config.slots:
            raise ValueError(f"the description has {self.description.slots} slots, the configuration {config.slots}")
        super().__init__({"bus": In(bus_signature()), "armed": In(1), "config_epoch": Out(32)})
        self._config = config
        self._git_hash = git_hash
        #: Value of each field that is not kept in a memory, by register, index and field.
        self._cells: dict[tuple[str, int, str], Signal] = {}
        self._memories: dict[str, Memory] = {}
        #: High in the first cycle of a newly written value.
        self._written: dict[tuple[str, int], Signal] = {}
        #: Pulses that come ahead of their strobes, by address and bit.
        self._ahead: dict[tuple[int, int], Signal] = {}
        self._increments: dict[tuple[str, int], Signal] = {}
        self._write_backs: dict[tuple[str, int, str], tuple[Signal, Signal]] = {}
        self._driven: set[tuple[str, int, str]] = set()
        self._by_slot = SlotAccess(config.slots)
        built = {
            ("feed.arbitration", "two_lines"): config.lines == 2,
            ("modules.maker", "enable"): config.maker,
            ("modules.taker", "enable"): config.trades,
            ("orders.session", "up"): config.trades,
        }
        #: Fields that keep their reset value whatever is written.
        self._fixed = {place for place, there in built.items() if not there}
        self._readback = Readback([row for register in self.description for row in rows_of(register, self._fixed)])
        for register in self.description:
            if register.counter:
                continue
            if register.memory:
                row = {f.name: f.reset for f in register.fields}
                self._memories[register.key] = Memory(
                    shape=layout_of(register), depth=register.count, init=[row] * register.count
                )
                continue
            for index in range(register.count):
                stem = register.full_name(index if register.array else None).translate(str.maketrans(".[", "__", "]"))
                self._written[register.key, index] = Signal(name=f"{stem}_written")
                for f in register.fields:
                    cell = Signal(shape_of(f), init=f.reset, name=f"{stem}_{f.name}")
                    self._cells[register.key, index, f.name] = cell

    def _field(self, key: str, field: str | None) -> tuple[Register, Field]:
        register = self.description.register(key)
        if field is None:
            if len(register.fields) != 1:
                raise KeyError(f"{key} has several fields: name one of {', '.join(f.name for f in register.fields)}")
            return register, register.fields[0]
        return register, register.field(field)

    def _take(self, key: str, field: str | None, index: int, *, kind: str) -> Signal:
        register, f = self._field(key, field)
        is_kind = {
            "value": f.writable and not f.pulse and not f.driven,
            "strobe": f.pulse,
            "drive": f.driven and not f.writable,
        }[kind]
        if not is_kind or register.memory:
            raise ValueError(f"{key}.{f.name} is not a field of the kind {kind!r}")
        place = (key, index, f.name)
        if kind == "drive":
            if place in self._driven:
                raise ValueError(f"{key}.{f.name} of index {index} is driven already")
            self._driven.add(place)
        return self._cells[place]

    @staticmethod
    def _split(name: str) -> tuple[str, str | None]:
        block, register, *field = name.split(".")
        return f"{block}.{register}", field[0] if field else None

    def value(self, name: str) -> Signal:
        """Give the value of a field that the host writes: ``feed.destination.ip``."""
        return self._take(*self._split(name), 0, kind="value")

    def strobe(self, name: str) -> Signal:
        """Give the pulse of a command bit: ``control.command.arm``."""
        return self._take(*self._split(name), 0, kind="strobe")

    def ahead(self, name: str) -> Signal:
        """Give the pulse of a command bit two cycles before its strobe, which still comes: ``control.command.kill``.

        For what must not wait; nothing may lock it.
        """
        register, f = self._field(*self._split(name))
        if not f.pulse or f.disarmed or register.locked or register.count != 1:
            raise ValueError(f"{name} is not a single command bit that always works")
        return self._ahead.setdefault((register.address, f.low), Signal(name=f"{register.name}_{f.name}_ahead"))

    def written(self, name: str) -> tuple[Signal, Signal]:
        """Give (pulse, value) of a register whose being written means something: ``control.mark``.

        The pulse is high in the first cycle of the value, whether or not it changed.
        """
        key, field = self._split(name)
        register, f = self._field(key, field)
        return self._written[register.key, 0], self._cells[register.key, 0, f.name]

    def write_back(self, name: str) -> tuple[Signal, Signal]:
        """Give (strobe, value), to be driven, by which hardware changes a field that the host writes as well.

        A write of the host in the same cycle wins.
        """
        key, field = self._split(name)
        register, f = self._field(key, field)
        if not (f.driven and f.writable):
            raise ValueError(f"{name} is not a field that both sides write")
        pair = Signal(name=f"{register.name}_set"), Signal(shape_of(f), name=f"{register.name}_next")
        if self._write_backs.setdefault((key, 0, f.name), pair) is not pair:
            raise ValueError(f"{name} is written back already")
        return pair

    def drive(self, name: str) -> Signal:
        """Give a field for hardware to drive: ``control.status.armed``. Left alone it reads as zero."""
        return self._take(*self._split(name), 0, kind="drive")

    def count(self, name: str, bits: int = 1) -> Signal:
        """Give the increment, to be driven, of a counter: ``feed.frames``. ``bits``: its width."""
        return self._count(name, 0, bits)

    def count_array(self, name: str, bits: int = 1) -> list[Signal]:
        """Give the increments, to be driven, of an array of counters: ``risk.refused``."""
        return [self._count(name, i, bits) for i in range(self.description.register(name).count)]

    def _count(self, key: str, index: int, bits: int) -> Signal:
        register, f = self._field(key, None)
        if not f.counter:
            raise ValueError(f"{key} is not a counter")
        increment = Signal(bits, name=f"{register.name}_{index}_increment")
        if self._increments.setdefault((key, index), increment) is not increment:
            raise ValueError(f"{key} of index {index} is counted already")
        return increment

    def slot_value(self, register: str, field: str | None = None) -> list[Signal]:
        """Give a field that the host writes, one signal a slot: ``slot_value("control", "enable")``.

        A register of another block that is there once a slot is named with it: ``maker.control``.
        """
        return [self._take(_slot_key(register), field, i, kind="value") for i in range(self._config.slots)]

    def slot_strobe(self, register: str, field: str | None = None) -> list[Signal]:
        """Give a command bit, one pulse a slot: ``slot_strobe("join", "bind")``."""
        return [self._take(_slot_key(register), field, i, kind="strobe") for i in range(self._config.slots)]

    def slot_drive(self, register: str, field: str | None = None) -> list[Signal]:
        """Give a field for hardware to drive, one signal a slot: ``slot_drive("position")``."""
        return [self._take(_slot_key(register), field, i, kind="drive") for i in range(self._config.slots)]

    def slot_port(self, register: str) -> SlotPort:
        """Give one more read port of a register that the host writes: ``slot_port("taker_ratio")``."""
        key = _slot_key(register)
        if key in self._memories:
            port = self._memories[key].read_port(domain="comb")
            return SlotPort(port.addr, port.data)
        return self._by_slot.port(self.description.register(key))

    def slot_show(self, register: str) -> SlotShow:
        """Give a register for hardware to drive, of the slot that is read: ``slot_show("position")``."""
        shown = self.description.register(_slot_key(register))
        places = {(shown.key, index, f.name) for index in range(shown.count) for f in shown.fields}
        if self._driven & places:
            raise ValueError(f"{shown.key} is driven already")
        self._driven |= places
        return self._by_slot.show(shown)

    def slot_write(self, register: str) -> SlotWrite:
        """Give what the host writes into a register of a slot, as it writes it: ``slot_write("maker.located")``."""
        return self._by_slot.write(self.description.register(_slot_key(register)))

    def slot_changed(self, register: str) -> list[Signal]:
        """Give a pulse a slot, in the first cycle of a value that is another than the one before."""
        return self._by_slot.changed(self.description.register(_slot_key(register)))

    def elaborate(self, platform):
        """Build the access path, then the counters."""
        m = Module()
        locked_write = self.count("control.locked_writes")
        m.d.comb += self.drive("control.config_epoch").eq(self.config_epoch)
        self._drive_identity(m)

        # Cycle 1: the access, registered. Cycle 2: which register it is, registered.
        address, wdata = Signal(32), Signal(64)
        valid, write = Signal(), Signal()
        m.d.sync += [
            address.eq(self.bus.address),
            wdata.eq(self.bus.wdata),
            write.eq(self.bus.write),
            valid.eq(self.bus.read | self.bus.write),
        ]
        for (place, bit), pulse in self._ahead.items():
            m.d.sync += pulse.eq(self.bus.write & (self.bus.address == place) & self.bus.wdata[bit])
        hit_valid, hit_write, hit_wdata = Signal(), Signal(), Signal(64)
        m.d.sync += [hit_valid.eq(valid), hit_write.eq(valid & write), hit_wdata.eq(wdata)]
        m.submodules.decoder = decoder = AddressDecoder(self.description)
        m.d.comb += [decoder.valid.eq(valid), decoder.address.eq(address)]

        known, read_only, refusals, epochs = [decoder.counter], [decoder.counter], [], []
        m.submodules.readback = readback = self._readback
        results, read_back, rewritten = [], [], []
        for register in self.description:
            if register.counter:
                continue
            hit = decoder.hit(register)
            slot_index = getattr(decoder, f"slot_{register.block}") if register.per_slot else None
            refused, taken = self._write(m, register, hit, hit_write, hit_wdata, slot_index)
            known.append(hit.any())
            if register.writable:
                refusals.append(hit.any() & refused)
            else:
                read_only.append(hit.any())
            if register.epoch:
                epochs.append(hit.any() & taken)
            if rows_of(register, self._fixed):
                read_back.append(hit)
                rewritten.append(Mux(taken, hit, 0))
            results.append((register.block, self._read(m, register, hit, slot_index)))
        lock, epoch = Signal(), Signal()
        m.d.comb += [lock.eq(Cat(refusals).any()), epoch.eq(Cat(epochs).any()), locked_write.eq(lock)]
        m.d.comb += [
            readback.hit.eq(Cat(read_back)),
            readback.taken.eq(Cat(rewritten)),
            readback.write.eq(hit_write),
            readback.wdata.eq(hit_wdata),
        ]
        m.d.sync += self.config_epoch.eq(self.config_epoch + epoch)

        # Cycle 3: one value a block. Cycle 4: one value.
        blocks = []
        for block in self.description.blocks:
            gathered = Signal(64, name=f"{block.name}_rdata")
            m.d.sync += gathered.eq(_any(value for name, value in results if name == block.name))
            blocks.append(gathered)
        total = self._count_up(m, valid, address)
        status, done, is_total = Signal(BusStatus), Signal(), Signal()
        m.d.sync += [
            done.eq(hit_valid),
            is_total.eq(decoder.counter),
            status.eq(
                Mux(
                    ~Cat(known).any(),
                    BusStatus.NONE,
                    Mux(
                        hit_write & Cat(read_only).any(),
                        BusStatus.NOT_WRITABLE,
                        Mux(lock, BusStatus.LOCKED, BusStatus.OK),
                    ),
                )
            ),
            self.bus.ack.eq(done),
            self.bus.status.eq(status),
            self.bus.rdata.eq(_any([*blocks, readback.value, Mux(is_total, total, 0)])),
        ]
        for name, memory in self._memories.items():
            m.submodules[name.replace(".", "_")] = memory
        return m

    def _drive_identity(self, m: Module) -> None:
        config = self._config
        name = int.from_bytes(config.name.encode("ascii").ljust(16, b"\0"), "little")
        values = {
            "config_name_lo.value": name & (1 << 64) - 1,
            "config_name_hi.value": name >> 64,
            "git_hash.value": self._git_hash,
            "sizes.slots": config.slots,
            "sizes.width": config.width,
            "sizes.row_levels": config.row_levels,
            "sizes.own_orders": config.own_orders,
            "sizes.table_orders": config.table_orders,
            "clock.period": config.clock_period_ps,
            "flags.two_lines": config.lines == 2,
            "flags.market_maker": config.maker,
            "flags.trades": config.trades,
        }
        m.d.comb += [self.drive(f"identity.{field}").eq(value) for field, value in values.items()]

    def _write(self, m: Module, register: Register, hit, write, wdata, slot_index):
        """Store what is written; give (something was refused, the write was taken)."""
        blocked = Signal(name=f"{register.block}_{register.name}_blocked")
        m.d.comb += blocked.eq(self.armed & int(register.locked))
        taken = write & ~blocked
        pulses_refused = 0
        if register.memory:
            port = self._memories[register.key].write_port()
            m.d.comb += [port.addr.eq(slot_index), port.en.eq(taken & hit.any())]
            m.d.comb += [getattr(port.data, f.name).eq(wdata[f.low :][: f.width]) for f in register.fields]
            return write & blocked, taken
        self._by_slot.tell(m, register, taken & hit.any(), wdata, slot_index, self.armed)
        for index in range(register.count):
            m.d.sync += self._written[register.key, index].eq(taken & hit[index])
            for f in register.fields:
                cell, part = self._cells[register.key, index, f.name], wdata[f.low :][: f.width]
                if f.pulse:
                    held = self.armed if f.disarmed else 0
                    m.d.sync += cell.eq(Mux(taken & hit[index] & ~held, part, 0))
                    pulses_refused |= held & part.any()
                elif f.writable and (register.key, f.name) not in self._fixed:
                    self._by_slot.compare(m, register, index, taken & hit[index] & (cell != part))
                    if (register.key, index, f.name) in self._write_backs:
                        strobe, value = self._write_backs[register.key, index, f.name]
                        with m.If(strobe):
                            m.d.sync += cell.eq(value)
                    with m.If(taken & hit[index]):
                        m.d.sync += cell.eq(part)
        return write & (blocked | pulses_refused), taken

    def _read(self, m: Module, register: Register, hit, slot_index):
        """Give of a register that is hit what hardware drives and what is fixed, else zero."""
        fixed = self._fixed
        shown = self._by_slot.shown(m, register, slot_index)
        if shown is not None:
            return Mux(hit.any(), shown, 0)
        driven = [f for f in register.fields if f.readable and (not f.kept or (register.key, f.name) in fixed)]
        return _any(
            Mux(hit[i], pack({f.low: self._cells[register.key, i, f.name] for f in driven}), 0)
            for i in range(register.count if driven else 0)
        )

    def _count_up(self, m: Module, look, address):
        """Add up all increments; give, two cycles after ``look``, the total of the counter at ``address``."""
        rows = {
            self.description.register(key).place(index) // REGISTER_BYTES: increment
            for (key, index), increment in self._increments.items()
        }
        widths = {row: len(increment) for row, increment in rows.items()}
        last = max(r.place(r.count - 1) for r in self.description if r.counter) // REGISTER_BYTES
        m.submodules.counters = counters = Counters(widths, rows=last + 1, width=COUNTER_BITS)
        m.d.comb += [getattr(counters, f"increment_{row}").eq(increment) for row, increment in rows.items()]
        m.d.comb += [counters.look.eq(look), counters.row.eq(address[exact_log2(REGISTER_BYTES) :])]
        return counters.total


def _slot_key(register: str) -> str:
    """Key of a register of a slot: the slot's own block unless it is named with another."""
    return register if "." in register else f"{SLOT_BLOCK}.{register}"


def _any(values):
    """OR of values of which at most one is not zero."""
    result = 0
    for value in values:
        result = result | value
    return result
