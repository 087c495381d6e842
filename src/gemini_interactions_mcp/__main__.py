"""`python -m gemini_interactions_mcp` is the command `gemini-interactions-mcp`."""

import sys

from gemini_interactions_mcp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
