"""How a failure ends a command: a sentence on standard error and an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from nova.errors.v1.error_reason_pb2 import ErrorReason

from nova_server.cli.call_failure import CallFailed
from nova_server.cli.text import printable
from nova_server.errors import NovaError

FAILED = 1
USAGE = 2
LONGEST_NAME = 255


class UsageFault(Exception):
    """The command was given something that it cannot work with. The sentence says what, and what to do about it."""


@contextmanager
def failures_reported() -> Iterator[None]:
    """Turn the failures of a command's work into sentences and exit codes."""
    try:
        yield
    except UsageFault as fault:
        end(str(fault), USAGE)
    except CallFailed as failure:
        end(describe(failure), FAILED)
    except NovaError as error:
        end(f"{ErrorReason.Name(error.reason)}: {error.message}", FAILED)
    except OSError as error:
        end(f"{error.strerror or 'The system refuses'}: {error.filename or ''}".rstrip(": "), FAILED)


def end(sentence: str, code: int) -> NoReturn:
    """Print `sentence` on standard error and end the command with `code`."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code) from None


def require_name(name: str, what: str) -> None:
    """End the command when `name` is no name. `what` is whose it is, as a sentence begins."""
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        end(f"{what} must hold 1 to {LONGEST_NAME} printable characters.", USAGE)


def describe(failure: CallFailed) -> str:
    """Return a failed call in words: code and sentence, then each wrong field, then advice and the trace id."""
    lines = [f"{failure.code}: {printable(failure.message)}"]
    lines += [f"  {printable(fault.field)}: {printable(fault.message)}" for fault in failure.fields]
    lines += [failure.advice] if failure.advice else []
    lines += [f"Trace id: {printable(failure.trace_id)}"] if failure.trace_id else []
    return "\n".join(lines)
