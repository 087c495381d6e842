"""What is answered: steps that say openly that no model ran, and that depend on the request.

In this order: the question and its answer, prose, texts and images, Deep Research, tools, pictures, usage.
Pure, but slow when it draws (`Question.draws`): then it belongs in a worker thread.
"""

import base64
import io
import json
import math
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import cycle, islice

from PIL import Image, ImageDraw, ImageFont, ImageOps

from .protocol import Family, Json, family, object_of, objects_of, text_of
from .requests import Turn, formats_of, generation, name_of, schema_of, tools_of, wants_summaries
from .schemas import instance_of

# Those of a research agent: https://ai.google.dev/gemini-api/docs/deep-research
DEFAULT_TOOLS: dict[Family, tuple[str, ...]] = {
    "research": ("google_search", "url_context", "code_execution"),
    "coding": ("code_execution",),
}


@dataclass(frozen=True)
class Question:
    """A request with everything that its answer depends on.

    Attributes:
        earlier_prompts: Those of the chain, oldest first.
        earlier_bytes: The size of the text of the chain, which the API reads (and bills) again.
        earlier_images: What the chain has drawn, oldest first.
        planned: Whether the previous interaction is a research plan.
        base_url: Where redirect links lead to the emulator.
        picture_scale: By which drawn pictures are smaller than asked for.
    """

    body: Json
    turn: Turn
    earlier_prompts: tuple[str, ...] = ()
    earlier_bytes: int = 0
    earlier_images: tuple[bytes, ...] = ()
    planned: bool = False
    base_url: str = "https://example.com/"
    picture_scale: float = 1.0

    @property
    def name(self) -> str:
        """The model or the agent that is asked."""
        return name_of(self.body)

    @property
    def tools(self) -> list[str]:
        """The tools that may be used; agents have some by default."""
        return tools_of(self.body) or list(DEFAULT_TOOLS.get(family(self.name), ()))

    @property
    def draws(self) -> bool:
        """Whether answering takes long enough for a worker thread: drawings, and images to be measured."""
        attached = any(attachment.content for attachment in self.turn.attachments)
        return attached or family(self.name) in ("image", "research")


@dataclass
class Answer:
    """What a run ends with; `steps` are those that were generated."""

    steps: list[Json]
    status: str = "completed"
    errors: list[Json] = field(default_factory=list[Json])
    continuation_token: str = ""


SENTENCE = (
    "the emulator writes calm and even prose about nothing in particular so that long answers can be paged"
    " and measured without any model having run while naïve readers — if any — lose no time"
)
PARAGRAPH_WORDS = 80


@dataclass
class Prose:
    """A text block that grows; `annotations` point into it.

    Offsets are UTF-8 bytes, the end exclusive: google-genai 3.4.0, `URLCitation`.
    """

    text: str = ""
    annotations: list[Json] = field(default_factory=list[Json])

    def write(self, text: str) -> None:
        """Append plain text."""
        self.text += text

    def cite(self, sentence: str, source: Json) -> None:
        """Append a sentence that a source backs."""
        start = len(self.text.encode())
        self.text += sentence
        self.annotations.append({**source, "start_index": start, "end_index": len(self.text.encode())})

    def content(self) -> Json:
        """Return the text block."""
        block: Json = {"type": "text", "text": self.text}
        return {**block, "annotations": self.annotations} if self.annotations else block

    def cut(self, size_bytes: int) -> bool:
        """Keep at most so many bytes of whole characters, and tell whether anything was lost."""
        kept = self.text.encode()[:size_bytes].decode(errors="ignore")
        lost = len(kept) < len(self.text)
        self.text = kept
        self.annotations = [entry for entry in self.annotations if entry["end_index"] <= len(kept.encode())]
        return lost


def filler(words: int) -> str:
    """Return that many words, in numbered paragraphs."""
    paragraphs: list[str] = []
    supply = cycle(SENTENCE.split())
    for number, start in enumerate(range(0, words, PARAGRAPH_WORDS), start=1):
        chosen = " ".join(islice(supply, min(PARAGRAPH_WORDS, words - start)))
        paragraphs.append(f"{number}. {chosen}.")
    return "\n\n".join(paragraphs)


def opening(question: Question) -> str:
    """Return the sentence with which every answer begins."""
    kind = "agent" if "agent" in question.body else "model"
    return f"Emulated answer by {question.name} (no {kind} ran)."


