"""Every number that decides a score, each with its reason. A change here is a new `SCORER_VERSION`.

The parts of the fit lie between 0 and 1. The shares were chosen by hand and then checked on English development texts:
`bench/scorer_quality.py` prints what they reach beside BM25 and TF-IDF.
"""

from __future__ import annotations

from typing import Final

from nova_server.ports.scorer import Importance

SCORER_ID: Final = "local"
SCORER_VERSION: Final = "2"

# What counts for most is what the employer calls required. To the contract an unmet must disqualifies; because "not
# found" in a text is not "unmet" in a person, it costs most here, and UNVERIFIED_SCORE caps the score when no must is
# covered. What is preferred is mostly duties where criteria are derived, and few resumes repeat duties word by word.
# Duties weighed 0.8 in version 1, and lines under no heading 0.6: criteria do not tell the two apart. From 0.5 to 1.0
# the development texts show no difference beyond chance, and 0.8 moves the scores of version 1 least.
IMPORTANCE: Final = {
    Importance.MUST_HAVE: 1.4,
    Importance.PREFERRED: 0.8,
    Importance.NICE_TO_HAVE: 0.5,
}

# Coverage carries the words shown to the reader, so it must carry the number too. Depth rewards terms that come back
# in several lines of work, as BM25 does. The title is short and noisy.
COVERAGE_SHARE: Final = 0.60
DEPTH_SHARE: Final = 0.30
TITLE_SHARE: Final = 0.10

# Weight of a term by how much it tells: words of every job advert tell next to nothing, words of office life a little.
GENERIC_TERM: Final = 0.15
COMMON_TERM: Final = 0.5
PLAIN_TERM: Final = 1.0
# A digit, a sign, a capital inside a sentence: the name of a tool, a standard or a licence.
NAME_TERM: Final = 1.3

# A requirement of one generic word must not weigh as much as one that names five tools.
FULL_REQUIREMENT_WEIGHT: Final = 2.0

# Of a requirement's cover, the part that must lie in one line: words scattered over a resume prove less.
SAME_LINE_SHARE: Final = 0.3

# A skill that is only listed is claimed; a skill in a line of work is described. Answers and notes are claims too.
DESCRIBED: Final = 1.0
LISTED: Final = 0.9

# When a requirement asks for years, this part of it rests on them. Years beyond those asked earn nothing.
YEARS_SHARE: Final = 0.5
# Work counts toward a requirement's years when it holds at least this part of the requirement's terms.
RELATED_WORK: Final = 0.4
# Dated work that mentions none of the requirement's terms is still work, and may hold them unsaid.
UNRELATED_YEARS_FACTOR: Final = 0.35

# BM25's saturation: the second line with a term adds less than the first.
DEPTH_SATURATION: Final = 0.6

# At most this many distinct terms of the job are taken from one line, and a window of this many words that holds
# this many distinct terms of the job was written for the scorer (honest resumes: 44 at most; stuffed ones: from 55).
TERMS_PER_LINE: Final = 20
STUFFED_WINDOW: Final = 60
STUFFED_TERMS: Final = 50

# Sequences of six words shared with the job's texts are never evidence. Honest resumes share at most 1.3 % of them;
# from 5 % on the sharing is named as a concern.
COPIED_SEQUENCE: Final = 6
COPIED_SHARE: Final = 0.05

# A requirement counts as covered, and as hardly covered, from and below these.
COVERED: Final = 0.6
HARDLY_COVERED: Final = 0.3

# A plain "no" to a question about the right to work, or about a licence, caps the score: no other merit outweighs it.
KNOCK_OUT_SCORE: Final = 4

# Without one covered key requirement, what was found in parts is unverified: the score claims no strong fit.
UNVERIFIED_SCORE: Final = 6

# Below these an assessment says that its confidence is low.
FEW_WORDS: Final = 80
FEW_REQUIREMENTS: Final = 3
# English prose holds 30 to 50 % function words; a resume in bullet points 15 to 30 %.
FEW_ENGLISH_WORDS: Final = 0.05

# Fit and the score it stands for; between two anchors the score is interpolated and then rounded. On the development
# texts the median of resumes written for the job has fit 0.52, of the same resumes with facts removed 0.39, and of
# resumes for other jobs 0.03 (95 % lie under 0.13). Real resumes repeat a job's words less than those do.
ANCHORS: Final = (
    (0.00, 1.0),
    (0.06, 1.6),
    (0.12, 2.6),
    (0.20, 4.0),
    (0.32, 5.5),
    (0.45, 7.0),
    (0.55, 8.3),
    (0.68, 9.5),
    (0.80, 10.0),
)
