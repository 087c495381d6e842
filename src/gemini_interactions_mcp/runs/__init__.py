"""Interactions that are followed: started, found, waited for, stopped and deleted.

`Runs` is the one way that handlers of MCP take to the journal and the API; `run` has the phases of a run. Knows
nothing of MCP: callers get records and runs, and render them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