def thought(question: Question, *summaries: str) -> Json:
    """Return a thought step; it is summarised only when the request asks for that."""
    step: Json = {"type": "thought", "signature": SIGNATURE}
    if wants_summaries(question.body):
        step["summary"] = [{"type": "text", "text": summary} for summary in summaries]
    return step


def text_answer(question: Question) -> Answer:
    """Return the answer of a text model or a coding agent."""
    schema = schema_of(question.body)
    prose = Prose()
    if schema is None:
        write(prose, question)
    else:
        instance = instance_of(schema, f"Emulated: {question.turn.prompt}")
        prose.write(json.dumps(instance, ensure_ascii=False))
    limit = generation(question.body, "max_output_tokens")
    lost = isinstance(limit, int) and prose.cut(limit * BYTES_PER_TOKEN)
    steps = [
        thought(question, "**Reading the request**\n\nThe emulator looks at what was asked."),
        *tool_steps(question.tools, question.turn.prompt),
        {"type": "model_output", "content": [prose.content()]},
    ]
    return Answer(steps, "incomplete" if lost else "completed")


def write(prose: Prose, question: Question) -> None:
    """Write a text answer: what was asked, with what, after what, and then as much filler as directed."""
    prose.write(f"{opening(question)}\n\nYou asked: “{question.turn.prompt}”\n")
    for line in told(question):
        prose.write(f"\n{line}")
    for number, source in enumerate(sources(question.tools, question.turn.prompt), start=1):
        prose.write("\n\n")
        prose.cite(f"Emulated finding {number} — a naïve sentence of 100 % multi-byte “quotes”.", source)
    words = question.turn.directive("words")
    prose.write(f"\n\n{filler(int(words))}\n" if words else "\n")


def told(question: Question) -> list[str]:
    """Return one line for each thing that came with the prompt."""
    body, turn = question.body, question.turn
    lines = [f"System instruction: {body['system_instruction']}"] if body.get("system_instruction") else []
    lines += [f"Tools: {', '.join(question.tools)}."] if question.tools else []
    earlier = (*question.earlier_prompts, *turn.earlier_prompts)
    if earlier:
        lines.append(f"Earlier turns: {len(earlier)}. The previous prompt was: “{earlier[-1]}”")
    lines += [f"Result of {result}" for result in turn.function_results]
    described = [attachment.described() for attachment in turn.attachments]
    return lines + [f"File {number}, {line}" for number, line in enumerate(described, start=1)]


def image_answer(question: Question) -> Answer:
    """Return the answer of an image model: a JPEG, or as many as directed, and a text unless only images are asked for.

    JPEG whatever was asked: the only value of `ImageResponseFormatMimeType` in google-genai 3.4.0.
    """
    formats = formats_of(question.body)
    asked = next((entry for entry in formats if entry.get("type") == "image"), object_of(None))
    legacy = object_of(generation(question.body, "image_config"))
    ratio = asked.get("aspect_ratio") or legacy.get("aspect_ratio") or "1:1"
    size = asked.get("image_size") or legacy.get("image_size") or "1K"
    given = [attachment.content for attachment in question.turn.attachments if attachment.content]
    ground = (given or list(question.earlier_images[-1:]) or [None])[0]
    number = question.turn.directive("images")
    images = [
        {"type": "image", "data": base64.b64encode(drawn).decode(), "mime_type": "image/jpeg"}
        for drawn in [
            picture(question.turn.prompt, opening(question), dimensions(ratio, size, question.picture_scale), ground)
        ]
    ] * (1 if number is None else int(number))
    prose = Prose()
    write(prose, question)
    silent = bool(formats) and all(entry.get("type") == "image" for entry in formats)
    contents = images if silent else [prose.content(), *images]
    return Answer([thought(question, "**Drawing**"), {"type": "model_output", "content": contents}])


SOURCES = ("Emulated Handbook", "Journal of Naïve Results", "Café Statistics — Yearly Review")
SUMMARIES = (
    "**Planning the research**\n\nThe emulator splits the question into parts.",
    "**Searching**\n\nThe emulator looks up three sources that do not exist.",
    "**Writing the report**\n\nThe emulator orders what it has not found.",
)
TABLE = "| Aspect | Finding | Source |\n|---|---|---|\n| Cost | 42 € | 1 |\n| Time | ½ day | 2 |\n"


