"""A changed configuration is the one that was, but for what was changed; read back by the standard library."""

import datetime
import tomllib

import pytest

from controlplane.cli.demo import CONFIG
from controlplane.config.models import ServiceConfig
from controlplane.config.text import changed, toml_text


def test_nothing_changed_is_the_same_configuration():
    text = CONFIG.read_text()
    assert tomllib.loads(changed(text, {})) == tomllib.loads(text)


def test_what_is_changed_is_changed_and_nothing_else():
    before = tomllib.loads(CONFIG.read_text())
    after = tomllib.loads(changed(CONFIG.read_text(), {"taker.stop": 5, "fees.add": -1, "order_session_up": False}))
    assert (after["taker"].pop("stop"), after["fees"].pop("add"), after.pop("order_session_up")) == (5, -1, False)
    for table, key in ((before["taker"], "stop"), (before["fees"], "add"), (before, "order_session_up")):
        del table[key]
    assert after == before


def test_a_table_that_is_not_there_is_made_and_the_service_reads_it():
    text = changed(CONFIG.read_text(), {"join.PWAA": 7, "telemetry.depth_interval_microseconds": 9})
    config = ServiceConfig.model_validate(tomllib.loads(text))
    assert config.join == {"PWAA": 7}
    assert config.telemetry.depth_interval_microseconds == 9


def test_every_kind_of_value_comes_back():
    table = {
        "text": 'a "quoted"\\ name', "float": 1.5, "whole": -3, "flag": True, "list": ["a", "b"], "none": [],
        "day": datetime.date(2026, 1, 30), "table": {"BRK.A": 13, "deeper": {"x": 1}},
        "rows": [{"a": 1, "part": {"b": 2}}, {"a": 2}],
    }  # fmt: skip
    assert tomllib.loads(toml_text(table)) == table


@pytest.mark.parametrize("name", ["symbols.name", "order_session_up.x"])
def test_a_name_that_leads_nowhere_is_an_error(name):
    with pytest.raises(ValueError, match="is no table"):
        changed(CONFIG.read_text(), {name: 1})
