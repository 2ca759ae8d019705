"""The score in words. Every line names a requirement and quotes its evidence, or says that none was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from nova_server.ports.scorer import ApplicationAnswer, Assessment, Importance
from nova_server.scorers.local.application import Application, EvidenceLine, Source, evidence_words
from nova_server.scorers.local.gaming import Reading
from nova_server.scorers.local.job import Job
from nova_server.scorers.local.matching import Finding, Fit
from nova_server.scorers.local.terms import term_of
from nova_server.scorers.local.vocabulary import word_set
from nova_server.scorers.local.weights import (
    COPIED_SHARE,
    COVERED,
    FEW_ENGLISH_WORDS,
    FEW_REQUIREMENTS,
    FEW_WORDS,
    HARDLY_COVERED,
    IMPORTANCE,
)

LONGEST_QUOTE: Final = 160
LONGEST_NAME: Final = 120
MOST_ITEMS: Final = 5

# The bands of the public contract, from the top: the least score, what it is called, what to do.
_BANDS: Final = (
    (9, "Exceptional fit", "Recommended for an interview with priority."),
    (7, "Strong fit", "Recommended for an interview."),
    (5, "Mixed or unverified fit", "Consider an interview to clear up the points below."),
    (3, "Significant gaps", "Not recommended before better evidenced applications."),
    (1, "The fundamentals were not found", "Not recommended for this job on the written evidence."),
)
# Said beside a gap, because a must needs no saying.
_LABELS: Final = {
    Importance.MUST_HAVE: "",
    Importance.PREFERRED: " (preferred)",
    Importance.NICE_TO_HAVE: " (nice to have)",
}
_ENGLISH = word_set("a an and at as by for from in into of on or the to using was were with worked")


def assess(job: Job, application: Application, reading: Reading, fit: Fit, score: int) -> Assessment:
    """Return the words for a score that is already decided."""
    return Assessment(
        verdict=_verdict(job, application, reading, fit, score),
        strengths=_strengths(application, fit),
        concerns=_concerns(job, application, reading, fit),
        interview_focus=_interview_focus(application, fit),
    )


def _verdict(job: Job, application: Application, reading: Reading, fit: Fit, score: int) -> str:
    name, advice = next((name, advice) for least, name, advice in _BANDS if score >= least)
    sentences = [f"{name}: {_summary(fit)}.", advice]
    reasons = _reasons_for_low_confidence(job, application, reading)
    if reasons:
        sentences.append(f"Confidence is low: {', and '.join(reasons)}.")
    return " ".join(sentences)


def _summary(fit: Fit) -> str:
    key = fit.key_findings
    if not key:
        return "the job names nothing that can be looked for"
    covered = sum(finding.cover >= COVERED for finding in key)
    partly = sum(HARDLY_COVERED <= finding.cover < COVERED for finding in key)
    kind = "key requirements" if fit.has_musts else "points asked for"
    more = f" and parts of {partly} more" if partly else ""
    return f"the application shows evidence for {covered} of {len(key)} {kind}{more}{_years_summary(fit)}"


def _years_summary(fit: Fit) -> str:
    """Name the years of the requirement that asks for most of them."""
    asking = [finding for finding in fit.findings if finding.requirement.years]
    if not asking:
        return ""
    most = max(asking, key=lambda finding: finding.requirement.years or 0)
    asked = _years(most.requirement.years or 0)
    return f", and {_related_work(most.years_found)} where {asked} {'is' if asked == '1 year' else 'are'} asked"


def _related_work(years: float | None) -> str:
    if not years:
        return "no dated related work"
    return f"{'' if years < 1 else 'about '}{_years(years)} of related work"


def _years(years: float) -> str:
    if years < 1:
        return "less than a year"
    return f"{years:.0f} year{'' if round(years) == 1 else 's'}"


def _reasons_for_low_confidence(job: Job, application: Application, reading: Reading) -> list[str]:
    resume = [line for line in application.lines if line.source is Source.RESUME]
    reasons = []
    if evidence_words(resume) < FEW_WORDS:
        reasons.append("the resume holds little text")
    elif _english_share(resume) < FEW_ENGLISH_WORDS:
        reasons.append("the resume does not read as English prose")
    if len(job.requirements) < FEW_REQUIREMENTS:
        reasons.append("the job names few requirements")
    if reading.stuffed or reading.copied_share >= COPIED_SHARE:
        reasons.append("parts of the application were left out as copied or listed words")
    if application.truncated:
        reasons.append("the resume is longer than what is read")
    return reasons


def _english_share(lines: Sequence[EvidenceLine]) -> float:
    found = [word for line in lines for word in line.words]
    return sum(word in _ENGLISH for word in found) / max(1, len(found))


def _firmest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return musts before what is preferred, and that before what is nice to have; by weight among those."""
    return sorted(
        findings, key=lambda finding: (-IMPORTANCE[finding.requirement.importance], -finding.requirement.weight)
    )


def _strengths(application: Application, fit: Fit) -> tuple[str, ...]:
    """Return the requirements that are well covered and of which one line holds at least half."""
    shown = [
        finding
        for finding in fit.findings
        if finding.requirement.specific and finding.cover >= COVERED and finding.best >= finding.cover / 2
    ]
    best = sorted(shown, key=lambda finding: -finding.requirement.weight * finding.cover)
    return _distinct(_strength(application, finding) for finding in best)


