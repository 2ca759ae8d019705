"""Writes DOCX packages, part by part, so that tests can say exactly what is in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
SHAPE = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
VML = "urn:schemas-microsoft-com:vml"
TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

ROOTS = {"document": "document", "header": "hdr", "footer": "ftr", "footnotes": "footnotes", "endnotes": "endnotes"}


def paragraph(*runs: str) -> str:
    """Return a paragraph of runs, or of plain words."""
    return "<w:p>" + "".join(part if part.startswith("<") else run(part) for part in runs) + "</w:p>"


def run(words: str, properties: str = "") -> str:
    """Return a run of words."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def table(*rows: tuple[str, ...]) -> str:
    """Return a table of one paragraph a cell."""
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def text_box(words: str) -> str:
    """Return a run that anchors a text box, in new markup and, as Word does, once more in old markup."""
    content = f"<w:txbxContent>{paragraph(words)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><wps:txbx>{content}</wps:txbx></mc:Choice>'
        f"<mc:Fallback><v:textbox>{content}</v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
    )


def part(kind: str, content: str, *, namespace: str = WORD) -> str:
    """Return the XML of one part."""
    body = f"<w:body>{content}</w:body>" if kind == "document" else content
    spaces = f'xmlns:w="{namespace}" xmlns:mc="{COMPATIBILITY}" xmlns:wps="{SHAPE}" xmlns:v="{VML}"'
    return f"<w:{ROOTS[kind]} {spaces}>{body}</w:{ROOTS[kind]}>"


def content_types(parts: Mapping[str, str]) -> str:
    """Return the list of content types for parts by name and kind."""
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{TYPE}.{"document.main" if kind == "document" else kind}+xml"/>'
        for name, kind in parts.items()
    )
    return f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{overrides}</Types>'


def docx(content: str, **others: str) -> bytes:
    """Return a DOCX. `others` are the contents of further parts, by kind: `header="<w:p>…"`."""
    contents = {"document": content, **others}
    names = {f"word/{kind}.xml": kind for kind in contents}
    members = {"[Content_Types].xml": content_types(names)}
    members |= {name: part(kind, contents[kind]) for name, kind in names.items()}
    return package(members)


def package(members: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def docx_with_main_part(xml: str | bytes) -> bytes:
    """Return a DOCX whose main part is exactly `xml`."""
    return package({"[Content_Types].xml": content_types({"word/document.xml": "document"}), "word/document.xml": xml})
