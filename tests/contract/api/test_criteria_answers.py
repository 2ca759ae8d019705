"""What CriteriaService answers."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from nova.criteria.v1 import criteria_version_pb2, criterion_pb2
from nova_server.errors import CriteriaNotFound
from nova_server.ports.clock import plus_seconds
from nova_server.ports.criteria import ChangedCriteria, CriteriaVersion, Criterion

from tests.support.api import Served, called, refusal, serving
from tests.support.clock import START
from tests.support.criteria_requests import (
    ADD,
    ARCHIVE,
    GET,
    GET_CURRENT,
    GET_VERSION,
    LIST,
    REMOVE,
    SET,
    UPDATE,
    List,
    call,
)
from tests.support.recorded_criteria import GO, POSTGRES, PYTHON, VERSION, VERSION_ID

SECONDS = 1_772_355_600
CREATED = Timestamp(seconds=SECONDS)
SHOWN = [
    criterion_pb2.Criterion(
        id=PYTHON.id,
        text="Five years of Python",
        importance=criterion_pb2.MUST_HAVE,
        order=0,
        created_at=CREATED,
    ),
    criterion_pb2.Criterion(
        id=POSTGRES.id,
        text="PostgreSQL",
        importance=criterion_pb2.PREFERRED,
        order=1,
        created_at=Timestamp(seconds=SECONDS + 1),
    ),
    criterion_pb2.Criterion(id=GO.id, text="Go", importance=criterion_pb2.NICE_TO_HAVE, order=2, created_at=CREATED),
]
ACTIVE = criteria_version_pb2.CriteriaVersion(
    id=VERSION_ID, version=3, status=criteria_version_pb2.ACTIVE, created_at=CREATED
)
ARCHIVED = dataclasses.replace(VERSION, archived_at=plus_seconds(START, 60))


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


def versions(*numbers: int) -> list[CriteriaVersion]:
    return [dataclasses.replace(VERSION, id=f"c{number}", number=number, criteria=None) for number in numbers]


@pytest.mark.parametrize("request_", [GET, SET, ADD, UPDATE, GET_CURRENT, GET_VERSION], ids=called)
async def test_criteria_are_shown_in_their_order_and_count_from_zero(served: Served, request_: Message) -> None:
    answer = await call(served, request_)

    assert list(answer.criteria) == SHOWN


@pytest.mark.parametrize("request_", [ADD, UPDATE], ids=called)
@pytest.mark.parametrize(("criterion", "shown"), list(zip((PYTHON, POSTGRES, GO), SHOWN, strict=True)))
async def test_the_criterion_that_a_change_was_about_is_shown_at_its_place(
    served: Served, request_: Message, criterion: Criterion, shown: criterion_pb2.Criterion
) -> None:
    served.criteria.changed = dataclasses.replace(served.criteria.changed, criterion=criterion)

    assert (await call(served, request_)).criterion == shown


@pytest.mark.parametrize("request_", [ADD, UPDATE], ids=called)
@pytest.mark.parametrize("criterion", [None, dataclasses.replace(GO, id="crit_000000000000")])
async def test_a_change_that_lost_its_criterion_is_a_fault_of_ours(
    served: Served, request_: Message, criterion: Criterion | None
) -> None:
    served.criteria.changed = dataclasses.replace(served.criteria.changed, criterion=criterion)

    assert (await refusal(call(served, request_))).info.reason == "INTERNAL_ERROR"


@pytest.mark.parametrize("request_", [ARCHIVE, REMOVE], ids=called)
async def test_what_only_has_to_be_done_says_that_it_is(served: Served, request_: Message) -> None:
    served.criteria.changed = ChangedCriteria(ARCHIVED)

    assert (await call(served, request_)).success is True


async def test_criteria_that_were_cleared_are_an_empty_list(served: Served) -> None:
    served.criteria.changed = ChangedCriteria(dataclasses.replace(VERSION, criteria=()))

    assert list((await call(served, SET)).criteria) == []


async def test_a_list_after_a_change_of_criteria_that_nobody_has_derived_is_empty(served: Served) -> None:
    served.criteria.changed = ChangedCriteria(dataclasses.replace(VERSION, criteria=None))

    assert list((await call(served, SET)).criteria) == []


async def test_the_current_version_is_shown_with_its_revision(served: Served) -> None:
    answer = await call(served, GET_CURRENT)

    assert (answer.version, answer.criteria_revision) == (ACTIVE, "crit_7")


@pytest.mark.parametrize("request_", [GET, GET_CURRENT], ids=called)
async def test_a_job_whose_criteria_are_archived_has_none(served: Served, request_: Message) -> None:
    served.criteria.fault = CriteriaNotFound()

    assert (await refusal(call(served, request_))).info.reason == "CRITERIA_NOT_FOUND"


async def test_a_version_that_is_current_has_no_time_at_which_it_was_archived(served: Served) -> None:
    shown = (await call(served, GET_VERSION)).version

    assert shown == ACTIVE
    assert not shown.HasField("archived_at")


async def test_a_version_that_was_archived_says_when(served: Served) -> None:
    served.criteria.version = ARCHIVED

    shown = (await call(served, GET_VERSION)).version

    assert shown.status == criteria_version_pb2.ARCHIVED
    assert shown.archived_at == Timestamp(seconds=SECONDS + 60)


async def test_a_list_shows_versions_in_the_order_of_the_use_case(served: Served) -> None:
    served.criteria.versions = [*versions(3), dataclasses.replace(ARCHIVED, id="c1", number=1, criteria=None)]

    answer = await call(served, LIST)

    assert [(shown.id, shown.version) for shown in answer.versions] == [("c3", 3), ("c1", 1)]
    assert [shown.status for shown in answer.versions] == [criteria_version_pb2.ACTIVE, criteria_version_pb2.ARCHIVED]


async def test_a_job_that_nobody_knows_has_an_empty_list(served: Served) -> None:
    served.criteria.versions = []

    answer = await call(served, LIST)

    assert list(answer.versions) == []
    assert not answer.HasField("next_page_token")


async def test_a_page_that_is_just_filled_is_the_last_one(served: Served) -> None:
    served.criteria.versions = versions(2, 1)

    answer = await call(served, List(job_id="job-1", page_size=2))

    assert [shown.version for shown in answer.versions] == [2, 1]
    assert not answer.HasField("next_page_token")


async def test_pages_follow_one_another_without_a_gap(served: Served) -> None:
    served.criteria.versions = versions(9, 7, 4)
    first = await call(served, List(job_id="job-1", page_size=2))
    served.criteria.versions = versions(4)
    second = await call(served, List(job_id="job-1", page_size=2, page_token=first.next_page_token))

    assert [shown.version for shown in (*first.versions, *second.versions)] == [9, 7, 4]
    assert [asked[3:] for asked in served.criteria.calls] == [(3, None), (3, 7)]
    assert not second.HasField("next_page_token")


async def test_a_page_holds_a_hundred_versions_unless_told_otherwise(served: Served) -> None:
    served.criteria.versions = versions(*range(150, 0, -1))

    answer = await call(served, LIST)

    assert len(answer.versions) == 100
    assert answer.next_page_token == "51"
