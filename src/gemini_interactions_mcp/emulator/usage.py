"""Token counts of an interaction, as the API reports them."""

import math
from collections.abc import Iterable

from .protocol import JsonDict, ensure_objects, ensure_text
from .requests import SentMedia, Turn

EMULATED_BYTES_PER_TOKEN = 4
# Tokens of one input image, in Google's samples: https://ai.google.dev/api/interactions-api
INPUT_MEDIA_TOKENS = 258
# Tokens of video whose frames the model chooses, as a part of the usual ones: "88 % fewer", changelog of 2026-09-01
AGENTIC_PART = 0.12
# Tokens of one generated image of 1K: https://ai.google.dev/gemini-api/docs/pricing
# those of ten seconds of speech: https://ai.google.dev/gemini-api/docs/speech-generation
# and those of three seconds of video, at 0.10 dollars a second and 12 dollars a million.
GENERATED_TOKENS = {"image": 1_120, "audio": 320, "video": 25_000}
# Type of the step to type of the tool in `grounding_tool_count`.
GROUNDING_TOOLS = {"google_search_call": "google_search", "google_maps_call": "google_maps"}


def count_emulated_tokens(size_bytes: int) -> int:
    """Return the number of tokens of `size_bytes` bytes of text."""
    return math.ceil(size_bytes / EMULATED_BYTES_PER_TOKEN)


def count_text_bytes(steps: Iterable[JsonDict]) -> int:
    """Return the bytes of all text in steps, the user's and the model's."""
    contents = [part for step in steps for part in ensure_objects(step.get("content"))]
    return sum(len(ensure_text(part.get("text")).encode()) for part in contents)


def count_media_tokens(media: SentMedia) -> int:
    """Return the number of tokens of an attachment, which is a second long if it is a video."""
    return math.ceil(INPUT_MEDIA_TOKENS * (AGENTIC_PART if isinstance(media.frames, str) else media.frames))


def compute_usage(turn: Turn, earlier_bytes: int, steps: list[JsonDict]) -> JsonDict:
    """Return the usage of a turn that these steps answer; `earlier_bytes` of text are read again."""
    prompt_tokens = count_emulated_tokens(len(turn.prompt.encode()) + earlier_bytes)
    media = [(attachment.kind, count_media_tokens(attachment)) for attachment in turn.attachments]
    made = [part["type"] for step in steps for part in ensure_objects(step.get("content"))]
    drawn = [(kind, tokens) for kind in made for known, tokens in GENERATED_TOKENS.items() if kind == known]
    spent = {
        "input": _sum_by_modality([("text", prompt_tokens), *media]),
        "output": _sum_by_modality([("text", count_emulated_tokens(count_text_bytes(steps))), *drawn]),
    }
    totals: JsonDict = {f"total_{side}_tokens": sum(counts.values()) for side, counts in spent.items()}
    totals["total_thought_tokens"] = 8 * sum(step["type"] == "thought" for step in steps)
    totals["total_tool_use_tokens"] = 16 * sum(step["type"].endswith("_call") for step in steps)
    usage: JsonDict = {**totals, "total_tokens": sum(totals.values()), "total_cached_tokens": 0}
    for side, counts in spent.items():
        usage[f"{side}_tokens_by_modality"] = _list_counts("modality", "tokens", counts)
    searches = _sum_by_modality((GROUNDING_TOOLS[step["type"]], 1) for step in steps if step["type"] in GROUNDING_TOOLS)
    return usage | ({"grounding_tool_count": _list_counts("type", "count", searches)} if searches else {})


def _sum_by_modality(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for modality, tokens in counts:
        summed[modality] = summed.get(modality, 0) + tokens
    return summed


def _list_counts(name: str, count: str, counts: dict[str, int]) -> list[JsonDict]:
    return [{name: key, count: value} for key, value in counts.items()]
