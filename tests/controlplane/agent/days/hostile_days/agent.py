"""Hostile days, with a model that does as it likes: see ../served.py, and docs/agent.md for how to run them."""

from tests.controlplane.agent.days.served import ScriptedModel, day_app

app = day_app(ScriptedModel())
root_agent = app.root_agent
