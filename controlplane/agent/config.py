"""Settings of the agent, from the environment (``PENNYWIRE_AGENT_...``)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["AgentSettings"]


class AgentSettings(BaseSettings):
    """How the agent runs.

    Attributes
    ----------
    directory : Path
        Folder of the service's sockets.
    model : str
        ``rules`` for the written policy, which needs no key; any other name goes to ADK's own model registry, for
        example ``gemini-2.5-flash``, or ``litellm:PROVIDER/NAME`` where litellm is installed.
    policy : Path, optional
        File of another written policy than ``policy.md``. The rules follow ``policy.md`` whatever it says.
    news : str, optional
        File or folder of JSON lines with news, or the http(s) address of an RSS or Atom feed; default: ``news.jsonl``
        or ``news`` in ``directory``, if there is one.
    max_model_calls : int
        Calls of the model in one decision.
    max_writes : int
        Writing tool calls in one decision.
    window_seconds : int
        Exchange time that "recently" means in the performance report.
    lease_seconds : float
        For how long the agent asks for the writer's lease, for each write.
    call_seconds : float
        Deadline of a call to the service.
    decision_seconds : float
        Wall-clock time that one decision may take; a model that is silent for longer has decided nothing.
    """

    model_config = SettingsConfigDict(env_prefix="PENNYWIRE_AGENT_", frozen=True)

    directory: Path = Path("build/run")
    model: str = "rules"
    policy: Path | None = None
    news: str | None = None
    max_model_calls: int = Field(default=8, ge=1, le=50)
    max_writes: int = Field(default=4, ge=1, le=20)
    window_seconds: int = Field(default=300, ge=1, le=86_400)
    lease_seconds: float = Field(default=10.0, gt=0, le=300)
    call_seconds: float = Field(default=5.0, gt=0, le=60)
    decision_seconds: float = Field(default=120.0, gt=0, le=3600)
