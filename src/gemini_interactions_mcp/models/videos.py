"""How a video is made."""

from typing import Final, Literal

from .frozen import FrozenModel

VideoTask = Literal["text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale"]
"""Source: google-genai 3.6.1, types/interactions/videoconfig.py"""

CHANGING_TASKS: Final = ("edit", "extend", "upscale")
"""Tasks that change a video."""

USUAL_RESOLUTION: Final = "720p"
"""Source: google-genai 3.6.1, types/interactions/videoresponseformat.py"""


class VideoFormat(FrozenModel):
    """A video to make; None leaves the choice to the model.

    Attributes:
        task: What is made of what is given.
        aspect_ratio: `16:9` or `9:16`.
        resolution: Lines, such as `720p`.
        seconds: Duration.
    """

    task: VideoTask
    aspect_ratio: str | None = None
    resolution: str | None = None
    seconds: int | None = None


def choose_task(wanted: VideoTask | None, images: int, *, continues: bool) -> VideoTask:
    """Return what is made of what is given: one image is the first frame, several are references.

    Args:
        wanted: What the caller asks for; None where it follows from the rest.
        images: Number of images.
        continues: Whether there is a video to change, given or made by an earlier interaction.
    """
    if wanted:
        return wanted
    if continues:
        return "edit"
    return "text_to_video" if not images else "image_to_video" if images == 1 else "reference_to_video"
