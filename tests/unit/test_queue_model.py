"""The model of a queue, which judges histories in tests of crashes, allows what is right and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.support.queue_history import DELIVERIES, JOBS, RESULTS, Change
from tests.support.queue_model import IllegalHistory, follow, unended

QUEUED = Change(1, "api", JOBS, "INSERT", "job-1", "pending", 0)
CLAIMED = Change(2, "a", JOBS, "UPDATE", "job-1", "running", 1, "host:1")
RENEWED = Change(3, "a", JOBS, "UPDATE", "job-1", "running", 1, "host:1")
RETURNED = Change(4, "a", JOBS, "UPDATE", "job-1", "pending", 1)
RESCUED = replace(RETURNED, writer="b")
ENDED = Change(5, "a", JOBS, "UPDATE", "job-1", "completed", 1)
SCORED = Change(5, "a", RESULTS, "INSERT", "job-1")
CLAIMED_AGAIN = Change(6, "b", JOBS, "UPDATE", "job-1", "running", 2, "host:2")
ENDED_BY_OTHER = Change(7, "b", JOBS, "UPDATE", "job-1", "failed", 2)
RESULT_OF_OTHER = Change(7, "b", RESULTS, "INSERT", "job-1")


def test_a_job_that_is_scored_at_once_is_right() -> None:
    counts = follow([QUEUED, CLAIMED, RENEWED, ENDED, SCORED])[JOBS]
    assert counts == Counter(["queued", "claimed", "renewed", "ended", "scored"])


def test_a_job_that_is_rescued_and_ended_by_another_is_right() -> None:
    history = [QUEUED, CLAIMED, RESCUED, CLAIMED_AGAIN, ENDED_BY_OTHER, RESULT_OF_OTHER]
    assert follow(history)[JOBS] == Counter(queued=1, claimed=2, rescued=1, ended=1, scored=1)


def test_a_job_that_its_worker_lets_go_of_is_returned_and_not_rescued() -> None:
    assert follow([QUEUED, CLAIMED, RETURNED])[JOBS]["returned"] == 1


def test_a_delivery_ends_without_a_result() -> None:
    history = [replace(change, place=DELIVERIES) for change in (QUEUED, CLAIMED)]
    assert follow([*history, replace(ENDED, place=DELIVERIES, state="delivered")])[DELIVERIES]["ended"] == 1


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([CLAIMED], id="a claim of what was never queued"),
        pytest.param([QUEUED, QUEUED], id="a job that is queued twice"),
        pytest.param([QUEUED, replace(CLAIMED, attempt=0)], id="a claim that does not raise the attempt"),
        pytest.param([QUEUED, replace(CLAIMED, attempt=2)], id="a claim that skips an attempt"),
        pytest.param([QUEUED, replace(CLAIMED, owner=None)], id="a claim by nobody"),
        pytest.param([QUEUED, CLAIMED, CLAIMED_AGAIN], id="a claim of what another works on"),
        pytest.param([QUEUED, CLAIMED, replace(RENEWED, writer="b")], id="a renewal by another"),
        pytest.param([QUEUED, CLAIMED, replace(RETURNED, owner="host:1")], id="a return that keeps its owner"),
        pytest.param([QUEUED, ENDED, SCORED], id="an end without a claim"),
        pytest.param([QUEUED, CLAIMED, ENDED], id="an end without a result"),
        pytest.param([QUEUED, CLAIMED, SCORED], id="a result without an end"),
        pytest.param([QUEUED, CLAIMED, ENDED, SCORED, SCORED], id="a second result"),
        pytest.param([QUEUED, CLAIMED, ENDED, replace(SCORED, transaction=6)], id="a result in another transaction"),
        pytest.param([QUEUED, CLAIMED, ENDED, SCORED, replace(SCORED, operation="UPDATE")], id="a changed result"),
        pytest.param([QUEUED, CLAIMED, ENDED, SCORED, CLAIMED_AGAIN], id="a claim after the end"),
        pytest.param([QUEUED, CLAIMED, ENDED, SCORED, ENDED], id="a second end"),
        pytest.param([QUEUED, replace(QUEUED, operation="DELETE")], id="a job that goes away"),
        pytest.param(
            [QUEUED, CLAIMED, RESCUED, CLAIMED_AGAIN, replace(ENDED, attempt=2), SCORED],
            id="an end by whoever lost the lease",
        ),
        pytest.param(
            [QUEUED, CLAIMED, RESCUED, CLAIMED_AGAIN, ENDED, SCORED], id="an end under an attempt that is over"
        ),
    ],
)
def test_what_must_not_happen_is_found(history: list[Change]) -> None:
    with pytest.raises(IllegalHistory):
        follow(history)


def test_what_has_not_ended_is_known() -> None:
    assert unended([QUEUED, CLAIMED], JOBS) == {"job-1"}
    assert unended([QUEUED, CLAIMED, ENDED, SCORED], JOBS) == set()
