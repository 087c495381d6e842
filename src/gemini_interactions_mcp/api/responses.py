"""Parses the JSON of the Interactions API into this package's models. Pure; uses no type of the SDK.

Parsing is lenient: unknown steps and fields are skipped, never an error. The shapes are those of google-genai 3.6.1
(google/genai/_gaos/types/interactions).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gemini_interactions_mcp.core import (
    Json,
    coerce_object,
    concatenate,
    get_integer,
    get_text,
    is_blank,
    iter_objects,
    measure_utf8,
    parse_int64,
)
from gemini_interactions_mcp.models import (
    MEDIA_PLACEHOLDER,
    OCTET_STREAM,
    Citation,
    Interaction,
    Media,
    SandboxFile,
    Usage,
    VoiceDescription,
    get_type_parameter,
    terms,
)
from gemini_interactions_mcp.text import citations, transcripts

from .endings import describe_reported_errors, iterate_end_reasons
from .steps import describe_tool_failures, parse_executions
from .words import has_words, make_subtitles, parse_words

MEDIA_CONTENT_TYPES: Final = ("image", "audio", "video", "document")
"""Content types whose data are bytes."""

USAGE_LISTS: Final = {
    "input_tokens_by_modality": ("modality", "tokens"),
    "output_tokens_by_modality": ("modality", "tokens"),
    "cached_tokens_by_modality": ("modality", "tokens"),
    "tool_use_tokens_by_modality": ("modality", "tokens"),
    "grounding_tool_count": ("type", "count"),
}
"""Lists of counts in a usage, with the keys of name and count.

