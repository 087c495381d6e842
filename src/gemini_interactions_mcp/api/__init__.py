"""The Interactions and Files APIs of Google; the only package that imports google-genai.

`client` makes the calls and `retry` decides which are sent again. `requests`, `responses`, `events` and `steps` convert
JSON; `streams` reads event streams, `resumable_upload` sends files, `redirects` resolves the links of search results.
`error_mapping` has one table of errors: a new code goes there and into `models.error_codes`. `connections` sets up
proxies and certificates, `sdk` google-genai, with everything that depends on its internals. `observation` is for
`doctor --live`. This package knows nothing of the journal, local files or MCP.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
