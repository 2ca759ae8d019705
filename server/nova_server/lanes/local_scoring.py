"""What the api and the worker share: the local scorer, and the criteria that it derives."""

from __future__ import annotations

from collections.abc import Sequence

from nova_server.children.pool import ChildPool
from nova_server.foundation import Foundation
from nova_server.ports.lifecycle import Service
from nova_server.scorers.local_scorer import LocalScorer
from nova_server.scoring.derived_criteria import DerivedCriteria
from nova_server.settings import Role
from nova_server.warm_up import warm_up

# The api derives criteria, and the worker reads, derives and scores.
_USERS = {Role.API, Role.WORKER}


class LocalScoring:
    """The scorer with its child processes. `helpers` are those, where a role has a use for them."""

    def __init__(self, base: Foundation) -> None:
        self.children = ChildPool(size=base.settings.worker_processes, warm_up=warm_up)
        self.scorer = LocalScorer(self.children)
        self.derived = DerivedCriteria(base.criteria, self.scorer)
        self.helpers: Sequence[Service] = [self.children] if _USERS & set(base.settings.roles) else []
