"""What a MoldUDP64 receiver that acts on beats must do, in plain Python and written from the specification."""

from dataclasses import dataclass, field


@dataclass
class MoldModel:
    width: int
    known: bool = False
    session: bytes = b""
    expected: int = 1
    epoch: int = 0
    joining: bool = False
    reported: bool = False
    messages: list = field(default_factory=list)  # (sequence, epoch, bytes, end position in its packet)
    gaps: list = field(default_factory=list)
    packets: int = 0
    duplicates: int = 0
    wrong_sizes: int = 0

    def packet(self, data: bytes, error: bool = False, lane: int = 0) -> list:
        """Take one UDP payload that begins in ``lane``; returns the messages it delivers."""

        def beat_of(position):
            return (lane + position) // self.width

        last_beat = beat_of(len(data) - 1)
        if len(data) < 20 or (error and beat_of(19) == last_beat):
            return []
        self.packets += 1
        session, sequence, count = data[:10], int.from_bytes(data[10:18], "big"), int.from_bytes(data[18:20], "big")
        same = self.known and session == self.session
        joined, self.joining = self.joining, False
        base = sequence if joined else self.expected if same else 1
        changed = False
        if self.known and session != self.session:
            self.epoch += 1
            changed = True
        self.known, self.session = True, session
        skip = 0
        touched = changed
        if sequence > base:
            if not (self.reported and same):
                self.gaps.append((base, sequence))
            self.expected = sequence
            touched = True
        else:
            self.expected = base
            skip = base - sequence
        self.reported = False
        blocks = 0 if count == 0xFFFF else count
        at, out = 20, []
        while blocks:
            if at + 2 > len(data):
                break
            length = int.from_bytes(data[at : at + 2], "big")
            end = at + 2 + length
            if end > len(data) or (error and beat_of(end - 1) == last_beat):
                break
            blocks -= 1
            if skip:
                skip -= 1
                self.duplicates += 1
            else:
                if length and beat_of(end - 1) == beat_of(at + 1):
                    self.wrong_sizes += 1  # whole in one beat: too short for any message
                elif length:
                    out.append((self.expected, self.epoch, data[at + 2 : end], end))
                self.expected += 1
                touched = True
            at = end
        if error:
            if touched:
                self.gaps.append((base, self.expected))
                self.reported = True
            self.expected = base
            self.joining = self.joining or joined
        elif blocks:
            self.wrong_sizes += 1
            if blocks > skip:
                self.gaps.append((self.expected, self.expected + blocks - skip))
                self.reported = True
        elif at < len(data):
            self.wrong_sizes += 1
        self.messages += out
        return out
