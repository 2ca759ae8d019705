"""Generate what follows from the protos: Python stubs in `clients/python`, and what the gateway is made of.

Run with `--check` to regenerate beside the tree and fail on any difference instead of writing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

from grpc_tools import protoc

from tools import generated
from tools.generated import ROOT

DEPENDENCIES = ROOT / ".build/proto-deps"
STUBS = "clients/python"
DESCRIPTOR_SET = "gateway/descriptor_set.binpb"
GATEWAY = "gateway/nova_gateway/generated"
VALIDATE = "buf/validate/validate.proto"


def main() -> int:
    """Write or check every generated file. Returns the exit code."""
    return generated.run(fill)


def fill(target: Path) -> None:
    """Write every generated file below the folder `target`."""
    generate_stubs(target / STUBS)
    generate_descriptor_set(target / DESCRIPTOR_SET)
    generate_gateway(target / DESCRIPTOR_SET, target / GATEWAY, stubs=target / STUBS)


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


def generate_gateway(descriptor_set: Path, target: Path, *, stubs: Path) -> None:
    """Run the generator with the new stubs: it reads the error catalogue, which may name a reason that is just new."""
    command = [sys.executable, "-m", "nova_gateway.generator", str(descriptor_set), str(target)]
    if subprocess.run(command, env=os.environ | {"PYTHONPATH": str(stubs)}, check=False).returncode:  # noqa: S603 (our own)
        raise SystemExit("the gateway could not be generated")


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


if __name__ == "__main__":
    sys.exit(main())
