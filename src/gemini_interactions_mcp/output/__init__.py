"""Generated media and reports as files: pictures, sound and video under names of their own, in a folder or a store.

`places` are where they go, `saving` writes them (raw sound as WAV), `pictures` makes previews, `provenance` embeds
where a picture comes from. Overwrites nothing and follows no link. Does not decide where files may go: callers pass a
path that the boundary of `files` has approved.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
