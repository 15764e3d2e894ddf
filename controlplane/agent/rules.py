"""The keyless model: the written policy (``policy.md``) as an ADK model.

It receives what any model receives, the request's contents, and answers as any model does, with tool calls and
text. Every number comes from the tool results in the request; nothing is kept between two requests.
"""

import math
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from google.adk.models._capabilities import LlmCapabilities
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

__all__ = ["Plan", "RuleModel", "plan_of"]

_REPORT = "get_performance_report"
_NEWS = "get_news"
_CONFIRMATIONS = "get_confirmations"
#: Bounds of ``policy.md``.
_MIN_ENTRIES = 8
_ADVERSE_MARKOUT = -100.0
_LOSS_TICKS = 40
_REFUSALS = 20
#: One tick of one share in micro-dollars.
_TICK_MICRODOLLARS = 10_000
_START_RATIO = 1.2
_START_VOLUME = 1.5
_RAISE = 1.5
_CAREFUL = 1.5
#: News that takes the module off, and for how many seconds it does.
_NEWS_WORDS = re.compile(
    r"\b(halt(s|ed)?|trading pause[ds]?|suspend(s|ed)?|earnings|quarterly results)\b", re.IGNORECASE
)
_NEWS_SECONDS = 3600
_LEFT = "Trading is not adverse: leave everything as it is."
#: Ratios are kept in 1/256: nothing above this can be set.
_MAX_RATIO = 255.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the policy makes of a report: why, in a sentence, and the calls, in order."""

    why: str
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    #: The calls raise risk: after a refusal the rest is left undone.
    raises: bool = False
    #: What was asked of a person before must be looked at first.
    looks: bool = False


def _adverse(stretch: dict[str, Any], order_size: int) -> str:
    """Say why trading in a stretch was adverse; empty when it was not."""
    markout = stretch["markouts"].get("10s", {"average": 0.0, "fills": 0})
    if markout["fills"] >= _MIN_ENTRIES and markout["average"] < _ADVERSE_MARKOUT:
        return (
            f"the mid ten seconds after {markout['fills']} entries is {-markout['average'] / 100:.2f} ticks worse "
            "than the price paid"
        )
    bound = _LOSS_TICKS * _TICK_MICRODOLLARS * max(order_size, 1)
    if stretch["pnl_microdollars"] < -bound:
        loss = -stretch["pnl_microdollars"] / 1_000_000
        return f"the loss after fees is {loss:.2f} dollars, more than {bound / 1_000_000:.2f}"
    if stretch["refusals"] > _REFUSALS and 2 * stretch["refusals"] > stretch["triggers"]:
        return f"{stretch['refusals']} orders were refused at {stretch['triggers']} triggers"
    return ""


def _start(report: dict[str, Any]) -> Plan:
    part = report["unattended"]
    waiting = [s["symbol"] for s in report["symbols"] if s["stale"] or s["halted"]]
    if waiting:
        return Plan(f"Off, and it stays off: {', '.join(waiting)} stale or halted.")
    if report["records_lost"]:
        return Plan("Off, and it stays off: event records were lost, so the report cannot be trusted.")
    if not any(s["enabled"] for s in report["symbols"]):
        return Plan("Off, and it stays off: no symbol meets its prerequisites.")
    if "imbalance" not in part["strategies"]:
        return Plan("Off, and it stays off: imbalance is not signed for unattended use.")
    ratio = min(math.ceil(part["min_imbalance_ratio"] * _START_RATIO * 256) / 256, _MAX_RATIO)
    return Plan(
        "The module is off and the market is calm: start within what is signed for unattended use.",
        (
            (
                "update_risk_parameters",
                {"max_inventory": part["max_inventory"], "order_size": part["max_order_size"]},
            ),
            (
                "update_thresholds",
                {
                    "strategy_name": "imbalance",
                    "imbalance_ratio": ratio,
                    "min_volume": int(part["min_min_volume"] * _START_VOLUME),
                },
            ),
            ("toggle_scalping_module", {"strategy_name": "imbalance", "state": True}),
        ),
        raises=True,
    )


def _earning(report: dict[str, Any]) -> str:
    """Say how well trading goes where it is calm and earns at the full size signed for; empty otherwise."""
    recent, day, limits, part = report["recent"], report["day"], report["limits"], report["unattended"]
    markout = recent["markouts"].get("10s", {"average": 0.0, "fills": 0})
    bound = _LOSS_TICKS * _TICK_MICRODOLLARS * max(limits["order_size"], 1)
    calm = (
        not any(s["stale"] or s["halted"] for s in report["symbols"])
        and not report["records_lost"]
        and recent["refusals"] <= _REFUSALS
        and limits["max_inventory"] >= part["max_inventory"]
        and limits["order_size"] >= part["max_order_size"] > 0
    )
    earns = (
        markout["fills"] >= _MIN_ENTRIES
        and markout["average"] >= 0
        and recent["pnl_microdollars"] > bound
        and day["pnl_microdollars"] > bound
    )
    if not (calm and earns):
        return ""
    made = recent["pnl_microdollars"] / 1_000_000
    return f"{made:.2f} dollars after fees, and the mid is not against {markout['fills']} entries after ten seconds"


def _raise(report: dict[str, Any], why: str, confirmations: dict[str, Any] | None) -> Plan:
    """Ask a person for half as much again, within the envelope, unless that was asked before and not granted."""
    if confirmations is None:
        return Plan(f"Calm and earning: {why}. What was asked before?", looks=True)
    # A decision that was recorded before reports had the envelope: no more may be asked for than the part.
    limits, envelope = report["limits"], report.get("envelope") or report["unattended"]
    wanted = {
        "max_inventory": min(int(limits["max_inventory"] * _RAISE), envelope["max_inventory"]),
        "order_size": min(int(limits["order_size"] * _RAISE), envelope["max_order_size"]),
    }
    if all(wanted[name] <= limits[name] for name in wanted):
        return Plan(f"Calm and earning, {why}; the envelope allows no more: leave everything as it is.")
    if confirmations.get("status") != "done":
        return Plan("Calm and earning, and what was asked before cannot be read: leave everything as it is.")
    for one in confirmations["confirmations"]:
        # What became outdated was asked of another state of the card.
        if one["method"] == "RiskService.UpdateRiskParameters" and one["state"] in ("pending", "denied", "expired"):
            state = "waits for a person" if one["state"] == "pending" else f"was {one['state']}: it is not asked again"
            return Plan(f"Calm and earning; a larger size {state}. Leave everything as it is.")
    words = f"Calm and earning, {why}: a person is asked for half as much again."
    return Plan(words, (("update_risk_parameters", wanted),))


def _off(why: str) -> Plan:
    return Plan(why, (("toggle_scalping_module", {"strategy_name": "imbalance", "state": False}),))


def _alarming(report: dict[str, Any], news: dict[str, Any]) -> str:
    """Say which news forbids trading; empty when none does."""
    if news.get("status") != "done":
        return f"the news cannot be read ({news.get('words', 'the tool said nothing')})" if news else ""
    followed = {row["symbol"] for row in report["symbols"]}
    for item in reversed(news["news"]):
        hit = followed & set(item["symbols"])
        word = _NEWS_WORDS.search(f"{item['headline']} {item['text']}")
        if hit and word and item["age_seconds"] <= _NEWS_SECONDS:
            return f"there is news of {word[0].lower()} for {', '.join(sorted(hit))} at {item['time']}"
    return ""


def plan_of(
    report: dict[str, Any], news: dict[str, Any] | None = None, confirmations: dict[str, Any] | None = None
) -> Plan:
    """Apply the policy to a performance report, and to the news where there is a source of it.

    Parameters
    ----------
    report : dict
        What ``get_performance_report`` returned.
    news : dict, optional
        What ``get_news`` returned.
    confirmations : dict, optional
        What ``get_confirmations`` returned; a plan that ``looks`` asks for it.

    Returns
    -------
    Plan
        Why, and which calls.
    """
    if report.get("status") != "done":
        return Plan(f"No report, no change: {report.get('words', 'the tool said nothing')}.")
    card, limits, thresholds = report["card"], report["limits"], report["thresholds"]
    if card["killed"] or not card["armed"] or not card["market_open"]:
        state = "killed" if card["killed"] else "not armed" if not card["armed"] else "waiting for the market to open"
        return Plan(f"The card is {state}: nothing to decide.")
    alarming = _alarming(report, news or {})
    if alarming:
        on = report["modules"]["imbalance"]
        return _off(f"Off: {alarming}.") if on else Plan(f"Off, and it stays off: {alarming}.")
    if not report["modules"]["imbalance"]:
        why = _adverse(report["day"], report["unattended"]["max_order_size"])
        return Plan(f"Off, and it stays off until a person decides: over the day {why}.") if why else _start(report)
    if not any(s["enabled"] for s in report["symbols"]):
        return _off("No symbol meets its prerequisites any more: off.")
    if report["records_lost"]:
        return _off("Event records were lost, so the report cannot be trusted: off.")
    why = _adverse(report["recent"], limits["order_size"])
    if not why:
        earning = _earning(report)
        return _raise(report, earning, confirmations) if earning else Plan(_LEFT)
    start_ratio = report["unattended"]["min_imbalance_ratio"] * _START_RATIO
    if thresholds["imbalance_ratio"] >= start_ratio * _CAREFUL:
        return _off(f"Still adverse after being made more careful, {why}: off.")
    ratio = min(math.ceil(max(thresholds["imbalance_ratio"], start_ratio) * _CAREFUL * 256) / 256, _MAX_RATIO)
    return Plan(
        f"Adverse, {why}: smaller, and at a higher ratio.",
        (
            (
                "update_risk_parameters",
                {"max_inventory": limits["max_inventory"] // 2, "order_size": limits["order_size"] // 2},
            ),
            (
                "update_thresholds",
                {
                    "strategy_name": "imbalance",
                    "imbalance_ratio": ratio,
                    "min_volume": thresholds["min_volume"],
                },
            ),
        ),
    )


def _results(request: LlmRequest) -> list[tuple[str, dict[str, Any]]]:
    """Give the tool results that follow the last words of the user, in order."""
    found: list[tuple[str, dict[str, Any]]] = []
    for content in request.contents:
        for part in content.parts or []:
            if content.role == "user" and part.text:
                found.clear()
            if part.function_response is not None:
                found.append((part.function_response.name or "", dict(part.function_response.response or {})))
    return found


def _say(text: str, call: tuple[str, dict[str, Any]] | None = None) -> LlmResponse:
    parts = [types.Part(text=text)]
    if call is not None:
        parts.append(types.Part(function_call=types.FunctionCall(name=call[0], args=call[1])))
    # No tokens are used, and ADK complains of a model that does not say how many.
    usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=0, candidates_token_count=0)
    return LlmResponse(content=types.Content(role="model", parts=parts), usage_metadata=usage)


class RuleModel(BaseLlm):
    """The policy as a model; ``model`` is only its name."""

    model: str = "rules"

    @property
    def capabilities(self) -> LlmCapabilities:
        """Tools, and nothing else."""
        return LlmCapabilities(output_schema_and_tools=False)

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        """Give the next step of the decision that the request's contents show."""
        yield self._next(_results(llm_request), has_news=_NEWS in llm_request.tools_dict)

    @staticmethod
    def _next(results: list[tuple[str, dict[str, Any]]], *, has_news: bool) -> LlmResponse:
        if not results or results[0][0] != _REPORT:
            return _say("First the performance report.", (_REPORT, {}))
        if has_news and (len(results) < 2 or results[1][0] != _NEWS):
            return _say("And the news.", (_NEWS, {}))
        report, news = results[0][1], results[1][1] if has_news else None
        answers = results[1 + has_news :]
        plan = plan_of(report, news)
        if plan.looks:
            if not answers or answers[0][0] != _CONFIRMATIONS:
                return _say(plan.why, (_CONFIRMATIONS, {}))
            plan, answers = plan_of(report, news, answers[0][1]), answers[1:]
        asked = [answer for _name, answer in answers if answer.get("status") == "asked"]
        if asked and len(answers) == len(plan.calls) and not plan.raises:
            return _say(f"{plan.why} It is request {asked[0].get('confirmation')}; nothing is changed until then.")
        refused = [f"{name}: {answer.get('words')}" for name, answer in answers if answer.get("status") != "done"]
        if refused and plan.raises:
            return _say(f"{plan.why} But {refused[0]}; the rest is left undone.")
        if len(answers) < len(plan.calls):
            return _say(plan.why, plan.calls[len(answers)])
        return _say(plan.why + "".join(f" But {words}." for words in refused))
