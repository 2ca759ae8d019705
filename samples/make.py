"""Make the sample resumes that are not plain text from the markdown in `sources/`: PDF, DOCX, a scan, a locked PDF.

    python samples/make.py

The same sources give the same bytes with the same versions of the libraries. Everybody in them is invented.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2
from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Cm, Pt, RGBColor
from PIL import Image, ImageFilter
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    HRFlowable,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
RESUMES = HERE / "resumes"
PASSWORD = "open-sesame"  # noqa: S105  a sample must be locked with something, and this opens nothing else
INK = HexColor("#1f3a5f")
SIDE_SECTIONS = frozenset({"Skills", "Education", "Languages"})

NAME = ParagraphStyle("name", fontName="Helvetica-Bold", fontSize=20, leading=25, textColor=INK)
TITLE = ParagraphStyle("title", fontName="Helvetica", fontSize=12, leading=16)
SMALL = ParagraphStyle("small", fontName="Helvetica", fontSize=9, leading=12.5, textColor=HexColor("#444444"))
HEADING = ParagraphStyle("heading", fontName="Helvetica-Bold", fontSize=11.5, leading=14, textColor=INK, spaceBefore=11)
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.8, leading=13.6)
ENTRY = ParagraphStyle("entry", parent=BODY, fontName="Helvetica-Bold")
DATES = ParagraphStyle("dates", parent=BODY, alignment=TA_RIGHT)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=11, bulletIndent=1, spaceBefore=1.6)


@dataclass
class Entry:
    """One employment: what, when, and its bullet points."""

    title: str
    dates: str
    bullets: list[str] = field(default_factory=list)


@dataclass
class Section:
    """A heading and what stands below it: paragraphs, bullet points, employments, or rows of a table."""

    heading: str
    items: list[str | Entry] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take in one line of the source."""
        if line.startswith("### "):
            title, _, dates = line[4:].rpartition(" | ")
            self.items.append(Entry(title, dates))
        elif line.startswith("| "):
            self.rows.append([cell.strip() for cell in line.strip("| ").split("|")])
        elif line.startswith("- ") and self.items and isinstance(entry := self.items[-1], Entry):
            entry.bullets.append(line[2:])
        else:
            self.items.append(line)


@dataclass
class Resume:
    """A resume, read from its source."""

    name: str
    title: str
    contact: list[str]
    sections: list[Section]


