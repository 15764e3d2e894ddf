"""Numbers in words for people: money, prices and times, from whole numbers without a detour over floats."""

__all__ = ["cents_a_share", "clock", "dollars", "duration", "horizon", "price"]


def dollars(micro: int) -> str:
    """Money to the cent, halves to even, from micro-dollars: ``-$1,234.56``."""
    cents, rest = divmod(abs(micro), 10_000)
    cents += rest > 5_000 or (rest == 5_000 and cents % 2 == 1)
    whole, part = divmod(cents, 100)
    return f"{'-' if micro < 0 and cents else ''}${whole:,}.{part:02d}"


def price(value: int) -> str:
    """Price from 1/10,000 dollar: two decimals, four where it needs them."""
    whole, part = divmod(value, 10_000)
    return f"{whole}.{part // 100:02d}" if part % 100 == 0 else f"{whole}.{part:04d}"


def clock(time: int, decimals: int = 3) -> str:
    """Time of day from ns since midnight, cut off (not rounded) to so many decimals of a second."""
    seconds, rest = divmod(time, 1_000_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{rest:09d}"[: len(text) + 1 + decimals] if decimals else text


def cents_a_share(average: float | None) -> str:
    """Markout from 1/10,000 dollar a share, in cents."""
    return "-" if average is None else f"{average / 100:+.2f}"


def horizon(milliseconds: int) -> str:
    """Time after a fill: ``10 ms``, ``1 s``."""
    return f"{milliseconds} ms" if milliseconds % 1_000 else f"{milliseconds // 1_000} s"


def duration(nanoseconds: int | None) -> str:
    """Stretch of time in seconds, to the millisecond; ``-`` where there is none."""
    return "-" if nanoseconds is None else f"{nanoseconds // 1_000_000 / 1000:.3f} s"
