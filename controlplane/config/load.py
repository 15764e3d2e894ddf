"""Reads the configuration file and says in words what is wrong with it."""

import hashlib
import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from controlplane.config.models import ServiceConfig

__all__ = ["ConfigError", "envelope_digest", "load_config"]


class ConfigError(Exception):
    """The file cannot be used; the text names each field that is wrong."""


def load_config(path: Path) -> ServiceConfig:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path
        A TOML file as ``controlplane/config/demo.toml``.

    Returns
    -------
    ServiceConfig
        The checked configuration.

    Raises
    ------
    ConfigError
        The file is missing, is not TOML, or a field is wrong.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    try:
        return ServiceConfig.model_validate(table)
    except ValidationError as error:
        lines = []
        for item in error.errors(include_url=False):
            where = ".".join(str(part) for part in item["loc"]) or "the file"
            words = item["msg"].removeprefix("Value error, ")
            match item["type"]:
                case "missing":
                    words = "is missing, and there is no default"
                case "extra_forbidden":
                    words = "there is no such field; is it spelt right, and in the right table?"
                case _ if item["loc"] and not isinstance(item["input"], dict | list):
                    words += f" (the file says {item['input']!r:.60})"
            lines.append(f"  {where}: {words}")
        raise ConfigError(f"{path} has {len(lines)} error(s):\n" + "\n".join(lines)) from error


def envelope_digest(config: ServiceConfig) -> str:
    """Give the SHA-256 of the envelope and its unattended part, as the audit log keeps it."""
    parts = {"envelope": config.envelope.model_dump(), "unattended": config.unattended.model_dump()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
