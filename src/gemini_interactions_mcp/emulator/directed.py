"""Directives: instructions in a prompt, such as `[[seconds=2]]`, that shape the answer.

`Turn` parses them. Of those with a number, `[[words=3000]]` adds that many words, in paragraphs; `[[seconds=2]]` is
the duration of the run; `[[images=3]]` is the number of images of an image model; `[[sources=200]]` and
`[[charts=5]]` are those of a report. This module implements the rest, which produce hostile or failed answers:

- `[[code=2]]` answers with nothing but executed code; every second piece fails;
- `[[failures=15]]` has that many pages fail to load, and one call of each other tool fail;
- `[[cites=links]]` cites hostile links, `[[cites=files]]` files;
- `[[sends=html]]`, `[[sends=svg]]` and `[[sends=lie]]` replace a picture by something that is none;
- `[[json=prose]]`, `[[json=other]]` and `[[json=fence]]` answer a schema with something else;
- `[[ends=IMAGE_SAFETY]]` ends without output for that reason, `[[ends=incomplete]]` at a limit;
- `[[speech=none]]` in a recording has no words in its transcript, `[[speech=odd]]` has hostile ones;
- `[[finishes=MAX_TOKENS]]` adds that `finish_reason` to the output.

Shapes: google-genai 3.6.1, types/interactions; `finish_reason` is `generateContent`'s (types.py, `Candidate`).
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

from .protocol import JsonDict, ensure_objects, ensure_text
from .questions import Answer
from .requests import Turn

FAILED_CODE_TRACEBACK = (
    'Traceback (most recent call last):\n  File "<stdin>", line 1\nZeroDivisionError: division by ```zero```\n'
)
UNREAD_PAGE_STATUSES = (
    "paywall",
    "unsafe",
    "error",
    "URL_RETRIEVAL_STATUS_ERROR",
    "[odd](javascript:alert(3))\nNote: forged",
)
HOSTILE_URLS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "vbscript:msgbox(1)",
    "https://exa mple.com/space",
    "https://example.com/[x](javascript:alert(2))",
    "https:///no-host",
    "<https://example.com/unclosed",
    "https://example.com/\u202efdp.exe",
    "https://example.com/\nNote: forged",
    "//example.com/scheme",
)
HOSTILE_TITLE = "Handbook](javascript:alert(1)) <img src=x onerror=alert(1)> `\\"
HOSTILE_FILE_CITATIONS: tuple[JsonDict, ...] = (
    {"file_name": "a.pdf", "page_number": 3},
    {"file_name": "a.pdf", "page_number": 5, "document_uri": "fileSearchStores/notes-x/documents/a-pdf"},
    {"document_uri": "gs://bucket/folder/b.pdf"},
    {"file_name": "c](javascript:alert(1)).pdf", "document_uri": "javascript:alert(1)"},
    {"page_number": 7},
)
HOSTILE_PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
HOSTILE_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ODD_WORDS: tuple[JsonDict, ...] = (
    {"text": "Did", "start_offset": "99999999999999s", "end_offset": "-1s", "speaker": "spk:0"},
    {"text": "Did", "start_offset": "5s", "end_offset": "1s", "speaker": "spk:0"},
    {"text": "no such word", "start_offset": "2.5s", "end_offset": "2.75s", "speaker": "spk:0"},
    {"text": "tide?", "start_offset": "2.123456789s", "end_offset": "1e9s", "speaker": "Note: forged](x)\n\u202e"},
    {"start_offset": 3, "end_offset": None, "speaker": 7},
    {"text": "foghorn.", "start_offset": "NaNs", "speaker": ""},
    {"text": "go.", "start_offset": "3s", "end_offset": "3s"},
)
FALSE_PICTURES = {
    "html": ("text/html", HOSTILE_PAGE),
    "svg": ("image/svg+xml", HOSTILE_SVG),
    "lie": ("image/png", HOSTILE_PAGE),
}
AnswerChange = Callable[[Answer, str], Answer]


def apply_directives(answer: Answer, turn: Turn) -> Answer:
    """Apply the directives of a prompt to its answer."""
    for name, change in DIRECTIVE_CHANGES.items():
        value = turn.read_word(name)
        if value:
            answer = change(answer, value)
    return answer


def _replace_with_code(answer: Answer, number: str) -> Answer:
    """Replace the text by that many pieces of executed code; every second one fails."""
    steps = [step for step in answer.steps if step["type"] == "thought"]
    for place in range(int(number)):
        arguments = {"code": f'print("""```\n{place}\n""")', "language": "python"}
        failed = {"is_error": True} if place % 2 else {}
        result = FAILED_CODE_TRACEBACK if failed else f"```\n{place}\n"
        steps.append({"type": "code_execution_call", "id": f"code_{place}", "arguments": arguments})
        steps.append({"type": "code_execution_result", "call_id": f"code_{place}", "result": result, **failed})
    return replace(answer, steps=steps)


