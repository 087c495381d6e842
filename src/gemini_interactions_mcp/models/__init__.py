"""The nouns of this server: requests, interactions, records, saved files, media types, models, error codes.

Data and pure functions on it. A new kind of interaction begins with `kinds.KINDS`, a new media type
with `media_types`, a new model or agent with a row in `catalog.toml`. Does no I/O but reading the catalog, and knows
neither the API's JSON nor the journal's tables.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
