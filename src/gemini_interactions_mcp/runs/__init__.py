"""Interactions that are followed: started, found, waited for, stopped and deleted.

The only way to the journal and the API. Knows nothing of MCP: callers get records and runs, and render them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
