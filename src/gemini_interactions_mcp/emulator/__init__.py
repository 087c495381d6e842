"""A local Interactions API for the demo, for tests and for development.

`serve_emulator` runs an `Emulator` on loopback; no model runs and no network is reached. Answers say so and are built
from the request. Directives in a prompt (`directed`) shape them, a `Fault` scripts a failure, and `Doubts` decide what
is undocumented about the real API (`CONTRARY` decides all of it the other way).
An API key that begins with `invalid` is rejected. Hosts below `.invalid` cannot be fetched; video
models answer 501; webhooks are accepted but never sent. Knows no other package.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
