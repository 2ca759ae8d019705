"""Zip archives, looked at before anything in them is inflated."""

from __future__ import annotations

import os
import struct
import zipfile

from nova.errors.v1 import error_reason_pb2

from nova_server.resumes.documents.failure import DocumentFailed

# A large real DOCX has some hundred members; a directory entry is 46 bytes and a name.
MAX_DIRECTORY_BYTES = 1024 * 1024
MAX_MEMBERS = 5_000

# The XML of a long resume is under 5 MB. Word's own XML deflates to about a tenth, its emptiest parts to a hundredth.
MAX_MEMBER_BYTES = 32 * 1024 * 1024
MAX_RATIO = 250
RATIO_FREE_BYTES = 1024 * 1024

END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
MAX_COMMENT_BYTES = 0xFFFF

ENCRYPTED_FLAG = 0x1


def open_archive(path: str) -> zipfile.ZipFile:
    """Open an archive whose directory is of a sane size. Raises DocumentFailed or zipfile.BadZipFile.

    The size is checked first, because opening reads the whole directory into memory.
    """
    if _directory_bytes(path) > MAX_DIRECTORY_BYTES:
        raise DocumentFailed(error_reason_pb2.RESUME_TOO_LARGE)
    archive = zipfile.ZipFile(path)
    if len(archive.infolist()) > MAX_MEMBERS:
        archive.close()
        raise DocumentFailed(error_reason_pb2.RESUME_TOO_LARGE)
    return archive


def _directory_bytes(path: str) -> int:
    """Return the size that the archive's last record claims for its directory; zip64 claims 4 GiB here."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END_OF_DIRECTORY.size - MAX_COMMENT_BYTES))
        tail = file.read()
    start = tail.rfind(END_SIGNATURE)
    if start < 0 or len(tail) - start < END_OF_DIRECTORY.size:
        raise zipfile.BadZipFile
    return int(END_OF_DIRECTORY.unpack_from(tail, start)[5])


def read_member(archive: zipfile.ZipFile, name: str, budget: int = MAX_MEMBER_BYTES) -> bytes:
    """Return a member that inflates to at most `budget` bytes. Raises DocumentFailed, KeyError or BadZipFile.

    `zipfile` never inflates beyond the size that the directory states, so checking that size is enough.
    """
    member = archive.getinfo(name)
    if member.flag_bits & ENCRYPTED_FLAG:
        raise DocumentFailed(error_reason_pb2.RESUME_ENCRYPTED)
    swollen = member.file_size > max(RATIO_FREE_BYTES, member.compress_size * MAX_RATIO)
    if swollen or member.file_size > min(budget, MAX_MEMBER_BYTES):
        raise DocumentFailed(error_reason_pb2.RESUME_TOO_LARGE)
    return archive.read(member)