Source: google-genai 3.6.1, types/interactions/{modalitytokens,groundingtoolcount}.py
"""

INTERACTION_ID_IN_TEXT: Final = re.compile(r'"(?:interaction_)?id"\s*:\s*"(v1(?:[^"\\]|\\.){1,510})"')
"""Matches an interaction id in text that is not valid JSON. All begin with `v1`; other ids in a response do not."""


def parse_interaction(payload: object) -> Interaction:
    """Parse an interaction; missing fields stay empty, a missing status is `in_progress`."""
    data = coerce_object(payload)
    steps = list(iter_objects(data.get("steps")))
    draft = assemble_answer(steps)
    return Interaction(
        id=get_text(data.get("id")),
        status=get_text(data.get("status")) or "in_progress",
        model=get_text(data.get("model")),
        agent=get_text(data.get("agent")),
        previous_interaction_id=get_text(data.get("previous_interaction_id")),
        environment_id=get_text(data.get("environment_id")),
        text=draft.text,
        spoken=draft.spoken,
        citations=tuple(draft.citations),
        usage=parse_usage(data.get("usage")),
        media=(*draft.media, *make_subtitles(draft.words)),
        steps=tuple(str(step.get("type", "unknown")) for step in steps),
        thoughts=tuple(thought for step in steps for thought in iterate_thoughts(step)),
        code=tuple(parse_executions(steps)),
        failures=describe_tool_failures(steps),
        prompt=find_last_prompt(steps),
        error=describe_reported_errors(data, steps),
        reasons=tuple(dict.fromkeys(iterate_end_reasons(data, steps))),
        terms=terms.get_answer_terms(data),
        created=get_text(data.get("created")),
    )


@dataclass
class AnswerDraft:
    """An answer while it is joined from its content blocks.

    The SDK's `output_text` is only the last run of text: a chart or a tool call in between loses what came before.

    Attributes:
        parts: The text so far.
        size: Its length in bytes of UTF-8.
        citations: The sources, with byte offsets into the whole text.
        media: Generated media.
        written: There is text other than placeholders of media.
        interrupted: The latest block was not text.
        words: The parts of the text, by speaker and time as far as these are known.
        speakers: Names of the speakers.
        spoken: Whether it is a transcript.
    """

    parts: list[str] = field(default_factory=list[str])
    size: int = 0
    citations: list[Citation] = field(default_factory=list[Citation])
    media: list[Media] = field(default_factory=list[Media])
    written: bool = False
    interrupted: bool = False
    words: list[transcripts.SpokenWord] = field(default_factory=list[transcripts.SpokenWord])
    speakers: transcripts.SpeakerNames = field(default_factory=transcripts.SpeakerNames)
    spoken: bool = False

    @property
    def text(self) -> str:
        """The whole text; empty if it has only placeholders of media."""
        return concatenate(self.parts) if self.written else ""

    def add(self, block: Json) -> None:
        """Add a content block; types other than text and media are skipped."""
        if block.get("type") == "text":
            self.add_text(block)
        elif block.get("type") in MEDIA_CONTENT_TYPES:
            self.add_media(block)

    def add_text(self, block: Json) -> None:
        """Append a text block and its citations, whose offsets are moved to the whole text."""
        text = get_text(block.get("text")) or ""
        self.spoken = self.spoken or has_words(block)
        if words := parse_words(block):
            text = self.add_words(text, words)
        elif not (is_blank(text) or MEDIA_PLACEHOLDER.fullmatch(text)):
            self.words.append(transcripts.SpokenWord(f"{text} "))
        if not text:
            return
        if self.interrupted and self.parts and not self.parts[-1].endswith("\n") and not text.startswith("\n"):
            self._append("\n\n")
        self.interrupted = False
        self.citations += [shift_citation(found, self.size) for found in parse_citations(block)]
        self.written = self.written or not (is_blank(text) or MEDIA_PLACEHOLDER.fullmatch(text))
        self._append(text)

    def add_words(self, text: str, words: list[transcripts.SpokenWord]) -> str:
        """Add the words of a text block, and return its text by speaker and time."""
        spoken = transcripts.order_times(transcripts.align_words(text, words))
        named = transcripts.name_speakers(spoken, self.speakers)
        # Blocks need not end with a space.
        self.words += [*named[:-1], named[-1]._replace(text=f"{named[-1].text} ")]
        self.interrupted = True
        return transcripts.render_transcript(named)

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.size += measure_utf8(text)

    def add_media(self, block: Json) -> None:
        """Add a media block, with a placeholder in the text."""
        media = Media(
            kind=str(block["type"]),
            mime_type=get_media_mime_type(block),
            data=get_text(block.get("data")),
            uri=get_text(block.get("uri")),
        )
        self.interrupted = True
        if media.data or media.uri:
            self.media.append(media)
            self.add_text({"text": f"![{media.kind} {len(self.media)}](media:{len(self.media)})"})
        self.interrupted = True


def get_media_mime_type(block: Json) -> str:
    """Return the MIME type of a media block, with the sample rate and channels that raw samples do not carry."""
    named = get_text(block.get("mime_type")) or OCTET_STREAM
    told = {"rate": get_integer(block.get("sample_rate")), "channels": get_integer(block.get("channels"))}
    added = (f"{name}={value}" for name, value in told.items() if value and get_type_parameter(named, name) is None)
    return ";".join([named, *added])


def assemble_answer(steps: list[Json]) -> AnswerDraft:
    """Join the text blocks of all `model_output` steps, and collect citations and media."""
    draft = AnswerDraft()
    for step in steps:
        draft.interrupted |= step.get("type") != "model_output"
        for block in select_answer_blocks(step):
            draft.add(block)
    return draft


def select_answer_blocks(step: Json) -> list[Json]:
    """Return the content blocks that a step adds to the answer: the model's output, and the media that code made.

    Source: google-genai 3.6.1, types/interactions/codeexecutionresultstep.py
    """
    match step.get("type"):
        case "model_output":
            return list(iter_objects(step.get("content")))
        case "code_execution_result":
            return [block for block in iter_objects(step.get("result")) if block.get("type") in MEDIA_CONTENT_TYPES]
        case _:
            return []


def parse_citations(block: Json) -> Iterator[Citation]:
    """Yield the sources of a text block: pages that a link can lead to; files and places also by name alone."""
    for note in iter_objects(block.get("annotations")):
        given = get_text(note.get("url")) or get_text(note.get("document_uri")) or ""
        url = given if citations.is_linkable(given) else ""
        name = get_text(note.get("file_name")) or get_text(note.get("name")) or derive_file_name(note)
        if url or name:
            yield Citation(
                url=url,
                title=get_text(note.get("title")) or name,
                page=get_integer(note.get("page_number")),
                start=get_integer(note.get("start_index")),
                end=get_integer(note.get("end_index")),
            )


def derive_file_name(note: Json) -> str:
    """Return the last part of a file's address, as the name of a file without one."""
    folder, _, name = (get_text(note.get("document_uri")) or "").rstrip("/").rpartition("/")
    return name if folder else ""


