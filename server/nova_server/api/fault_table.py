"""What each broken rule of the contract is called, and the sentence that says so.

The rules themselves are in the protos. A rule's own message is not shown, because some of them quote the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REQUIRED = "is required."


@dataclass(frozen=True, slots=True)
class Fault:
    """A stable code, and a sentence without its subject.

    `{limit}` is the rule's own value, and `{upper}` the upper one of a range.
    """

    code: str
    sentence: str
    sentence_for_one: str | None = None

    def describe(self, limit: object, upper: object = None) -> str:
        """Return the sentence for a rule's value. Of a range, `limit` is the lower end."""
        sentence = self.sentence_for_one if limit == 1 and self.sentence_for_one else self.sentence
        return sentence.format(limit=limit, upper=upper)


# By protovalidate's id of the rule.
FAULTS: Mapping[str, Fault] = {
    "required": Fault("required", REQUIRED),
    "string.min_len": Fault("too_short", "must be at least {limit:,} characters long.", "must not be empty."),
    "string.max_len": Fault("too_long", "must be at most {limit:,} characters long."),
    "string.max_bytes": Fault("too_long", "must be at most {limit:,} bytes long in UTF-8."),
    "string.pattern": Fault("invalid", "must not contain control characters."),
    "string.not_contains": Fault("invalid", "must not contain the character NUL."),
    "string.in": Fault("invalid", "must be one of the documented values."),
    "int32.gte_lte": Fault("out_of_range", "must be from {limit:,} to {upper:,}."),
    "repeated.min_items": Fault("too_few", "must have at least {limit:,} items.", "must not be empty."),
    "repeated.max_items": Fault("too_many", "must have at most {limit:,} items."),
    "enum.defined_only": Fault("invalid", "must be one of the documented values."),
    "enum.not_in": Fault("invalid", "must be one of the documented values."),
}
# For a rule that the table forgot. A test keeps this from being needed.
UNNAMED = Fault("invalid", "is not valid.")

# For a text of which the pattern, or the calendar, says that it is no time.
NOT_A_TIME = Fault("invalid", "must be a time in RFC 3339, such as 2025-12-14T10:30:45Z.")
NOT_A_PAGE = Fault("invalid", "must be the token that the page before ended with.")

# For headers, which no proto has rules for.
NOT_ASCII = Fault("invalid", "must hold printable ASCII characters only.")
GIVEN_TWICE = Fault("duplicate", "must be given once.")

NOTHING_TO_CHANGE = Fault("required", "is required when importance is not given.")
NOT_A_RESCORE = Fault("conflict", "must not be given unless rescore.enabled is true.")
MISMATCH = Fault("mismatch", "names another source than the one that is given.")
DUPLICATE = Fault("duplicate", "is the same as that of an earlier application.")
# The sentence comes from the policy.
URL_NOT_ALLOWED = "url_not_allowed"
