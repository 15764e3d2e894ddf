"""The agent and its app: what ``adk web``, ``adk run`` and the service's own runner load."""

from collections.abc import Callable, Sequence
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.apps import App
from google.adk.models.base_llm import BaseLlm
from google.adk.plugins.base_plugin import BasePlugin

from controlplane.agent.config import AgentSettings
from controlplane.agent.guard import GuardPlugin
from controlplane.agent.news import source_of
from controlplane.agent.prompts import instruction
from controlplane.agent.rules import RuleModel
from controlplane.agent.tools import (
    get_audit,
    get_bars,
    get_confirmations,
    get_news,
    get_performance_report,
    get_positions,
    get_prerequisites,
    get_refusals,
    toggle_scalping_module,
    update_quotes,
    update_risk_parameters,
    update_thresholds,
)

__all__ = ["app", "make_app", "model_of", "root_agent"]

_LITELLM = "litellm:"


def model_of(name: str) -> str | BaseLlm:
    """Give the model of a name: the rules, a LiteLLM model, or a name that ADK resolves itself.

    Parameters
    ----------
    name : str
        ``rules``, ``litellm:PROVIDER/NAME``, or any name ADK knows, for example ``gemini-2.5-flash``.

    Raises
    ------
    ImportError
        A LiteLLM model was asked for and litellm is not installed.
    """
    if name == "rules":
        return RuleModel()
    if name.startswith(_LITELLM):
        from google.adk.models.lite_llm import LiteLlm  # an extra, and slow to import

        return LiteLlm(model=name.removeprefix(_LITELLM))
    return name


def make_app(settings: AgentSettings, plugins: Sequence[BasePlugin] = ()) -> App:
    """Make the app: the agent with its tools, inside the guard. Without a source of news there is no tool for it.

    Parameters
    ----------
    settings : AgentSettings
        Model, policy and bounds.
    plugins : sequence of BasePlugin
        Asked after the guard, before the tools.
    """
    reads: list[Callable[..., Any]] = [
        get_performance_report,
        get_bars,
        get_positions,
        get_prerequisites,
        get_refusals,
        get_audit,
        get_confirmations,
    ]
    if source_of(settings.news, settings.directory) is not None:
        reads.append(get_news)
    agent = LlmAgent(
        name="supervisor",
        description="Supervises the imbalance module of a Pennywire card within a signed envelope.",
        model=model_of(settings.model),
        instruction=lambda _context: instruction(settings.policy),
        tools=[*reads, toggle_scalping_module, update_risk_parameters, update_thresholds, update_quotes],
    )
    return App(name="agent", root_agent=agent, plugins=[GuardPlugin(settings.max_writes), *plugins])


app = make_app(AgentSettings())
root_agent = app.root_agent
