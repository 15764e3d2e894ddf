"""Whether the card may trade at all: armed, killed, and the host's lease."""

from amaranth import Module, unsigned
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ArmChange", "Arming", "KillCause", "KillChange"]


class KillCause(enum.Enum, shape=8):
    """Why trading was killed; ``RELEASED`` only ever appears in a record."""

    NONE = 0
    HOST = 1
    LEASE = 2
    IMPOSSIBLE = 3
    RELEASED = 4


class ArmChange(data.Struct):
    """An ARM record: the new state."""

    armed: unsigned(1)


class KillChange(data.Struct):
    """A KILL record: why, or that the kill was released."""

    cause: KillCause


class Arming(wiring.Component):
    """Keeps the armed and killed states of the card.

    Reset leaves the card disarmed and not killed. Arming takes effect only if the card is not killed, the lease has
    not run out and the order session is up; otherwise the strobe changes nothing. A kill comes from the host, from the
    lease running out while armed, or from an answer of the exchange that no order explains; it also disarms. Releasing
    a kill leaves the card disarmed. Where strobes meet in one cycle the more careful one wins: kill over release,
    disarm and kill over arm.

    ``armed`` and ``killed`` follow a strobe by one cycle. ``lease_alive`` is combinational: in the first cycle whose
    card time reaches ``lease_until`` it is low, and the kill follows in the next.

    Ports
    -----
    arm, disarm, kill, release : In(1)
        Strobes of the host.
    impossible : In(1)
        Strobe: an answer of the exchange made no sense.
    session_up : In(1)
        The order session is up.
    card_time, lease_until : In(64)
        Cycles; the lease runs while ``card_time < lease_until``.
    armed, killed, lease_alive : Out(1)
        State.
    kill_cause : Out(KillCause)
        Cause of the last kill; kept after a release.
    lapsed : Out(1)
        Killed because the lease ran out, and for no other reason since.
    arm_changes, kill_changes : Out(stream)
        One item per change of state, one cycle long, in the first cycle of the new state.
    """

    arm: In(1)
    disarm: In(1)
    kill: In(1)
    release: In(1)
    impossible: In(1)
    session_up: In(1)
    card_time: In(64)
    lease_until: In(64)
    armed: Out(1)
    killed: Out(1)
    lease_alive: Out(1)
    kill_cause: Out(KillCause)
    lapsed: Out(1)
    arm_changes: Out(stream.Signature(ArmChange, always_ready=True))
    kill_changes: Out(stream.Signature(KillChange, always_ready=True))

    def elaborate(self, platform):
        """Build the block."""
        m = Module()
        m.d.comb += self.lease_alive.eq(self.card_time < self.lease_until)
        m.d.sync += [self.arm_changes.valid.eq(0), self.kill_changes.valid.eq(0)]

        lease_ran_out = self.armed & ~self.lease_alive
        with m.If(self.kill | self.impossible | lease_ran_out):
            m.d.sync += [self.killed.eq(1), self.armed.eq(0)]
            m.d.sync += self.lapsed.eq((self.lapsed | ~self.killed) & ~self.kill & ~self.impossible)
            # The first cause counts: what follows while killed is not why trading stopped.
            with m.If(~self.killed):
                m.d.sync += self.kill_changes.valid.eq(1)
                for happened, cause in (
                    (self.impossible, KillCause.IMPOSSIBLE),
                    (lease_ran_out, KillCause.LEASE),
                    (self.kill, KillCause.HOST),
                ):
                    with m.If(happened):
                        m.d.sync += [self.kill_cause.eq(cause), self.kill_changes.payload.cause.eq(cause)]
            m.d.sync += [self.arm_changes.valid.eq(self.armed), self.arm_changes.payload.armed.eq(0)]
        with m.Elif(self.disarm):
            m.d.sync += self.armed.eq(0)
            m.d.sync += [self.arm_changes.valid.eq(self.armed), self.arm_changes.payload.armed.eq(0)]
        with m.Elif(self.arm & ~self.killed & self.lease_alive & self.session_up):
            m.d.sync += self.armed.eq(1)
            m.d.sync += [self.arm_changes.valid.eq(~self.armed), self.arm_changes.payload.armed.eq(1)]

        with m.If(self.release & self.killed & ~(self.kill | self.impossible)):
            m.d.sync += [self.killed.eq(0), self.lapsed.eq(0)]
            m.d.sync += [
                self.kill_changes.valid.eq(1),
                self.kill_changes.payload.cause.eq(KillCause.RELEASED),
            ]
        return m
