"""The ladder in a person's words: what is wrong with a depth sample, and its five levels a side on the terminal."""

from rich.text import Text

from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb

__all__ = ["LEVELS", "ladder_note", "ladder_text"]

#: Price levels of a side.
LEVELS = 5
#: Width of the longest bar.
_BAR = 8
_SHARES = 13
_PRICE = 9
_APART = {
    pb.LADDER_STATE_UNSPECIFIED: "levels not told by this service",
    pb.LADDER_STATE_UNTOLD: "levels not told with this sample",
    pb.LADDER_STATE_LOST: "levels lost: event records are missing",
}


def ladder_note(sample: pb.Depth) -> str:
    """Say what is to be known of a sample's ladder before it is relied on; empty when there is nothing."""
    words = ["STALE, the book is not whole"] if sample.stale else []
    words += [_APART[sample.ladder]] if sample.ladder in _APART else []
    words += [word for word in ("locked", "crossed") if getattr(sample, word)]
    sides = [side for side in ("bid", "ask") if getattr(sample, f"{side}_incomplete")]
    return "; ".join([*words, *(f"{side}s may miss a level" for side in sides)])


def ladder_text(symbol: str, sample: pb.Depth) -> Text:
    """Give a symbol's ladder, best levels first: bar, shares and price of the bids, price, shares and bar of the asks.

    A level that the book does not have is ``-``; levels that were not told are ``?``, but for the best prices.
    """
    note = ladder_note(sample)
    text = Text(symbol, style="bold").append(f"  {note}" if note else "", style="bold red" if note else "")
    told = sample.ladder == pb.LADDER_STATE_WHOLE
    most = max((level.shares for side in (sample.bids, sample.asks) for level in side), default=0)
    best = {"bids": sample.bid_price, "asks": sample.ask_price}
    for number in range(LEVELS):
        cells = {}
        for side in ("bids", "asks"):
            if told:
                level = getattr(sample, side)[number]
                bar = "█" * max(round(_BAR * level.shares / most), 1) if level.shares else ""
                cells[side] = (bar, f"{level.shares:,}" if level.shares else "-", _price(level.price))
            else:
                cells[side] = ("", "?", "?" if number else _price(best[side]))
        bar, shares, price = cells["bids"]
        text.append("\n").append(bar.rjust(_BAR), style="green").append(f" {shares:>{_SHARES}} {price:>{_PRICE}}")
        bar, shares, price = cells["asks"]
        text.append(" | ", style="dim").append(f"{price:<{_PRICE}} {shares:<{_SHARES}} ").append(bar, style="red")
    return text


def _price(value: int) -> str:
    return f"{value / 10_000:.{2 if value >= 10_000 else 4}f}" if value else "-"
