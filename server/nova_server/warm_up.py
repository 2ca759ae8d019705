"""What a child process loads before its first call, so that no application waits for it."""

from __future__ import annotations

import importlib


def warm_up() -> None:
    """Load the libraries that read documents, and the local scorer.

    Imported here, because the server's own process, which knows this function, has no use for either.
    """
    from nova_server.resumes.documents.extract import prepare

    prepare()
    importlib.import_module("nova_server.scorers.local.scorer")
