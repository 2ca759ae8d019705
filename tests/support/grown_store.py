# ruff: noqa: S608 (SQL that is made of our own numbers)
"""A store as it is after a year: a million jobs have ended, 50,000 wait. Filled by SQL that every engine understands.

Of the 200 tenants `ACME` has by far the most, and all that it has waiting stands before everything of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nova_server.storage.digests import digest_of, digest_of_all, tenant_key

from tests.support.clock import START
from tests.support.submissions import ACME, JOB_DESCRIPTION

TENANTS = 200
ENDPOINTS = 100  # of which the first two are those of ACME's partner, and have all deliveries
BATCH = 25
FINISHED = 1_000_000
RUNNING_OF_ACME, RUNNING_OF_OTHERS = 100, 400
PENDING_OF_ACME, PENDING_OF_OTHERS = 10_000, 40_000
DELIVERED, RUNNING_DELIVERIES, PENDING_DELIVERIES = 200_000, 40, 5_000
FAILED_DELIVERIES = DELIVERED // 100
KEYS, EXPIRED_KEYS = 50_000, 10_000

_JOBS_OF_TENANT = 50  # which a tenant's finished applications are for
_CLOCK = 10_000  # of the queue
_REST_OF_ID = "0" * 13
_DESCRIPTION = digest_of(JOB_DESCRIPTION)
_CONTENT = digest_of_all((_DESCRIPTION, None))

Numbers = Callable[[int, int], str]  # SQL for the numbers from the first to before the second, as the column `n`


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs of one state, in batches that follow upon each other. What they have is SQL over `batch`, `place` and `n`.

    The number of a job is `n`, that of its batch `batch`, and `place` is where in the batch it stands.
    """

    first: int
    count: int
    tenant: str
    job: str
    state: str
    virtual_time: str

    @property
    def end(self) -> int:
        return self.first + self.count

    @property
    def finished(self) -> bool:
        return self.state != "'pending'" and self.state != "'running'"

    def numbered(self, numbers: Numbers) -> str:
        """Return SQL for the numbers of the jobs."""
        columns = f"n, n / {BATCH} AS batch, n % {BATCH} AS place"
        return f"(SELECT {columns} FROM {numbers(self.first, self.end)}) AS jobs"

    def batches(self, numbers: Numbers) -> str:
        """Return SQL for the numbers of the batches."""
        return f"(SELECT n AS batch FROM {numbers(self.first // BATCH, self.end // BATCH)}) AS batches"


_ENDED = Jobs(
    first=0,
    count=FINISHED,
    tenant=f"(batch % {TENANTS})",
    job=f"(batch / {TENANTS} % {_JOBS_OF_TENANT})",
    state="CASE place WHEN 0 THEN 'failed' ELSE 'completed' END",
    virtual_time=f"n / {TENANTS}",
)


def _unfinished() -> Iterator[Jobs]:
    def following(first: int, count: int, tenant: str, state: str, virtual_time: str) -> Jobs:
        return Jobs(first, count, tenant, str(_JOBS_OF_TENANT), state, virtual_time)

    def of_others(first: int) -> str:
        return f"(1 + (batch - {first // BATCH}) % {TENANTS - 1})"

    first = _ENDED.end
    yield following(first, RUNNING_OF_ACME, "0", "'running'", "0")
    first += RUNNING_OF_ACME
    yield following(first, RUNNING_OF_OTHERS, of_others(first), "'running'", "0")
    first += RUNNING_OF_OTHERS
    yield following(first, PENDING_OF_ACME, "0", "'pending'", f"n - {first}")
    first += PENDING_OF_ACME
    turn = f"(batch - {first // BATCH}) / {TENANTS - 1} * {BATCH} + place"
    yield following(first, PENDING_OF_OTHERS, of_others(first), "'pending'", f"{_CLOCK} + {turn}")


def fill_history(numbers: Numbers) -> Iterator[str]:
    """Yield the statements that fill an empty store with all that is over."""
    yield f"UPDATE queue_clock SET virtual_time = {_CLOCK}"
    yield from _tenants(numbers)
    yield from _criteria(numbers)
    yield from _jobs(numbers, _ENDED)
    yield from _results(numbers)
    yield from _deliveries(numbers, 0, DELIVERED, "CASE WHEN n % 100 < 1 THEN 'failed' ELSE 'delivered' END")
    yield from _attempts(numbers)


