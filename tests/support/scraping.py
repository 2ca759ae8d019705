"""Metrics as Prometheus sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.support.server_log import PATIENCE_SECONDS


async def scraped(url: str) -> dict[str, float]:
    """Return the metrics at the URL: values by name and labels."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        text = await response.text()
    return {
        sample.name + "".join(f"[{value}]" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped_until(url: str, holds: Callable[[Mapping[str, float]], bool]) -> dict[str, float]:
    """Scrape until the metrics are as wanted. Some are counted after the answer, and some are measured now and then."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds(metrics := await scraped(url)):
            pass
    return metrics
