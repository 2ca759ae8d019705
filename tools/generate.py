"""Generate what follows from something else.

From the protos: Python stubs in `clients/python`, the descriptor set in `gateway`, and `docs/errors.md`. From the
settings: `docs/configuration.md`.

Run with `--check` to regenerate beside the tree and fail on any difference instead of writing.
"""

from __future__ import annotations

import filecmp
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

from tools import document_errors, document_settings

ROOT = Path(__file__).resolve().parent.parent
DEPENDENCIES = ROOT / ".build/proto-deps"
STUBS = "clients/python"
DESCRIPTOR_SET = "gateway/descriptor_set.binpb"
VALIDATE = "buf/validate/validate.proto"
PAGES = {"docs/configuration.md": document_settings.render, "docs/errors.md": document_errors.render}


def main() -> int:
    """Write or check every generated file. Returns the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch)
        generate(target)
        names = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
        return check(target, names) if "--check" in sys.argv[1:] else publish(target, names)


def generate(target: Path) -> None:
    """Fill the folder `target` with every generated file, at its place in the tree."""
    generate_stubs(target / STUBS)
    generate_descriptor_set(target / DESCRIPTOR_SET)
    for name, render in PAGES.items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(render(), encoding="utf-8")


def generate_stubs(target: Path) -> None:
    target.mkdir(parents=True)
    services = [name for name in own_protos() if name.endswith("_service.proto")]
    plain = [*own_protos(), VALIDATE]
    run_protoc(f"--python_out={target}", f"--mypy_out=quiet:{target}", *plain)
    run_protoc(f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services)
    for folder in {path.parent for path in target.rglob("*.py")}:
        for package in (folder, *folder.parents):
            if package == target:
                break
            (package / "__init__.py").touch()
            (package / "py.typed").touch()


def generate_descriptor_set(target: Path) -> None:
    target.parent.mkdir(parents=True)
    run_protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={target}", *own_protos())


def own_protos() -> list[str]:
    return sorted(str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto").rglob("*.proto"))


def run_protoc(*arguments: str) -> None:
    well_known = resources.files("grpc_tools") / "_proto"
    includes = [f"-I{ROOT / 'proto'}", f"-I{DEPENDENCIES}", f"-I{well_known}"]
    plugins = [
        f"--plugin=protoc-gen-{name}={Path(sys.executable).parent / f'protoc-gen-{name}'}"
        for name in ("mypy", "mypy_grpc")
    ]
    if protoc.main(["protoc", *includes, *plugins, *arguments]):
        raise SystemExit("protoc failed")


def publish(target: Path, names: list[str]) -> int:
    for name in names:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target / name, ROOT / name)
    return 0


def check(target: Path, names: list[str]) -> int:
    _, differing, missing = filecmp.cmpfiles(target, ROOT, names, shallow=False)
    for name in (*differing, *missing):
        print(f"{name} is out of date: run `make generate`", file=sys.stderr)
    return 1 if differing or missing else 0


if __name__ == "__main__":
    sys.exit(main())
