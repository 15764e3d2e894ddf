"""One decision of the agent, or a conversation with it, from the words to the record of what it did and why."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controlplane.agent.config import AgentSettings
from controlplane.agent.prompts import decision_prompt, instruction

if TYPE_CHECKING:
    from google.adk.plugins.base_plugin import BasePlugin

__all__ = ["DecisionRecord", "append_record", "converse", "decide", "open_session"]

_USER = "timer"


@dataclass
class DecisionRecord:
    """What a decision saw, said and did. No wall-clock time is in it: one session gives one record.

    Attributes
    ----------
    exchange_time : int
        Ns since midnight when it was asked for.
    model : str
        Name of the model.
    prompt : str
        The words that opened it.
    inputs_digest : str
        SHA-256 of all that the model was shown: instruction, prompt and tool results.
    calls : list of dict
        ``tool``, ``args`` and ``result`` of each call, in order.
    said : str
        The model's last words.
    error : str
        Why the decision broke off; empty when it did not. The card is then as the calls left it.
    """

    exchange_time: int
    model: str
    prompt: str
    inputs_digest: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""
    error: str = ""


async def _exchange_time(settings: AgentSettings) -> int:
    from controlplane.agent.tools.link import channel_of
    from controlplane.proto_gen.pennywire_v1 import control_pb2 as pb
    from controlplane.proto_gen.pennywire_v1 import control_pb2_grpc as rpc

    async with channel_of(settings.directory) as channel:
        report = await rpc.PerformanceServiceStub(channel).GetReport(
            pb.GetReportRequest(), timeout=settings.call_seconds
        )
    return report.exchange_time


async def decide(directory: Path, *, model: str = "rules") -> DecisionRecord:
    """Let the agent decide once.

    Parameters
    ----------
    directory : Path
        Folder of the service's sockets.
    model : str
        See :class:`~controlplane.agent.config.AgentSettings`.

    Returns
    -------
    DecisionRecord
        What it saw, said and did. An error of the model ends the decision and is in the record; it is not raised.

    Raises
    ------
    grpc.aio.AioRpcError
        The service does not answer: there is nothing to decide on.
    """
    settings = AgentSettings(directory=directory, model=model)
    now = await _exchange_time(settings)
    async with open_session(settings) as turn:
        return await turn(decision_prompt(now), now)


async def converse(directory: Path, model: str, messages: AsyncIterator[str]) -> AsyncIterator[DecisionRecord]:
    """Let a person talk to the agent: one record for each message, in one conversation that it remembers.

    Each message is bounded as a decision is: in model calls, writes and time.

    Parameters
    ----------
    directory : Path
        Folder of the service's sockets.
    model : str
        See :class:`~controlplane.agent.config.AgentSettings`.
    messages : async iterator of str
        What the person says.

    Raises
    ------
    grpc.aio.AioRpcError
        The service does not answer.
    """
    settings = AgentSettings(directory=directory, model=model)
    async with open_session(settings) as turn:
        async for message in messages:
            yield await turn(message, await _exchange_time(settings))


@asynccontextmanager
async def open_session(
    settings: AgentSettings, plugins: "Sequence[BasePlugin]" = ()
) -> AsyncIterator[Callable[[str, int], Awaitable[DecisionRecord]]]:
    """Open a conversation with the agent; gives what takes a message and the exchange time and gives the record.

    Parameters
    ----------
    settings : AgentSettings
        Model, policy and bounds.
    plugins : sequence of BasePlugin
        Asked after the guard, before the tools.
    """
    # ADK takes seconds to import: only those who decide pay for it.
    from google.adk.agents.run_config import RunConfig
    from google.adk.runners import Runner
    from google.adk.sessions import InMemorySessionService
    from google.genai import types

    from controlplane.agent.agent import make_app
    from controlplane.agent.tools.link import DIRECTORY_KEY

    sessions = InMemorySessionService()
    app = make_app(settings, plugins)
    state = {DIRECTORY_KEY: str(settings.directory)}
    session = await sessions.create_session(app_name=app.name, user_id=_USER, state=state)
    async with Runner(app=app, session_service=sessions) as runner:

        async def turn(words: str, now: int) -> DecisionRecord:
            record = DecisionRecord(exchange_time=now, model=settings.model, prompt=words)
            try:
                async with asyncio.timeout(settings.decision_seconds):
                    async for event in runner.run_async(
                        user_id=_USER,
                        session_id=session.id,
                        new_message=types.Content(role="user", parts=[types.Part(text=words)]),
                        run_config=RunConfig(max_llm_calls=settings.max_model_calls),
                    ):
                        _note(record, event)
            except TimeoutError:
                record.error = f"TimeoutError: the decision was not made within {settings.decision_seconds:g} s"
            # Whatever a model or its library throws: the decision is over, and the card is as the calls left it.
            except Exception as error:
                record.error = f"{type(error).__name__}: {error}"
            shown = [instruction(settings.policy), record.prompt, [call["result"] for call in record.calls]]
            record.inputs_digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()
            return record

        yield turn


def _note(record: DecisionRecord, event: Any) -> None:
    """Add what an event says to the record."""
    for part in (event.content.parts if event.content else None) or []:
        if part.function_call is not None:
            args = dict(part.function_call.args or {})
            record.calls.append({"tool": part.function_call.name, "args": args, "result": None})
        elif part.function_response is not None:
            open_calls = (c for c in record.calls if c["tool"] == part.function_response.name and c["result"] is None)
            call = next(open_calls, None)
            if call is not None:
                call["result"] = dict(part.function_response.response or {})
        elif part.text and event.author != "user":
            record.said = part.text.strip()
    if event.error_message:
        record.error = f"{event.error_code}: {event.error_message}"


def append_record(directory: Path, record: DecisionRecord) -> None:
    """Add a record to ``decisions.jsonl`` in a folder, one line each."""
    with (directory / "decisions.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(record), sort_keys=True, default=str) + "\n")
