"""Local files and addresses as input for Gemini: what may be read, what a file is, and how it is sent.

Enforces the boundary of allowed directories and withholds secrets, walks folders, detects types by content, selects
clips and pages, caches uploads. Knows the API only through the two protocols of `upload_cache`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
