"""The tables of the journal."""

import string
from typing import Final

import sqlalchemy as sa
from sqlalchemy import event

from gemini_interactions_mcp.models import Record

from .column_types import Characters, Document, FileList, LongCharacters, Utf8Characters
from .notices import NOTICE_STATEMENTS

SCHEMA_VERSION: Final = 7
"""Of these tables; a change of them is a new version and a revision in `migrations/versions`."""

LONG_TEXT: Final = LongCharacters().with_variant(Utf8Characters(), "sqlite")
DOCUMENT_TYPE: Final = Document()
NAME_TYPE: Final = Characters(512)
STAMP_TYPE: Final = Characters(32)
PRINCIPAL_TYPE: Final = Characters(128)

JOURNAL_METADATA: Final = sa.MetaData()
INTERACTIONS: Final = sa.Table(
    "interactions",
    JOURNAL_METADATA,
    sa.Column("label", NAME_TYPE, primary_key=True),
    sa.Column("interaction_id", NAME_TYPE),
    sa.Column("kind", LONG_TEXT, nullable=False),
    sa.Column("plan", sa.Boolean, nullable=False),
    sa.Column("status", LONG_TEXT, nullable=False),
    sa.Column("model", LONG_TEXT),
    sa.Column("agent", LONG_TEXT),
    sa.Column("previous_interaction_id", LONG_TEXT),
    sa.Column("environment_id", LONG_TEXT),
    sa.Column("tools", DOCUMENT_TYPE),
    sa.Column("prompt", LONG_TEXT, nullable=False),
    sa.Column("text", LONG_TEXT, nullable=False),
    sa.Column("citations", DOCUMENT_TYPE, nullable=False),
    sa.Column("code", DOCUMENT_TYPE),
    sa.Column("failures", DOCUMENT_TYPE),
    sa.Column("usage", DOCUMENT_TYPE),
    sa.Column("files", FileList(), nullable=False),
    sa.Column("error", LONG_TEXT),
    sa.Column("terms", DOCUMENT_TYPE),
    sa.Column("stopped_by", LONG_TEXT),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
    sa.Column("updated_at", STAMP_TYPE, nullable=False),
    sa.Column("finished_at", STAMP_TYPE),
    sa.Column("delivered_at", STAMP_TYPE),
    sa.Column("detached_at", STAMP_TYPE),
    sa.Column("topic", LONG_TEXT),
    # NOT NULL without a default: an older server that still has the journal open cannot insert a row, and so sends
    # nothing that this version would not recognise. Its updates of what it has sent before still arrive.
    sa.Column("fingerprint", Characters(64), nullable=False),
    sa.Column("approves", sa.Boolean, nullable=False),
    sa.Column("origin", Characters(16), nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),
    sa.Column("files_pending", sa.Boolean, nullable=False),
    sa.Column("principal", PRINCIPAL_TYPE, nullable=False),
    sa.Column("cost_micros", sa.BigInteger),
    sa.Column("settled_at", STAMP_TYPE),
    sa.Column("media", DOCUMENT_TYPE),
    # Of a tombstone, which no search finds: not a part of a Record.
    sa.Column("deleted_at", STAMP_TYPE),
    # The lease: who follows the row, until when, and when that was written; not a part of a Record.
    sa.Column("owner", NAME_TYPE),
    sa.Column("owned_until", STAMP_TYPE),
    sa.Column("leased_at", STAMP_TYPE),
)
RECORD_COLUMNS: Final = [column for column in INTERACTIONS.c if column.name in Record.model_fields]
"""The columns of a `Record`."""
# Two end with the label, as the order of rows does: SQLite prefers an index that needs no sorting.
sa.Index("interactions_by_id", INTERACTIONS.c.principal, INTERACTIONS.c.interaction_id, unique=True)
sa.Index("interactions_by_creation", INTERACTIONS.c.principal, INTERACTIONS.c.created_at, INTERACTIONS.c.label)
sa.Index(
    "interactions_by_fingerprint",
    INTERACTIONS.c.principal,
    INTERACTIONS.c.fingerprint,
    INTERACTIONS.c.created_at,
    INTERACTIONS.c.label,
)
sa.Index("interactions_by_settlement", INTERACTIONS.c.settled_at)
# For what the principals spend together, and for what is old.
sa.Index("interactions_by_time", INTERACTIONS.c.created_at)

ASCII_PUNCTUATION: Final = string.punctuation
SEARCHED_PROMPT_CHARACTERS: Final = 40_000
SEARCHED_TEXT_CHARACTERS: Final = 160_000
"""Characters of prompts and answers that an index knows. PostgreSQL takes no tsvector of more than a megabyte, of which
a character takes at most five bytes (postgresql.org/docs/current/textsearch-limitations.html)."""

# As text: SQLAlchemy's functions for this would load its dialect of PostgreSQL for everybody.
SEARCHED_WORDS: Final = (
    "to_tsvector('simple', translate("
    f"left(coalesce(interaction_id, '') || ' ' || coalesce(topic, '') || ' ' || prompt, {SEARCHED_PROMPT_CHARACTERS})"
    f" || ' ' || left(text, {SEARCHED_TEXT_CHARACTERS}),"
    f" '{ASCII_PUNCTUATION.replace(chr(39), chr(39) * 2)}', '{' ' * len(ASCII_PUNCTUATION)}'))"
)
"""The words of a row in PostgreSQL: punctuation divides them, so that a part of an address or of a name is found."""

