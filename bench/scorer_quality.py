"""Measure the local scorer beside BM25 and TF-IDF, in one run, on triples of (job, resume for it, weakened resume).

    python -m bench.scorer_quality DATA.jsonl [--others 10]

DATA.jsonl holds one object a line with the keys `Job-Description`, `Resume-matched` and `Resume-unmatched`, the last
is the matched resume with facts removed. Printed: how often the matched resume is above its weakened twin (a tie counts
half), the area under the curve against resumes of other jobs, how many criteria a job has, and the time of one score
and of deriving the criteria of one job.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from nova_server.ports.scorer import CriteriaTexts, ScoringInput
from nova_server.scorers.local.criteria import derive_criteria
from nova_server.scorers.local.scorer import examine, score

TODAY = date(2026, 11, 23)
Triple = tuple[str, str, str]
Rank = Callable[[str, str], float]


def read_triples(path: Path) -> list[Triple]:
    """Return (job, matched resume, weakened resume) of each line."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(row["Job-Description"], row["Resume-matched"], row["Resume-unmatched"]) for row in rows]


class WordBaselines:
    """BM25 (k1 1.5, b 0.75) and TF-IDF cosine over plain words, idf from the texts of this run."""

    def __init__(self, triples: Sequence[Triple]) -> None:
        documents = [self.words(text) for triple in triples for text in triple]
        frequencies = Counter(word for words in documents for word in set(words))
        self._idf = {word: math.log(1 + len(documents) / count) for word, count in frequencies.items()}
        self._mean_length = statistics.fmean(len(words) for words in documents)

    @staticmethod
    def words(text: str) -> list[str]:
        """Return the words of a text in lower case."""
        return re.findall(r"[a-z0-9+#]{2,}", text.lower())

    def bm25(self, job: str, resume: str) -> float:
        """Return the BM25 score of `resume` for the words of `job`."""
        counts = Counter(self.words(resume))
        normal = 1.5 * (0.25 + 0.75 * sum(counts.values()) / self._mean_length)
        return math.fsum(
            self._idf[word] * counts[word] * 2.5 / (counts[word] + normal) for word in sorted(set(self.words(job)))
        )

    def tf_idf(self, job: str, resume: str) -> float:
        """Return the cosine of the two texts."""
        left, right = self._vector(job), self._vector(resume)
        return math.fsum(left[word] * right.get(word, 0.0) for word in sorted(left))

    def _vector(self, text: str) -> dict[str, float]:
        weights = {word: (1 + math.log(count)) * self._idf[word] for word, count in Counter(self.words(text)).items()}
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}


def fit(job: str, resume: str) -> float:
    """Return our fit, before it becomes a whole number."""
    return examine(ScoringInput(job, resume, TODAY))[3].value


def whole_score(job: str, resume: str) -> float:
    """Return our score as callers see it."""
    return score(ScoringInput(job, resume, TODAY)).score


def preference(better: float, worse: float) -> float:
    """Return 1 when the better one is above, 0 when below, and a half for a tie."""
    return 0.5 + 0.5 * ((better > worse) - (better < worse))


def measure(rank: Rank, triples: Sequence[Triple], others: int) -> tuple[float, float]:
    """Return pair accuracy, and the area under the curve against the resumes of the next `others` jobs."""
    matched = [rank(job, resume) for job, resume, _ in triples]
    pairs = [preference(own, rank(job, weak)) for own, (job, _, weak) in zip(matched, triples, strict=True)]
    against = [
        preference(own, rank(triples[index][0], triples[(index + 1 + step * 7) % len(triples)][1]))
        for index, own in enumerate(matched)
        for step in range(others)
    ]
    return statistics.fmean(pairs), statistics.fmean(against)


def print_scores(triples: Sequence[Triple]) -> None:
    """Print where the whole scores lie for the three kinds of resume."""
    kinds = {
        "matched": [(job, resume) for job, resume, _ in triples],
        "weakened": [(job, weak) for job, _, weak in triples],
        "of another job": [(job, triples[index - 1][1]) for index, (job, _, _) in enumerate(triples)],
    }
    for name, pairs in kinds.items():
        found = Counter(int(whole_score(*pair)) for pair in pairs)
        print(f"{name:16}", " ".join(f"{number}:{found[number]:3}" for number in range(1, 11)))


def print_criteria(triples: Sequence[Triple]) -> None:
    """Print how many criteria the jobs have, and of which importance."""
    found = [derive_criteria(CriteriaTexts(job)) for job, _, _ in triples]
    counts = sorted(len(criteria) for criteria in found)
    kinds = Counter(criterion.importance.value for criteria in found for criterion in criteria)
    print("criteria a job  ", f"p50 {counts[len(counts) // 2]}, most {counts[-1]};", dict(sorted(kinds.items())))


def print_times(triples: Sequence[Triple]) -> None:
    """Print the time of one score, its job analysed before: of the data's resumes, and of 6,000 characters."""
    long = [(job, (resume * 9)[:6000]) for job, resume, _ in triples[:100]]
    scored = {"as in the data": [(job, resume) for job, resume, _ in triples], "6,000 characters": long}
    times = {name: [_milliseconds_to_score(*pair) for pair in pairs] for name, pairs in scored.items()}
    times["deriving"] = [_milliseconds(partial(derive_criteria, CriteriaTexts(job))) for job, _, _ in triples]
    for name, each in times.items():
        each.sort()
        print(f"{name:16} p50 {each[len(each) // 2]:.1f} ms, p99 {each[int(len(each) * 0.99)]:.1f} ms")


def _milliseconds_to_score(job: str, resume: str) -> float:
    whole_score(job, "warm the cache of jobs")
    return _milliseconds(partial(whole_score, job, resume))


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--others", type=int, default=10, help="resumes of other jobs that each job is compared with")
    arguments = parser.parse_args()
    triples = read_triples(arguments.data)
    words = WordBaselines(triples)
    print(f"{len(triples)} triples, {platform.machine()}, Python {platform.python_version()}")
    print(f"{'':16} {'pair':>6} {'AUC':>7}")
    ranks: dict[str, Rank] = {"local, fit": fit, "local, 1-10": whole_score, "BM25": words.bm25, "TF-IDF": words.tf_idf}
    for name, rank in ranks.items():
        pair, area = measure(rank, triples, arguments.others)
        print(f"{name:16} {pair:6.3f} {area:7.4f}")
    print_scores(triples)
    print_criteria(triples)
    print_times(triples)


if __name__ == "__main__":
    main()
