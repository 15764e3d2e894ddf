"""The agent's tools, with the signatures that the model sees."""

from controlplane.agent.tools.report import get_performance_report
from controlplane.agent.tools.writes import toggle_scalping_module, update_risk_parameters, update_thresholds

__all__ = ["WRITING", "get_performance_report", "toggle_scalping_module", "update_risk_parameters", "update_thresholds"]

#: Names of the tools that change something.
WRITING = frozenset({"toggle_scalping_module", "update_risk_parameters", "update_thresholds"})
