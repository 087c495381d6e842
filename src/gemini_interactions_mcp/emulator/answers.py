"""Answers of models and agents: steps that say openly that no model ran, and that depend on the request.

Pure, but slow where a picture is drawn or measured (`Question.is_slow`): `answer_question` then uses a worker thread.
"""

import base64
import json

from anyio.to_thread import run_sync

from .drawing import dimensions, picture
from .prose import Prose, filler, opening, told
from .protocol import family, object_of
from .questions import Answer, Question
from .requests import formats_of, generation, schema_of
from .research import research_answer
from .schemas import instance_of
from .tool_steps import sources, thought, tool_steps
from .usage import BYTES_PER_TOKEN


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
    lost = isinstance(limit, int) and prose.truncate(limit * BYTES_PER_TOKEN)
    steps = [
        thought(question, "**Reading the request**\n\nThe emulator reads the request."),
        *tool_steps(question.tools, question.turn.prompt),
        {"type": "model_output", "content": [prose.render()]},
    ]
    return Answer(steps, "incomplete" if lost else "completed")


def write(prose: Prose, question: Question) -> None:
    """Write a text answer: the prompt, the rest of the request, cited findings, and the directed amount of filler."""
    prose.write(f"{opening(question)}\n\nYou asked: “{question.turn.prompt}”\n")
    for line in told(question):
        prose.write(f"\n{line}")
    for number, source in enumerate(sources(question.tools, question.turn.prompt), start=1):
        prose.write("\n\n")
        prose.cite(f"Emulated finding {number} — a naïve sentence of 100 % multi-byte “quotes”.", source)
    words = question.turn.read_number("words")
    prose.write(f"\n\n{filler(int(words))}\n" if words else "\n")


def image_answer(question: Question) -> Answer:
    """Return the answer of an image model: one JPEG, or as many as directed, and a text unless only images are wanted.

    JPEG whatever the request says: the only value of `ImageResponseFormatMimeType` in google-genai 3.6.1.
    """
    formats = formats_of(question.body)
    number = question.turn.read_number("images")
    image = {"type": "image", "data": base64.b64encode(_draw(question)).decode(), "mime_type": "image/jpeg"}
    images = [image] * (1 if number is None else int(number))
    prose = Prose()
    write(prose, question)
    silent = bool(formats) and all(entry.get("type") == "image" for entry in formats)
    contents = images if silent else [prose.render(), *images]
    return Answer([thought(question, "**Drawing**"), {"type": "model_output", "content": contents}])


def _draw(question: Question) -> bytes:
    """Draw over the first attached image, or over the last one of the chain."""
    wanted = next((entry for entry in formats_of(question.body) if entry.get("type") == "image"), object_of(None))
    legacy = object_of(generation(question.body, "image_config"))
    ratio = wanted.get("aspect_ratio") or legacy.get("aspect_ratio") or "1:1"
    size = wanted.get("image_size") or legacy.get("image_size") or "1K"
    attached = [attachment.content for attachment in question.turn.attachments if attachment.content]
    ground = (attached or list(question.earlier_images[-1:]) or [None])[0]
    pixels = dimensions(ratio, size, question.picture_scale)
    return picture(question.turn.prompt, opening(question), pixels, ground)


def workspace(question: Question) -> dict[str, bytes]:
    """Return the files that an agent leaves in its environment, by path."""
    prompt = question.turn.prompt
    return {
        "workspace/notes.txt": f"{opening(question)}\n{prompt}\n".encode(),
        "workspace/data/words.csv": "\n".join(["word", *prompt.split()]).encode(),
    }


ANSWERS = {"text": text_answer, "coding": text_answer, "image": image_answer, "research": research_answer}


async def answer_question(question: Question) -> Answer:
    """Return the answer to a question, from a worker thread if it is slow."""
    answer = ANSWERS[family(question.name)]
    return await run_sync(answer, question) if question.is_slow else answer(question)
