"""Requests made from files on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from nova.scoring.v1.resume_pb2 import Resume
from nova_server.cli.applications import Job, JobOptions, make_requests, read_resumes, read_text
from nova_server.cli.failures import UsageFault

JOB = Job("backend", "Python")


def write(folder: Path, name: str, content: bytes = b"text") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["jane.txt", "jane.md", "jane.TXT"])
def test_text_is_carried_by_the_request(tmp_path: Path, name: str) -> None:
    (resume,) = read_resumes([write(tmp_path, name, "Zoë".encode())])
    assert resume.application_id == "jane"
    assert resume.text == "Zoë"


@pytest.mark.parametrize("name", ["jane.pdf", "jane.docx", "jane.doc", "jane", "jane.rtf"])
def test_other_documents_are_fetched(tmp_path: Path, name: str) -> None:
    (resume,) = read_resumes([write(tmp_path, name)])
    assert resume.text is None


def test_text_in_another_encoding_is_left_to_the_service_to_read(tmp_path: Path) -> None:
    (resume,) = read_resumes([write(tmp_path, "jane.txt", "Zoë".encode("latin-1"))])
    assert resume.text is None


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    assert read_text(write(tmp_path, "job.txt", b"\xef\xbb\xbfPython")) == "Python"


def test_a_job_description_that_is_not_text_is_a_usage_fault(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="is not UTF-8 text"):
        read_text(write(tmp_path, "job.pdf", b"\xff\xfe\xfd"))


def test_two_files_with_one_name_are_a_usage_fault(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="both be application jane"):
        read_resumes([write(tmp_path, "a/jane.pdf"), write(tmp_path, "b/jane.txt")])


def test_the_same_file_given_twice_is_one_application(tmp_path: Path) -> None:
    path = write(tmp_path, "jane.txt")
    assert len(read_resumes([path, path])) == 1


def test_a_fetched_resume_carries_the_url_where_it_is_lent(tmp_path: Path) -> None:
    path = write(tmp_path, "jane.pdf")
    (request,) = make_requests(JOB, read_resumes([path]), {path: "http://127.0.0.1:1/x/jane.pdf"})
    assert request.applications[0].resume == Resume(type=Resume.URL, url="http://127.0.0.1:1/x/jane.pdf")


@pytest.mark.parametrize(("files", "sizes"), [(1, [1]), (25, [25]), (26, [25, 1]), (50, [25, 25])])
def test_a_batch_takes_at_most_25(tmp_path: Path, files: int, sizes: list[int]) -> None:
    paths = [write(tmp_path, f"{number}.txt") for number in range(files)]
    requests = make_requests(JOB, read_resumes(paths), {})
    assert [len(request.applications) for request in requests] == sizes


def test_what_is_not_said_about_the_job_is_not_sent(tmp_path: Path) -> None:
    (request,) = make_requests(JOB, read_resumes([write(tmp_path, "jane.txt")]), {})
    assert not any(request.HasField(name) for name in ("job_title", "company_name", "role_knowledge"))


@pytest.mark.parametrize("options", [JobOptions(), JobOptions(id="backend"), JobOptions(description_file=Path("job"))])
def test_a_job_needs_an_id_and_a_description(options: JobOptions) -> None:
    with pytest.raises(UsageFault, match="--job-id and --job-description"):
        options.read()


def test_beside_a_json_request_only_the_job_id_may_be_given() -> None:
    assert JobOptions("backend").only_id() == "backend"
    with pytest.raises(UsageFault, match="Beside it only --job-id"):
        JobOptions("backend", title="Engineer").only_id()