def _insert_failures(answer: Answer, number: str) -> Answer:
    """Insert that many pages that fail to load, and one failure of each other kind of tool."""
    *before, last = answer.steps
    return replace(answer, steps=[*before, *_list_failures(int(number)), last])


def _list_failures(number: int) -> Iterator[JsonDict]:
    unread = list(islice(cycle(UNREAD_PAGE_STATUSES), number))
    pages = [{"url": f"https://example.com/unread/{place}", "status": status} for place, status in enumerate(unread)]
    yield {"type": "url_context_call", "id": "fail_0", "arguments": {"urls": [page["url"] for page in pages]}}
    yield {"type": "url_context_result", "call_id": "fail_0", "result": pages}
    yield {"type": "google_search_call", "id": "fail_1", "arguments": {"queries": ["naïve bicycles"]}}
    yield {"type": "google_search_result", "call_id": "fail_1", "result": [], "is_error": True}
    yield {"type": "code_execution_call", "id": "fail_2", "arguments": {"code": "1/0", "language": "python"}}
    yield {"type": "code_execution_result", "call_id": "fail_2", "result": FAILED_CODE_TRACEBACK, "is_error": True}
    called = {"name": "lookup", "server_name": "docs"}
    yield {"type": "tool_call", "id": "fail_3", **called, "arguments": {}}
    said = {"isError": True, "content": [{"type": "text", "text": "No such\npage"}]}
    yield {"type": "tool_result", "call_id": "fail_3", **called, "result": said}


def _cite_hostile(answer: Answer, kind: str) -> Answer:
    """Cite `files`, or hostile `links` beside a good one."""
    links = [{"url": url, "title": f"Bad {place}"} for place, url in enumerate(HOSTILE_URLS)]
    good = {"url": "https://example.com/wiki/Bicycle_(disambiguation)", "title": HOSTILE_TITLE}
    sources = HOSTILE_FILE_CITATIONS if kind == "files" else (*links, good)
    named = "file_citation" if kind == "files" else "url_citation"
    return replace(
        answer, steps=[_annotate_text(step, [{"type": named, **each} for each in sources]) for step in answer.steps]
    )


def _annotate_text(step: JsonDict, sources: list[JsonDict]) -> JsonDict:
    if step["type"] != "model_output":
        return step
    text, *others = ensure_objects(step["content"])
    notes = [{**each, "start_index": 0, "end_index": len(ensure_text(text["text"]).encode())} for each in sources]
    return {**step, "content": [{**text, "annotations": notes}, *others]}


def _replace_pictures(answer: Answer, kind: str) -> Answer:
    """Replace pictures by `html`, by `svg`, or by HTML that is declared to be a picture (`lie`)."""
    mime, content = FALSE_PICTURES[kind]
    sent = {"mime_type": mime, "data": base64.b64encode(content).decode()}
    return replace(answer, steps=[_replace_images_in_step(step, sent) for step in answer.steps])


def _replace_images_in_step(step: JsonDict, sent: JsonDict) -> JsonDict:
    contents = [{**part, **sent} if part["type"] == "image" else part for part in ensure_objects(step.get("content"))]
    return {**step, "content": contents} if contents else step


def _break_json(answer: Answer, kind: str) -> Answer:
    """Answer a schema with `prose`, with an `other` instance, or inside a `fence`."""
    *before, last = answer.steps
    [part] = ensure_objects(last["content"])
    texts = {"prose": "Here is the person.", "other": '{"name": 5}', "fence": f"```json\n{part['text']}\n```"}
    return replace(answer, steps=[*before, {**last, "content": [{**part, "text": texts[kind]}]}])


def _change_speech(answer: Answer, kind: str) -> Answer:
    """Remove all words of a transcript (`none`), or annotate its text with words that do not fit it (`odd`)."""
    if kind == "none":
        return replace(answer, steps=[])
    words = [{"type": "word_info", **word} for word in ODD_WORDS]
    changed = [{**part, "annotations": words} for step in answer.steps for part in step["content"]]
    return replace(answer, steps=[{"type": "model_output", "content": changed}])


def _remove_output(answer: Answer, reason: str) -> Answer:
    """Remove the output, and add an error with the reason; `incomplete` is a status without an error."""
    steps = [step for step in answer.steps if step["type"] != "model_output"]
    if reason == "incomplete":
        return replace(answer, steps=steps, status=reason)
    return replace(answer, steps=steps, status="failed", errors=[{"code": reason, "message": "Stopped."}])


def _add_finish_reason(answer: Answer, reason: str) -> Answer:
    """Add the reason why the output ends."""
    *before, last = answer.steps
    return replace(answer, steps=[*before, {**last, "finish_reason": reason}])


DIRECTIVE_CHANGES: dict[str, AnswerChange] = {
    "code": _replace_with_code,
    "failures": _insert_failures,
    "cites": _cite_hostile,
    "sends": _replace_pictures,
    "json": _break_json,
    "speech": _change_speech,
    "ends": _remove_output,
    "finishes": _add_finish_reason,
}
