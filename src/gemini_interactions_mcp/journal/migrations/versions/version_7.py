"""Give principals tables: who may use the server, what was done, whose a thing is, files that clients send,
and how transactions have ended.

An index for what the principals spend together, and in PostgreSQL those for the rows of many, and notices of changes.
"""

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
    schema.COMMITS,
)


def upgrade() -> None:
    """Add the tables, which are empty."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for table in ADDED_TABLES:
        if table.name not in there:
            table.create(op.get_bind())
    indexes = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("interactions")}
    if "interactions_by_time" not in indexes:
        op.create_index("interactions_by_time", "interactions", ["created_at"])
    if op.get_bind().dialect.name == "postgresql":
        upgrade_postgresql()


def upgrade_postgresql() -> None:
    """Add indexes and notices, and drop the gate: a server of an earlier version decides nothing without it."""
    for index in schema.SHARED_INDEXES:
        index.create(op.get_bind(), checkfirst=True)
    for statement in schema.SHARED_STATEMENTS:
        op.execute(statement)
    op.execute("DROP TABLE IF EXISTS gate")
