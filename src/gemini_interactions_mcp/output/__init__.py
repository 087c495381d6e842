"""Generated media and reports as files on disk, with metadata about their origin, and previews of pictures.

Overwrites nothing and follows no link. Refuses to know where files may go: callers pass a path that the boundary of
`files` has approved.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
