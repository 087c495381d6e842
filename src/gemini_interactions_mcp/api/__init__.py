"""The Interactions and Files APIs of Google: calls, streams, uploads, retries, and which of our errors a failure is.

The only importer of google-genai. Knows no journal, no file and no MCP.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
