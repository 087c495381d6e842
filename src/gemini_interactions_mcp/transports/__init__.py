"""Transports: stdin and stdout captured for the protocol, the greeting, JSON-RPC lines, the stdio loop, and HTTP.

Imports nothing itself, because `stdin_capture` must run before any slow import. Knows no tools and no results; what
an HTTP request needs beside MCP, such as authorization, belongs here.
"""
