"""What may be read and sent: the boundary, secrets, folders, types by content, parts of files, uploads kept.

Reads below the allowed directories only. Refuses to know the API beyond two protocols of `upload_cache`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
