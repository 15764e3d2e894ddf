"""The supervisory agent, in ADK's folder layout: `adk web controlplane` finds it here as `agent`."""
