"""A piece of news, and what a source of them is.

What a source gives comes from outside and may say anything. It is cleaned of characters that do not print, cut to a
length, and shown to the model as fields of a tool's answer: as data, never as an instruction.
"""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["HEADLINE", "SOURCE", "SYMBOLS", "TEXT", "NewsItem", "NewsSource", "clean"]

#: Characters of a headline, a text and a source's name, and symbols of one piece, at most.
HEADLINE, TEXT, SOURCE = 300, 1000, 60
SYMBOLS = 20


def clean(text: str, most: int) -> str:
    """Give text with every run of white space as one space, what does not print left out, and at most so long."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:most]


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One piece of news: exchange time in ns since midnight, who says it, of which symbols, and the words."""

    time: int
    source: str
    symbols: tuple[str, ...]
    headline: str
    text: str


class NewsSource(Protocol):
    """Where news comes from."""

    def items(self, until: int) -> tuple[list[NewsItem], int]:
        """Give what was known at an exchange time, oldest first, each once, and how many pieces could not be read."""
        ...