def research_answer(question: Question) -> Answer:
    """Return a plan when planning together is asked for, and else the report."""
    if object_of(question.body.get("agent_config")).get("collaborative_planning"):
        return Answer([thought(question, SUMMARIES[0]), {"type": "model_output", "content": [plan(question)]}])
    steps = [
        thought(question, SUMMARIES[0]),
        *tool_steps(question.tools, question.turn.prompt),
        thought(question, *SUMMARIES[1:]),
        {"type": "model_output", "content": report(question)},
    ]
    return Answer(steps)


def plan(question: Question) -> Json:
    """Return a research plan; after a previous plan it is a refined one."""
    version = "Refined research plan" if question.planned else "Research plan"
    prose = Prose(f"{opening(question)}\n\n## {version}\n\nTopic: {question.turn.prompt}\n\n")
    for number, part in enumerate(("Find the sources", "Compare them", "Write the report"), start=1):
        prose.write(f"{number}. {part}\n")
    _write_told(prose, question)
    return prose.content()


def report(question: Question) -> list[Json]:
    """Return the text blocks of a report, with a chart between them unless it is switched off.

    A chart by default, and URLs without titles, which a list at its end has in bold print:
    https://ai.google.dev/gemini-api/docs/deep-research
    """
    blocks = [_findings(question).content(), _comparison(question).content()]
    if object_of(question.body.get("agent_config")).get("visualization", "auto") == "auto":
        drawn = chart("Emulated findings by source", {"1": 42.0, "2": 17.5, "3": 30.0})
        image = {"type": "image", "data": base64.b64encode(drawn).decode(), "mime_type": "image/png"}
        blocks[1:1] = [image] * int(question.turn.directive("charts") or 1)
    return blocks


def _findings(question: Question) -> Prose:
    prose = Prose(f"# Research report: {question.turn.prompt}\n\n{opening(question)}\n\n## Summary\n\n")
    if question.planned:
        prose.write(f"The approved plan was for: “{question.earlier_prompts[-1]}”\n\n")
    _write_told(prose, question)
    prose.write("Nothing was researched — these are sentences of the emulator.\n\n## Findings\n\n")
    for number, title in enumerate(_cited(question), start=1):
        source = {"type": "url_citation", "url": _redirect(question, number)}
        prose.cite(f"{title} reports “{number} of 3” for the naïve case.", source)
        prose.write("\n\n")
    words = question.turn.directive("words")
    prose.write(f"## Details\n\n{filler(int(words))}\n\n" if words else "")
    return prose


def _comparison(question: Question) -> Prose:
    prose = Prose(f"## Comparison\n\n{TABLE}\n")
    source = {"type": "url_citation", "url": _redirect(question, 1)}
    prose.cite("The table above is as emulated as the rest — 100 %.", source)
    prose.write(f"\n\n## Limits\n\n- No search was made.\n- {question.name} did not run.\n\n**Sources:**\n")
    for number, title in enumerate(_cited(question), start=1):
        prose.write(f"{number}. [{title}]({_redirect(question, number)})\n")
    return prose


def _cited(question: Question) -> Iterable[str]:
    return islice(cycle(SOURCES), int(question.turn.directive("sources") or len(SOURCES)))


def _write_told(prose: Prose, question: Question) -> None:
    for line in told(question):
        prose.write(f"{line}\n\n")


def _redirect(question: Question, number: int) -> str:
    return f"{question.base_url}grounding-api-redirect/{number}"


def workspace(question: Question) -> dict[str, bytes]:
    """Return the files that an agent leaves in its environment."""
    asked = question.turn.prompt
    return {
        "workspace/notes.txt": f"{opening(question)}\n{asked}\n".encode(),
        "workspace/data/words.csv": "\n".join(["word", *asked.split()]).encode(),
    }


SIGNATURE = base64.b64encode(b"emulated signature").decode()
PLACE = "places/emulated"


def tool_steps(tools: list[str], prompt: str) -> list[Json]:
    """Return a call step and a result step for each built-in tool that the emulator plays."""
    steps: list[Json] = []
    for number, tool in enumerate(tool for tool in tools if tool in ARGUMENTS_AND_RESULTS):
        arguments, result = ARGUMENTS_AND_RESULTS[tool](prompt)
        call = {"type": f"{tool}_call", "id": f"call_{number}", "arguments": arguments, "signature": SIGNATURE}
        steps += [call, {"type": f"{tool}_result", "call_id": f"call_{number}", "result": result}]
    return steps


