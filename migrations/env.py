"""Alembic's entry. ``hub.migrate`` hands over a connection; from the shell: rialto db upgrade."""

from typing import Literal

from alembic import context

import hub.models  # noqa: F401  # loads every table into Base.metadata
from hub.db import Base, Instant, JsonText

connection = context.config.attributes["connection"]


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations stand on their own: they name the plain column types, not the hub's."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JsonText):
        return "sa.Text()"
    return False


context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=context.config.attributes.get("batch", connection.dialect.name == "sqlite"),
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
