"""The use cases of criteria as a recording that plays what a test gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_server.ports.clock import plus_seconds
from nova_server.ports.criteria import (
    ChangedCriteria,
    ChangeOptions,
    CriteriaVersion,
    Criterion,
    CurrentVersion,
)
from nova_server.ports.scorer import CriterionText, Importance
from nova_server.ports.tenancy import TenantKey

from tests.support.clock import START

VERSION_ID = "cmlz26d0a000awp61m3xq81vd"
PYTHON = Criterion("crit_8f14e45fceea", "Five years of Python", Importance.MUST_HAVE, START)
POSTGRES = Criterion("crit_45c48cce2e2d", "PostgreSQL", Importance.PREFERRED, plus_seconds(START, 1))
GO = Criterion("crit_d3d9446802a4", "Go", Importance.NICE_TO_HAVE, START)
VERSION = CriteriaVersion(VERSION_ID, 3, START, None, (PYTHON, POSTGRES, GO))
CURRENT = CurrentVersion(VERSION, revision=7)
CHANGED = ChangedCriteria(VERSION, POSTGRES)


@dataclass
class RecordedCriteria:
    """A `CriteriaUseCases` that keeps what it was asked, and answers with what it holds, or raises `fault`.

    A call is kept as its name, its tenant, its job, and its other arguments in their order, and without the options,
    which are kept beside it.
    """

    current: CurrentVersion = CURRENT
    version: CriteriaVersion = VERSION
    versions: list[CriteriaVersion] = field(default_factory=lambda: [VERSION])
    changed: ChangedCriteria = CHANGED
    fault: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    options: list[ChangeOptions] = field(default_factory=list)

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.fault is not None:
            raise self.fault

    def _change(self, options: ChangeOptions, *call: Any) -> ChangedCriteria:
        self.options.append(options)
        self._note(*call)
        return self.changed

    async def get_current(self, tenant: TenantKey, job_id: str) -> CurrentVersion:
        self._note("get_current", tenant, job_id)
        return self.current

    async def get_version(self, tenant: TenantKey, job_id: str, version_id: str) -> CriteriaVersion:
        self._note("get_version", tenant, job_id, version_id)
        return self.version

    async def list_versions(
        self, tenant: TenantKey, job_id: str, *, limit: int, before: int | None
    ) -> list[CriteriaVersion]:
        self._note("list_versions", tenant, job_id, limit, before)
        return self.versions[:limit]

    async def set(
        self, tenant: TenantKey, job_id: str, criteria: Sequence[CriterionText], options: ChangeOptions
    ) -> ChangedCriteria:
        return self._change(options, "set", tenant, job_id, tuple(criteria))

    async def archive(self, tenant: TenantKey, job_id: str, options: ChangeOptions) -> ChangedCriteria:
        return self._change(options, "archive", tenant, job_id)

    async def add(
        self, tenant: TenantKey, job_id: str, criterion: CriterionText, options: ChangeOptions
    ) -> ChangedCriteria:
        return self._change(options, "add", tenant, job_id, criterion)

    async def update(
        self,
        tenant: TenantKey,
        job_id: str,
        criterion_id: str,
        options: ChangeOptions,
        *,
        text: str | None,
        importance: Importance | None,
    ) -> ChangedCriteria:
        return self._change(options, "update", tenant, job_id, criterion_id, text, importance)

    async def remove(
        self, tenant: TenantKey, job_id: str, criterion_id: str, options: ChangeOptions
    ) -> ChangedCriteria:
        return self._change(options, "remove", tenant, job_id, criterion_id)
