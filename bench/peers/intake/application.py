"""The service: one route."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Path, status
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from bench.peers.intake.bodies import Accepted, Batch, Submission
from bench.peers.intake.settings import database_url
from bench.peers.intake.storing import Identity, find_partner, store
from bench.peers.intake.tasks import ask_to_score

CONNECTIONS = 20  # of a process to the database

engine = create_async_engine(database_url(), pool_size=CONNECTIONS, max_overflow=0)
new_session = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()


@asynccontextmanager
async def settled(_application: FastAPI) -> AsyncIterator[None]:
    """Set up the garbage collector as ours is: what was made until now stays out of every collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    yield


application = FastAPI(lifespan=settled)


async def session() -> AsyncIterator[AsyncSession]:
    async with new_session() as opened:
        yield opened


@application.post("/v1/jobs/{job_id}/scoring-batches", status_code=status.HTTP_202_ACCEPTED)
async def submit(
    job_id: Annotated[str, Path(min_length=1, max_length=255)],
    submission: Submission,
    tenant_id: Annotated[str, Header(alias="X-Tenant-Id", min_length=1, max_length=255)],
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
    session: Annotated[AsyncSession, Depends(session)],
) -> Accepted:
    """Accept a batch: stored and queued, both durably, before the answer."""
    partner_id = await find_partner(session, credentials.credentials)
    if partner_id is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED)
    stored = await store(session, Identity(partner_id, tenant_id, job_id), submission)
    await session.commit()
    if stored.new_job_ids:
        await run_in_threadpool(ask_to_score, stored.new_job_ids)
    batch = Batch(id=stored.batch_id, job_id=job_id, total_jobs=len(stored.job_ids))
    return Accepted(batch=batch, scoring_job_ids=stored.job_ids)