def sources(tools: list[str], prompt: str) -> list[Json]:
    """Return what the answer cites: annotations that still lack their offsets."""
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
    """Return the web addresses in a prompt, in order, or one of our own when it has none."""
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


SIDES = {"1K": 1024, "2K": 2048, "4K": 4096}
PAPER = (24, 34, 58)
INK = (245, 245, 235)
BAND = (0, 0, 0)


def dimensions(aspect_ratio: str, image_size: str, scale: float = 1.0) -> tuple[int, int]:
    """Return width and height: of the asked ratio, with as many pixels as the square of that size."""
    width, height = (int(part) for part in aspect_ratio.split(":"))
    unit = SIDES[image_size] * scale / math.sqrt(width * height)
    return round(width * unit), round(height * unit)


def picture(prompt: str, caption: str, size: tuple[int, int], background: bytes | None) -> bytes:
    """Return a JPEG with the prompt as text, on plain ground or over an image that is edited."""
    image = _ground(size, background)
    draw = ImageDraw.Draw(image)
    height = max(12, min(size) // 18)
    lines = textwrap.wrap(prompt, width=max(4, int(size[0] / height * 1.7)))[:8]
    _lettering(draw, [*lines, caption], size, height)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def _ground(size: tuple[int, int], background: bytes | None) -> Image.Image:
    image = Image.new("RGB", size, PAPER)
    if background is None:
        return image
    try:
        with Image.open(io.BytesIO(background)) as given:
            image.paste(ImageOps.fit(given.convert("RGB"), size))
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return image
    return image


def _lettering(draw: ImageDraw.ImageDraw, lines: list[str], size: tuple[int, int], height: int) -> None:
    """Write lines on a dark band in the middle, so that whatever is behind stays visible around it."""
    font = ImageFont.load_default(height)
    widest = max(draw.textlength(line, font=font) for line in lines)
    if widest > size[0] - height:
        font = ImageFont.load_default(height * (size[0] - height) / widest)
    top = max(0, (size[1] - len(lines) * height * 1.4) / 2)
    draw.rectangle((0, top, size[0], top + len(lines) * height * 1.4), fill=BAND)
    for number, line in enumerate(lines):
        draw.text((height / 2, top + number * height * 1.4), line, fill=INK, font=font)


def chart(title: str, values: dict[str, float]) -> bytes:
    """Return a bar chart as a PNG."""
    image = Image.new("RGB", (640, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 12), title, fill="black", font=ImageFont.load_default(18))
    largest = max(values.values())
    for number, (label, value) in enumerate(values.items()):
        left = 40 + number * (580 // len(values))
        draw.rectangle((left, 320 - 240 * value / largest, left + 60, 320), fill=(66, 133, 244))
        draw.text((left, 326), label, fill="black", font=ImageFont.load_default(14))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


BYTES_PER_TOKEN = 4
# One input image, in Google's samples: https://ai.google.dev/api/interactions-api
MEDIA_TOKENS = 258
# One generated image of 1K: https://ai.google.dev/gemini-api/docs/pricing
IMAGE_TOKENS = 1_120
SEARCHES = {"google_search_call": "google_search", "google_maps_call": "google_maps"}


def tokens_of(size_bytes: int) -> int:
    """Return the tokens of so many bytes of text."""
    return math.ceil(size_bytes / BYTES_PER_TOKEN)


def text_bytes(steps: Iterable[Json]) -> int:
    """Return the bytes of all text in steps, whoever wrote it."""
    contents = [part for step in steps for part in objects_of(step.get("content"))]
    return sum(len(text_of(part.get("text")).encode()) for part in contents)


def usage_of(turn: Turn, earlier_bytes: int, steps: list[Json]) -> Json:
    """Return the usage of a turn that was answered by these steps."""
    said = tokens_of(len(turn.prompt.encode()) + earlier_bytes)
    heard = [(attachment.kind, MEDIA_TOKENS) for attachment in turn.attachments]
    images = sum(part["type"] == "image" for step in steps for part in objects_of(step.get("content")))
    drawn = [("image", IMAGE_TOKENS)] * images
    spent = {
        "input": _by_modality([("text", said), *heard]),
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