SHARED_INDEXES: Final = (
    sa.Index("interactions_by_words", sa.text(SEARCHED_WORDS), postgresql_using="gin"),
    sa.Index("interactions_settled", INTERACTIONS.c.principal, INTERACTIONS.c.settled_at),
    # A hash: the column has no maximum length.
    sa.Index(
        "interactions_by_previous",
        INTERACTIONS.c.previous_interaction_id,
        postgresql_using="hash",
    ),
    sa.Index(
        "interactions_running",
        INTERACTIONS.c.principal,
        postgresql_where=sa.text("settled_at IS NULL AND deleted_at IS NULL"),
    ),
    sa.Index("interactions_by_owner", INTERACTIONS.c.owner, postgresql_where=sa.text("owner IS NOT NULL")),
    sa.Index("interactions_deleted", INTERACTIONS.c.deleted_at, postgresql_where=sa.text("deleted_at IS NOT NULL")),
    sa.Index("interactions_with_files", INTERACTIONS.c.label, postgresql_where=sa.text("CAST(files AS TEXT) <> '[]'")),
)
"""Indexes of PostgreSQL alone, where a journal has the rows of many."""

SHARED_STATEMENTS: Final = (
    # Without statistics of this, the planner would not know how few rows have files.
    "CREATE STATISTICS IF NOT EXISTS interactions_files ON (CAST(files AS TEXT)) FROM interactions",
    *NOTICE_STATEMENTS,
)
"""What PostgreSQL alone is told after it has made the table."""

for index in SHARED_INDEXES:
    index.ddl_if(dialect="postgresql")
    INTERACTIONS.append_constraint(index)
for statement in SHARED_STATEMENTS:
    event.listen(INTERACTIONS, "after_create", sa.DDL(statement).execute_if(dialect="postgresql"))

UPLOADS: Final = sa.Table(
    "uploads",
    JOURNAL_METADATA,
    sa.Column("account", Characters(64), primary_key=True),
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("mime_type", Characters(128), primary_key=True),
    sa.Column("digest", Characters(64), primary_key=True),
    sa.Column("name", NAME_TYPE, nullable=False),
    sa.Column("uri", LONG_TEXT, nullable=False),
    sa.Column("expires_at", STAMP_TYPE, nullable=False),
)

PRINCIPALS: Final = sa.Table(
    "principals",
    JOURNAL_METADATA,
    sa.Column("name", PRINCIPAL_TYPE, primary_key=True),
    sa.Column("micros_per_day", sa.BigInteger),
    sa.Column("runs_per_day", sa.Integer),
    # Where the API key is, never the key itself.
    sa.Column("key_reference", LONG_TEXT),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
    sa.Column("revoked_at", STAMP_TYPE),
)
"""Who may use this server through a network; a row is made by an administrator, or at the first request."""

ACCESS_TOKENS: Final = sa.Table(
    "access_tokens",
    JOURNAL_METADATA,
    # SHA-256 of the token, which has 256 random bits: nothing slower is needed.
    sa.Column("digest", Characters(64), primary_key=True),
    sa.Column("principal", PRINCIPAL_TYPE, nullable=False, index=True),
    sa.Column("scopes", DOCUMENT_TYPE, nullable=False),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
    sa.Column("expires_at", STAMP_TYPE),
    sa.Column("revoked_at", STAMP_TYPE),
)

AUDIT_EVENTS: Final = sa.Table(
    "audit_events",
    JOURNAL_METADATA,
    sa.Column("id", Characters(64), primary_key=True),
    sa.Column("happened_at", STAMP_TYPE, nullable=False, index=True),
    sa.Column("principal", PRINCIPAL_TYPE, nullable=False),
    sa.Column("action", Characters(64), nullable=False),
    sa.Column("subject", LONG_TEXT),
)
"""What was deleted, and what administrators have done, by whom."""

HOLDINGS: Final = sa.Table(
    "holdings",
    JOURNAL_METADATA,
    sa.Column("kind", Characters(32), primary_key=True),
    sa.Column("name", NAME_TYPE, primary_key=True),
    sa.Column("principal", PRINCIPAL_TYPE, nullable=False, index=True),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
)
"""Whose the file search stores and the like are that Google keeps for a key which several principals share."""

RECEIVED_FILES: Final = sa.Table(
    "received_files",
    JOURNAL_METADATA,
    sa.Column("id", Characters(64), primary_key=True),
    sa.Column("principal", PRINCIPAL_TYPE, nullable=False, index=True),
    sa.Column("name", NAME_TYPE, nullable=False),
    sa.Column("mime_type", Characters(128), nullable=False),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("sha256", Characters(64)),
    sa.Column("path", LONG_TEXT),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
    sa.Column("expires_at", STAMP_TYPE, nullable=False, index=True),
    # When the one upload began that its address allows.
    sa.Column("claimed_at", STAMP_TYPE),
    sa.Column("received_at", STAMP_TYPE),
)
"""Files that clients have sent through a network, or are about to send."""

SERVER_SECRETS: Final = sa.Table(
    "server_secrets",
    JOURNAL_METADATA,
    sa.Column("name", Characters(64), primary_key=True),
    sa.Column("value", LONG_TEXT, nullable=False),
    sa.Column("created_at", STAMP_TYPE, nullable=False),
)
"""Keys that the servers of one journal share, by which each knows what another has signed."""

COMMITS: Final = sa.Table(
    "commits",
    JOURNAL_METADATA,
    sa.Column("mark", Characters(32), primary_key=True),
    sa.Column("created_at", STAMP_TYPE, nullable=False, index=True),
)
"""Marks that transactions of PostgreSQL leave: who loses the connection at a commit finds out by them how it ended."""

NEWEST_FIRST: Final = (INTERACTIONS.c.created_at.desc(), INTERACTIONS.c.label.desc())
OLDEST_FIRST: Final = (INTERACTIONS.c.created_at, INTERACTIONS.c.label)