def shift_citation(citation: Citation, base: int) -> Citation:
    """Return the citation with its offsets moved by `base` bytes."""
    return citation.model_copy(
        update={name: at + base for name in ("start", "end") if (at := getattr(citation, name)) is not None}
    )


def iterate_thoughts(step: Json) -> Iterator[str]:
    """Yield the summaries of a thought step."""
    if step.get("type") == "thought":
        for block in iter_objects(step.get("summary")):
            if text := get_text(block.get("text")):
                yield text


def find_last_prompt(steps: list[Json]) -> str | None:
    """Return the latest user input."""
    said = [step for step in steps if step.get("type") == "user_input"]
    texts = (
        [text for block in iter_objects(said[-1].get("content")) if (text := get_text(block.get("text")))]
        if said
        else []
    )
    return "\n\n".join(texts) or None


def parse_usage(payload: object) -> Usage | None:
    """Parse token counts; None if the API sent none, as on some paths."""
    data = coerce_object(payload)
    names = (name for name in Usage.model_fields if name.startswith("total_"))
    totals = {name: max(0, count) for name in names if (count := get_integer(data.get(name))) is not None}
    parts = {name: parse_counts(data.get(name), *keys) for name, keys in USAGE_LISTS.items()}
    return Usage.model_validate(totals | parts) if totals else None


def parse_counts(payload: object, name: str, count: str) -> dict[str, int]:
    """Return the sums of the counts in a list of objects, by their names."""
    found = Counter[str]()
    for entry in iter_objects(payload):
        if named := get_text(entry.get(name)):
            found[named.casefold()] += get_integer(entry.get(count)) or 0
    return dict(found)


def find_interaction_id(text: str) -> str | None:
    """Find the interaction id in a response that cannot be parsed or was cut off."""
    for found in INTERACTION_ID_IN_TEXT.finditer(text):
        try:
            return get_text(json.loads(f'"{found[1]}"'))
        except ValueError:
            continue
    return None


def parse_voices_page(payload: object) -> list[VoiceDescription]:
    """Parse one page of the list of voices."""
    return [
        VoiceDescription(
            name=name,
            manner=", ".join(filter(None, (get_text(entry.get(key)) for key in ("persona", "description", "gender")))),
            languages=" ".join(filter(None, (get_text(entry.get(key)) for key in ("language_code", "accent")))),
        )
        for entry in iter_objects(coerce_object(payload).get("voices"))
        if (name := get_text(entry.get("id")) or get_text(entry.get("display_name")))
    ]


def parse_environment_files(payload: object) -> list[SandboxFile]:
    """Parse one page of the list of an environment's files, and of its folders."""
    return [
        SandboxFile(
            path=path,
            bytes=parse_int64(entry.get("size_bytes")),
            mime_type=get_text(entry.get("mime_type")) or "",
            folder=(get_text(entry.get("type")) or "").casefold() == "directory",
        )
        for entry in iter_objects(coerce_object(payload).get("files"))
        if (path := normalize_sandbox_path(get_text(entry.get("path")) or ""))
    ]


def normalize_sandbox_path(path: str) -> str:
    """Return a path in an environment relative to its root, however the API begins it; empty for the root itself."""
    while path.startswith(("/", "./")):
        path = path.lstrip("/").removeprefix("./")
    return "" if path == "." else path.rstrip("/")
