"""Runs revisions on the connection in the attributes of the config; alembic executes this file."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="schema_version")
context.run_migrations()
