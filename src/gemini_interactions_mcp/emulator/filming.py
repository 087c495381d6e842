"""Video of the emulator: the same clip of a rolling ball for every request, of three seconds."""

import base64
import re
from importlib import resources

from .protocol import INVALID_MESSAGE, JsonDict, ensure_object, ensure_text, make_refusal, refuse_value
from .questions import Answer, Question
from .requests import list_input_blocks, read_generation_value, read_response_formats
from .tool_steps import make_thought

# https://ai.google.dev/gemini-api/docs/omni
VIDEO_TASKS = ("text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale")
VIDEO_RATIOS = ("16:9", "9:16")
VIDEO_RESOLUTIONS = ("360p", "720p", "1080p", "4k")
VIDEO_DELIVERIES = ("inline", "uri")
DURATION_PATTERN = re.compile(r"([3-9]|10)s")
TASKS_ON_VIDEO = ("edit", "extend", "upscale")
CLIP = resources.files(__name__.rpartition(".")[0]) / "clip.mp4"
# Size and type of an MP4 box that players skip: ISO/IEC 14496-12, 8.1.2
FREE_BOX_HEADER_BYTES = 8


def check_video_request(body: JsonDict) -> None:
    """Refuse what video models do not take: other output, wrong shapes, a task that does not fit what is given.

    Raises:
        RefusalError: The API would refuse it.
    """
    formats = read_response_formats(body)
    if [given.get("type") for given in formats] != ["video"]:
        raise make_refusal(400, "Video models make one video only.")
    [given] = formats
    refuse_value("response_format.aspect_ratio", given.get("aspect_ratio"), VIDEO_RATIOS)
    refuse_value("response_format.resolution", given.get("resolution"), VIDEO_RESOLUTIONS)
    refuse_value("response_format.delivery", given.get("delivery"), VIDEO_DELIVERIES)
    if given.get("delivery") == "uri" and body.get("store") is False:
        raise make_refusal(400, "store=true is required for delivery=uri.")
    if not DURATION_PATTERN.fullmatch(ensure_text(given.get("duration", "3s"))):
        raise make_refusal(400, INVALID_MESSAGE)
    task = ensure_object(read_generation_value(body, "video_config")).get("task")
    refuse_value("generation_config.video_config.task", task, VIDEO_TASKS)
    check_video_task(body, task)


def check_video_task(body: JsonDict, task: object) -> None:
    """Refuse a task without what it works on.

    Raises:
        RefusalError: Something is missing, or is too much.
    """
    given = [block["type"] for block in list_input_blocks(body)]
    images, videos = given.count("image"), given.count("video")
    fits = {
        "text_to_video": images + videos == 0,
        "image_to_video": images == 1 and not videos,
        "reference_to_video": images > 0,
        **dict.fromkeys(TASKS_ON_VIDEO, videos == 1 or bool(body.get("previous_interaction_id"))),
    }
    if not fits.get(str(task), True):
        raise make_refusal(400, INVALID_MESSAGE)


def answer_with_video(question: Question) -> Answer:
    """Return the clip."""
    clip = {"type": "video", "mime_type": "video/mp4", "data": base64.b64encode(CLIP.read_bytes()).decode()}
    return Answer([make_thought(question, "**Filming**"), {"type": "model_output", "content": [clip]}])


def make_free_box(size: int) -> bytes:
    """Return the header of an MP4 box of a size in bytes, which players skip."""
    return (FREE_BOX_HEADER_BYTES + size).to_bytes(4) + b"free"
