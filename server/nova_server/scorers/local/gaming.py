"""Text written for the scorer and not for a reader: copied from the job, stuffed, or addressed to a machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nova_server.scorers.local.application import EvidenceLine
from nova_server.scorers.local.job import Job
from nova_server.scorers.local.terms import term_of, terms
from nova_server.scorers.local.weights import (
    COPIED_SEQUENCE,
    COPIED_SHARE,
    STUFFED_TERMS,
    STUFFED_WINDOW,
    TERMS_PER_LINE,
)

_ITEM_END = re.compile(r"[,;|•·/()]")
_WORDS_OF_LISTED_ITEM = 3.5

_TO_A_MACHINE = re.compile(
    r"\b(?:ignore|disregard|forget)\s(?:\w{1,12}\s){0,3}(?:previous|prior|above|earlier|other)\s(?:\w{1,12}\s){0,2}"
    r"(?:instructions?|prompts?|rules?|text)\b"
    r"|\b(?:give|assign|award|return|output)\s(?:\w{1,12}\s){0,6}(?:score|rating)\b"
    r"|\bas an? (?:ai|language model)\b|\bsystem prompt\b"
    r"|\byou are (?:an? )?(?:ai|hiring|scoring|recruit\w{1,6}) (?:assistant|model|system|bot)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which terms each line may prove, and what was left out of them.

    `terms` runs beside the application's lines. `copied_share` is the share of the job's sequences that the
    application repeats.
    """

    terms: tuple[frozenset[str], ...]
    copied_share: float
    stuffed: bool
    instructions: tuple[str, ...]


def read_fairly(lines: Sequence[EvidenceLine], job: Job) -> Reading:
    """Return the terms of each line that count as evidence."""
    copied, share = _copied_words(lines, job)
    instructions = {index for index, line in enumerate(lines) if _TO_A_MACHINE.search(line.text)}
    stuffed = _stuffed_lines(lines, job)
    kept = tuple(
        frozenset() if index in instructions or index in stuffed else _provable(line, copied[index], job)
        for index, line in enumerate(lines)
    )
    return Reading(kept, share, bool(stuffed), tuple(lines[index].text for index in sorted(instructions)))


def _provable(line: EvidenceLine, copied: set[int], job: Job) -> frozenset[str]:
    """Return the terms of a line without its copied words, and with only so many of the job's."""
    own = [word if position not in copied else "" for position, word in enumerate(line.words)]
    found = dict.fromkeys(terms(own))
    wanted = [term for term in found if term in job.vocabulary]
    return frozenset(wanted[:TERMS_PER_LINE])


def _copied_words(lines: Sequence[EvidenceLine], job: Job) -> tuple[list[set[int]], float]:
    """Return, for each line, the positions of words in runs shared with the job's texts, and the share of those runs.

    Lists alone prove no copying: the same tools may well stand in the same order in both texts. Once prose was copied,
    they are looked at too.
    """
    prose = [index for index, line in enumerate(lines) if not line.asked and not _is_list(line)]
    copied, share = _shared_runs(lines, prose, job)
    if share < COPIED_SHARE:
        return copied, share
    copied, share = _shared_runs(lines, [index for index, line in enumerate(lines) if not line.asked], job)
    for index, line in enumerate(lines):
        if line.words in job.lines and not line.asked:
            copied[index] |= set(range(len(line.words)))
    return copied, share


def _shared_runs(lines: Sequence[EvidenceLine], chosen: Sequence[int], job: Job) -> tuple[list[set[int]], float]:
    """Look for runs in the chosen lines, over their ends too, because a pasted text is wrapped anew."""
    places = [(index, position) for index in chosen for position in range(len(lines[index].words))]
    stream = [lines[index].words[position] for index, position in places]
    copied: list[set[int]] = [set() for _ in lines]
    repeated: set[tuple[str, ...]] = set()
    for start in range(len(stream) - COPIED_SEQUENCE + 1):
        run = tuple(stream[start : start + COPIED_SEQUENCE])
        if run in job.sequences:
            repeated.add(run)
            for index, position in places[start : start + COPIED_SEQUENCE]:
                copied[index].add(position)
    return copied, len(repeated) / max(1, len(job.sequences))


def _is_list(line: EvidenceLine) -> bool:
    """Tell whether a line is made of short items, or is one."""
    return len(line.words) <= _WORDS_OF_LISTED_ITEM * len(_ITEM_END.split(line.text))


def _stuffed_lines(lines: Sequence[EvidenceLine], job: Job) -> set[int]:
    """Return the lines that lie in a window with more distinct terms of the job than honest text holds."""
    stream = _stream_without_repeats(lines)
    counts: Counter[str] = Counter()
    distinct, stuffed = 0, set()
    for end, (term, _) in enumerate(stream):
        if term in job.vocabulary:
            distinct += counts[term] == 0
            counts[term] += 1
        if end >= STUFFED_WINDOW and (left := stream[end - STUFFED_WINDOW][0]) in job.vocabulary:
            counts[left] -= 1
            distinct -= counts[left] == 0
        if distinct >= STUFFED_TERMS:
            stuffed |= {index for _, index in stream[max(0, end - STUFFED_WINDOW + 1) : end + 1]}
    return stuffed


def _stream_without_repeats(lines: Sequence[EvidenceLine]) -> list[tuple[str, int]]:
    """Return the terms of all lines with their line, a term only once in a row, so that repeating hides nothing."""
    stream: list[tuple[str, int]] = []
    for index, line in enumerate(lines):
        for word in line.words:
            term = term_of(word)
            if term and (not stream or stream[-1][0] != term):
                stream.append((term, index))
    return stream
