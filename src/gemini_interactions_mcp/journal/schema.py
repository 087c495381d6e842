"""The journal's tables."""

from typing import Final

import sqlalchemy as sa

from gemini_interactions_mcp.models import Record

SCHEMA_VERSION: Final = 4


class Utf8Text(sa.types.TypeDecorator[str]):
    """SQLite's text, which may come as its bytes."""

    impl = sa.Text
    cache_ok = True

    def bind_expression(self, bindparam: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        """Text also of bytes."""
        return sa.cast(bindparam, sa.Text)


# MySQL's TEXT ends at 64 KiB; of this length it becomes a LONGTEXT.
LONG: Final = sa.Text().with_variant(Utf8Text(), "sqlite").with_variant(sa.Text(2**32 - 1), "mysql", "mariadb")
DOCUMENT: Final = sa.JSON(none_as_null=True)
# 512 characters still fit an index of MySQL.
NAME: Final = sa.String(512)
STAMP: Final = sa.String(32)

METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "interactions",
    METADATA,
    sa.Column("label", NAME, primary_key=True),
    sa.Column("interaction_id", NAME, unique=True, index=True),
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
    # Since version 4.
    sa.Column("code", DOCUMENT),
    sa.Column("failures", DOCUMENT),
    sa.Column("usage", DOCUMENT),
    sa.Column("files", DOCUMENT, nullable=False),
    sa.Column("error", LONG),
    # Since version 4.
    sa.Column("terms", DOCUMENT),
    sa.Column("stopped_by", LONG),
    sa.Column("created_at", STAMP, nullable=False),
    sa.Column("updated_at", STAMP, nullable=False),
    sa.Column("finished_at", STAMP),
    # Since version 3.
    sa.Column("delivered_at", STAMP),
    sa.Column("detached_at", STAMP),
    # Since version 4.
    sa.Column("topic", LONG),
    # Of a tombstone, which nothing finds: not a part of a Record.
    sa.Column("deleted_at", STAMP),
    # Who follows the row, until when others leave it alone, and when that was written; not a part of a Record.
    sa.Column("owner", NAME),
    sa.Column("owned_until", STAMP),
    sa.Column("leased_at", STAMP),
)
RECORD: Final = [column for column in ROWS.c if column.name in Record.model_fields]
"""The columns that a `Record` has."""
sa.Index("interactions_by_time", ROWS.c.created_at, ROWS.c.label)

# Since version 2. Short names: all that finds a row is one index, also in MySQL.
UPLOADS: Final = sa.Table(
    "uploads",
    METADATA,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("mime_type", sa.String(128), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("name", NAME, nullable=False),
    sa.Column("uri", LONG, nullable=False),
    sa.Column("expires_at", STAMP, nullable=False),
)

NEWEST_FIRST: Final = (ROWS.c.created_at.desc(), ROWS.c.label.desc())
OLDEST_FIRST: Final = (ROWS.c.created_at, ROWS.c.label)
