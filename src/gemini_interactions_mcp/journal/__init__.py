"""The journal: a row for every interaction, written before it is paid for, and one for every uploaded file.

The only importer of SQLAlchemy and alembic. Runs on SQLite and PostgreSQL. Decides what is atomic, how tables migrate
and how database errors read. Knows neither the API nor when a row changes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
