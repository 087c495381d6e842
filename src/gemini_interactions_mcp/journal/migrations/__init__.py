"""Revisions of the journal's tables, run by alembic; each stands by itself and never changes."""
