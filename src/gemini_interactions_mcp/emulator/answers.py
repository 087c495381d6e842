"""Answers of models and agents: steps that say openly that no model ran, and that depend on the request.

Pure, but slow where a picture is drawn or measured (`Question.is_slow`): `answer_question` then uses a worker thread.
"""

import base64
import json

from anyio.to_thread import run_sync

from .drawing import compute_dimensions, draw_picture
from .filming import answer_with_video
from .prose import Prose, describe_request, write_filler, write_opening
from .protocol import classify_name, ensure_object
from .questions import Answer, Question
from .requests import read_answer_schema, read_generation_value, read_response_formats, read_token_limit
from .research import answer_with_research
from .schemas import generate_instance
from .sound import answer_with_music, answer_with_speech
from .tool_steps import list_annotations, make_image_search_steps, make_processing_steps, make_thought, make_tool_steps
from .transcribing import answer_with_transcript
from .usage import EMULATED_BYTES_PER_TOKEN


def answer_with_text(question: Question) -> Answer:
    """Return the answer of a text model or a coding agent."""
    schema = read_answer_schema(question.body)
    prose = Prose()
    if schema is None:
        write_text_answer(prose, question)
    else:
        instance = generate_instance(schema, f"Emulated: {question.turn.prompt}")
        prose.write(json.dumps(instance, ensure_ascii=False))
    limit = read_token_limit(question.body)
    lost = limit is not None and prose.truncate(limit * EMULATED_BYTES_PER_TOKEN)
    steps = [
        make_thought(question, "**Reading the request**\n\nThe emulator reads the request."),
        *make_processing_steps(question),
        *make_tool_steps(question.tools, question.turn.prompt),
        {"type": "model_output", "content": [prose.render()]},
    ]
    return Answer(steps, "incomplete" if lost else "completed")


def write_text_answer(prose: Prose, question: Question) -> None:
    """Write a text answer: the prompt, the rest of the request, cited findings, and the directed amount of filler."""
    prose.write(f"{write_opening(question)}\n\nYou asked: “{question.turn.prompt}”\n")
    for line in describe_request(question):
        prose.write(f"\n{line}")
    sources = [*list_annotations(question.tools, question.turn.prompt), *question.file_citations]
    for number, source in enumerate(sources, start=1):
        prose.write("\n\n")
        prose.cite(f"Emulated finding {number} — a naïve sentence of 100 % multi-byte “quotes”.", source)
    words = question.turn.read_number("words")
    prose.write(f"\n\n{write_filler(int(words))}\n" if words else "\n")


def answer_with_image(question: Question) -> Answer:
    """Return the answer of an image model: one JPEG, or as many as directed, and a text unless only images are wanted.

    JPEG whatever the request says: the only value of `ImageResponseFormatMimeType` in google-genai 3.6.1.
    """
    formats = read_response_formats(question.body)
    number = question.turn.read_number("images")
    image = {"type": "image", "data": base64.b64encode(_draw_image(question)).decode(), "mime_type": "image/jpeg"}
    images = [image] * (1 if number is None else int(number))
    prose = Prose()
    write_text_answer(prose, question)
    silent = bool(formats) and all(entry.get("type") == "image" for entry in formats)
    contents = images if silent else [prose.render(), *images]
    searches = make_image_search_steps(question)
    return Answer([make_thought(question, "**Drawing**"), *searches, {"type": "model_output", "content": contents}])


def _draw_image(question: Question) -> bytes:
    """Draw over the first attached image, or over the last one of the chain."""
    wanted = next(
        (entry for entry in read_response_formats(question.body) if entry.get("type") == "image"), ensure_object(None)
    )
    legacy = ensure_object(read_generation_value(question.body, "image_config"))
    ratio = wanted.get("aspect_ratio") or legacy.get("aspect_ratio") or "1:1"
    size = wanted.get("image_size") or legacy.get("image_size") or "1K"
    attached = [attachment.content for attachment in question.turn.attachments if attachment.content]
    ground = (attached or list(question.earlier_images[-1:]) or [None])[0]
    pixels = compute_dimensions(ratio, size, question.picture_scale)
    return draw_picture(question.turn.prompt, write_opening(question), pixels, ground)


def make_workspace_files(question: Question) -> dict[str, bytes]:
    """Return the files that an agent leaves in its environment, by path."""
    prompt = question.turn.prompt
    return {
        "workspace/notes.txt": f"{write_opening(question)}\n{prompt}\n".encode(),
        "workspace/data/words.csv": "\n".join(["word", *prompt.split()]).encode(),
    }


ANSWER_FUNCTIONS = {
    "text": answer_with_text,
    "coding": answer_with_text,
    "image": answer_with_image,
    "speech": answer_with_speech,
    "music": answer_with_music,
    "transcription": answer_with_transcript,
    "video": answer_with_video,
    "research": answer_with_research,
}


async def answer_question(question: Question) -> Answer:
    """Return the answer to a question, from a worker thread if it is slow."""
    answer = ANSWER_FUNCTIONS[classify_name(question.name)]
    return await run_sync(answer, question) if question.is_slow else answer(question)
