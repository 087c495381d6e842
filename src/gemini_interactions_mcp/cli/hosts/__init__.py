"""MCP hosts on this machine: where their configurations are, what these say of this server, and how they are changed.

Knows files and processes; knows no tools, no API and no journal.
"""
