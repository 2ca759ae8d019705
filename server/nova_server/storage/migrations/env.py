"""Tells Alembic to use the connection and the transaction that it is given."""

from __future__ import annotations

from alembic import context
from nova_server.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
