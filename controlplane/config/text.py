"""A configuration with some settings changed, as the text of a file that the service reads."""

import copy
import datetime
import json
import tomllib
from collections.abc import Mapping
from typing import Any

__all__ = ["changed", "toml_text", "value_of"]


def changed(text: str, settings: Mapping[str, Any]) -> str:
    """Give a configuration file's text with settings changed; comments are left behind.

    Parameters
    ----------
    text : str
        TOML.
    settings : mapping
        Value by dotted name, ``taker.stop``; a table that is not there is made.

    Raises
    ------
    ValueError
        A name leads through something that is no table.
    """
    table = copy.deepcopy(tomllib.loads(text))
    for name, value in settings.items():
        *path, last = name.split(".")
        here: Any = table
        for part in path:
            here = here.setdefault(part, {}) if isinstance(here, dict) else None
        if not isinstance(here, dict):
            raise ValueError(f"{name} names no setting: {'.'.join(path)} is no table")
        here[last] = value
    return toml_text(table)


def value_of(words: str) -> Any:
    """Give what a person typed as a number or as true or false where it is one, else as text."""
    try:
        return json.loads(words)
    except json.JSONDecodeError:
        return words


def toml_text(table: Mapping[str, Any]) -> str:
    """Write tables, arrays of tables, and lists of plain values as TOML, in the order in which they stand."""
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, Any], path: str) -> list[str]:
    plain = {k: v for k, v in table.items() if not _is_table(v)}
    lines = [f"{_key(k)} = {_value(v)}" for k, v in plain.items()]
    for key, value in table.items():
        name = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_lines(value, name)]
        elif _is_table(value):
            for item in value:
                lines += ["", f"[[{name}]]", *_lines(item, name)]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return json.dumps(value)
