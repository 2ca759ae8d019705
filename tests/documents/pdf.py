"""Writes PDF documents: with reportlab where they are sound, by hand where they are not."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping, Sequence

from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def pdf(*pages: Sequence[str], compressed: bool = True) -> bytes:
    """Return a PDF with the given lines on each page."""
    file = io.BytesIO()
    drawing = canvas.Canvas(file, pageCompression=int(compressed))
    for lines in pages:
        for number, line in enumerate(lines):
            drawing.drawString(72, 740 - 20 * number, line)
        drawing.showPage()
    drawing.save()
    return file.getvalue()


def scanned_pdf() -> bytes:
    """Return a PDF whose only page is a picture."""
    picture = io.BytesIO(b"P5 64 64 255\n" + bytes(range(64)) * 64)
    file = io.BytesIO()
    drawing = canvas.Canvas(file)
    drawing.drawImage(ImageReader(picture), 0, 0, 595, 842)
    drawing.showPage()
    drawing.save()
    return file.getvalue()


def encrypted_pdf(content: bytes, *, user: str, algorithm: str) -> bytes:
    """Return `content` encrypted. An empty `user` password leaves the owner's, which restricts but does not hide."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user, owner_password="owner", algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def stream(content: bytes, dictionary: str = "") -> bytes:
    """Return the body of a stream object."""
    return f"<< /Length {len(content)} {dictionary} >>\nstream\n".encode() + content + b"\nendstream"


def deflated(content: bytes, dictionary: str = "") -> bytes:
    """Return the body of a stream object, compressed."""
    return stream(zlib.compress(content, 9), f"/Filter /FlateDecode {dictionary}")


def hand_made_pdf(objects: Mapping[int, str | bytes], *, trailer: str = "/Root 1 0 R", end: bool = True) -> bytes:
    """Return a PDF of these objects with a right cross-reference table, or, without `end`, with none."""
    content, offsets = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        offsets[number] = len(content)
        content += f"{number} 0 obj\n".encode() + (body.encode() if isinstance(body, str) else body) + b"\nendobj\n"
    if not end:
        return content
    table = "".join(f"{n} 1\n{offset:010d} 00000 n \n" for n, offset in sorted(offsets.items()))
    size = max(offsets) + 1
    ending = (
        f"xref\n0 1\n0000000000 65535 f \n{table}trailer\n<< /Size {size} {trailer} >>\nstartxref\n{len(content)}\n"
    )
    return content + ending.encode() + b"%%EOF\n"


def one_page_pdf(page_content: bytes, *, pages: str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>") -> bytes:
    """Return a PDF with one page, whose content stream object is `page_content`."""
    return hand_made_pdf(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: pages,
            3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            "/Resources << /Font << /F1 5 0 R >> >> >>",
            4: page_content,
            5: FONT,
        }
    )


def words_with_gaps(words: Sequence[str], gap: int) -> bytes:
    """Return a PDF whose line of words has no spaces: the pen moves `gap` thousandths of the font size instead."""
    shown = f" {-gap} ".join(f"({word})" for word in words)
    return one_page_pdf(stream(f"BT /F1 10 Tf 72 700 Td [{shown}] TJ ET".encode()))


def drawn_pdf(line: str, character_space: float) -> bytes:
    """Return a PDF with one line whose letters are spaced out by `character_space` points."""
    file = io.BytesIO()
    drawing = canvas.Canvas(file)
    drawing.setFont("Helvetica", 10)
    drawing.drawString(72, 740, line, charSpace=character_space)
    drawing.showPage()
    drawing.save()
    return file.getvalue()
