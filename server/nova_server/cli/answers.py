"""Answers of the service as documents on standard output."""

from __future__ import annotations

import json

import typer
from google.protobuf.message import Message

from nova_server.cli.documented_json import render


def print_answer(answer: Message) -> None:
    """Print an answer as the REST route documents it."""
    typer.echo(json.dumps(render(answer), indent=2, ensure_ascii=False))