def _strength(application: Application, finding: Finding) -> str:
    years = f" ({_years(finding.years_found)} found)" if finding.years_found else ""
    return f"{_name(finding)} — {_quote(application, finding)}{years}"


def _quote(application: Application, finding: Finding) -> str:
    if finding.best_line is None:
        return "not found in the resume"
    line = application.lines[finding.best_line]
    where = "" if line.source is Source.RESUME else f" ({line.source})"
    if line.asked:
        return f"answered yes to “{shortened(line.text, LONGEST_QUOTE)}”"
    return f"“{shortened(line.text, LONGEST_QUOTE)}”{where}"


def _concerns(job: Job, application: Application, reading: Reading, fit: Fit) -> tuple[str, ...]:
    return (*_unfair(reading), *_refused(job, application), *_gaps(fit))[:MOST_ITEMS]


def _unfair(reading: Reading) -> Iterable[str]:
    if reading.instructions:
        quote = shortened(reading.instructions[0], LONGEST_QUOTE)
        yield f"Text addressed to an automated reader, not counted — “{quote}”"
    if reading.copied_share >= COPIED_SHARE:
        yield f"Copied from the job text, not counted — {reading.copied_share:.0%} of its six-word sequences"
    if reading.stuffed:
        yield "Dense list of the job's own words, not counted as evidence"


def _refused(job: Job, application: Application) -> Iterable[str]:
    for answer in application.refusals:
        if decides(answer, job):
            yield f"{shortened(answer.question, LONGEST_NAME)} — answered “{shortened(answer.answer, 40)}”"


_KNOCK_OUT = re.compile(
    r"\b(?:eligible|authori[sz]ed|entitled|(?:right|permit|permission|allowed|able) (?:to|for) work|licen[cs]ed?"
    r"|certified|registered|registration)\b",
    re.IGNORECASE,
)
_SHARED_TERMS = 2


def knocks_out(answer: ApplicationAnswer) -> bool:
    """Tell whether a question that was answered with no asks for the right to work, or for a licence."""
    return bool(_KNOCK_OUT.search(answer.question[:2000]))


def decides(answer: ApplicationAnswer, job: Job) -> bool:
    """Tell whether a refused question is about something that the job asks for."""
    asked = {term_of(word) for word in re.findall(r"\w{1,40}", answer.question[:2000].lower())} - {""}
    return knocks_out(answer) or len(asked & job.vocabulary) >= _SHARED_TERMS


def _gaps(fit: Fit) -> tuple[str, ...]:
    """Return the requirements that lack evidence or years, the firmest first."""
    gaps = [finding for finding in fit.findings if finding.requirement.specific and _is_gap(finding, fit)]
    return _distinct(_gap(finding) for finding in _firmest_first(gaps))


def _is_gap(finding: Finding, fit: Fit) -> bool:
    """Tell whether a requirement lacks years, or evidence: a key one when there is little, another when there is none.

    Most of what is preferred are duties, which few resumes repeat word by word.
    """
    key = finding.requirement.importance is Importance.MUST_HAVE or not fit.has_musts
    return _years_short(finding) or (finding.cover < HARDLY_COVERED if key else not finding.best)


def _years_short(finding: Finding) -> bool:
    asked, found = finding.requirement.years, finding.years_found
    return asked is not None and found is not None and found < 0.8 * asked and finding.best > 0


def _gap(finding: Finding) -> str:
    name = f"{_name(finding)}{_LABELS[finding.requirement.importance]}"
    if finding.cover >= HARDLY_COVERED or (finding.years_found and finding.best >= COVERED):
        return f"{name} — {_years_found(finding)} in the dated work of the resume"
    if not finding.best:
        return f"{name} — not found in the resume"
    return f"{name} — little found in the resume"


def _years_found(finding: Finding) -> str:
    return f"about {finding.years_found:.1f} years found" if finding.years_found else "no such years found"


def _interview_focus(application: Application, fit: Fit) -> tuple[str, ...]:
    """Return what is partly covered, and what is only claimed in a list."""
    shown = _firmest_first(finding for finding in fit.findings if finding.requirement.specific)
    partly = [finding for finding in shown if HARDLY_COVERED <= finding.cover < COVERED and not _years_short(finding)]
    listed = [finding for finding in shown if finding.only_listed and finding.cover >= COVERED]
    return _distinct(
        [f"{_name(finding)} — partly covered: {_quote(application, finding)}" for finding in partly][:3]
        + [f"{_name(finding)} — only listed: {_quote(application, finding)}" for finding in listed]
    )


def _name(finding: Finding) -> str:
    return shortened(finding.requirement.text.rstrip(" .;,:"), LONGEST_NAME)


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))[:MOST_ITEMS]


def shortened(text: str, most: int) -> str:
    """Return `text` on one line with at most `most` characters, cut at a word, the cut shown."""
    line = " ".join(text[: 4 * most].split())
    if len(line) <= most:
        return line
    kept = line[: most - 1]
    return (kept[: kept.rfind(" ")] if " " in kept[most // 2 :] else kept).rstrip(" ,;:") + "…"
