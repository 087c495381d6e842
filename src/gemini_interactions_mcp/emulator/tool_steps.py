"""Steps of thoughts and built-in tools, and the sources that an answer cites for them."""

import base64
import re

from .protocol import Json
from .questions import Question
from .requests import wants_summaries

SIGNATURE = base64.b64encode(b"emulated signature").decode()
PLACE = "places/emulated"


def thought(question: Question, *summaries: str) -> Json:
    """Return a thought step; `summaries` are included only if the request asks for them."""
    step: Json = {"type": "thought", "signature": SIGNATURE}
    if wants_summaries(question.body):
        step["summary"] = [{"type": "text", "text": summary} for summary in summaries]
    return step


def tool_steps(tools: list[str], prompt: str) -> list[Json]:
    """Return a call step and a result step for each built-in tool that the emulator supports."""
    steps: list[Json] = []
    for number, tool in enumerate(tool for tool in tools if tool in ARGUMENTS_AND_RESULTS):
        arguments, result = ARGUMENTS_AND_RESULTS[tool](prompt)
        call = {"type": f"{tool}_call", "id": f"call_{number}", "arguments": arguments, "signature": SIGNATURE}
        steps += [call, {"type": f"{tool}_result", "call_id": f"call_{number}", "result": result}]
    return steps


def sources(tools: list[str], prompt: str) -> list[Json]:
    """Return the annotations of an answer, still without offsets."""
    cited: list[Json] = []
    if "google_search" in tools:
        url = "https://example.com/emulated/search"
        cited.append({"type": "url_citation", "url": url, "title": "example.com (emulated)"})
    if "url_context" in tools:
        cited += [{"type": "url_citation", "url": url, "title": url} for url in urls_read(prompt)]
    if "google_maps" in tools:
        url = "https://example.com/emulated/maps"
        cited.append({"type": "place_citation", "url": url, "name": "Café Émulé", "place_id": PLACE})
    return cited


def urls_read(prompt: str) -> list[str]:
    """Return the URLs in a prompt, in order; without any, one made-up URL."""
    return re.findall(r"https?://[^\s<>\"')\]]+", prompt) or ["https://example.com/emulated/page"]


def _google_search(prompt: str) -> tuple[Json, object]:
    return {"queries": [prompt[:80]]}, [{"search_suggestions": "<div>Emulated search suggestions</div>"}]


def _url_context(prompt: str) -> tuple[Json, object]:
    urls = urls_read(prompt)
    return {"urls": urls}, [{"url": url, "status": "success"} for url in urls]


def _code_execution(prompt: str) -> tuple[Json, object]:
    return {"code": f"print({len(prompt)})", "language": "python"}, f"{len(prompt)}\n"


def _google_maps(prompt: str) -> tuple[Json, object]:
    place = {"name": "Café Émulé", "place_id": PLACE, "url": "https://example.com/emulated/maps"}
    return {"queries": [prompt[:80]]}, [{"places": [place]}]


ARGUMENTS_AND_RESULTS = {
    "google_search": _google_search,
    "url_context": _url_context,
    "code_execution": _code_execution,
    "google_maps": _google_maps,
}
