"""Fetch the API page's program, Scalar, into `gateway/nova_gateway/pages`.

It is in the tree because the page has to work without a network, and because no wheel has it. To take another release,
change VERSION and INTEGRITY (`npm view @scalar/api-reference dist.integrity`), run this, and look at `/docs`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

from nova_gateway.pages import FOLDER, SCALAR

PACKAGE = "@scalar/api-reference"
VERSION = "1.72.1"
INTEGRITY = "sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow=="
PROGRAM = "package/dist/browser/standalone.js"


def main() -> None:
    """Write the program, compressed as it is served."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = download(Path(scratch))
        check(archive.read_bytes())
        # Without a time, so that the same release makes the same file.
        (FOLDER / SCALAR).write_bytes(gzip.compress(program(archive), mtime=0))


def download(folder: Path) -> Path:
    """Let npm fetch the package, wherever it is set to fetch from."""
    subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True)  # noqa: S603, S607
    (archive,) = folder.glob("*.tgz")
    return archive


def check(content: bytes) -> None:
    """Raise SystemExit when the archive is not the one that was looked at."""
    found = f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"
    if found != INTEGRITY:
        raise SystemExit(f"{PACKAGE} {VERSION} is {found}")


def program(archive: Path) -> bytes:
    """Return the program from the archive."""
    with tarfile.open(archive) as files:
        member = files.extractfile(PROGRAM)
        assert member is not None  # noqa: S101 (for the type checker; a missing member raises KeyError)
        return member.read()


if __name__ == "__main__":
    main()
