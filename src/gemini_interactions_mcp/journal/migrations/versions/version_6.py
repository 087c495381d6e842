"""Give the addresses of media a column: an answer that Google never shows again has them nowhere else."""

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Add the column, which is empty for all earlier rows."""
    if "media" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("interactions")}:
        op.add_column("interactions", sa.Column("media", sa.JSON()))
