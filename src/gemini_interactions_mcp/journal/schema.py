"""The tables of the journal."""

from typing import Final

import sqlalchemy as sa

from gemini_interactions_mcp.models import Record

from .column_types import Characters, Document, FileList, LongCharacters, Utf8Characters

SCHEMA_VERSION: Final = 5
"""Of these tables; a change of them is a new version and a revision in `migrations/versions`."""

# MySQL's TEXT ends at 64 KiB; of this length it becomes a LONGTEXT.
LONG: Final = (
    LongCharacters()
    .with_variant(Utf8Characters(), "sqlite")
    .with_variant(LongCharacters(2**32 - 1), "mysql", "mariadb")
)
DOCUMENT: Final = Document()
# 512 characters still fit an index of MySQL.
NAME: Final = Characters(512)
STAMP: Final = Characters(32)
PRINCIPAL: Final = Characters(128)

METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "interactions",
    METADATA,
    sa.Column("label", NAME, primary_key=True),
    sa.Column("interaction_id", NAME),
    sa.Column("kind", LONG, nullable=False),
    sa.Column("plan", sa.Boolean, nullable=False),
    sa.Column("status", LONG, nullable=False),
    sa.Column("model", LONG),
    sa.Column("agent", LONG),
    sa.Column("previous_interaction_id", LONG),
    sa.Column("environment_id", LONG),
    sa.Column("tools", DOCUMENT),
    sa.Column("prompt", LONG, nullable=False),
    sa.Column("text", LONG, nullable=False),
    sa.Column("citations", DOCUMENT, nullable=False),
    sa.Column("code", DOCUMENT),
    sa.Column("failures", DOCUMENT),
    sa.Column("usage", DOCUMENT),
    sa.Column("files", FileList(), nullable=False),
    sa.Column("error", LONG),
    sa.Column("terms", DOCUMENT),
    sa.Column("stopped_by", LONG),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("updated_at", STAMP, nullable=False),
    sa.Column("finished_at", STAMP),
    sa.Column("delivered_at", STAMP),
    sa.Column("detached_at", STAMP),
    sa.Column("topic", LONG),
    # NOT NULL without a default: an older server that still has the journal open cannot insert a row, and so sends
    # nothing that this version would not recognise. Its updates of what it has sent before still arrive.
    sa.Column("fingerprint", Characters(64), nullable=False),
    sa.Column("approves", sa.Boolean, nullable=False),
    sa.Column("origin", Characters(16), nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),
    sa.Column("files_pending", sa.Boolean, nullable=False),
    sa.Column("principal", PRINCIPAL, nullable=False),
    sa.Column("cost_micros", sa.BigInteger),
    sa.Column("settled_at", STAMP),
    # Of a tombstone, which no search finds: not a part of a Record.
    sa.Column("deleted_at", STAMP),
    # The lease: who follows the row, until when, and when that was written; not a part of a Record.
    sa.Column("owner", NAME),
    sa.Column("owned_until", STAMP),
    sa.Column("leased_at", STAMP),
)
RECORD: Final = [column for column in ROWS.c if column.name in Record.model_fields]
"""The columns of a `Record`."""
# Two end with the label, as the order of rows does: SQLite prefers an index that needs no sorting.
sa.Index("interactions_by_id", ROWS.c.principal, ROWS.c.interaction_id, unique=True)
sa.Index("interactions_by_creation", ROWS.c.principal, ROWS.c.created_at, ROWS.c.label)
sa.Index("interactions_by_fingerprint", ROWS.c.principal, ROWS.c.fingerprint, ROWS.c.created_at, ROWS.c.label)
sa.Index("interactions_by_settlement", ROWS.c.settled_at)

# Short names: one index finds a row, also in MySQL.
UPLOADS: Final = sa.Table(
    "uploads",
    METADATA,
    sa.Column("account", Characters(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("mime_type", Characters(128), primary_key=True),
    sa.Column("digest", Characters(64), primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("uri", LONG, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
)

NEWEST_FIRST: Final = (ROWS.c.created_at.desc(), ROWS.c.label.desc())
OLDEST_FIRST: Final = (ROWS.c.created_at, ROWS.c.label)
