"""Bounds of what a request costs, before it is sent. Pure; loads genai-prices, as `pricing` does."""

import math
import string
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from .amounts import MAX_MICROS, MICROS
from .attachments import Attachment
from .catalog import Catalog, CatalogRow, Prices
from .interactions import ContentItem, Request
from .pricing import SEARCH_TOOLS, TIER_FACTORS, find_prices, get_search_price
from .terms import get_request_terms
from .videos import CHANGING_TASKS, USUAL_RESOLUTION

LEAST_BYTES_PER_TOKEN: Final = 3
"""Bytes of text per token, at least; Google names four: https://ai.google.dev/gemini-api/docs/tokens"""
USUAL_BYTES_PER_TOKEN: Final = 4

CONTEXT_TOKENS: Final = 1_048_576
"""Input tokens of a request, at most: those of gemini-3.8-flash (https://ai.google.dev/gemini-api/docs/models)."""

ASSUMED_OUTPUT_TOKENS: Final = 65_536
"""Output tokens, at most, of a model whose maximum is not known: those of gemini-3.8-flash
(https://ai.google.dev/gemini-api/docs/models)."""

IMAGE_TOKENS: Final = 2_240
"""Tokens of an image at the highest resolution: https://ai.google.dev/gemini-api/docs/media-resolution"""

PDF_PAGE_TOKENS: Final = 1_120
"""Tokens of a page of a PDF at the highest resolution: https://ai.google.dev/gemini-api/docs/media-resolution"""

MEDIA_BYTES_PER_TOKEN: Final = {"audio": 20, "video": 40}
"""Bytes per token of recordings of the lowest quality, from 32 tokens a second of audio and 300 of video
(https://ai.google.dev/gemini-api/docs/tokens) at 6 and 100 kbit/s."""

VIDEO_FRAME_TOKENS: Final = 258
"""Tokens of a frame of video; its sound has those of audio: https://ai.google.dev/gemini-api/docs/tokens"""

AGENTIC_SHARE: Final = 0.25
"""Tokens of a video whose frames Gemini chooses, at most, as a part of those at a frame per second: assumed, twice
what the changelog of 2026-09-01 names (88 % fewer)."""

AUDIO_TOKENS_PER_SECOND: Final = 32
"""Tokens of a recording that is given: https://ai.google.dev/gemini-api/docs/tokens"""

LONGER_RECORDING: Final = (2, 10)
"""How much longer a recording is than it says, at most, as a factor and in seconds: the bitrate of MP3 may vary."""

VIDEO_TEXT_TOKENS: Final = 8_192
"""Tokens, at most, of the thoughts and the text beside a video: assumed."""

PICTURE_TEXT_TOKENS: Final = 2_048
"""Tokens, at most, of the thoughts and the text beside a generated image: assumed from field reports of 700 to 900."""

SPEECH_TOKENS_PER_SECOND: Final = 32
"""Tokens of audio that is made: https://ai.google.dev/gemini-api/docs/speech-generation"""

SPEECH_BYTES_PER_SECOND: Final = 15
"""Bytes of text that are spoken in a second: assumed from 150 words a minute."""

SLOW_SPEECH_FACTOR: Final = 4
"""How much slower than usual a text is spoken, at most: assumed."""

SEARCHES_PER_ANSWER: Final = 10
"""Searches of an answer, at most: assumed."""

PAGE_TOKENS: Final = 100_000
"""Tokens, at most, of the pages that `url_context` reads: assumed."""


EMBEDDING_MODELS: Final = ("gemini-embedding-001", "gemini-embedding-2")
"""Models that index documents: https://ai.google.dev/gemini-api/docs/file-search#pricing (2026-11)"""


class Estimate(NamedTuple):
    """Bounds of a cost, in millionths of a US dollar."""

    low: int
    high: int


