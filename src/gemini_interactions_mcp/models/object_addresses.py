"""Addresses of objects in a store or an unnamed folder, which take the place of paths of saved files."""

import re
from typing import Final

OBJECT_ADDRESS: Final = re.compile(r"(?:s3|file|folder)://.+")


def is_object_address(path: str) -> bool:
    """Whether the path of a saved file is such an address; no local path has a scheme."""
    return OBJECT_ADDRESS.fullmatch(path) is not None
