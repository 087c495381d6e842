"""Give principals tables: who may use the server, what was done, whose a thing is, and files that clients send."""

import sqlalchemy as sa
from alembic import op

from gemini_interactions_mcp.journal import schema

revision = "7"
down_revision = "6"

ADDED_TABLES = (
    schema.PRINCIPALS,
    schema.ACCESS_TOKENS,
    schema.AUDIT_EVENTS,
    schema.HOLDINGS,
    schema.RECEIVED_FILES,
    schema.SERVER_SECRETS,
)


def upgrade() -> None:
    """Add the tables, which are empty."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for table in ADDED_TABLES:
        if table.name not in there:
            table.create(op.get_bind())
