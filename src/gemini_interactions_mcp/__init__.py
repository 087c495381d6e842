"""Gemini's models and agents for any MCP host, through Google's Interactions API."""

__version__ = "0.2.0"
