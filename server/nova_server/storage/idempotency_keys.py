"""Idempotency keys: which call may write the outcome of a key, and the outcome it wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from nova_server.ports.clock import Instant
from nova_server.ports.criteria import CriteriaOutcome, IdempotentCall, Refusal, Reservation
from nova_server.ports.identifiers import Identifiers
from nova_server.storage.schema import idempotency_keys

MIN_FORGOTTEN = 100  # expired keys that one transaction deletes, if there are as many

_keys = idempotency_keys.c
_THIS_KEY = (
    _keys.partner_id == bindparam("of_partner"),
    _keys.environment == bindparam("of_environment"),
    _keys.key == bindparam("of_key"),
)
_HELD = (*_THIS_KEY, _keys.holder == bindparam("of_holder"), _keys.outcome.is_(None))

_new = insert(idempotency_keys).values(
    partner_id=bindparam("of_partner"),
    environment=bindparam("of_environment"),
    key=bindparam("of_key"),
    request_digest=bindparam("digest"),
    holder=bindparam("new_holder"),
    outcome=null(),
    expires_at=bindparam("lease_ends_at"),
)
# One statement decides who gets a key, and locks its row for whoever does not, so that it can be read afterwards.
_TAKE = _new.on_conflict_do_update(
    index_elements=["partner_id", "environment", "key"],
    set_={
        "request_digest": _new.excluded.request_digest,
        "holder": _new.excluded.holder,
        "outcome": _new.excluded.outcome,
        "expires_at": _new.excluded.expires_at,
    },
    where=_keys.expires_at <= bindparam("now"),
).returning(_keys.holder)
_READ = select(_keys.request_digest, _keys.outcome).where(*_THIS_KEY)

_READ_HELD = select(_keys.holder).where(*_HELD, _keys.expires_at > bindparam("now")).with_for_update()
_END = (
    update(idempotency_keys).where(*_HELD).values(outcome=bindparam("new_outcome"), expires_at=bindparam("kept_until"))
)
_RELEASE = delete(idempotency_keys).where(*_HELD)

_IDENTITY = (_keys.partner_id, _keys.environment, _keys.key)
_expired = (
    select(*_IDENTITY)
    .where(_keys.expires_at <= bindparam("now"))
    .order_by(_keys.expires_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)  # what another transaction is about to take or to delete is its own
)
_FORGET = delete(idempotency_keys).where(tuple_(*_IDENTITY).in_(_expired))


@dataclass(frozen=True, slots=True)
class Reserve:
    """A call that asks for the right to its key. See `ports.criteria.CriteriaStore.reserve`."""

    call: IdempotentCall
    now: Instant
    lease_ends_at: Instant
    expires_at: Instant


class ReserveKeys:
    """The operation that gives calls the right to their keys, and forgets keys that expired."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers

    def apply(
        self, connection: Connection, intents: Sequence[Reserve]
    ) -> Sequence[Reservation | CriteriaOutcome | Refusal]:
        answers = [self._reserve(connection, intent) for intent in intents]
        # More than came with this group, so that expired keys cannot pile up however many keys come.
        at_most = max(MIN_FORGOTTEN, 2 * len(intents))
        connection.execute(_FORGET, {"now": min(intent.now for intent in intents), "at_most": at_most})
        return answers

    def _reserve(self, connection: Connection, intent: Reserve) -> Reservation | CriteriaOutcome | Refusal:
        reservation = Reservation(intent.call, self._identifiers.new(intent.now), intent.expires_at)
        taken = connection.execute(_TAKE, _take_parameters(intent, reservation.holder)).one_or_none()
        return _read_other(connection, intent.call) if taken is None else reservation


class ReleaseKeys:
    """The operation that gives keys back whose call did nothing."""

    def apply(self, connection: Connection, intents: Sequence[Reservation]) -> Sequence[None]:
        for reservation in intents:
            connection.execute(_RELEASE, _held(reservation))
        return [None] * len(intents)


def is_held(connection: Connection, reservation: Reservation, now: Instant) -> bool:
    """Tell whether the outcome may still be written. If so, nobody else gets the key before this transaction ends."""
    return connection.execute(_READ_HELD, _held(reservation) | {"now": now}).one_or_none() is not None


def write_outcome(connection: Connection, reservation: Reservation, outcome: CriteriaOutcome) -> None:
    """Store the outcome of a call under a reservation that `is_held`."""
    written = json.dumps({"version": outcome.version_id, "criterion": outcome.criterion_id})
    parameters = {"new_outcome": written, "kept_until": reservation.outcome_expires_at}
    connection.execute(_END, _held(reservation) | parameters)


def _read_other(connection: Connection, call: IdempotentCall) -> CriteriaOutcome | Refusal:
    """Return what a key that is taken means to a call."""
    row = connection.execute(_READ, _this_key(call)).one()
    if row.request_digest != call.digest:
        return Refusal.REUSED
    if row.outcome is None:
        return Refusal.IN_PROGRESS
    outcome = json.loads(row.outcome)
    return CriteriaOutcome(outcome["version"], outcome["criterion"])


def _this_key(call: IdempotentCall) -> dict[str, object]:
    return {"of_partner": call.caller.partner_id, "of_environment": call.caller.environment.value, "of_key": call.key}


def _held(reservation: Reservation) -> dict[str, object]:
    return _this_key(reservation.call) | {"of_holder": reservation.holder}


def _take_parameters(intent: Reserve, holder: str) -> dict[str, object]:
    times = {"now": intent.now, "lease_ends_at": intent.lease_ends_at}
    return _this_key(intent.call) | {"digest": intent.call.digest, "new_holder": holder} | times
