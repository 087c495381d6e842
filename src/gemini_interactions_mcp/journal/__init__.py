"""The journal: a row for every interaction, written before it is paid for, and for every uploaded file.

The only importer of SQLAlchemy. Decides what is atomic; refuses to know the API, and when a row changes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
