"""What `nova submit` and `nova watch` show of batches: progress on standard error, results on standard output."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.console import Console

from nova_server.cli.answers import print_answer
from nova_server.cli.client import ScoringClient
from nova_server.cli.following import BatchView, follow
from nova_server.cli.progress import ProgressDisplay, progress_shown
from nova_server.cli.results import result_table
from nova_server.cli.text import output_console


@dataclass(frozen=True, slots=True)
class BatchName:
    """What it takes to ask for a batch."""

    job_id: str
    batch_id: str


async def show_batches(client: ScoringClient, names: Sequence[BatchName], *, as_json: bool) -> None:
    """Follow the batches to their end and print their results. Raises CallFailed."""
    with progress_shown(Console(stderr=True)) as display:
        views = await _follow_all(client, names, display)
    if as_json:
        await _print_json(client, names)
    else:
        _print_table(views)


async def _follow_all(client: ScoringClient, names: Sequence[BatchName], display: ProgressDisplay) -> list[BatchView]:
    """Follow the batches side by side, and show the sum of them."""
    latest: dict[BatchName, BatchView] = {}

    async def follow_one(name: BatchName) -> None:
        async for view in follow(client, name.job_id, name.batch_id):
            latest[name] = view
            _show_sum(display, latest.values())

    await asyncio.gather(*(follow_one(name) for name in names))
    return [latest[name] for name in names]


def _show_sum(display: ProgressDisplay, views: Collection[BatchView]) -> None:
    ended = sum(view.ended_jobs for view in views)
    display.show(ended, sum(view.batch.total_jobs for view in views))


async def _print_json(client: ScoringClient, names: Sequence[BatchName]) -> None:
    """Print one document for each batch: the answer of GetScoringBatch as it is documented."""
    for name in names:
        print_answer(await client.read(name.job_id, name.batch_id))


def _print_table(views: Sequence[BatchView]) -> None:
    output_console().print(result_table(job for view in views for job in view.jobs.values()))
