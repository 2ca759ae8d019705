"""What the store is asked to do all day, to be watched in a store of any size.

A verb prepares itself up to its `yield`. What comes after is to be judged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import count

from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Claim, Extension, Lease
from nova_server.ports.webhooks import DeliveryFilter, DeliveryState

from tests.support.grown_store import RUNNING_OF_ACME, application, numbered_id
from tests.support.retention import DeleteEnded, Stretch
from tests.support.store import StoreUnderTest
from tests.support.stored_criteria import call_of, criteria_of, job_of
from tests.support.stored_webhooks import (
    DELIVERED,
    OWNER,
    REFUSED,
    add_endpoint,
    add_test,
    end,
    listed,
    read,
    release,
    retry,
)
from tests.support.stored_webhooks import claim as claim_deliveries
from tests.support.stored_webhooks import sweep as sweep_deliveries
from tests.support.submissions import ACME, rescore, single, submission

Verb = Callable[[StoreUnderTest], AsyncIterator[None]]

OF_ACME = 200  # a batch of ACME's for job-1
_numbers = count()


def names(how_many: int) -> list[str]:
    """Return ids of applications that nobody had before."""
    return [f"new-{next(_numbers)}" for _ in range(how_many)]


async def claim_from_the_front(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert len(await store.claim(16)) == 16


async def claim_behind_a_full_tenant(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert len(await store.claim(16, group_limit=RUNNING_OF_ACME)) == 16


async def claim_behind_many_full_tenants(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert len(await store.claim(16, group_limit=25)) == 16


async def extend_leases(store: StoreUnderTest) -> AsyncIterator[None]:
    leases = await store.claim(16)
    yield
    assert not await store.queue.extend(Extension(tuple(leases), plus_seconds(store.clock.now(), 30)))


async def complete_with_webhooks(store: StoreUnderTest) -> AsyncIterator[None]:
    first, second = await store.claim(2)
    yield
    assert await store.complete(first)
    assert await store.fail(second)


async def requeue(store: StoreUnderTest) -> AsyncIterator[None]:
    lease = await store.claim_one()
    yield
    assert await store.requeue(lease)


async def sweep(store: StoreUnderTest) -> AsyncIterator[None]:
    await _claim_for_no_time(store, 4)
    yield
    assert (await store.sweep()).requeued == 4


async def measure_depth(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert (await store.queue.depth()).pending > 0
    assert (await store.deliveries.depth()).pending > 0


async def read_a_batch_with_its_jobs(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    found = await store.store.read_batch(ACME, "job-1", numbered_id(OF_ACME))
    assert found is not None
    assert len(found.jobs) == 25


async def read_jobs(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    latest = await store.latest(application(OF_ACME, 3))
    assert await store.store.read_job(ACME, "job-1", application(OF_ACME, 3), latest.id) == latest


async def read_texts_of_jobs(store: StoreUnderTest) -> AsyncIterator[None]:
    leases = await store.claim(16)
    yield
    texts = await store.store.read_job_texts([lease.job_id for lease in leases])
    assert len(texts) == 16


async def submit_a_new_batch(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    await store.submit(submission(*names(25)))


async def submit_what_is_known(store: StoreUnderTest) -> AsyncIterator[None]:
    again = submission(*names(2))
    await store.submit(again)
    yield
    await store.submit(again)
    await store.submit(submission(*(application(OF_ACME, place) for place in range(20)), *names(1)))


async def submit_single_applications(store: StoreUnderTest) -> AsyncIterator[None]:
    (new,) = names(1)
    yield
    await store.submit_jobs(single(application(OF_ACME, 5)), single(new), rescore(application(OF_ACME, 6)))
    version_id = (await store.latest(new)).criteria_version_id
    await store.submit_jobs(rescore(application(OF_ACME, 7), version_id), rescore(new, job_description=new))


async def read_criteria(store: StoreUnderTest) -> AsyncIterator[None]:
    job = job_of(store)
    version_id = await job.bring_texts("A backend engineer.", "Knows Kafka.")
    yield
    await job.current()
    await job.version(version_id)
    await job.store.read_texts(version_id)
    await job.versions(limit=20)
    await job.versions(limit=20, before=5)


async def change_criteria(store: StoreUnderTest) -> AsyncIterator[None]:
    job, (first, second, third) = job_of(store).of(job_id="job-2"), names(3)
    yield
    version_id = await job.bring_texts(first)
    await job.store.save_derived(version_id, criteria_of("Rust"))
    await job.set(second)
    await job.archive()
    await job.set(third, reservation=await job.reserve(call_of(third)))


async def reserve_and_release_a_key(store: StoreUnderTest) -> AsyncIterator[None]:
    job, (key,) = job_of(store), names(1)
    yield
    held = await job.reserve(call_of(key))
    await job.try_reserve(call_of(key))
    await job.store.release(held)


async def find_an_api_key(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert await store.keys.find_key(b"\0" * 32) is None


async def claim_some_deliveries(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert len(await claim_deliveries(store, 8)) == 8


async def end_and_return_deliveries(store: StoreUnderTest) -> AsyncIterator[None]:
    first, second, third, fourth = await claim_deliveries(store, 4)
    yield
    await store.deliveries.extend(Extension((first, second), plus_seconds(store.clock.now(), 30)))
    assert await end(store, first, DELIVERED)
    assert await end(store, second, REFUSED)
    assert await retry(store, third)
    assert await release(store, fourth)


async def sweep_of_deliveries(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    await sweep_deliveries(store)


async def list_deliveries(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    for status in (None, *DeliveryState):
        for page in (DeliveryFilter(status=status), DeliveryFilter(status=status, before_id=numbered_id(50_000))):
            await listed(store, page)


async def read_and_redeliver(store: StoreUnderTest) -> AsyncIterator[None]:
    endpoint, *_ = await store.webhooks.list_endpoints(OWNER)
    delivery = await add_test(store, endpoint)
    yield
    await read(store, delivery.id)
    assert await store.webhooks.redeliver(OWNER, endpoint.id, delivery.id, store.clock.now()) is not None


async def redeliver_what_failed(store: StoreUnderTest) -> AsyncIterator[None]:
    """Redeliver of all that failed since a second from now, so that each is looked at and none is changed."""
    endpoint, *_ = await store.webhooks.list_endpoints(OWNER)
    since = plus_seconds(store.clock.now(), 1)
    yield
    assert await store.webhooks.redeliver_failed(OWNER, endpoint.id, since, store.clock.now()) == 0


async def delete_old_jobs(store: StoreUnderTest) -> AsyncIterator[None]:
    yield
    assert await store.database.writer.run(DeleteEnded(), Stretch("", "cm", 100)) == 100


async def delete_an_endpoint(store: StoreUnderTest) -> AsyncIterator[None]:
    endpoint = await add_endpoint(store)
    await add_test(store, endpoint)
    yield
    assert await store.webhooks.delete_endpoint(OWNER, endpoint.id) is not None


VERBS: tuple[Verb, ...] = (
    claim_from_the_front,
    claim_behind_a_full_tenant,
    claim_behind_many_full_tenants,
    extend_leases,
    complete_with_webhooks,
    requeue,
    sweep,
    measure_depth,
    read_a_batch_with_its_jobs,
    read_jobs,
    read_texts_of_jobs,
    submit_a_new_batch,
    submit_what_is_known,
    submit_single_applications,
    read_criteria,
    change_criteria,
    reserve_and_release_a_key,
    find_an_api_key,
    claim_some_deliveries,
    end_and_return_deliveries,
    sweep_of_deliveries,
    list_deliveries,
    read_and_redeliver,
    redeliver_what_failed,
    delete_an_endpoint,
    delete_old_jobs,
)


async def _claim_for_no_time(store: StoreUnderTest, limit: int) -> list[Lease]:
    """Claim jobs with leases that ended a second ago."""
    now = store.clock.now()
    return list(await store.queue.claim(Claim(limit, "worker", now, plus_seconds(now, -1), 1_000)))
