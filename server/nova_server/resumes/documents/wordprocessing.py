"""The words of one part of a DOCX, gathered from the events of an XML parser.

Element names are those of WordprocessingML (ECMA-376 part 1, chapter 17). Both of its namespaces count, the
transitional one and the strict one.
"""

from __future__ import annotations

from nova_server.resumes.documents.failure import MAX_CHARACTERS

NAMESPACES = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

# What was deleted, and the place that moved text was moved away from.
DROPPED = frozenset({"w:del", "w:moveFrom"})
BREAKS = {"w:tab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
FALSE = frozenset({"false", "0", "off", "none"})
HIDDEN_RUN = ["w:r", "w:rPr", "w:vanish"]


class PartText:
    """A parser target. Text boxes come after the paragraph that anchors them; the cells of a row are one line."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._dropped_from: int | None = None  # depth of the element whose content is being left out
        self._alternatives: list[bool] = []  # for each open AlternateContent, whether its first choice has begun
        self._lines: list[list[str]] = [[]]  # the text, and on top of it the text of the open text boxes
        self._boxes: list[list[str]] = [[]]  # finished text boxes that wait for the end of their paragraph
        self._size = 0

    def result(self) -> str:
        """Return the text of the part."""
        return "".join(self._lines[0] + self._boxes[0])

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an opening tag."""
        name = _short(tag)
        self._path.append(name)
        if self._dropped_from is not None:
            return
        if name in DROPPED or self._is_second_choice(name):
            self._dropped_from = len(self._path)
        elif name == "w:vanish" and self._path[-3:] == HIDDEN_RUN and _is_on(attributes):
            self._dropped_from = len(self._path) - 2
        elif name in BREAKS and "w:r" in self._path[-2:]:
            self._write(BREAKS[name])
        elif name == "w:txbxContent":
            self._lines.append([])
            self._boxes.append([])

    def data(self, text: str) -> None:
        """Take characters."""
        if self._dropped_from is None and self._path and self._path[-1] == "w:t":
            self._write(text)

    def end(self, tag: str) -> None:
        """Take a closing tag."""
        name = _short(tag)
        if name == "mc:AlternateContent" and self._dropped_from is None:
            self._alternatives.pop()
        if self._dropped_from is None:
            self._end_of(name)
        elif len(self._path) <= self._dropped_from:
            self._dropped_from = None
        self._path.pop()

    def close(self) -> None:
        """Nothing is built beside the text."""

    def _is_second_choice(self, name: str) -> bool:
        """Tell whether this is an alternative to what was already read: the same text box in older markup."""
        if name == "mc:AlternateContent":
            self._alternatives.append(False)
        if name not in {"mc:Choice", "mc:Fallback"} or not self._alternatives:
            return False
        seen, self._alternatives[-1] = self._alternatives[-1], True
        return seen

    def _end_of(self, name: str) -> None:
        lines = self._lines[-1]
        if name == "w:p":
            lines.append("\n")
            lines.extend(self._boxes[-1])
            self._boxes[-1].clear()
        elif name == "w:tc":
            _replace_last(lines, "\n", "\t")
        elif name == "w:tr":
            _replace_last(lines, "\t", "\n")
        elif name == "w:txbxContent":
            self._boxes.pop()
            self._boxes[-1].extend(self._lines.pop())

    def _write(self, text: str) -> None:
        if self._size < MAX_CHARACTERS:
            self._size += len(text)
            self._lines[-1].append(text)


def _short(tag: str) -> str:
    """Return a tag with a prefix in place of its namespace; other namespaces are kept as they are."""
    for namespace in NAMESPACES:
        if tag.startswith(namespace):
            return "w:" + tag.removeprefix(namespace)
    return "mc:" + tag.removeprefix(COMPATIBILITY) if tag.startswith(COMPATIBILITY) else tag


def _is_on(attributes: dict[str, str]) -> bool:
    """Read a toggle property (17.17.4): present means on, unless its value says otherwise."""
    return not any(_short(name) == "w:val" and value.lower() in FALSE for name, value in attributes.items())


def _replace_last(lines: list[str], old: str, new: str) -> None:
    if lines and lines[-1] == old:
        lines[-1] = new
