"""Text in, text out: Markdown of answers and reports, citations, frames around text of others, pages.

Pure. Knows no file, no journal, no API and no MCP.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
