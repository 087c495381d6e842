"""Text in, text out: Markdown of answers and reports, citations, framing of foreign text, pages.

Pure: reads no file and no journal, and knows neither the API nor MCP.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
