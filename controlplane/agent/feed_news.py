"""News from an RSS 2.0 or Atom feed (RFC 4287), read over http or https.

A feed has the time of day on the wall and the agent goes by exchange time: an entry's time is turned into New York's,
and only entries of the present day there count. Symbols are taken from categories that look like one and from words
such as ``(NASDAQ: AAPL)``. A document type declaration is refused: no feed needs one, and entities are how XML is made
to explode.
"""

import datetime
import hashlib
import html
import re
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from controlplane.agent.news_item import HEADLINE, SOURCE, SYMBOLS, TEXT, NewsItem, clean

__all__ = ["FeedNews", "entries_of"]

#: Bytes of a feed that are read, and seconds that it may take.
_MOST_BYTES = 2_000_000
_SECONDS = 5.0
_MOST_ENTRIES = 500
_ATOM = "{http://www.w3.org/2005/Atom}"
_SYMBOL = re.compile(r"[A-Z][A-Z.]{0,7}")
_IN_WORDS = re.compile(r"\b(?:NASDAQ|NYSE|NYSE American|AMEX)\s*:\s*([A-Z][A-Z.]{0,7})\b")
_TAG = re.compile(r"<[^>]*>")
_NEW_YORK = ZoneInfo("America/New_York")


def _words(text: str | None, most: int) -> str:
    """Give the words of a text that may hold HTML."""
    return clean(_TAG.sub(" ", html.unescape(text or "")), most)


def _when(entry: ET.Element) -> datetime.datetime:
    """Give an entry's time; raise ValueError where it has none."""
    if (rss := entry.findtext("pubDate")) is not None:
        when = parsedate_to_datetime(rss.strip())
    else:
        atom = entry.findtext(f"{_ATOM}published") or entry.findtext(f"{_ATOM}updated") or ""
        when = datetime.datetime.fromisoformat(atom.strip())
    if when.tzinfo is None:
        raise ValueError("a time without its zone")
    return when.astimezone(_NEW_YORK)


def _entry(entry: ET.Element, source: str, day: datetime.date) -> tuple[str, NewsItem] | None:
    """Read an entry; None where it is of another day; raise ValueError where it is no piece of news."""
    when = _when(entry)
    headline = _words(entry.findtext("title") or entry.findtext(f"{_ATOM}title"), HEADLINE)
    if not headline:
        raise ValueError("an entry without a title")
    if when.date() != day:
        return None
    text = _words(
        entry.findtext("description") or entry.findtext(f"{_ATOM}summary") or entry.findtext(f"{_ATOM}content"), TEXT
    )
    categories = [(c.text or "").strip() for c in entry.findall("category")]
    categories += [c.get("term", "").strip() for c in entry.findall(f"{_ATOM}category")]
    found = [c for c in categories if _SYMBOL.fullmatch(c)] + _IN_WORDS.findall(f"{headline} {text}")
    number = entry.findtext("guid") or entry.findtext(f"{_ATOM}id")
    key = number or hashlib.sha256(f"{headline}\0{text}".encode()).hexdigest()
    seconds = when.hour * 3600 + when.minute * 60 + when.second
    item = NewsItem(seconds * 1_000_000_000, source, tuple(dict.fromkeys(found))[:SYMBOLS], headline, text)
    return key, item


def entries_of(document: bytes, day: datetime.date) -> tuple[list[NewsItem], int]:
    """Read a feed: its entries of a New York day, oldest first, each once, and how many could not be read.

    Parameters
    ----------
    document : bytes
        The feed.
    day : datetime.date
        The day whose entries count.

    Raises
    ------
    OSError
        It is no feed, or has a document type declaration.
    """
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise OSError("the feed has a document type declaration, which is not read")
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        raise OSError(f"the feed is no XML: {error}") from error
    channel = root.find("channel")
    if root.tag == f"{_ATOM}feed":
        entries, name = root.findall(f"{_ATOM}entry"), root.findtext(f"{_ATOM}title")
    elif channel is not None:
        entries, name = channel.findall("item"), channel.findtext("title")
    else:
        raise OSError(f"the feed is neither RSS nor Atom: its root is {clean(root.tag, 40)}")
    source = _words(name, SOURCE)
    items: dict[str, NewsItem] = {}
    unreadable = 0
    for entry in entries[:_MOST_ENTRIES]:
        try:
            found = _entry(entry, source, day)
        except (ValueError, TypeError, OverflowError):
            unreadable += 1
            continue
        if found is not None and (found[0] not in items or found[1].time < items[found[0]].time):
            items[found[0]] = found[1]
    return sorted(items.values(), key=lambda item: (item.time, item.headline)), unreadable


class FeedNews:
    """A feed at an address, fetched anew each time it is asked.

    Parameters
    ----------
    address : str
        Where it is, ``http://`` or ``https://``.
    today : callable
        Gives the day in New York.
    """

    def __init__(
        self,
        address: str,
        today: Callable[[], datetime.date] = lambda: datetime.datetime.now(_NEW_YORK).date(),
    ) -> None:
        self._address = address
        self._today = today

    def items(self, until: int) -> tuple[list[NewsItem], int]:
        """See :class:`controlplane.agent.news_item.NewsSource`.

        Raises
        ------
        OSError
            It cannot be fetched, is too long, or is no feed.
        """
        request = urllib.request.Request(self._address, headers={"User-Agent": "pennywire"})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            document = answer.read(_MOST_BYTES + 1)
        if len(document) > _MOST_BYTES:
            raise OSError(f"the feed is longer than {_MOST_BYTES} bytes")
        found, unreadable = entries_of(document, self._today())
        return [item for item in found if item.time <= until], unreadable
