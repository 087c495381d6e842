"""The journal: a row for every interaction, written before it is paid for, and one for every uploaded file.

The only importer of SQLAlchemy and alembic. Decides what is atomic, how tables migrate and what a broken database is
called. Knows neither the API nor when a row changes; its columns say what they mean, so that nothing is read out of a
label, an id or an error.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
