"""Serves the intake on an empty database until its standard input ends. Prints a line of JSON: where, and a key."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bench.peers.intake.broker import free_port, running_broker, wait_for_port
from bench.peers.intake.settings import BROKER, DATABASE, database_url
from bench.peers.intake.tables import ApiKey, Table

SECRET = "sk_test_" + "0" * 32


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="of an empty PostgreSQL database")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    os.environ[DATABASE] = arguments.url
    asyncio.run(install())
    with tempfile.TemporaryDirectory(dir=".") as folder, running_broker(Path(folder)) as broker:
        os.environ[BROKER] = broker
        with serving(arguments.processes) as port:
            print(json.dumps({"port": port, "secret": SECRET}), flush=True)
            sys.stdin.read()


async def install() -> None:
    """Make the tables and a key."""
    engine = create_async_engine(database_url())
    async with engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    async with AsyncSession(engine) as session, session.begin():
        session.add(ApiKey(digest=hashlib.sha256(SECRET.encode()).digest(), partner_id="bench"))
    await engine.dispose()


@contextmanager
def serving(processes: int) -> Iterator[int]:
    """Yield the port of the service, in so many worker processes."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.peers.intake.application:application", "--port", str(port)]
    command += ["--workers", str(processes), "--loop", "uvloop", "--http", "httptools", "--timeout-keep-alive", "75"]
    command += ["--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
