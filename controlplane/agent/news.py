"""News for the agent: the source that is set, and the one that reads JSON lines."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from controlplane.agent.feed_news import FeedNews
from controlplane.agent.news_item import HEADLINE, SOURCE, SYMBOLS, TEXT, NewsItem, NewsSource, clean

__all__ = ["JsonLinesNews", "source_of"]

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?", re.ASCII)


class JsonLinesNews:
    """Reads one file of JSON lines, or every ``*.jsonl`` of a folder; it may be added to while it is in use.

    A line is an object with ``time`` (``HH:MM:SS``, exchange time of the day), ``headline``, and if known ``symbols``,
    ``text``, ``source`` and ``id``. Lines with the same ``id``, or without one with the same words about the same
    symbols from the same source, are one piece of news, that of the earliest time.

    Parameters
    ----------
    path : Path
        File or folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def items(self, until: int) -> tuple[list[NewsItem], int]:
        """See :class:`controlplane.agent.news_item.NewsSource`.

        Raises
        ------
        OSError
            The file or folder cannot be read.
        """
        files = sorted(self._path.glob("*.jsonl")) if self._path.is_dir() else [self._path]
        found: dict[str, NewsItem] = {}
        unreadable = 0
        for file in files:
            for line in file.read_bytes().splitlines():
                if not line.strip():
                    continue
                try:
                    key, item = _item(json.loads(line))
                except (ValueError, RecursionError):
                    unreadable += 1
                    continue
                if item.time <= until and (key not in found or item.time < found[key].time):
                    found[key] = item
        return sorted(found.values(), key=lambda item: (item.time, item.source, item.headline)), unreadable


def _item(row: Any) -> tuple[str, NewsItem]:
    """Read one line's object; raise ValueError where it is no piece of news."""
    if not isinstance(row, dict) or not isinstance(row.get("headline"), str) or not isinstance(row.get("time"), str):
        raise ValueError("a piece of news needs time and headline")
    when = _TIME.fullmatch(row["time"])
    symbols, texts = row.get("symbols", []), [row.get(name, "") for name in ("text", "source", "id")]
    if when is None or not isinstance(symbols, list) or not all(isinstance(part, str) for part in symbols + texts):
        raise ValueError("time must be HH:MM:SS, symbols a list of texts, text, source and id texts")
    seconds = int(when[1]) * 3600 + int(when[2]) * 60 + int(when[3])
    item = NewsItem(
        time=seconds * 1_000_000_000 + int((when[4] or "").ljust(9, "0")),
        source=clean(texts[1], SOURCE),
        symbols=tuple(clean(symbol, 8) for symbol in symbols[:SYMBOLS]),
        headline=clean(row["headline"], HEADLINE),
        text=clean(texts[0], TEXT),
    )
    words = texts[2] or hashlib.sha256(json.dumps([row["headline"], texts[0], sorted(symbols)]).encode()).hexdigest()
    return f"{texts[1]}\0{words}", item


def source_of(news: str | None, directory: Path) -> NewsSource | None:
    """Give the source that is set, or ``news.jsonl`` or ``news`` in the service's folder; None where there is none.

    A source that is set is one even while nothing is there: the tool then says that it cannot be read.
    """
    if news is not None and news.startswith(("http://", "https://")):
        return FeedNews(news)
    if news is not None:
        return JsonLinesNews(Path(news))
    return next((JsonLinesNews(p) for p in (directory / "news.jsonl", directory / "news") if p.exists()), None)
