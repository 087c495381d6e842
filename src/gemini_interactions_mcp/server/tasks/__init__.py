"""The Tasks extension of MCP on the journal's rows: research and slow answers as tasks."""
