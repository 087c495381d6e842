"""Generated media as files on disk: pictures, sound and video under names of their own, with their origin inside.

Writes over nothing, follows no link. Refuses to know where: callers bring a place that the boundary approves.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
