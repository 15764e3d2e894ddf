"""Trading states of followed symbols in plain Python, written from the rules and not from the gateware."""

from dataclasses import dataclass

KINDS = {"A": 1, "F": 1, "E": 2, "C": 3, "X": 4, "D": 5, "U": 6, "P": 7, "Q": 8, "B": 9}
CLEAR = 10


@dataclass
class Slot:
    symbol: str = ""
    locate: int = 0
    bound: bool = False
    stale: bool = True
    stopped: bool = True
    out_of_order: bool = False
    restricted: bool = True
    opened: bool = False
    exact: bool = False  # nothing is amiss with its book but orders without a place in the table


class StatesModel:
    def __init__(self, slots):
        self.slots = [Slot() for _ in range(slots)]
        self.open = False
        self.missed = False
        self.events = []  # (kind, slot)
        self.stale_causes = []  # (slot, cause)
        self.loading = None  # the slot that a snapshot is loaded into
        self.holding = False
        self.held = []  # (kind, slot) of events kept from the book
        self.upsets = []  # causes
        self.said = {}  # which state of the loading slot: number of the feed's last message on it

    def _stale(self, index, cause):
        if index == self.loading:
            self.upsets.append(cause)
        if not self.slots[index].stale:
            self.stale_causes.append((index, cause))
        self.slots[index].stale = True
        self.slots[index].exact &= cause == 2

    def follow(self, index, symbol):
        if symbol != self.slots[index].symbol:
            self._stale(index, 4)
            self.slots[index] = Slot(symbol)
            self.events.append((CLEAR, index))

    def gap(self):
        self.missed = True
        self.open = False
        for index in range(len(self.slots)):
            self._stale(index, 1)

    def roll(self):
        self.open = self.missed = False
        for index, slot in enumerate(self.slots):
            self._stale(index, 5)
            self.slots[index] = Slot(slot.symbol)
            self.events.append((CLEAR, index))

    def stale_by(self, cause, indices):
        for index in indices:
            self._stale(index, cause)

    def host(self, index, *, locate=0, bind=False, trading=False, whole=False, stale=False):
        slot = self.slots[index]
        if bind:
            slot.bound, slot.locate, slot.exact = True, locate, False
        if trading:
            slot.stopped = slot.out_of_order = slot.restricted = False
            slot.opened = True
        if index == self.loading and (bind or whole) and not stale:
            self.upsets.append(4)
        if stale:
            self._stale(index, 4)
        elif whole:
            slot.stale = slot.exact = False
            self.events.append((CLEAR, index))

    def all_held(self, index):
        """Every order of a slot that had no place in the table is gone; returns whether that heals it."""
        slot = self.slots[index]
        heals = slot.exact and slot.stale
        slot.stale = slot.stale and not heals
        return heals

    def begun(self, index):
        """A snapshot begins to load; the slot's events are kept."""
        self.slots[index].stale, self.slots[index].exact = True, False
        self.loading, self.holding, self.said = index, True, {}

    def stated(self, sequence, *, trading, operating, unrestricted, opened, market):
        """Take the snapshot's states, which are those before ``sequence``, where the feed has said nothing since."""
        slot = self.slots[self.loading]

        def older(state):
            return self.said.get(state, 0) < sequence

        if older("trading"):
            slot.stopped = not trading
        if older("operating"):
            slot.out_of_order = not operating
        if older("short sale"):
            slot.restricted = not unrestricted
        if older("market") and market is not None:
            self.open = market
        slot.opened = slot.opened or opened

    def ended(self, *, whole):
        """The load has ended."""
        if whole:
            self.slots[self.loading].stale, self.slots[self.loading].exact = False, True
        else:
            self.stale_causes.append((self.loading, 7))

    def _heard(self, number, letter, fields, mine):
        """Note what the feed says of the loading slot's states."""
        mine = self.loading in mine
        if letter == "W" or (letter == "H" and mine):
            self.said["trading"] = number
        elif letter == "h" and mine and fields["market_code"] == "Q":
            self.said["operating"] = number
        elif letter == "Y" and mine:
            self.said["short sale"] = number
        elif letter == "S" and fields["event_code"] in "QM":
            self.said["market"] = number

    def message(self, number, letter, fields):
        """Take a message by its number; returns whether it is about a followed symbol."""
        if letter == "S":
            self.open = {"Q": True, "M": False}.get(fields["event_code"], self.open)
        if letter == "W":
            for slot in self.slots:
                slot.stopped = True
        mine = [i for i, s in enumerate(self.slots) if s.bound and s.locate == fields["stock_locate"]]
        self._heard(number, letter, fields, mine)
        if letter == "R":
            named = [i for i, s in enumerate(self.slots) if s.symbol and s.symbol == fields["stock"]][:1]
            for index in named:
                slot = self.slots[index]
                if slot.bound and slot.locate == fields["stock_locate"]:
                    continue
                if not slot.bound and not self.missed:
                    slot.stale, slot.exact = False, True
                    self.events.append((CLEAR, index))
                else:
                    slot.stale, slot.exact = True, False
                if index == self.loading:
                    self.upsets.append(4)
                slot.bound, slot.locate = True, fields["stock_locate"]
            mine += named
        for index in mine:
            slot = self.slots[index]
            if letter == "H":
                slot.stopped = fields["trading_state"] != "T"
            elif letter == "h" and fields["market_code"] == "Q":
                slot.out_of_order = fields["operational_halt_action"] != "T"
            elif letter == "Y":
                slot.restricted = fields["reg_sho_action"] != "0"
            elif letter == "Q" and fields["cross_type"] == "O":
                slot.opened = True
        if mine and letter in KINDS:
            held = self.holding and mine[0] == self.loading
            (self.held if held else self.events).append((KINDS[letter], mine[0]))
        return bool(mine)

    def flags(self):
        return [
            {
                "bound": s.bound,
                "stale": s.stale,
                "halted": s.stopped or s.out_of_order,
                "short_restricted": s.restricted,
                "opened": s.opened,
                "market_open": self.open,
            }
            for s in self.slots
        ]
