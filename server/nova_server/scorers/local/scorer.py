"""The local scorer: texts in, number and words out. No clock, no network, no state but a cache of analysed jobs."""

from __future__ import annotations

from itertools import pairwise

from nova_server.ports.scorer import ScoreResult, ScoringInput
from nova_server.scorers.local.application import Application, read_application
from nova_server.scorers.local.assessment import assess, knocks_out
from nova_server.scorers.local.gaming import Reading, read_fairly
from nova_server.scorers.local.job import Job, analyse_job
from nova_server.scorers.local.matching import Fit, match
from nova_server.scorers.local.weights import (
    ANCHORS,
    COVERED,
    KNOCK_OUT_SCORE,
    SCORER_ID,
    SCORER_VERSION,
    UNVERIFIED_SCORE,
)

LOWEST_SCORE = 1
HIGHEST_SCORE = 10


def score(scoring_input: ScoringInput) -> ScoreResult:
    """Return the score of one application. The same input gives the same result in every process."""
    job, application, reading, fit = examine(scoring_input)
    number = min(score_of(fit.value), _highest_score(application, fit))
    return ScoreResult(number, assess(job, application, reading, fit, number), SCORER_ID, SCORER_VERSION)


def examine(scoring_input: ScoringInput) -> tuple[Job, Application, Reading, Fit]:
    """Return everything that a score and its words are made of."""
    job = analyse_job(
        scoring_input.job_description,
        scoring_input.job_title,
        scoring_input.company_name,
        scoring_input.role_knowledge,
        scoring_input.criteria,
    )
    application = read_application(scoring_input)
    reading = read_fairly(application.lines, job)
    return job, application, reading, match(job, application, reading)


def _highest_score(application: Application, fit: Fit) -> int:
    """Return the score beyond which the words would contradict the number."""
    if any(knocks_out(answer) for answer in application.refusals):
        return KNOCK_OUT_SCORE
    if not any(finding.cover >= COVERED for finding in fit.key_findings):
        return UNVERIFIED_SCORE
    return HIGHEST_SCORE


def score_of(fit: float) -> int:
    """Return the score that a fit from 0 to 1 stands for, by the anchors of `weights.py`."""
    for (low, low_score), (high, high_score) in pairwise(ANCHORS):
        if fit <= high:
            between = low_score + (high_score - low_score) * (fit - low) / (high - low)
            return min(HIGHEST_SCORE, max(LOWEST_SCORE, int(between + 0.5)))
    return HIGHEST_SCORE
