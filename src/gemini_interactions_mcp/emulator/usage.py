"""Token counts of an interaction, as the API reports them."""

import math
from collections.abc import Iterable

from .protocol import Json, objects_of, text_of
from .requests import Turn

BYTES_PER_TOKEN = 4
# Tokens of one input image, in Google's samples: https://ai.google.dev/api/interactions-api
MEDIA_TOKENS = 258
# Tokens of one generated image of 1K: https://ai.google.dev/gemini-api/docs/pricing
IMAGE_TOKENS = 1_120
# Type of the step to type of the tool in `grounding_tool_count`.
SEARCHES = {"google_search_call": "google_search", "google_maps_call": "google_maps"}


def tokens_of(size_bytes: int) -> int:
    """Return the number of tokens of `size_bytes` bytes of text."""
    return math.ceil(size_bytes / BYTES_PER_TOKEN)


def text_bytes(steps: Iterable[Json]) -> int:
    """Return the bytes of all text in steps, the user's and the model's."""
    contents = [part for step in steps for part in objects_of(step.get("content"))]
    return sum(len(text_of(part.get("text")).encode()) for part in contents)


def usage_of(turn: Turn, earlier_bytes: int, steps: list[Json]) -> Json:
    """Return the usage of a turn that these steps answer; `earlier_bytes` of text are read again."""
    prompt_tokens = tokens_of(len(turn.prompt.encode()) + earlier_bytes)
    media = [(attachment.kind, MEDIA_TOKENS) for attachment in turn.attachments]
    images = sum(part["type"] == "image" for step in steps for part in objects_of(step.get("content")))
    drawn = [("image", IMAGE_TOKENS)] * images
    spent = {
        "input": _by_modality([("text", prompt_tokens), *media]),
        "output": _by_modality([("text", tokens_of(text_bytes(steps))), *drawn]),
    }
    totals: Json = {f"total_{side}_tokens": sum(counts.values()) for side, counts in spent.items()}
    totals["total_thought_tokens"] = 8 * sum(step["type"] == "thought" for step in steps)
    totals["total_tool_use_tokens"] = 16 * sum(step["type"].endswith("_call") for step in steps)
    usage: Json = {**totals, "total_tokens": sum(totals.values()), "total_cached_tokens": 0}
    for side, counts in spent.items():
        usage[f"{side}_tokens_by_modality"] = _listed("modality", "tokens", counts)
    searches = _by_modality((SEARCHES[step["type"]], 1) for step in steps if step["type"] in SEARCHES)
    return usage | ({"grounding_tool_count": _listed("type", "count", searches)} if searches else {})


def _by_modality(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for modality, tokens in counts:
        summed[modality] = summed.get(modality, 0) + tokens
    return summed


def _listed(name: str, count: str, counts: dict[str, int]) -> list[Json]:
    return [{name: key, count: value} for key, value in counts.items()]
