"""Puts recorded decision points to another model or policy: what would it have done with what was seen then?

A recorded decision has every tool result that the model was shown. In a replay the tools give these back and nothing
else happens: no service, no card, no write. A model that asks for what was not recorded at that point is told so.
"""

import json
import os
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from controlplane.agent.config import AgentSettings
from controlplane.agent.run import DecisionRecord, open_session
from controlplane.agent.tools import WRITING

__all__ = ["Comparison", "RecordError", "compare", "read_records", "replay", "writes_of"]


class RecordError(ValueError):
    """A file that is no record of decisions; the text says which line and why."""


def read_records(path: Path) -> list[DecisionRecord]:
    """Read ``decisions.jsonl``.

    Raises
    ------
    RecordError
        A line is no decision record.
    OSError
        The file cannot be read.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = DecisionRecord(**json.loads(line))
            for call in record.calls:
                call["tool"], call["args"], call["result"]
        except (ValueError, TypeError, KeyError) as error:
            raise RecordError(f"{path}, line {number}, is no decision record: {error}") from error
        found.append(record)
    return found


def writes_of(record: DecisionRecord) -> list[tuple[str, dict[str, Any]]]:
    """Give the writing calls of a decision, in order."""
    return [(call["tool"], dict(call["args"])) for call in record.calls if call["tool"] in WRITING]


class RecordedTools(BasePlugin):
    """Answers every tool call from a record, before the tool itself is reached."""

    def __init__(self) -> None:
        super().__init__(name="pennywire_replay")
        self._results: dict[str, deque[dict[str, Any]]] = {}
        self._writes: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def load(self, record: DecisionRecord) -> None:
        """Take the results of one decision point."""
        results: defaultdict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self._writes = []
        for call in record.calls:
            if call["tool"] in WRITING:
                self._writes.append((call["tool"], dict(call["args"]), dict(call["result"] or {})))
            elif call["result"] is not None:
                results[call["tool"]].append(dict(call["result"]))
        self._results = dict(results)

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any]:
        """Give what was recorded. A write that was not made then counts as done: what follows it is of interest."""
        if tool.name in WRITING:
            recorded = (result for name, args, result in self._writes if (name, args) == (tool.name, tool_args))
            return next(recorded, {"status": "done", "changed": {}, "words": "a replay: nothing was written"})
        waiting = self._results.get(tool.name)
        if not waiting:
            return {"status": "failed", "words": "a replay: this was not looked at when the decision was recorded"}
        # Asked twice where it was asked once: what was seen last still stands.
        return waiting.popleft() if len(waiting) > 1 else waiting[0]


async def replay(records: Iterable[DecisionRecord], settings: AgentSettings) -> list[DecisionRecord]:
    """Put each decision point to a model, each in a session of its own, as they were decided.

    Parameters
    ----------
    records : iterable of DecisionRecord
        What was recorded.
    settings : AgentSettings
        The model, the policy, and the bounds.

    Returns
    -------
    list of DecisionRecord
        What it would have done.
    """
    tools, found = RecordedTools(), []
    for record in records:
        tools.load(record)
        # The model has the tool for news where it had it then, and nothing is read from a folder of today.
        had_news = any(call["tool"] == "get_news" for call in record.calls)
        then = {"directory": Path(os.devnull), "news": "recorded" if had_news else None}
        async with open_session(settings.model_copy(update=then), [tools]) as turn:
            found.append(await turn(record.prompt, record.exchange_time))
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same decision points.

    Attributes
    ----------
    points : int
        Decision points.
    same : int
        Those at which both made the same writing calls.
    writes : tuple of int
        Writing calls of each.
    errors : tuple of int
        Decisions of each that broke off.
    differs : tuple of int
        Places of the points at which they differ.
    """

    points: int
    same: int
    writes: tuple[int, int]
    errors: tuple[int, int]
    differs: tuple[int, ...]


def compare(one: Sequence[DecisionRecord], other: Sequence[DecisionRecord]) -> Comparison:
    """Compare two runs.

    Raises
    ------
    ValueError
        They are not of the same decision points.
    """
    if [r.exchange_time for r in one] != [r.exchange_time for r in other]:
        raise ValueError("these are not decisions at the same points")
    differs = tuple(n for n, (a, b) in enumerate(zip(one, other, strict=True)) if writes_of(a) != writes_of(b))
    return Comparison(
        points=len(one),
        same=len(one) - len(differs),
        writes=(sum(len(writes_of(r)) for r in one), sum(len(writes_of(r)) for r in other)),
        errors=(sum(bool(r.error) for r in one), sum(bool(r.error) for r in other)),
        differs=differs,
    )
