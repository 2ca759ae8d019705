"""What a child process loads before its first call, so that no application waits for it."""

from __future__ import annotations

import importlib

MODULES = ("nova_server.resumes.documents.extract", "nova_server.scorers.local.scorer")


def warm_up() -> None:
    """Import the functions that will be called."""
    for name in MODULES:
        importlib.import_module(name)
