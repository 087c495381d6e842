"""Everything that speaks MCP: tools, results, tasks, resources, prompts and notifications.

Knows neither the API's JSON nor the journal's tables. Reading and writing bytes is left to the transports.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
