"""What is being waited for: starting, finding, following, cancelling and deleting interactions.

The one way to the journal and the API. Knows no MCP: callers get records and runs, and show them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
