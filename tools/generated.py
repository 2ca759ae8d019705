"""Writes generated files into the tree, or checks that they are what is there."""

from __future__ import annotations

import filecmp
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(fill: Callable[[Path], None]) -> int:
    """Let `fill` write its files into an empty folder, each at its place in the tree, and publish them.

    With the argument `--check`, compare instead, and name what differs. Returns the exit code.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch)
        fill(source)
        names = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
        return check(source, names) if "--check" in sys.argv[1:] else publish(source, names)


def publish(source: Path, names: list[str]) -> int:
    """Copy the files to their places."""
    for name in names:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, ROOT / name)
    return 0


def check(source: Path, names: list[str]) -> int:
    """Name the files that are missing in the tree, or differ there."""
    _, differing, missing = filecmp.cmpfiles(source, ROOT, names, shallow=False)
    for name in (*differing, *missing):
        print(f"{name} is out of date: run `make generate`", file=sys.stderr)
    return 1 if differing or missing else 0
