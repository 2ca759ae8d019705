"""The programs on the page of webhooks verify what the service signs, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from nova_server.clock import SystemClock
from nova_server.ports.webhooks import FailureReason, WebhookEvent
from nova_server.webhooks.signing import new_secret, signed_headers
from standardwebhooks import WebhookVerificationError

PAGE = (Path(__file__).resolve().parents[2] / "docs/webhooks.md").read_text(encoding="utf-8")
TIMEOUT_SECONDS = 60
SECRET = new_secret(lambda count: b"a" * count)
OTHER = new_secret(lambda count: b"b" * count)
BODY = '{"event":"test","message":"größer"}'.encode()


def block(language: str, words: str) -> str:
    (found,) = [one for one in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if words in one]
    return str(found)


def function(name: str) -> Any:
    names: dict[str, Any] = {}
    exec(block("python", f"def {name}("), names)  # noqa: S102 (the page is ours)
    return names[name]


def headers(*secrets: str) -> dict[str, str]:
    return signed_headers("cdelivery", WebhookEvent.TEST, BODY, secrets, SystemClock().now())


@pytest.mark.parametrize("secrets", [(SECRET,), (OTHER, SECRET)])
def test_the_library_reads_the_event(secrets: tuple[str, ...]) -> None:
    assert function("read_event")(headers(*secrets), BODY, SECRET) == json.loads(BODY)


def test_the_library_refuses_what_another_signed() -> None:
    with pytest.raises(WebhookVerificationError):
        function("read_event")(headers(OTHER), BODY, SECRET)


@pytest.mark.parametrize(("secrets", "answer"), [((SECRET,), True), ((OTHER, SECRET), True), ((OTHER,), False)])
def test_ten_lines_of_python_tell_what_is_ours(secrets: tuple[str, ...], answer: bool) -> None:
    assert function("is_ours")(headers(*secrets)["X-Webhook-Signature"], BODY, SECRET) is answer


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
@pytest.mark.parametrize(("secrets", "answer"), [((SECRET,), True), ((OTHER, SECRET), True), ((OTHER,), False)])
def test_ten_lines_of_node_tell_what_is_ours(secrets: tuple[str, ...], answer: bool) -> None:
    signatures = headers(*secrets)["X-Webhook-Signature"]
    call = f"console.log(isOurs({json.dumps(signatures)}, Buffer.from({json.dumps(BODY.decode())}), '{SECRET}'))"
    program = block("javascript", "function isOurs(") + call
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True)
    assert done.stdout == f"{json.dumps(answer)}\n"


def test_every_reason_of_a_failure_is_explained() -> None:
    assert [reason for reason in FailureReason if f"`{reason}`" not in PAGE] == []