def estimate_request(
    request: Request,
    catalog: Catalog,
    moment: datetime,
    *,
    earlier_tokens: int = 0,
    files: Sequence[Attachment] = (),
) -> Estimate | None:
    """Return what a request costs at least and at most; None where a price or a limit is not known.

    Args:
        request: Any.
        catalog: The catalog.
        moment: When it is sent; aware.
        earlier_tokens: Tokens of the interaction that it continues, which are read again.
        files: Its files, as far as they are not among its contents yet.
    """
    name = request.model or request.agent
    row = catalog.find(name)
    if row and row.usual_cost:
        low, high = (int(each * MICROS) for each in row.usual_cost)
        return Estimate(0 if request.plan else low, high)
    given = [*(request.attachments or list_attachments(request.contents)), *files]
    most = min(earlier_tokens + count_input_tokens(request, given), CONTEXT_TOKENS)
    prices = find_prices(name, catalog, moment, most)
    factor = TIER_FACTORS.get(request.service_tier or "standard")
    if prices is None or factor is None:
        return None
    if prices.song is not None:
        return Estimate(int(prices.song * MICROS), int(prices.song * MICROS))
    low = price_low(request, row, prices)
    high = price_high(request, row, prices, most)
    if low is None or high is None:
        return None
    # A tier has no price of its own for searches.
    most_micros = math.ceil(high * factor + price_searches(request, prices))
    return Estimate(math.floor(low * factor), min(most_micros, MAX_MICROS))


