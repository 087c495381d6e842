"""What every package may use; knows no other package of the tree.

`errors` by who must act, `redaction` of secrets and `credentials`, `words` without hidden characters, `long_text` and
`offloading` of long texts, `room` in bytes, `phrases` for numbers and durations, `lenient` JSON, `folders` that follow
no link, the `timing` of all that waits, the one `log`, `outages` that it is told of once, and the
`shortening` of what it must not have.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
