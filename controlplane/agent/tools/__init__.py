"""The agent's tools, with the signatures that the model sees."""

from controlplane.agent.tools.reads import (
    get_audit,
    get_bars,
    get_confirmations,
    get_news,
    get_positions,
    get_prerequisites,
    get_refusals,
)
from controlplane.agent.tools.report import get_performance_report
from controlplane.agent.tools.writes import (
    toggle_scalping_module,
    update_quotes,
    update_risk_parameters,
    update_thresholds,
)

__all__ = [
    "WRITING",
    "get_audit",
    "get_bars",
    "get_confirmations",
    "get_news",
    "get_performance_report",
    "get_positions",
    "get_prerequisites",
    "get_refusals",
    "toggle_scalping_module",
    "update_quotes",
    "update_risk_parameters",
    "update_thresholds",
]

#: Names of the tools that change something.
WRITING = frozenset({"toggle_scalping_module", "update_quotes", "update_risk_parameters", "update_thresholds"})