def fill_queues(numbers: Numbers) -> Iterator[str]:
    """Yield the statements that add what waits, and what is at work."""
    for jobs in _unfinished():
        yield from _jobs(numbers, jobs)
        yield from _inputs(numbers, jobs)
    end = DELIVERED + RUNNING_DELIVERIES
    yield from _deliveries(numbers, DELIVERED, end, "'running'")
    yield from _deliveries(numbers, end, end + PENDING_DELIVERIES, "'pending'")


def application(batch: int, place: int) -> str:
    """Return the id of an application in the store. ACME's are in every 200th batch from 0 on."""
    return f"app-{batch}-{place}"


def numbered_id(number: int) -> str:
    """Return the id of a row by its number."""
    return f"c1{10**9 + number}{_REST_OF_ID}"


def _text(number: str) -> str:
    return f"CAST({number} AS VARCHAR)"


def _tenant(number: str) -> str:
    """Return the key of a tenant by its number. ACME is 0."""
    return f"CASE {number} WHEN 0 THEN '{tenant_key(ACME)}' ELSE 'tenant' || {_text(f'({10**18} + {number})')} END"


def _id(number: str) -> str:
    """Return an id that sorts by its number, and before all those that are made today."""
    return f"'c1' || {_text(f'({10**9} + {number})')} || '{_REST_OF_ID}'"


def _digest(number: str) -> str:
    """Return a digest that no text has."""
    return f"{_text(f'({10**9} + {number})')} || '{'x' * 30}'"


def _version(tenant: str, job: str) -> str:
    return _id(f"({job} * {TENANTS} + {tenant})")


def _tenants(numbers: Numbers) -> Iterator[str]:
    external_id = f"CASE n WHEN 0 THEN '{ACME.tenant_id}' ELSE 'tenant-' || {_text('n')} END"
    yield f"""
        INSERT INTO tenants (id, partner_id, environment, external_id, virtual_time, created_at)
        SELECT {_tenant("n")}, '{ACME.partner_id}', '{ACME.environment.value}', {external_id}, {_CLOCK + 300}, {START}
        FROM {numbers(0, TENANTS)}"""
    yield f"""
        INSERT INTO webhook_endpoints (id, partner_id, environment, url, events, enabled, secret, created_at,
            updated_at)
        SELECT {_id("n")}, 'partner-' || {_text("(n / 2 + 1)")}, '{ACME.environment.value}', 'https://hooks.example/',
            'score.completed score.failed batch.completed', true, 'whsec_1', {START}, {START}
        FROM {numbers(0, ENDPOINTS)}"""
    yield f"""
        INSERT INTO idempotency_keys (partner_id, environment, "key", request_digest, holder, outcome, expires_at)
        SELECT '{ACME.partner_id}', '{ACME.environment.value}', 'key-' || {_text("n")}, {_digest("n")}, {_id("n")},
            '{{"version": "", "criterion": null}}', {START} + (CAST(n AS BIGINT) - {EXPIRED_KEYS}) * 1000000
        FROM {numbers(0, KEYS)}"""


def _criteria(numbers: Numbers) -> Iterator[str]:
    """Give every job of every tenant the criteria that follow from the one description."""
    yield f"""
        INSERT INTO texts (tenant_id, digest, content)
        SELECT {_tenant("n")}, '{_DESCRIPTION}', '{JOB_DESCRIPTION}' FROM {numbers(0, TENANTS)}"""
    yield f"""
        INSERT INTO criteria_versions (id, tenant_id, job_id, digest, job_description_digest, created_at, version)
        SELECT {_id("n")}, {_tenant(f"(n % {TENANTS})")}, 'job-' || {_text(f"(n / {TENANTS})")}, '{_CONTENT}',
            '{_DESCRIPTION}', {START}, 1
        FROM {numbers(0, TENANTS * (_JOBS_OF_TENANT + 1))}"""
    yield """
        INSERT INTO job_criteria (tenant_id, job_id, source, active_version_id, revision, partner_changes, updated_at)
        SELECT tenant_id, job_id, 'texts', id, 1, 0, created_at FROM criteria_versions"""


