"""Add what versions 1 to 4 lack of version 4: columns came without a new number, so each is looked for."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = None

LONG_TEXT_4 = sa.Text()

ADDED_COLUMNS = {
    "environment_id": LONG_TEXT_4,
    "tools": sa.JSON(),
    "code": sa.JSON(),
    "failures": sa.JSON(),
    "terms": sa.JSON(),
    "stopped_by": LONG_TEXT_4,
    "delivered_at": sa.String(32),
    "detached_at": sa.String(32),
    "topic": LONG_TEXT_4,
    "deleted_at": sa.String(32),
    "leased_at": sa.String(32),
}


def upgrade() -> None:
    """Add columns and tables that are missing."""
    inspector = sa.inspect(op.get_bind())
    present = {column["name"] for column in inspector.get_columns("interactions")}
    for name, kind in ADDED_COLUMNS.items():
        if name not in present:
            op.add_column("interactions", sa.Column(name, kind))
    if not inspector.has_table("uploads"):
        create_uploads()


def create_uploads() -> None:
    """Create the table of uploaded files."""
    op.create_table(
        "uploads",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True),
        sa.Column("mime_type", sa.String(128), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("uri", LONG_TEXT_4, nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
    )
