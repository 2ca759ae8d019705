"""Compile `requirements/*.lock` from `pyproject.toml`: every dependency pinned, with hashes, for every platform."""

from __future__ import annotations

import subprocess

COMPILE = ("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-annotate", "--no-header")


def main() -> None:
    """Write the lock files. The index is left out of them, so that an installation uses the one it is set up with."""
    compile_lock("requirements/runtime.lock")
    compile_lock("requirements/development.lock", "--extra", "dev", "--constraint", "requirements/runtime.lock")


def compile_lock(target: str, *options: str) -> None:
    subprocess.run([*COMPILE, "pyproject.toml", "--output-file", target, *options], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
