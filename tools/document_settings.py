"""Render `docs/configuration.md` from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from nova_server.settings import Settings
from pydantic.fields import FieldInfo

INTRODUCTION = """\
# Configuration

<!-- Generated from server/nova_server/settings.py by `make generate`. -->

Every setting is an environment variable. All commands read the same ones. A setting that is not given has its default;
one that is invalid ends the command with exit code 2 and a sentence that names it, without its value.

| variable | default | meaning |
|---|---|---|
"""

CLIENT = """
`nova submit` and `nova watch` also read `NOVA_API_KEY`, the key they call with, and `nova webhooks listen` reads
`NOVA_WEBHOOK_SECRET`, the secrets that it verifies with, separated by spaces.
"""


def render() -> str:
    """Return the page."""
    return INTRODUCTION + "\n".join(_rows()) + "\n" + CLIENT


def variable(name: str) -> str:
    """Return the environment variable of the setting `name`."""
    return f"{Settings.model_config['env_prefix']}{name}".upper()


def _rows() -> Iterable[str]:
    for name, field in Settings.model_fields.items():
        yield f"| `{variable(name)}` | {_default(field)} | {(field.description or '').replace('|', '/')} |"


def _default(field: FieldInfo) -> str:
    """Return the default as it would be written into the environment."""
    value = field.default
    if value in (None, ()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    if isinstance(value, Path):
        return f"`./{value}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"
