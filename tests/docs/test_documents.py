"""What the documents promise is there, and what is there is documented."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.observability.metrics import Metrics
from nova_server.settings import Settings
from typer.main import get_command

from tools import document_settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
VARIABLES = {document_settings.variable(name) for name in Settings.model_fields}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# Spelled in parts, so that this file does not name them either.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"))
]


def document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def console_lines(text: str) -> Iterator[str]:
    for block in re.findall(r"^```console\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
        yield from block.splitlines()


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, flags=re.MULTILINE))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z]+)`", text))
    for line in console_lines(text):
        if line.startswith("make "):
            named.update(line.split()[1:])
    assert named <= make_targets()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_variable_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bNOVA_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    assert named <= VARIABLES | {"NOVA_API_KEY", "NOVA_WEBHOOK_SECRET"}


def test_every_decision_is_listed_under_its_number() -> None:
    pages = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))
    assert re.findall(r"^\| \[\d{4}\]\((\S+)\) \|", document("docs/adr/README.md"), re.MULTILINE) == pages
    for page in pages:
        assert document(f"docs/adr/{page}").startswith(f"# {page[:4]}: ")


def test_make_help_lists_every_target() -> None:
    # The tests may run under make, and a make inside a make tells of the folders that it enters.
    answer = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.split()[1] for line in answer.stdout.splitlines()} == make_targets()
    assert {"setup", "demo", "test", "check", "bench", "generate"} <= make_targets()


def test_every_setting_is_documented() -> None:
    assert document("docs/configuration.md") == document_settings.render()
    assert all(field.description for field in Settings.model_fields.values())


def test_every_metric_is_documented() -> None:
    page = document("docs/operations.md")
    named = set(re.findall(r"`(nova_[a-z_]+?)(?:_total)?`", page))
    assert named == {metric.name for metric in Metrics().registry.collect() if metric.name.startswith("nova_")}


def test_every_error_code_is_documented() -> None:
    page = document("docs/errors.md")
    codes = [name for name in ErrorReason.keys() if name != "ERROR_REASON_UNSPECIFIED"]  # noqa: SIM118 (not a dict)
    assert [code for code in codes if code not in page] == []


def test_every_dependency_is_named_with_licence_and_reason() -> None:
    configuration = tomllib.loads(document("pyproject.toml"))
    project, peers = configuration["project"], configuration["dependency-groups"]["peers"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], *peers]
    rows = re.findall(r"^\| ([a-z][a-z0-9-]+) \| [^|]+ \| [^|]{8,} \|$", document("docs/dependencies.md"), re.MULTILINE)
    names = [re.split(r"[\[>=<]", requirement)[0] for requirement in wanted]
    assert sorted(row for row in rows if row != "package") == sorted(names)


@pytest.mark.parametrize("lock", ["runtime", "development", "installer", "peers"])
def test_every_pinned_dependency_has_a_hash(lock: str) -> None:
    pins = re.split(r"\n(?=\S)", document(f"requirements/{lock}.lock").strip())
    assert pins
    assert [pin.split()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_no_file_names_a_package_registry() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    texts = {name: (ROOT / name).read_bytes() for name in tracked.stdout.split("\0") if (ROOT / name).is_file()}
    assert [name for name, text in texts.items() for host in REGISTRIES if host.encode() in text] == []


def test_every_command_and_option_explains_itself() -> None:
    from nova_server.cli.main import application

    root = get_command(application)
    assert root.help
    for command in root.commands.values():  # type: ignore[attr-defined]  # a typer application is a group
        for leaf in getattr(command, "commands", {"": command}).values():
            assert leaf.help, leaf.name
            assert all(getattr(option, "help", None) for option in leaf.params), leaf.name
