"""Add what versions 1 to 4 lack of version 4: columns came without a new number, so each is looked for."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(sa.Text(2**32 - 1), "mysql", "mariadb")
DOCUMENT = sa.JSON()
NAME = sa.String(512)
STAMP = sa.String(32)

ADDED = {
    "environment_id": LONG,
    "tools": DOCUMENT,
    "code": DOCUMENT,
    "failures": DOCUMENT,
    "terms": DOCUMENT,
    "stopped_by": LONG,
    "delivered_at": STAMP,
    "detached_at": STAMP,
    "topic": LONG,
    "deleted_at": STAMP,
    "leased_at": STAMP,
}


def upgrade() -> None:
    """Add columns and tables that are missing."""
    inspector = sa.inspect(op.get_bind())
    present = {column["name"] for column in inspector.get_columns("interactions")}
    for name, kind in ADDED.items():
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
        sa.Column("name", NAME, nullable=False),
        sa.Column("uri", LONG, nullable=False),
        sa.Column("expires_at", STAMP, nullable=False),
    )
