"""A look at how far the streams of a PDF inflate, before a parser inflates them all at once.

pdfium takes over 20 seconds for a file of 865 kB whose page inflates to 300 MB (measured). This scan takes a
fraction of one, in constant memory.
"""

from __future__ import annotations

import re
import zlib
from mmap import mmap

# The streams of a long resume, fonts included, inflate to some MB. Pictures are left out: reading text does not inflate
# them.
MAX_INFLATED_BYTES = 64 * 1024 * 1024

STREAM = re.compile(rb"stream\r?\n")
DICTIONARY_WINDOW = 1024
PICTURE = re.compile(rb"/Subtype\s*/Image\b")
INPUT_BYTES = 64 * 1024
OUTPUT_BYTES = 1024 * 1024


def is_excessive(content: mmap) -> bool:
    """Tell whether the streams that compress by Flate, which nearly all do, inflate beyond MAX_INFLATED_BYTES together.

    Streams under another filter, or under two, are left to the limits of the child process.
    """
    total = 0
    for stream in STREAM.finditer(content):
        if not _is_picture(content, stream.start()):
            total += _inflated_size(content, stream.end(), MAX_INFLATED_BYTES - total)
        if total >= MAX_INFLATED_BYTES:
            return True
    return False


def _is_picture(content: mmap, start: int) -> bool:
    """Look at the dictionary in front of a stream: what follows the last `obj`."""
    before = content[max(0, start - DICTIONARY_WINDOW) : start]
    return PICTURE.search(before, max(0, before.rfind(b" obj"))) is not None


def _inflated_size(content: mmap, start: int, limit: int) -> int:
    """Return the inflated size, or what was reached at `limit` or where the stream stops making sense."""
    inflater = zlib.decompressobj()
    size, position, pending = 0, start, b""
    try:
        while size < limit and not inflater.eof:
            if not pending:
                pending = content[position : position + INPUT_BYTES]
                position += len(pending)
                if not pending:
                    break
            size += len(inflater.decompress(pending, OUTPUT_BYTES))
            pending = inflater.unconsumed_tail
    except zlib.error:
        pass
    return size
