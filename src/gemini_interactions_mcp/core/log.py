"""The one logger of this package; the commands decide where it writes (`cli/logs.py`)."""

import logging
from typing import Final

logger: Final = logging.getLogger("gemini_interactions_mcp")
