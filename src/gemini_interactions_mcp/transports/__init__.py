"""Transports: stdin and stdout captured for the protocol, JSON-RPC lines, and the stdio loop.

Imports nothing itself, because `stdin_capture` must run before any slow import. Knows no tools and no results.
"""
