"""The google-genai SDK: how its client is made, and what this package uses of it beyond its public API.

Not public or not documented, and therefore asserted against the installed SDK by tests/test_sdk.py:

- The name of a logger. Its one warning is about API keys in the environment, which are not used.
- The text of a warning about environments, which would appear on stderr.
- `with_raw_response` and `with_streaming_response` of `aio.interactions` and `aio.environments`, and `http_response` of
  what they return: generated code (google-genai 3.6.1, _gaos/utils/response_helpers.py). They give access to the JSON,
  which the SDK's own models do not keep unchanged and take longer to read than everything else together.

Of the errors that the SDK raises, nothing is used but the class name: `exchange` classifies a failure by what was sent
and received. The SDK takes 0.8 s to import, so this module is loaded with the first call.
"""

import logging
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import httpx2
from google import genai
from google.genai import types

from gemini_interactions_mcp import __version__
from gemini_interactions_mcp.core import ConfigurationError, GeminiMCPError, KeyMissingError
from gemini_interactions_mcp.settings import Settings, silence_sdk

from .connections import make_http_client
from .exchange import TRACKING_HOOKS

MAX_CONNECTIONS: Final = 1000
"""Limit of open connections; with httpx2's default of 100, research runs and asks would wait for each other."""

MAX_IDLE_CONNECTIONS: Final = 200
"""Limit of idle connections in the pool; with httpx2's default of 20, each burst of calls would connect anew."""

KEY_LOGGER_NAME: Final = "google_genai._api_client"
"""Logger of the SDK's warning about API keys in the environment (google-genai 3.6.1, _api_client.py)."""

EXPERIMENT_WARNING_TEXT: Final = "(Environments|Agents) usage is experimental"
"""Pattern of the SDK's warning that is suppressed (google-genai 3.6.1, client.py)."""


def get_usable_key(settings: Settings) -> str:
    """Return the API key.

    Raises:
        KeyMissingError: No key is configured, or it has characters that no header can carry; httpx2 would repeat the
            key in its error.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if not key:
        raise KeyMissingError(
            "No Gemini API key is set. Put GEMINI_API_KEY (from https://aistudio.google.com/apikey) into the "
            "`env` of this server in the host's MCP configuration (for `gemini-interactions-mcp view` into the "
            "environment of your shell), then restart it."
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise KeyMissingError(
            f"The API key in {settings.key_variable} has a space, a line break or another character that no key "
            "has. Set it again, without quotes."
        )
    return key


@contextmanager
def convert_setup_errors() -> Generator[None]:
    """Convert unexpected exceptions of making a client.

    Raises:
        ConfigurationError: The client cannot be made.
    """
    try:
        yield
    except GeminiMCPError:
        raise
    except Exception as exc:
        raise ConfigurationError(
            f"The connection to Google cannot be prepared ({type(exc).__name__}). Check GOOGLE_GEMINI_BASE_URL."
        ) from exc


def make_sdk_http_client(base_url: str | None, connect: float) -> httpx2.AsyncClient:
    """Make the HTTP client of the SDK client. It blocks, since it reads certificates.

    Redirects are not followed: they would send the key and a paid request to any address. Given a client, google-genai
    uses no other; by default it uses aiohttp where that is installed.

    Args:
        base_url: Base URL of the API; None for Google's.
        connect: Time-out in seconds for connecting.

    Raises:
        ConfigurationError: A network setting cannot be used.
    """
    return make_http_client(
        base_url,
        event_hooks=TRACKING_HOOKS,
        limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_IDLE_CONNECTIONS),
        # Only connecting has a time-out here, which keeps it apart from others; `send_with_retries` limits the whole
        # call. If a call were given a time-out, the SDK would apply it to every phase, reading included.
        timeout=httpx2.Timeout(None, connect=connect),
    )


def make_sdk_client(key: str, base_url: str | None, http: httpx2.AsyncClient) -> genai.Client:
    """Make an SDK client that never retries and that the environment cannot switch to another backend.

    It blocks: the first use of `.interactions` imports generated code.
    """
    silence_sdk()
    logging.getLogger(KEY_LOGGER_NAME).addFilter(is_not_about_keys)
    warnings.filterwarnings("ignore", message=EXPERIMENT_WARNING_TEXT, category=UserWarning)
    client = genai.Client(
        api_key=key,
        vertexai=False,
        http_options=types.HttpOptions(
            base_url=base_url,
            headers={"user-agent": f"gemini-interactions-mcp/{__version__}"},
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
        ),
    )
    _ = client.aio.interactions
    return client


def is_not_about_keys(record: logging.LogRecord) -> bool:
    """Whether a log record of the SDK is not about API keys in the environment."""
    return "GOOGLE_API_KEY" not in str(record.msg)
