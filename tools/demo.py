"""Start a server, score the sample resumes on it, check what comes out, and stop it again.

Needs the runtime dependencies only. Ends with code 1 when anything is other than expected.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

ROOT = Path(__file__).resolve().parent.parent
NOVA = Path(sys.executable).parent / "nova"
DATA = ROOT / "data/demo"
LOG = "server.log"
SAMPLES = ROOT / "samples"
START_SECONDS = 60
STOP_SECONDS = 30

# What the samples are made to show: who should come out on top, who below, and which document cannot be read.
GOOD_FITS = ("Amara Okafor", "Lena Brandt")
POOR_FITS = ("Grace Adeyemi", "Oliver Baker", "Kenji Moriyama")
UNREADABLE = {"Ruth Calloway": "RESUME_EMPTY", "Victor Hale": "RESUME_ENCRYPTED"}

Jobs = Mapping[str, Mapping[str, Any]]


class Unexpected(Exception):
    """The demo did not go as it should."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running `nova serve` and the environment that reaches it."""

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]

    def run(self, *arguments: str, **variables: str) -> str:
        """Run a `nova` command against the server and return what it prints. Raises Unexpected."""
        done = self._call(arguments, variables, subprocess.PIPE)
        return done.stdout.decode()

    def show(self, *arguments: str, **variables: str) -> None:
        """Run a `nova` command with its output on this terminal. Raises Unexpected."""
        self._call(arguments, variables, None)

    def _call(
        self, arguments: tuple[str, ...], variables: Mapping[str, str], output: int | None
    ) -> subprocess.CompletedProcess[bytes]:
        environment = {**self.environment, **variables}
        command = [str(NOVA), *arguments]
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)  # noqa: S603 (our own)
        if done.returncode:
            said = (done.stderr or b"").decode()
            raise Unexpected(f"nova {arguments[0]} ended with code {done.returncode}\n{said}")
        return done


def main() -> int:
    """Run the demo, with its data in the folder named by the first argument. Returns the exit code."""
    begin = time.monotonic()
    data = Path(sys.argv[1]).resolve() if sys.argv[1:] else DATA
    shutil.rmtree(data, ignore_errors=True)
    try:
        with running_server(data) as server:
            demonstrate(server)
    except Unexpected as fault:
        print(f"\nThe demo failed: {fault}\nThe server's log is {data / LOG}", file=sys.stderr)
        return 1
    print(f"Everything is as expected, after {time.monotonic() - begin:.1f} s.")
    return 0


def demonstrate(server: Server) -> None:
    """Score the samples, and check the result."""
    print("Creating a sandbox key: nova keys create --environment sandbox")
    key = server.run("keys", "create", "--environment", "sandbox").strip()
    command = submit_command()
    print("Submitting the sample resumes: nova submit samples/resumes/* …\n", flush=True)
    server.show(*command, NOVA_API_KEY=key)
    print("\nSubmitting the same resumes again, as JSON: they are the same batch.")
    answer = json.loads(server.run(*command, "--json", NOVA_API_KEY=key))
    check({job["applicationId"]: job for job in answer["scoringJobs"]})


def submit_command() -> tuple[str, ...]:
    """Return the arguments of `nova` that submit every sample."""
    resumes = sorted(str(path) for path in (SAMPLES / "resumes").iterdir())
    job = ("--job-id", "senior-backend-engineer", "--job-title", "Senior Backend Engineer")
    texts = {"--job-description": SAMPLES / "job.md", "--role-knowledge": SAMPLES / "role_knowledge.md"}
    return ("submit", *resumes, *job, *(str(part) for option in texts.items() for part in option))


def check(jobs: Jobs) -> None:
    """Raise Unexpected unless the samples came out as they are made to."""
    for name, code in UNREADABLE.items():
        if jobs[name]["errorCode"] != code:
            raise Unexpected(f"{name} should have failed with {code}, and shows {jobs[name]['errorCode']}")
    failed = sorted(name for name, job in jobs.items() if job["status"] != "completed" and name not in UNREADABLE)
    if failed:
        raise Unexpected(f"these should have been scored: {', '.join(failed)}")
    worst_good, best_poor = min(jobs[name]["score"] for name in GOOD_FITS), max(jobs[n]["score"] for n in POOR_FITS)
    if worst_good <= best_poor:
        raise Unexpected(f"a good fit has {worst_good}, and a poor one {best_poor}")


@contextmanager
def running_server(data: Path) -> Iterator[Server]:
    """Start a server on free ports with its store in the folder `data`, and stop it with SIGTERM. Raises Unexpected."""
    data.mkdir(parents=True, exist_ok=True)
    environment = server_environment(data)
    print(f"Starting nova serve on {environment['NOVA_GRPC_ADDRESS']}; its log is {data / LOG}")
    with (data / LOG).open("wb") as log:
        process = subprocess.Popen([NOVA, "serve"], env=environment, stdout=log, stderr=log)  # noqa: S603 (our own)
    try:
        wait_until_serving(process, environment["NOVA_GRPC_ADDRESS"])
        yield Server(process, environment)
    finally:
        code = stop(process)
    if code != 0:
        raise Unexpected(f"the server ended with code {code}")


def server_environment(data: Path) -> dict[str, str]:
    """Return an environment with every address on a free port, and none of the settings of whoever runs the demo."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOVA_")}
    addresses = free_addresses("NOVA_GRPC_ADDRESS", "NOVA_REST_ADDRESS", "NOVA_METRICS_ADDRESS")
    return {**ours, **addresses, "NOVA_DATA_DIR": str(data), "NOVA_ALLOW_NETWORKS": "127.0.0.0/8"}


def free_addresses(*names: str) -> dict[str, str]:
    """Return a loopback address for each name. All ports are taken at once, so that they differ."""
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names}
        return {name: f"127.0.0.1:{taken.getsockname()[1]}" for name, taken in sockets.items()}


def wait_until_serving(process: subprocess.Popen[bytes], address: str) -> None:
    """Return once the health service says SERVING. Raises Unexpected when the server dies or takes too long."""
    with grpc.insecure_channel(address) as channel:
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
        )
        health = watch(HealthCheckRequest(), timeout=START_SECONDS, wait_for_ready=True)
        # Nothing answers while the server starts, so its death has to end the call from beside.
        threading.Thread(target=lambda: (process.wait(), health.cancel()), daemon=True).start()
        try:
            for answer in health:
                if answer.status == HealthCheckResponse.SERVING:
                    return
        except grpc.RpcError:
            pass
    raise Unexpected("the server did not start")


def stop(process: subprocess.Popen[bytes]) -> int:
    """End the server with SIGTERM and return its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
