"""Bad days, with the keyless model: see ../served.py, and docs/agent.md for how to run and record them."""

from tests.controlplane.agent.days.served import day_app

app = day_app()
root_agent = app.root_agent
