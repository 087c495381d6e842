"""Give meanings columns of their own that were hidden in labels, ids and errors, and clean U+0000 out of old texts.

Each step asks what is there, and filling the columns again comes to the same.
"""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"

DEMANDED_COLUMNS = {
    "fingerprint": sa.String(64),
    "approves": sa.Boolean(),
    "origin": sa.String(16),
    "stored": sa.Boolean(),
    "files_pending": sa.Boolean(),
    "principal": sa.String(128),
}
"""New columns that every row fills."""
OPTIONAL_COLUMNS = {"cost_micros": sa.BigInteger(), "settled_at": sa.String(32)}

TEXT_COLUMNS = (
    *("interaction_id", "kind", "status", "model", "agent", "previous_interaction_id", "environment_id"),
    *("prompt", "text", "error"),
)
"""Columns that versions 1 and 2 wrote to SQLite with U+0000."""

INTERACTIONS_5 = sa.table(
    "interactions",
    sa.column("label", sa.String),
    *(sa.column(name, sa.Text) for name in TEXT_COLUMNS),
    *(sa.column(name, sa.String) for name in ("created_at", "updated_at", "finished_at", "settled_at")),
    *(sa.column(name, sa.String) for name in ("fingerprint", "origin", "principal")),
    *(sa.column(name, sa.Boolean) for name in ("plan", "approves", "stored", "files_pending")),
)
COLUMNS_5 = INTERACTIONS_5.c

SETTLED_5 = (
    *("completed", "failed", "cancelled", "incomplete", "budget_exceeded"),
    *("requires_action", "requires_continuation"),
)
FOREIGN_5 = COLUMNS_5.label.startswith("foreign-")
"""Rows of interactions that something else has started."""
APPROVAL_5 = COLUMNS_5.label.startswith("approval")
"""Rows of requests that run a plan, since version 3."""
UNSAVED_5 = "The files could not be saved"


def upgrade() -> None:
    """Add, fill and index the columns."""
    add_columns()
    clean_texts()
    fill_columns()
    fill_runs_of_plans()
    drop_index("ix_interactions_interaction_id")
    drop_index("interactions_by_time")
    with op.batch_alter_table("interactions") as batch:
        for name, kind in DEMANDED_COLUMNS.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
    create_index("interactions_by_id", "principal", "interaction_id", unique=True)
    create_index("interactions_by_creation", "principal", "created_at", "label")
    create_index("interactions_by_fingerprint", "principal", "fingerprint", "created_at", "label")
    create_index("interactions_by_settlement", "settled_at")


def add_columns() -> None:
    """Add the columns; those of which a value is demanded may be empty until they are filled."""
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("interactions")}
    for name, kind in (DEMANDED_COLUMNS | OPTIONAL_COLUMNS).items():
        if name not in present:
            op.add_column("interactions", sa.Column(name, kind))


def clean_texts() -> None:
    """Replace U+0000 by U+FFFD, as this version writes it; other databases have always refused it."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    # Functions of SQLite end a text at U+0000, but not its bytes.
    found = (sa.func.instr(sa.cast(COLUMNS_5[name], sa.LargeBinary), b"\0") > 0 for name in TEXT_COLUMNS)
    rows = connection.execute(
        sa.select(COLUMNS_5.label, *(COLUMNS_5[name] for name in TEXT_COLUMNS)).where(sa.or_(*found))
    )
    for row in rows.mappings().all():
        texts: dict[str, Any] = {name: value.replace("\0", "\ufffd") for name in TEXT_COLUMNS if (value := row[name])}
        connection.execute(sa.update(INTERACTIONS_5).where(COLUMNS_5.label == row["label"]).values(texts))


def fill_columns() -> None:
    """Fill the columns by what labels, ids and errors say."""
    given_up = sa.and_(COLUMNS_5.plan.is_(True), COLUMNS_5.status == "cancelled")
    ended_at = sa.case(
        (given_up, COLUMNS_5.updated_at), else_=sa.func.coalesce(COLUMNS_5.finished_at, COLUMNS_5.updated_at)
    )
    op.get_bind().execute(
        sa.update(INTERACTIONS_5).values(
            fingerprint=sa.case(
                (FOREIGN_5, ""),
                (APPROVAL_5, sa.func.substr(COLUMNS_5.label, len("approval") + 1, 16)),
                else_=sa.func.substr(COLUMNS_5.label, 1, 16),
            ),
            approves=APPROVAL_5,
            origin=sa.case((FOREIGN_5, "foreign"), else_="ours"),
            stored=sa.func.coalesce(COLUMNS_5.interaction_id != COLUMNS_5.label, sa.true()),
            files_pending=sa.func.coalesce(COLUMNS_5.error.contains(UNSAVED_5), sa.false()),
            principal="",
            settled_at=sa.case((COLUMNS_5.status.in_(SETTLED_5), ended_at)),
        )
    )


def fill_runs_of_plans() -> None:
    """Mark the requests of versions 1 and 2 that ran a plan, so that it is not bought again.

    Their labels do not say so, but the row of the plan does.
    """
    connection = op.get_bind()
    before = INTERACTIONS_5.alias("before")
    ran = sa.select(COLUMNS_5.label, COLUMNS_5.previous_interaction_id).where(
        COLUMNS_5.kind == "research",
        COLUMNS_5.plan.is_(False),
        ~FOREIGN_5,
        ~APPROVAL_5,
        COLUMNS_5.previous_interaction_id == before.c.interaction_id,
        before.c.plan.is_(True),
    )
    for label, plan in connection.execute(ran).all():
        fingerprint = hashlib.sha256(plan.encode()).hexdigest()[:16]
        row = sa.update(INTERACTIONS_5).where(COLUMNS_5.label == label)
        connection.execute(row.values(approves=True, fingerprint=fingerprint))


def drop_index(name: str) -> None:
    """Drop an index of an earlier version."""
    if name in list_indexes():
        op.drop_index(name, "interactions")


def create_index(name: str, *columns: str, unique: bool = False) -> None:
    """Create an index where it is missing."""
    if name not in list_indexes():
        op.create_index(name, "interactions", list(columns), unique=unique)


def list_indexes() -> set[str | None]:
    """Return the names of the indexes."""
    return {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("interactions")}
