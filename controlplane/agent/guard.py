"""The guard around every decision: a bound on writes, errors of tools in words, the model's words as the reason.

It runs before ADK's own gates and again when a run is resumed, whatever the model is.
"""

from collections import Counter
from typing import Any

from google.adk.agents.callback_context import CallbackContext
from google.adk.agents.invocation_context import InvocationContext
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from controlplane.agent.tools import WRITING
from controlplane.agent.tools.link import SAID_KEY

__all__ = ["GuardPlugin"]


class GuardPlugin(BasePlugin):
    """Bounds what one decision may do.

    Parameters
    ----------
    max_writes : int
        Writing tool calls in one decision; those after it are refused in words.
    """

    def __init__(self, max_writes: int) -> None:
        super().__init__(name="pennywire_guard")
        self._max_writes = max_writes
        self._writes: Counter[str] = Counter()

    async def after_model_callback(
        self, *, callback_context: CallbackContext, llm_response: LlmResponse
    ) -> LlmResponse | None:
        """Keep what the model said: the audit log gives it as the reason of the calls that go with it."""
        parts = (llm_response.content.parts if llm_response.content else None) or []
        said = " ".join(part.text.strip() for part in parts if part.text and not part.thought)
        if said:
            callback_context.state[SAID_KEY] = said
        return None

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """Refuse a write beyond the bound."""
        if tool.name not in WRITING:
            return None
        self._writes[tool_context.invocation_id] += 1
        if self._writes[tool_context.invocation_id] <= self._max_writes:
            return None
        return {
            "status": "refused",
            "words": f"this decision has made its {self._max_writes} writing calls; end it, and decide again next time",
        }

    async def on_tool_error_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext, error: Exception
    ) -> dict[str, Any] | None:
        """Give an error of a tool, or a tool that does not exist, as an answer in words: it must not end the run."""
        return {"status": "failed", "words": f"{tool.name} could not be carried out: {type(error).__name__}: {error}"}

    async def after_run_callback(self, *, invocation_context: InvocationContext) -> None:
        """Forget the count of a decision that is over."""
        self._writes.pop(invocation_context.invocation_id, None)