def _jobs(numbers: Numbers, jobs: Jobs) -> Iterator[str]:
    job_id = f"'job-' || {_text(jobs.job)}"
    lease = f"'worker', {START} + 30000000" if jobs.state == "'running'" else "NULL, NULL"
    starts = 0 if jobs.state == "'pending'" else 1
    ended = f"{START}" if jobs.finished else "NULL"
    yield f"""
        INSERT INTO scoring_jobs (id, tenant_id, job_id, application_id, criteria_version_id, state, attempt, starts,
            virtual_time, available_at, lease_owner, lease_expires_at, queued_at, started_at, finished_at)
        SELECT {_id("n")}, {_tenant(jobs.tenant)}, {job_id}, 'app-' || {_text("batch")} || '-' || {_text("place")},
            {_version(jobs.tenant, jobs.job)}, {jobs.state}, {starts}, {starts}, {jobs.virtual_time},
            {START} - 1000000, {lease}, {START} - 1000000, {"NULL" if starts == 0 else START}, {ended}
        FROM {jobs.numbered(numbers)}"""
    yield f"""
        INSERT INTO scoring_batch_jobs (batch_id, position, scoring_job_id)
        SELECT {_id("batch")}, place, {_id("n")} FROM {jobs.numbered(numbers)}"""
    yield f"""
        INSERT INTO scoring_batches (id, tenant_id, job_id, applications_digest, total_jobs, completed_jobs,
            failed_jobs, created_at, completed_at)
        SELECT {_id("batch")}, {_tenant(jobs.tenant)}, {job_id}, {_digest("batch")}, {BATCH},
            {BATCH - 1 if jobs.finished else 0}, {1 if jobs.finished else 0}, {START}, {ended}
        FROM {jobs.batches(numbers)}"""


def _results(numbers: Numbers) -> Iterator[str]:
    yield f"""
        INSERT INTO scoring_results (scoring_job_id, score, assessment, scorer_id, scorer_version)
        SELECT {_id("n")}, 7, '["A good fit.", [], [], []]', 'local', '1' FROM {numbers(0, FINISHED)}"""


def _inputs(numbers: Numbers, jobs: Jobs) -> Iterator[str]:
    yield f"""
        INSERT INTO texts (tenant_id, digest, content)
        SELECT {_tenant(jobs.tenant)}, {_digest("n")}, 'Ten years of Python.' FROM {jobs.numbered(numbers)}"""
    yield f"""
        INSERT INTO scoring_inputs (scoring_job_id, resume_digest, job_description_digest)
        SELECT {_id("n")}, {_digest("n")}, '{_DESCRIPTION}' FROM {numbers(jobs.first, jobs.end)}"""


def _deliveries(numbers: Numbers, first: int, end: int, state: str) -> Iterator[str]:
    """Give the older half to the first endpoint, and the newer half to the second."""
    endpoint = _id(f"((n - {first}) / {(end - first) // 2})")
    lease = f"'dispatcher', {START} + 30000000" if state == "'running'" else "NULL, NULL"
    yield f"""
        INSERT INTO webhook_events (id, event, tenant_id, body, created_at)
        SELECT {_id("n")}, 'score.completed', '{ACME.tenant_id}', '{{}}', {START} FROM {numbers(first, end)}"""
    yield f"""
        INSERT INTO webhook_deliveries (id, endpoint_id, event_id, state, attempt, attempts, available_at, lease_owner,
            lease_expires_at)
        SELECT {_id("n")}, {endpoint}, {_id("n")}, {state}, 1, 1, {START} - 1000000, {lease}
        FROM {numbers(first, end)}"""


def _attempts(numbers: Numbers) -> Iterator[str]:
    yield f"""
        INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, http_status)
        SELECT {_id("n")}, 1, {START}, 12, 200 FROM {numbers(0, DELIVERED)}"""
