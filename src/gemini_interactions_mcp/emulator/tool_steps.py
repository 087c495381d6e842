"""Steps of thoughts and built-in tools, and the sources that an answer cites for them."""

import base64
import re

from .protocol import JsonDict
from .questions import Question
from .requests import AGENTIC_PROCESSING, read_search_types, wants_summaries

THOUGHT_SIGNATURE = base64.b64encode(b"emulated signature").decode()
EMULATED_PLACE_ID = "places/emulated"


def make_thought(question: Question, *summaries: str) -> JsonDict:
    """Return a thought step; `summaries` are included only if the request asks for them."""
    step: JsonDict = {"type": "thought", "signature": THOUGHT_SIGNATURE}
    if wants_summaries(question.body):
        step["summary"] = [{"type": "text", "text": summary} for summary in summaries]
    return step


def make_tool_steps(tools: list[str], prompt: str) -> list[JsonDict]:
    """Return a call step and a result step for each built-in tool that the emulator supports."""
    steps: list[JsonDict] = []
    for number, tool in enumerate(tool for tool in tools if tool in TOOL_EMULATIONS):
        arguments, result = TOOL_EMULATIONS[tool](prompt)
        call = {"type": f"{tool}_call", "id": f"call_{number}", "arguments": arguments, "signature": THOUGHT_SIGNATURE}
        steps += [call, {"type": f"{tool}_result", "call_id": f"call_{number}", "result": result}]
    if "file_search" in tools:
        # Neither arguments nor hits: google-genai 3.6.1, `FileSearchCallStep`.
        steps.append({"type": "file_search_call", "id": "call_files", "signature": THOUGHT_SIGNATURE})
        steps.append({"type": "file_search_result", "call_id": "call_files"})
    return steps


def make_processing_steps(question: Question) -> list[JsonDict]:
    """Return a call step and a result step for each video of which the model chooses the frames."""
    videos = [media for media in question.turn.attachments if media.frames == AGENTIC_PROCESSING]
    return [
        step
        for number, _ in enumerate(videos)
        for step in (
            {"type": "processing_call", "id": f"video_{number}", "signature": THOUGHT_SIGNATURE},
            {"type": "processing_result", "call_id": f"video_{number}", "signature": THOUGHT_SIGNATURE},
        )
    ]


def make_image_search_steps(question: Question) -> list[JsonDict]:
    """Return a call step and a result step for each type of search that an image is grounded on."""
    if "google_search" not in question.tools:
        return []
    queries, result = _emulate_search(question.turn.prompt)
    steps: list[JsonDict] = []
    for number, kind in enumerate(read_search_types(question.body) or ["web_search"]):
        call = {"type": "google_search_call", "id": f"search_{number}", "search_type": kind, "arguments": queries}
        steps += [
            {**call, "signature": THOUGHT_SIGNATURE},
            {"type": "google_search_result", "call_id": f"search_{number}", "result": result},
        ]
    return steps


def list_annotations(tools: list[str], prompt: str) -> list[JsonDict]:
    """Return the annotations of an answer, still without offsets."""
    cited: list[JsonDict] = []
    if "google_search" in tools:
        url = "https://example.com/emulated/search"
        cited.append({"type": "url_citation", "url": url, "title": "example.com (emulated)"})
    if "url_context" in tools:
        cited += [{"type": "url_citation", "url": url, "title": url} for url in find_prompt_urls(prompt)]
    if "google_maps" in tools:
        url = "https://example.com/emulated/maps"
        cited.append({"type": "place_citation", "url": url, "name": "Café Émulé", "place_id": EMULATED_PLACE_ID})
    return cited


def find_prompt_urls(prompt: str) -> list[str]:
    """Return the URLs in a prompt, in order; without any, one made-up URL."""
    return re.findall(r"https?://[^\s<>\"')\]]+", prompt) or ["https://example.com/emulated/page"]


def _emulate_search(prompt: str) -> tuple[JsonDict, object]:
    return {"queries": [prompt[:80]]}, [{"search_suggestions": "<div>Emulated search suggestions</div>"}]


def _emulate_url_context(prompt: str) -> tuple[JsonDict, object]:
    urls = find_prompt_urls(prompt)
    return {"urls": urls}, [{"url": url, "status": "success"} for url in urls]


def _emulate_code_execution(prompt: str) -> tuple[JsonDict, object]:
    return {"code": f"print({len(prompt)})", "language": "python"}, f"{len(prompt)}\n"


def _emulate_maps(prompt: str) -> tuple[JsonDict, object]:
    place = {"name": "Café Émulé", "place_id": EMULATED_PLACE_ID, "url": "https://example.com/emulated/maps"}
    return {"queries": [prompt[:80]]}, [{"places": [place]}]


TOOL_EMULATIONS = {
    "google_search": _emulate_search,
    "url_context": _emulate_url_context,
    "code_execution": _emulate_code_execution,
    "google_maps": _emulate_maps,
}
