"""Plain text and Markdown documents, and the cleaning that the text of every document goes through."""

from __future__ import annotations

import codecs
import re
import unicodedata

from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.failure import MAX_CHARACTERS, DocumentFailed

# Four bytes are the longest UTF-8 character, so this is enough for MAX_CHARACTERS of any language.
MAX_BYTES = 4 * MAX_CHARACTERS

# A form feed or an escape sequence occurs in text; more than this share of control characters is data.
MAX_CONTROL_SHARE = 0.01

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters but tab and line feed; lone halves of surrogate pairs, which no encoding can store; non-characters.
UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
BLANK_LINES = re.compile(r"\n[ \t\n]*\n")
TRAILING_BLANKS = re.compile(r"[ \t]+\n")


def looks_like_text(path: str) -> bool:
    """Tell whether the file is UTF-8, or UTF-16 behind a byte order mark, and not merely by accident."""
    try:
        text = _decode(path)
    except UnicodeDecodeError:
        return False
    return "\0" not in text and len(UNWANTED.findall(text)) <= len(text) * MAX_CONTROL_SHARE


def read_text(path: str) -> str:
    """Return the text of a plain text document. Raises DocumentFailed."""
    try:
        return _decode(path)
    except UnicodeDecodeError:
        raise DocumentFailed(error_reason_pb2.RESUME_UNSUPPORTED_TYPE) from None


def clean(text: str) -> str:
    """Return `text` composed (NFC), with plain line ends and no control characters, cut to MAX_CHARACTERS."""
    text = UNWANTED.sub("", LINE_ENDS.sub("\n", text[: 2 * MAX_CHARACTERS]))
    text = BLANK_LINES.sub("\n\n", TRAILING_BLANKS.sub("\n", text))
    return unicodedata.normalize("NFC", text)[:MAX_CHARACTERS].strip()


def says_something(text: str) -> bool:
    """Tell whether there is a letter or a digit in `text`."""
    return any(character.isalnum() for character in text)


def _decode(path: str) -> str:
    """Return the beginning of the file as text. Raises UnicodeDecodeError."""
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES)
        ended = not file.read(1)
    mark, encoding = next(((m, e) for m, e in BYTE_ORDER_MARKS if content.startswith(m)), (b"", "utf-8"))
    # Unless the file ended, its last character may be cut in two, which is no fault of its own.
    return codecs.getincrementaldecoder(encoding)().decode(content.removeprefix(mark), final=ended)
