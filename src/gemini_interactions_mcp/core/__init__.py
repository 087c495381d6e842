"""What every package may use.

Errors by who must act, secrets taken out of texts, hidden characters taken out of names, JSON of others read
leniently, folders opened without following links, long texts handled beside the event loop. Knows no other package.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
