"""Everything that speaks MCP: tools, results, tasks, resources, prompts and notifications.

Knows no JSON of Google and no table. Bytes of the protocol are the transports' work.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
