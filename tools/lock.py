"""Compile `requirements/*.lock` from `pyproject.toml`: every dependency pinned, with hashes, for every platform."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UV = str(Path(sys.executable).parent / "uv")
COMPILE = (UV, "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate", "--no-header")


def main() -> None:
    """Write the lock files. The index is left out of them, so that an installation uses the one it is set up with."""
    compile_lock("requirements/runtime.lock", "pyproject.toml")
    runtime = ("--constraint", "requirements/runtime.lock")
    compile_lock("requirements/development.lock", "pyproject.toml", "--extra", "dev", *runtime)
    compile_lock("requirements/installer.lock", "--group", "installer")
    compile_lock("requirements/peers.lock", "--group", "peers")


def compile_lock(target: str, *source: str) -> None:
    subprocess.run([*COMPILE, *source, "--output-file", target], check=True)  # noqa: S603 (our own arguments)


if __name__ == "__main__":
    main()