def estimate_indexing(
    files: Sequence[Attachment], embedding_model: str, catalog: Catalog, moment: datetime
) -> Estimate | None:
    """Return what indexing files in a file search store costs at least and at most; None where its price is not known.

    Args:
        files: The files.
        embedding_model: The store's; the dearest is assumed where it is not known.
        catalog: The catalog.
        moment: When they are sent; aware.
    """
    names = [embedding_model.removeprefix("models/")] if embedding_model else list(EMBEDDING_MODELS)
    priced = [find_prices(name, catalog, moment) for name in names]
    dearest = [max(each.input, each.input_image or 0) for each in priced if each is not None and each.input is not None]
    if len(dearest) < len(names):
        return None
    least = sum((file.bytes or 0) // USUAL_BYTES_PER_TOKEN for file in files if file.kind == "text")
    most = sum(map(bound_file_tokens, files))
    cheapest = min(each.input for each in priced if each is not None and each.input is not None)
    return Estimate(math.floor(least * cheapest), min(math.ceil(most * max(dearest)), MAX_MICROS))


def list_attachments(contents: Sequence[ContentItem]) -> Iterator[Attachment]:
    """Yield the files among the contents of a request."""
    for block in contents:
        inline = block.get("data") or block.get("text")
        yield Attachment(str(block.get("type")), len(str(inline).encode()) if inline else None)


def count_input_tokens(request: Request, files: Sequence[Attachment]) -> int:
    """Return the maximum number of tokens of prompt, style, instruction, schema, files and pages."""
    words = [request.prompt, request.system_instruction or "", str(request.response_schema or "")]
    text = sum(map(bound_text_tokens, words))
    if request.speech is not None:
        # Each turn is sent with the style.
        text += bound_text_tokens(request.speech.style or "") * max(1, len(request.speech.turns))
    pages = PAGE_TOKENS if "url_context" in request.tools else 0
    return text + pages + sum(bound_file_tokens(file) for file in files)


def bound_text_tokens(text: str) -> int:
    """Return the maximum number of tokens of a text; each digit may be one: https://arxiv.org/abs/2403.08295"""
    digits = sum(map(text.count, string.digits))
    return digits + math.ceil((len(text.encode(errors="replace")) - digits) / LEAST_BYTES_PER_TOKEN)


def bound_file_tokens(file: Attachment) -> int:
    """Return the maximum number of tokens of a file."""
    if file.kind == "image":
        return IMAGE_TOKENS
    if file.bytes is None:
        return CONTEXT_TOKENS
    if file.pages is not None:
        return file.pages * PDF_PAGE_TOKENS
    most = math.ceil(file.bytes * count_frame_share(file) / MEDIA_BYTES_PER_TOKEN.get(file.kind, LEAST_BYTES_PER_TOKEN))
    if file.seconds is None:
        return most
    factor, more = LONGER_RECORDING
    return min(most, math.ceil((file.seconds * factor + more) * AUDIO_TOKENS_PER_SECOND))


def count_frame_share(file: Attachment) -> float:
    """Return the tokens of a file as a part of those that it has by default: of video, by the frames that are read."""
    if file.frames is None:
        return 1
    if isinstance(file.frames, str):
        return AGENTIC_SHARE
    second = VIDEO_FRAME_TOKENS * file.frames + AUDIO_TOKENS_PER_SECOND
    return second / (VIDEO_FRAME_TOKENS + AUDIO_TOKENS_PER_SECOND)


def price_low(request: Request, row: CatalogRow | None, prices: Prices) -> Decimal | None:
    """Return the price in micro-dollars of the prompt, the usual output and an image."""
    drawn, filmed = price_image(request, row, prices), price_video(request, row, prices, shortest=True)
    if prices.input is None or drawn is None or filmed is None:
        return None
    usual = row.usual_output_tokens if row and row.usual_output_tokens and prices.output is not None else 0
    if request.kind == "speech":
        usual = count_speech_tokens(request)
    prompt = len(request.prompt.encode(errors="replace")) // USUAL_BYTES_PER_TOKEN
    return prompt * prices.input + usual * (prices.output or 0) + drawn + filmed


def price_high(request: Request, row: CatalogRow | None, prices: Prices, input_tokens: int) -> Decimal | None:
    """Return the price in micro-dollars of all tokens that a request allows."""
    output = count_output_tokens(request, row, input_tokens)
    drawn, filmed = price_image(request, row, prices), price_video(request, row, prices)
    if prices.input is None or prices.output is None or output is None or drawn is None or filmed is None:
        return None
    dearest = max(prices.input, prices.input_image or 0, prices.input_audio or 0, prices.input_video or 0)
    return input_tokens * dearest + output * prices.output + drawn + filmed


def price_searches(request: Request, prices: Prices) -> Decimal:
    """Return the price in micro-dollars of all searches that a request allows."""
    return SEARCHES_PER_ANSWER * any(tool in SEARCH_TOOLS for tool in request.tools) * get_search_price(prices)


def count_output_tokens(request: Request, row: CatalogRow | None, input_tokens: int) -> int | None:
    """Return the maximum number of output tokens beside an image; None for an agent without a budget."""
    terms = get_request_terms(request)
    if request.agent:
        return terms.max_total_tokens if terms else None
    if request.image is not None:
        return PICTURE_TEXT_TOKENS
    if request.video is not None:
        return VIDEO_TEXT_TOKENS
    if request.kind == "speech":
        return count_speech_tokens(request, SLOW_SPEECH_FACTOR)
    if request.kind == "transcript":
        # No second of speech has more words than it has tokens of sound.
        return min(input_tokens, ASSUMED_OUTPUT_TOKENS)
    asked = terms.max_output_tokens if terms else None
    return asked or (row and row.max_output_tokens) or ASSUMED_OUTPUT_TOKENS


def count_speech_tokens(request: Request, factor: int = 1) -> int:
    """Return the tokens of a spoken text, at so many times the usual duration; at least of a second."""
    seconds = 1 + len(request.prompt.encode(errors="replace")) * factor / SPEECH_BYTES_PER_SECOND
    return math.ceil(seconds * SPEECH_TOKENS_PER_SECOND)


def price_image(request: Request, row: CatalogRow | None, prices: Prices) -> Decimal | None:
    """Return the price in micro-dollars of the image that a request asks for; None where that is not known."""
    if request.image is None:
        return Decimal(0)
    tokens = row.image_tokens.get(request.image.get("image_size", "1K")) if row else None
    return None if tokens is None or prices.output_image is None else tokens * prices.output_image


def price_video(request: Request, row: CatalogRow | None, prices: Prices, *, shortest: bool = False) -> Decimal | None:
    """Return the price in micro-dollars of the video that a request asks for; None where that is not known."""
    if request.video is None:
        return Decimal(0)
    tokens = row.video_tokens.get(request.video.resolution or USUAL_RESOLUTION) if row else None
    if row is None or row.seconds is None or tokens is None or prices.output_video is None:
        return None
    seconds = request.video.seconds or row.seconds[0 if shortest else 1]
    # A video that is changed may be as long as any, and one that is extended keeps what it has.
    longest = row.seconds[1] * (2 if request.video.task == "extend" else 1)
    changed = request.video.task in CHANGING_TASKS and not shortest
    return tokens * (longest if changed else seconds) * prices.output_video
