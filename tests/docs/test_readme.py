"""The README's blocks do what they say, run as they are written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from tools.demo_server import Server, running_server

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TIMEOUT_SECONDS = 120


def block_with(words: str) -> str:
    blocks = re.findall(r"^```console\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if words in block]
    return str(block)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("readme")) as server:
        yield server


def test_the_server_is_started_as_written() -> None:
    assert block_with("nova serve").strip() == "NOVA_ALLOW_NETWORKS=127.0.0.0/8 .venv/bin/nova serve"


def output_of(block: str, server: Server, **variables: str) -> str:
    """Return what a block prints when it is run against the server, wherever that listens."""
    done = subprocess.run(
        ["bash", "-e", "-c", block.replace("http://127.0.0.1:8080", server.rest_url)],
        cwd=ROOT,
        env={**server.environment, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_batch_is_submitted_over_rest_as_written(server: Server) -> None:
    answer = json.loads(output_of(block_with("curl http"), server))
    assert answer["batch"]["jobId"] == "job-123"
    assert answer["batch"]["totalJobs"] == len(answer["scoringJobIds"]) == 1


def test_an_endpoint_is_created_as_written(server: Server) -> None:
    create, listen = block_with("webhooks create").splitlines()
    endpoint_id, secret = output_of(create, server).splitlines()
    assert len(endpoint_id) == 25
    assert secret.startswith(listen.split()[-1].removesuffix("…"))


def test_resumes_are_submitted_as_written(server: Server) -> None:
    key = server.run("keys", "create", "--environment", "sandbox").strip()
    shown = output_of(block_with("nova submit"), server, NOVA_API_KEY=key)
    assert "Amara Okafor" in shown
    assert "RESUME_ENCRYPTED" in shown


def test_criteria_are_shown_and_an_application_is_scored_again_as_written(server: Server) -> None:
    key = server.run("keys", "create", "--environment", "sandbox").strip()
    output_of(block_with("nova submit"), server, NOVA_API_KEY=key)
    shown = output_of(block_with("nova criteria show"), server, NOVA_API_KEY=key)
    assert "MUST_HAVE" in shown
    assert re.search(r"^score +(10|[1-9])$", shown, re.MULTILINE)


def test_the_call_of_grpcurl_works_with_what_reflection_says(server: Server) -> None:
    """Does what grpcurl does: knows no proto, and asks the server for them."""
    block = block_with("grpcurl")
    body = json.loads(re.search(r"-d '(.*?)'", block, re.DOTALL)[1])  # type: ignore[index]  # a failure says the same
    method = block.split()[-1]
    key = server.run("keys", "create", "--environment", "sandbox").strip()
    with grpc.insecure_channel(server.environment["NOVA_GRPC_ADDRESS"]) as channel:
        service, name = method.split("/")
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        rpc = pool.FindServiceByName(service).methods_by_name[name]
        request = json_format.ParseDict(body, GetMessageClass(rpc.input_type)())
        call = channel.unary_unary(
            f"/{method}", type(request).SerializeToString, GetMessageClass(rpc.output_type).FromString
        )
        metadata = (("authorization", f"Bearer {key}"), ("x-tenant-id", "acme"))
        answer = json_format.MessageToDict(call(request, metadata=metadata, timeout=TIMEOUT_SECONDS))
    assert answer["batch"]["totalJobs"] == 1
    assert len(answer["scoringJobIds"]) == 1


def test_the_demo_ends_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", tmp_path / "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Everything is as expected" in done.stdout
