"""Whatever part of the last writes a power loss takes away, nothing that was acknowledged is among it.

A power loss keeps what was synchronized to disk, and any part of what was written after it. The write-ahead log is all
that is written after it, so the disk is modelled by a copy of the file and of its log, with the log cut off or torn
anywhere behind the place where it ended when the last of the acknowledgements had arrived.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.crash.load import Load
from tests.support.running_server import RunningServer, forked, make_key, metadata_of

MOMENTS = 4
DISKS = 8
WAL_HEADER_BYTES = 32  # https://sqlite.org/fileformat.html#the_wal_file_header


@dataclass(frozen=True, slots=True)
class Moment:
    """What was on disk at one moment, and what had been promised by then."""

    file: Path
    log: bytes
    synchronized_bytes: int  # of the log, at least
    promised: dict[str, set[str]]  # scoring jobs by batch


async def test_no_power_loss_takes_an_acknowledged_batch(tmp_path: Path) -> None:
    random = Random(20_260_302)
    data = tmp_path / "data"
    _, secret = await make_key(data)
    load = Load(random.randrange(1_000_000), metadata_of(secret))
    with forked(data) as server:
        async with load.sent_to(await asyncio.to_thread(lambda: server.address)):
            moments = [await taken(tmp_path / str(number), data, server, load, random) for number in range(MOMENTS)]
            await asyncio.to_thread(server.kill)
    for moment in moments:
        for _ in range(DISKS):
            cut = random.randint(moment.synchronized_bytes, len(moment.log))
            assert_nothing_lost(moment, moment.log[:cut])
            assert_nothing_lost(moment, moment.log[:cut] + random.randbytes(len(moment.log) - cut))


async def taken(folder: Path, data: Path, server: RunningServer, load: Load, random: Random) -> Moment:
    """Copy the store while the server stands still in the middle of whatever it does."""
    await load.acknowledgements(random.randint(5, 20))
    log = data / "nova.sqlite3-wal"
    promised = {batch.id: set(batch.scoring_job_ids.values()) for batch in load.acknowledged.values()}
    synchronized_bytes, header = log.stat().st_size, log.read_bytes()[:WAL_HEADER_BYTES]
    await load.acknowledgements(random.randint(5, 20))
    file, content = copied(folder, data, server)
    assert content[:WAL_HEADER_BYTES] == header, "the log was begun anew, so that its length says nothing"
    assert len(content) > synchronized_bytes
    return Moment(file, content, synchronized_bytes, promised)


def copied(folder: Path, data: Path, server: RunningServer) -> tuple[Path, bytes]:
    """Return a copy of the store, and its log, both of the same moment."""
    folder.mkdir()
    os.kill(server.pid, signal.SIGSTOP)
    try:
        return Path(shutil.copy(data / "nova.sqlite3", folder)), (data / "nova.sqlite3-wal").read_bytes()
    finally:
        os.kill(server.pid, signal.SIGCONT)


def assert_nothing_lost(moment: Moment, log: bytes) -> None:
    """Open what a power loss left, and look for every promise."""
    disk = moment.file.parent / "disk"
    disk.mkdir()
    file = shutil.copy(moment.file, disk)
    (disk / "nova.sqlite3-wal").write_bytes(log)
    with closing(sqlite3.connect(file)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = store.execute("SELECT batch_id, scoring_job_id FROM scoring_batch_jobs").fetchall()
        totals = dict(store.execute("SELECT id, total_jobs FROM scoring_batches"))
        jobs = {job for (job,) in store.execute("SELECT id FROM scoring_jobs")}
        inputs = {job for (job,) in store.execute("SELECT scoring_job_id FROM scoring_inputs")}
    found: dict[str, set[str]] = {batch: set() for batch in totals}
    for batch, job in rows:
        found[batch].add(job)
    assert {batch: found.get(batch) for batch in moment.promised} == moment.promised
    assert {batch: len(found[batch]) for batch in totals} == totals, "a batch was stored by half"
    assert set().union(*found.values()) == jobs == inputs
    shutil.rmtree(disk)
