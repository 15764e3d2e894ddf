"""The report's pictures, as SVG text that is the same for the same numbers.

Every fill of the exchange's log is one mark, of its own element with the id ``fill-<number>``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from controlplane.report.drawing import INK, figure_of, named, style, svg_of
from controlplane.report.run_data import RunData
from controlplane.report.words import horizon

__all__ = ["draw"]

_MID = "#7f8c9b"
_BUY = "#1f77b4"
_SELL = "#d1603d"
_MONEY = "#2c7a6b"
#: Seconds between two ticks of a time axis.
_TIME_STEPS = (1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200)


def draw(report: Mapping[str, Any], data: RunData) -> dict[str, str]:
    """Draw every picture of a report.

    Parameters
    ----------
    report : mapping
        As :func:`controlplane.report.build.build_report` makes it.
    data : RunData
        The run, for the mids.

    Returns
    -------
    dict of str to str
        SVG elements by name: ``mid-<symbol>`` for each symbol, ``money``, ``latency``, ``markouts``,
        ``markouts-by-kind``, ``inventory``.
    """
    with style():
        pictures = {f"mid-{symbol}": _mid(report, data, symbol) for symbol in data.symbols}
        pictures["money"] = _money(report["money_series"])
        pictures["latency"] = _latency(report["latency_cycles"])
        pictures["markouts"] = _markouts(report["markouts"])
        pictures["markouts-by-kind"] = _markouts_by_kind(report["markouts_by_kind"])
        pictures["inventory"] = _inventory(report["inventory"], report["time"]["last"])
    return {name: named(name, svg) for name, svg in pictures.items()}


def _clock(seconds: float, _position: int | None = None) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _time_axis(axes: Axes) -> None:
    """Put at most nine ticks at round times."""
    first, last = axes.get_xlim()
    step = next((step for step in _TIME_STEPS if (last - first) / step <= 9), _TIME_STEPS[-1])
    axes.xaxis.set_major_formatter(FuncFormatter(_clock))
    axes.xaxis.set_major_locator(MultipleLocator(step))


def _mid(report: Mapping[str, Any], data: RunData, symbol: str) -> str:
    figure, axes = figure_of(2.9)
    rows = data.mids[symbol]
    if rows:
        times = [time / 1e9 for time, _ in rows] + [data.last_time / 1e9]
        mids = [mid / 20_000 for _, mid in rows] + [rows[-1][1] / 20_000]
        axes.plot(times, mids, drawstyle="steps-post", color=_MID, linewidth=0.9)
    for fill in report["fills"]:
        if fill["symbol"] == symbol:
            buy = fill["side"] == "buy"
            axes.plot(
                [fill["time"] / 1e9],
                [fill["price"] / 10_000],
                marker="^" if buy else "v",
                color=_BUY if buy else _SELL,
                markersize=4.5,
                markeredgewidth=0,
                linestyle="none",
                gid=f"fill-{fill['number']}",
            )
    axes.set_title(f"{symbol}: mid price, fills marked (up: bought, down: sold)", loc="left")
    axes.set_ylabel("dollars")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2f}"))
    _time_axis(axes)
    return svg_of(figure)


def _money(series: Sequence[Sequence[int]]) -> str:
    figure, axes = figure_of(2.6)
    times = [time / 1e9 for time, _ in series]
    money = [worth / 1e6 for _, worth in series]
    axes.plot(times, money, color=_MONEY, linewidth=1.3)
    axes.fill_between(times, money, color=_MONEY, alpha=0.12, linewidth=0)
    axes.set_title("Profit and loss after fees, all symbols, positions at the mid", loc="left")
    axes.set_ylabel("dollars")
    _time_axis(axes)
    return svg_of(figure)


def _latency(latency: Mapping[str, Any]) -> str:
    figure, axes = figure_of(2.2)
    counts = {int(cycles): count for cycles, count in latency["histogram"].items()}
    axes.bar(list(counts), list(counts.values()), width=0.8, color=_BUY)
    axes.set_title("Trigger to order: last byte of the deciding message to first byte of the order", loc="left")
    axes.set_xlabel("cycles on the Verilator model")
    axes.set_ylabel("orders")
    if counts:
        axes.set_xlim(min(counts) - 4, max(counts) + 4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return svg_of(figure)


def _markouts(rows: Sequence[Mapping[str, Any]]) -> str:
    figure, axes = figure_of(2.2)
    known = [row for row in rows if row["average"] is not None]
    names = [f"{horizon(row['milliseconds'])}\n{row['fills']} fills" for row in known]
    cents = [row["average"] / 100 for row in known]
    axes.bar(names, cents, width=0.45, color=[_MONEY if c >= 0 else _SELL for c in cents])
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_title("Markout of entries: mid after the horizon against the price paid", loc="left")
    axes.set_ylabel("cents a share")
    return svg_of(figure)


def _markouts_by_kind(rows: Sequence[Mapping[str, Any]]) -> str:
    """One line a strategy, role and side, over the horizons."""
    figure, axes = figure_of(2.8)
    kinds: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        name = f"{row['strategy']} {row['role']}, {row['side']}"
        kinds.setdefault(name, []).append((row["milliseconds"], row["average"] / 100))
    for number, (name, points) in enumerate(kinds.items()):
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3.5, color=f"C{number}", label=name)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_title("Markout of every fill, by strategy, role and side", loc="left")
    axes.set_ylabel("cents a share")
    if kinds:
        axes.set_xscale("log")
        shown = sorted({row["milliseconds"] for row in rows})
        axes.set_xticks(shown, [horizon(milliseconds) for milliseconds in shown], minor=False)
        axes.xaxis.minorticks_off()
        axes.legend(frameon=False, ncols=2)
    return svg_of(figure)


def _inventory(paths: Mapping[str, Sequence[Sequence[int]]], last_time: int) -> str:
    figure, axes = figure_of(2.4)
    for number, (symbol, path) in enumerate(paths.items()):
        if path:
            times = [time / 1e9 for time, _ in path] + [last_time / 1e9]
            shares = [position for _, position in path] + [path[-1][1]]
            axes.plot(times, shares, drawstyle="steps-post", linewidth=1.0, color=f"C{number}", label=symbol)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_title("Inventory", loc="left")
    axes.set_ylabel("shares")
    if any(paths.values()):
        axes.legend(frameon=False, ncols=4)
    _time_axis(axes)
    return svg_of(figure)