def read_source(path: Path) -> Resume:
    """Return the resume in a source file."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    first_section = next(index for index, line in enumerate(lines) if line.startswith("## "))
    sections: list[Section] = []
    for line in lines[first_section:]:
        if line.startswith("## "):
            sections.append(Section(line[3:]))
        else:
            sections[-1].add(line)
    return Resume(lines[0].removeprefix("# "), lines[1], lines[2:first_section], sections)


def _flowables(section: Section, width: float) -> list[Flowable]:
    rule = HRFlowable(width="100%", thickness=0.7, color=INK, spaceBefore=1.5, spaceAfter=4)
    blocks = [_block(item, width) for item in section.items]
    first: list[Flowable] = [Paragraph(section.heading.upper(), HEADING), rule, *(blocks[0] if blocks else [])]
    return [KeepTogether(first), *(flowable for block in blocks[1:] for flowable in block)]


def _block(item: str | Entry, width: float) -> list[Flowable]:
    if isinstance(item, str):
        bullet = item.startswith("- ")
        return [Paragraph(item.removeprefix("- "), BULLET if bullet else BODY, bulletText="•" if bullet else None)]
    head = Table([[Paragraph(item.title, ENTRY), Paragraph(item.dates, DATES)]], colWidths=[width - 95, 95])
    head.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                   ("BOTTOMPADDING", (0, 0), (-1, -1), 1), ("VALIGN", (0, 0), (-1, -1), "TOP")])  # fmt: skip
    bullets: list[Flowable] = [Paragraph(text, BULLET, bulletText="•") for text in item.bullets]
    return [head, *bullets, Spacer(1, 5)]


def _head(resume: Resume) -> list[Flowable]:
    return [Paragraph(resume.name, NAME), Paragraph(resume.title, TITLE), Paragraph(resume.contact[0], SMALL)]


def one_column_pdf(resume: Resume, encrypt: StandardEncryption | None = None) -> bytes:
    """Return the resume as a PDF of one column."""
    frame = Frame(20 * mm, 16 * mm, A4[0] - 40 * mm, A4[1] - 32 * mm, 0, 0, 0, 0)
    story = _head(resume)
    for section in resume.sections:
        story += _flowables(section, A4[0] - 40 * mm)
    return _build(resume, [frame], story, encrypt)


def two_column_pdf(resume: Resume) -> bytes:
    """Return the resume as a PDF with contact, skills and education in a narrow column on the left."""
    side_width, main_width = 50 * mm, 112 * mm
    side = Frame(16 * mm, 16 * mm, side_width, A4[1] - 32 * mm, 0, 0, 0, 0)
    main = Frame(78 * mm, 16 * mm, main_width, A4[1] - 32 * mm, 0, 0, 0, 0)
    story: list[Flowable] = [Paragraph("CONTACT", HEADING), *(Paragraph(line, SMALL) for line in resume.contact)]
    for section in resume.sections:
        if section.heading in SIDE_SECTIONS:
            story += _flowables(section, side_width)
    story += [FrameBreak(), Paragraph(resume.name, NAME), Paragraph(resume.title, TITLE)]
    for section in resume.sections:
        if section.heading not in SIDE_SECTIONS:
            story += _flowables(section, main_width)
    return _build(resume, [side, main], story, None)


def _build(resume: Resume, frames: list[Frame], story: list[Flowable], encrypt: StandardEncryption | None) -> bytes:
    target = io.BytesIO()
    document = BaseDocTemplate(target, pagesize=A4, title=f"Resume of {resume.name}", invariant=1, encrypt=encrypt)
    document.addPageTemplates([PageTemplate("page", frames)])
    document.build(story)
    return target.getvalue()


def locked_pdf(resume: Resume) -> bytes:
    """Return the resume as a PDF that opens only with PASSWORD."""
    return one_column_pdf(resume, StandardEncryption(PASSWORD, ownerPassword=f"{PASSWORD}-owner", strength=128))


def scanned_pdf(resume: Resume) -> bytes:
    """Return the resume as a picture of its page, a little crooked, with no text behind it."""
    page = pypdfium2.PdfDocument(one_column_pdf(resume))[0]
    picture = page.render(scale=1.45, grayscale=True).to_pil()
    crooked = picture.rotate(0.6, resample=Image.Resampling.BICUBIC, fillcolor=244).filter(
        ImageFilter.GaussianBlur(0.4)
    )
    jpeg = io.BytesIO()
    crooked.save(jpeg, "JPEG", quality=42)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(jpeg), 0, 0, *A4)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def docx(resume: Resume) -> bytes:
    """Return the resume as a Word document."""
    document = Document()
    document.core_properties.author = resume.name
    document.sections[0].left_margin = document.sections[0].right_margin = Cm(2.2)
    document.sections[0].top_margin = document.sections[0].bottom_margin = Cm(1.8)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(2)
    _styled(document, resume.name, 20, bold=True)
    _styled(document, resume.title, 12.5)
    _styled(document, resume.contact[0], 9.5)
    for section in resume.sections:
        _add_section(document, section)
    target = io.BytesIO()
    document.save(target)
    return _without_clock(target.getvalue())


def _styled(document: DocumentObject, text: str, size: float, *, bold: bool = False) -> None:
    run = document.add_paragraph().add_run(text)
    run.bold = bold
    run.font.size = Pt(size)
    if bold:
        run.font.color.rgb = RGBColor(0x1F, 0x3A, 0x5F)


def _add_section(document: DocumentObject, section: Section) -> None:
    document.add_heading(section.heading, level=2)
    for item in section.items:
        if isinstance(item, Entry):
            _add_entry(document, item)
        else:
            document.add_paragraph(item)
    if section.rows:
        table = document.add_table(0, len(section.rows[0]), style="Light Grid Accent 1")
        for row in section.rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text


def _add_entry(document: DocumentObject, entry: Entry) -> None:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(5)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(16.6), WD_TAB_ALIGNMENT.RIGHT)
    paragraph.add_run(entry.title).bold = True
    paragraph.add_run(f"\t{entry.dates}")
    for bullet in entry.bullets:
        document.add_paragraph(bullet, style="List Bullet")


def _without_clock(archive: bytes) -> bytes:
    """Return the same archive with every entry dated alike."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            copy.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


DOCUMENTS: dict[str, tuple[str, Callable[[Resume], bytes]]] = {
    "amara-okafor": ("pdf", one_column_pdf),
    "lena-brandt": ("docx", docx),
    "tomasz-wilk": ("pdf", two_column_pdf),
    "daniel-osei": ("docx", docx),
    "hannah-whitlock": ("pdf", one_column_pdf),
    "sofia-lindqvist": ("pdf", one_column_pdf),
    "kenji-moriyama": ("docx", docx),
    "grace-adeyemi": ("pdf", one_column_pdf),
    "ruth-calloway": ("pdf", scanned_pdf),
    "victor-hale": ("pdf", locked_pdf),
}


def make(folder: Path) -> list[Path]:
    """Write every document into `folder` and return their paths."""
    made = []
    for source, (extension, render) in DOCUMENTS.items():
        resume = read_source(SOURCES / f"{source}.md")
        made.append(folder / f"{resume.name}.{extension}")
        made[-1].write_bytes(render(resume))
    return made


if __name__ == "__main__":
    make(RESUMES)
