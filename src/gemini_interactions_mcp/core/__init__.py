"""What every package may use: errors, redaction, clean text, lenient JSON, safe folder access, offloading.

Errors are sorted by who must act. Redaction removes secrets, `words` removes hidden characters, `folders` opens
directories without following links, and `offloading` keeps work on long texts off the event loop. Knows no other
package of the tree.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
