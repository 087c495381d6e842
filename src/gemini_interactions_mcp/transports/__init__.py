"""Bytes in and out: stdin and stdout taken for the protocol, JSON-RPC lines, streams.

Imports nothing itself: `stdin_capture` must run before anything slow is imported. Knows no tool and no result.
"""
