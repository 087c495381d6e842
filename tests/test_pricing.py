"""What interactions have cost and may cost: counted by hand, in millionths of a dollar."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gemini_interactions_mcp.api.responses import parse_usage
from gemini_interactions_mcp.models import pricing, voices
from gemini_interactions_mcp.models.attachments import Attachment
from gemini_interactions_mcp.models.catalog import Catalog, CatalogRow
from gemini_interactions_mcp.models.catalog_file import load_built_in_catalog
from gemini_interactions_mcp.models.estimates import Estimate, estimate_request
from gemini_interactions_mcp.models.interactions import Request, Usage
from gemini_interactions_mcp.models.pricing import find_prices, price_usage
from gemini_interactions_mcp.models.videos import VideoFormat, VideoTask

BUILT_IN = load_built_in_catalog()
NOVEMBER = datetime(2026, 11, 29, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
JANUARY = datetime(2027, 1, 1, tzinfo=UTC)

FLASH, PRO, ARGON = "gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-4-argon"
BANANA, PRO_IMAGE = "gemini-nano-banana-2.1", "gemini-3-pro-image"
OMNI = "gemini-omni-1.2-flash"
RESEARCH, MAX = "deep-research-preview-04-2026", "deep-research-max-preview-04-2026"
ANTIGRAVITY = "antigravity-preview-09-2026"


def usage(
    given: int = 0, made: int = 0, thought: int = 0, *, kept: int = 0, tools: int = 0, **lists: dict[str, int]
) -> dict[str, Any]:
    """A usage as the API reports it."""
    told: dict[str, Any] = {
        "total_input_tokens": given,
        "total_output_tokens": made,
        "total_thought_tokens": thought,
        "total_cached_tokens": kept,
        "total_tool_use_tokens": tools,
        "total_tokens": given + made + thought + tools,
    }
    for name, counts in lists.items():
        keys = ("type", "count") if name == "searches" else ("modality", "tokens")
        key = "grounding_tool_count" if name == "searches" else f"{name}_tokens_by_modality"
        told[key] = [dict(zip(keys, pair, strict=True)) for pair in counts.items()]
    return told


RECORDED: list[tuple[str, dict[str, Any], datetime, str | None, float]] = [
    # The API reference's example, and one of Google's notebooks.
    (FLASH, usage(7, 20, 22, input={"text": 7}), NOVEMBER, None, 7 * 0.75 + (20 + 22) * 3.75),
    (FLASH, usage(11, 160, 382, input={"text": 11}), NOVEMBER, None, 11 * 0.75 + (160 + 382) * 3.75),
    (FLASH, usage(11, 160, 382), JANUARY, None, 11 * 1.5 + (160 + 382) * 7.5),
    (FLASH, usage(11, 160, 382), NOVEMBER, "flex", (11 * 0.75 + (160 + 382) * 3.75) / 2),
    (FLASH, usage(11, 160, 382), NOVEMBER, "standard", 11 * 0.75 + (160 + 382) * 3.75),
    ("flash", usage(1_000, 500), NOVEMBER, None, 1_000 * 0.75 + 500 * 3.75),
    # An image in the input, as in the documentation.
    (FLASH, usage(268, 90, input={"text": 10, "image": 258}), NOVEMBER, None, 268 * 0.75 + 90 * 3.75),
    # Tokens of tools are input.
    (FLASH, usage(100, 25, tools=50), NOVEMBER, None, 150 * 0.75 + 25 * 3.75),
    # 9,000 of 10,000 tokens come from the cache.
    (FLASH, usage(10_000, 200, kept=9_000), NOVEMBER, None, 1_000 * 0.75 + 9_000 * 0.075 + 200 * 3.75),
    # Three searches at 14 dollars a thousand.
    (FLASH, usage(500, 300, searches={"google_search": 3}), NOVEMBER, None, 500 * 0.75 + 300 * 3.75 + 3 * 14_000),
    (FLASH, usage(9, 9, searches={"google_search": 1, "google_maps": 2}), NOVEMBER, "flex", 20.25 + 3 * 14_000),
    (FLASH, usage(9, 9, searches={"retrieval": 5}), NOVEMBER, None, 9 * 0.75 + 9 * 3.75),
    (PRO, usage(200_000, 1_000), NOVEMBER, None, 200_000 * 2 + 1_000 * 12),
    (PRO, usage(200_001, 1_000), NOVEMBER, None, 200_001 * 4 + 1_000 * 18),
    (ARGON, usage(3_000, 700, 1_200), NOVEMBER, None, 3_000 * 2 + 1_900 * 10),
    (ARGON, usage(3_000, 700, 1_200), DECEMBER, None, 3_000 * 4 + 1_900 * 20),
    ("gemini-4-hydrogen", usage(3_000, 700), NOVEMBER, None, 3_000 * 1.5 + 700 * 7.5),
    ("gemini-4-hydrogen", usage(3_000, 700, kept=1_000), NOVEMBER, None, 3_000 * 1.5 + 700 * 7.5),
    ("gemini-3.5-flash-lite", usage(8_000, 400), NOVEMBER, None, 8_000 * 0.3 + 400 * 2.5),
    # A recording of 60 s is 1,920 tokens of audio.
    (
        "gemini-3.1-flash-lite",
        usage(2_020, 100, input={"text": 100, "audio": 1_920}),
        NOVEMBER,
        None,
        100 * 0.25 + 1_920 * 0.5 + 100 * 1.5,
    ),
    (
        "gemini-3.1-flash-lite",
        usage(2_020, 100, kept=2_000, input={"text": 100, "audio": 1_920}, cached={"text": 80, "audio": 1_920}),
        NOVEMBER,
        None,
        20 * 0.25 + 80 * 0.025 + 1_920 * 0.05 + 100 * 1.5,
    ),
    # A picture of 1K is 1,120 tokens; what is beside it costs as text.
    (BANANA, usage(12, 1_120, 800, output={"image": 1_120}), NOVEMBER, None, 12 * 1.5 + 1_120 * 30 + 800 * 7.5),
    (BANANA, usage(12, 1_160, output={"image": 1_120, "text": 40}), NOVEMBER, None, 12 * 1.5 + 33_600 + 40 * 7.5),
    (BANANA, usage(12, 1_120), NOVEMBER, None, 12 * 1.5 + 1_120 * 30),
    (PRO_IMAGE, usage(12, 1_120, output={"image": 1_120}), NOVEMBER, None, 12 * 2 + 1_120 * 120),
    (PRO_IMAGE, usage(12, 2_000, output={"image": 2_000}), NOVEMBER, None, 12 * 2 + 2_000 * 120),
    ("nano-banana-pro-preview", usage(12, 1_120), NOVEMBER, None, 12 * 2 + 1_120 * 120),
    ("gemini-3.8-flash-tts", usage(20, 320, output={"audio": 320}), NOVEMBER, None, 20 * 0.5 + 320 * 9),
    ("gemini-3.5-transcribe", usage(1_920, 200, input={"audio": 1_920}), NOVEMBER, None, 1_920 * 2 + 200 * 12),
    ("gemini-omni-1.2-flash", usage(30, 40_000, output={"video": 40_000}), NOVEMBER, None, 30 * 1.5 + 40_000 * 12),
    ("lyria-3.5", usage(30, 2_000), NOVEMBER, None, 80_000),
    ("lyria-3.5-clip-preview", usage(30, 2_000), NOVEMBER, None, 40_000),
    # The documentation's example of research, and its usual size: 80 searches.
    (RESEARCH, usage(20, 1_000, 500), NOVEMBER, None, 20 * 2 + 1_500 * 12),
    (
        RESEARCH,
        usage(250_000, 60_000, searches={"google_search": 80}),
        NOVEMBER,
        None,
        250_000 * 2 + 60_000 * 12 + 80 * 35_000,
    ),
    (MAX, usage(900_000, 80_000, searches={"google_search": 160}), NOVEMBER, None, 1_800_000 + 960_000 + 5_600_000),
    (ANTIGRAVITY, usage(40_000, 5_000, 3_000), NOVEMBER, None, 40_000 * 0.75 + 8_000 * 3.75),
    (ANTIGRAVITY, usage(40_000, 5_000, 3_000), JANUARY, None, 40_000 * 1.5 + 8_000 * 7.5),
]


@pytest.mark.parametrize(("name", "told", "moment", "tier", "micros"), RECORDED)
def test_a_cost_is_what_the_prices_say(
    name: str, told: dict[str, Any], moment: datetime, tier: str | None, micros: float
) -> None:
    counted = parse_usage(told)
    assert counted is not None
    assert price_usage(counted, name, BUILT_IN, moment, tier) == pytest.approx(micros, abs=0.5)


UNKNOWN: list[tuple[str, str | None, dict[str, Any], str | None]] = [
    ("a model without a price", "gemini-4-neon", usage(1, 1), None),
    ("a model that is free of charge or has no price", "gemma-4-31b-it", usage(1, 1), None),
    ("a model that nobody knows", "gemini-9-unknown", usage(1, 1), None),
    ("a model that is named after another", "gemini-3.8-flash-ultra", usage(1, 1), None),
    ("no model", None, usage(1, 1), None),
    ("a tier without a fixed price", FLASH, usage(1, 1), "priority"),
    ("nothing counted", FLASH, usage(), None),
    ("only a total", FLASH, {"total_tokens": 3}, None),
]


@pytest.mark.parametrize(("name", "told", "tier"), [row[1:] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
def test_what_is_not_known_is_never_zero(name: str | None, told: dict[str, Any], tier: str | None) -> None:
    counted = parse_usage(told)
    assert counted is not None
    assert price_usage(counted, name, BUILT_IN, NOVEMBER, tier) is None


@pytest.mark.parametrize("version", ["001", "preview", "preview-09-2026", "09-2026", "latest"])
def test_a_version_of_a_model_costs_what_the_model_does(version: str) -> None:
    counted = Usage(total_input_tokens=1_000)
    assert price_usage(counted, f"{FLASH}-{version}", BUILT_IN, NOVEMBER) == price_usage(
        counted, FLASH, BUILT_IN, NOVEMBER
    )


def test_negative_counts_and_parts_beyond_the_total_cost_no_less_than_nothing() -> None:
    absurd = Usage(total_input_tokens=10, total_output_tokens=-5, total_cached_tokens=50, total_thought_tokens=-9)
    assert price_usage(absurd, FLASH, BUILT_IN, NOVEMBER) == 1
    parts = Usage(total_output_tokens=10, output_tokens_by_modality={"image": 1_120})
    assert price_usage(parts, BANANA, BUILT_IN, NOVEMBER) == 33_600


def test_prices_of_the_catalog_replace_others() -> None:
    row = CatalogRow.model_validate({"id": FLASH, "kind": "text", "prices": [{"input": "0.1", "output": "0.3"}]})
    assert price_usage(Usage(total_input_tokens=1_000), FLASH, Catalog([row]), NOVEMBER) == 100


def test_a_fraction_is_rounded_to_the_nearest_millionth() -> None:
    assert price_usage(Usage(total_input_tokens=2), FLASH, BUILT_IN, NOVEMBER) == 2
    assert price_usage(Usage(total_input_tokens=5), "gemini-3.1-flash-lite", BUILT_IN, NOVEMBER) == 1


def test_what_costs_less_than_a_millionth_is_not_free() -> None:
    assert price_usage(Usage(total_input_tokens=1), "gemini-2.5-flash-lite", BUILT_IN, NOVEMBER) == 1
    free = CatalogRow.model_validate({"id": "free", "kind": "text", "prices": [{"input": 0, "output": 0}]})
    assert price_usage(Usage(total_input_tokens=1), "free", Catalog([free]), NOVEMBER) == 0


def test_output_of_a_kind_without_a_price_is_never_zero() -> None:
    row = CatalogRow.model_validate({"id": "reel", "kind": "video", "prices": [{"input": 1, "output_video": 12}]})
    told = Usage(total_input_tokens=30, total_output_tokens=900, output_tokens_by_modality={"text": 900})
    assert price_usage(told, "reel", Catalog([row]), NOVEMBER) is None


def test_every_model_in_use_by_default_has_a_price() -> None:
    for name in (FLASH, BANANA, RESEARCH, MAX, ANTIGRAVITY):
        assert find_prices(name, BUILT_IN, NOVEMBER) is not None


@pytest.mark.slow
def test_the_start_loads_no_prices_and_a_price_opens_no_connection() -> None:
    code = """
import socket, sys
from datetime import UTC, datetime
import gemini_interactions_mcp.server.app
assert "genai_prices" not in sys.modules and "gemini_interactions_mcp.models.catalog" not in sys.modules
def refuse(*_, **__): raise AssertionError("a connection")
socket.socket.connect = socket.getaddrinfo = refuse
from gemini_interactions_mcp.models.catalog_file import load_built_in_catalog
from gemini_interactions_mcp.models.pricing import find_prices
assert find_prices("gemini-3.8-flash", load_built_in_catalog(), datetime.now(UTC)) is not None
import genai_prices.data_snapshot, threading
assert not genai_prices.data_snapshot.get_snapshot().from_auto_update and threading.active_count() == 1
"""
    unmeasured = {name: value for name, value in os.environ.items() if name != "COVERED"}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50, env=unmeasured)


def ask(prompt: str = "x" * 300, **changes: Any) -> Request:
    return Request(kind="ask", prompt=prompt, model=FLASH).model_copy(update=changes)


def draw(size: str | None = None, **changes: Any) -> Request:
    image = {"image_size": size} if size else {}
    return Request(kind="image", prompt="x" * 300, model=BANANA, image=image).model_copy(update=changes)


def film(task: VideoTask = "text_to_video", resolution: str | None = None, **changes: Any) -> Request:
    shape = VideoFormat(task=task, resolution=resolution, seconds=changes.pop("seconds", None))
    return Request(kind="video", prompt="x" * 300, model=OMNI, video=shape).model_copy(update=changes)


ESTIMATED: list[tuple[str, Request, tuple[float, float] | None]] = [
    # 300 bytes are 75 to 100 tokens.
    ("no limit", ask(), (75 * 0.75, 100 * 0.75 + 65_536 * 3.75)),
    ("digits", ask("7" * 300, max_output_tokens=1), (75 * 0.75, 300 * 0.75 + 3.75)),
    ("a limit", ask(max_output_tokens=1_000), (75 * 0.75, 100 * 0.75 + 1_000 * 3.75)),
    ("half the price", ask(max_output_tokens=1_000, service_tier="flex"), (28.125, 1_912.5)),
    ("a tier without a price", ask(service_tier="priority"), None),
    ("an instruction", ask(max_output_tokens=1, system_instruction="y" * 300), (56.25, 200 * 0.75 + 3.75)),
    ("a search", ask(max_output_tokens=1, tools=("google_search",)), (56.25, 78.75 + 140_000)),
    ("pages", ask(max_output_tokens=1, tools=("url_context",)), (56.25, 78.75 + 100_000 * 0.75)),
    ("a picture", ask(max_output_tokens=1, contents=({"type": "image", "data": "A" * 99},)), (56.25, 78.75 + 1_680)),
    ("a file", ask(max_output_tokens=1, contents=({"type": "text", "text": "z" * 300},)), (56.25, 78.75 + 75)),
    (
        "an address",
        ask(max_output_tokens=1, contents=({"type": "video", "uri": "y"},)),
        (56.25, 1_048_576 * 0.75 + 3.75),
    ),
    ("a maximum that is not known", ask(model="gemini-4-argon"), (150, 100 * 2 + 65_536 * 10)),
    ("an unknown price", ask(model="gemini-4-neon"), None),
    ("a song", ask(model="lyria-3.5"), (80_000, 80_000)),
    ("a video", film(seconds=3), (75 * 1.5 + 3 * 8_334 * 12, 100 * 1.5 + 8_192 * 9 + 3 * 8_334 * 12)),
    ("a video of any length", film(), (75 * 1.5 + 3 * 8_334 * 12, 100 * 1.5 + 8_192 * 9 + 10 * 8_334 * 12)),
    ("a longer video", film("extend"), (75 * 1.5 + 3 * 8_334 * 12, 100 * 1.5 + 8_192 * 9 + 20 * 8_334 * 12)),
    ("a video of a resolution without a price", film(resolution="4k"), None),
    ("an unknown video model", film(model="gemini-9-omni"), None),
    ("an image", draw(), (75 * 1.5 + 33_600, 100 * 1.5 + 33_600 + 2_048 * 7.5)),
    ("a large image", draw("4K", model=PRO_IMAGE), (75 * 2 + 240_000, 100 * 2 + 240_000 + 2_048 * 12)),
    ("a size without a price", draw("4K"), None),
    ("an unknown image model", draw(model="gemini-9-image"), None),
    ("research", Request(kind="research", prompt="x", agent=RESEARCH), (1_000_000, 3_000_000)),
    ("exhaustive research", Request(kind="research", prompt="x", agent=MAX), (3_000_000, 7_000_000)),
    (
        "a plan",
        Request(kind="research", prompt="x", agent=RESEARCH, agent_config={"collaborative_planning": True}),
        (0, 3_000_000),
    ),
    ("a task", Request(kind="research", prompt="x", agent=ANTIGRAVITY), None),
    (
        "a task with a budget",
        Request(kind="research", prompt="x" * 300, agent=ANTIGRAVITY, agent_config={"max_total_tokens": 50_000}),
        (56.25, 75 + 50_000 * 3.75),
    ),
    (
        "a task with a budget that no journal can sum",
        Request(kind="research", prompt="x" * 300, agent=ANTIGRAVITY, agent_config={"max_total_tokens": 10**18 - 1}),
        (56.25, 10**15),
    ),
]


@pytest.mark.parametrize(("request_", "bounds"), [row[1:] for row in ESTIMATED], ids=[row[0] for row in ESTIMATED])
def test_an_estimate_has_a_lower_and_an_upper_end(request_: Request, bounds: tuple[float, float] | None) -> None:
    found = estimate_request(request_, BUILT_IN, NOVEMBER)
    assert (found is None) == (bounds is None)
    if found is not None and bounds is not None:
        assert found.low <= found.high
        assert found == (pytest.approx(bounds[0], abs=1), pytest.approx(bounds[1], abs=1))


@pytest.mark.parametrize(
    ("file", "tokens"),
    [
        (Attachment("audio", 2_000), 100),
        (Attachment("audio", 2_000, seconds=60), 100),
        (Attachment("audio", 10_000_000, seconds=60), 130 * 32),
        (Attachment("video", 4_000), 100),
        (Attachment("document", 300), 100),
        (Attachment("image", None), 2_240),
        (Attachment("document", None), 1_048_476),
        (Attachment("video", 10**12), 1_048_476),
    ],
)
def test_files_are_counted_by_size_and_kind_up_to_the_context(file: Attachment, tokens: int) -> None:
    found = estimate_request(ask(max_output_tokens=1), BUILT_IN, NOVEMBER, files=[file])
    assert found is not None
    assert found.high == pytest.approx((100 + tokens) * 0.75 + 3.75, abs=1)


@pytest.mark.parametrize(
    ("file", "tokens"), [(Attachment("audio", 10_000_000, seconds=600), 1_210 * 32), (Attachment("audio", 2_000), 101)]
)
def test_a_transcript_has_at_most_a_token_for_each_of_its_recording(file: Attachment, tokens: int) -> None:
    request = Request(kind="transcript", prompt="x", model="gemini-3.5-transcribe")
    found = estimate_request(request, BUILT_IN, NOVEMBER, files=[file])
    assert found is not None
    assert found.high == pytest.approx(tokens * (2 + 12), abs=20)
    unknown = estimate_request(request, BUILT_IN, NOVEMBER, files=[Attachment("document", None)])
    assert unknown is not None
    assert unknown.high == 1_048_576 * 2 + 65_536 * 12


def test_the_style_of_a_speech_is_read_for_each_turn() -> None:
    script, style = "Joe: Hi.\nJane: Hello.", "z" * 30_000
    plain, styled = (
        estimate_request(
            Request(
                kind="speech",
                prompt=script,
                model="gemini-3.8-flash-tts",
                speech=voices.parse_speech(script, "Joe=Puck, Jane=Kore", wanted),
            ),
            BUILT_IN,
            NOVEMBER,
        )
        for wanted in (None, style)
    )
    prices = find_prices("gemini-3.8-flash-tts", BUILT_IN, NOVEMBER, 1)
    assert plain is not None
    assert styled is not None
    assert prices is not None
    assert prices.input
    assert styled.high - plain.high == pytest.approx(2 * 10_000 * float(prices.input), abs=2)


def test_what_is_continued_is_read_again() -> None:
    found = estimate_request(ask(max_output_tokens=1), BUILT_IN, NOVEMBER, earlier_tokens=10_000)
    assert found == Estimate(56, 7_579)


def test_a_usual_answer_counts_to_the_lower_end() -> None:
    row = CatalogRow.model_validate(
        {"id": FLASH, "kind": "text", "usual_output_tokens": 1_000, "prices": [{"input": 1, "output": 10}]}
    )
    found = estimate_request(ask(), Catalog([row]), NOVEMBER)
    assert found is not None
    assert found.low == 75 + 1_000 * 10


def test_a_price_is_chosen_by_the_length_of_the_input() -> None:
    short, long = (find_prices(PRO, BUILT_IN, NOVEMBER, tokens) for tokens in (1, 10**6))
    assert short is not None
    assert long is not None
    assert (short.input, long.input) == (Decimal(2), Decimal(4))


def test_every_name_of_a_price_is_one_that_genai_prices_has() -> None:
    from genai_prices.data_units import unit_data

    assert set(pricing.GENAI_PRICE_NAMES.values()) <= {unit["price_key"] for unit in unit_data.values()}


def test_a_tier_makes_tokens_cheaper_and_searches_not() -> None:
    searches = 10 * 14_000

    def high(**changes: Any) -> int:
        found = estimate_request(ask(**changes), BUILT_IN, NOVEMBER)
        assert found is not None
        return found.high

    plain, flex = high(tools=("google_search",)), high(tools=("google_search",), service_tier="flex")
    assert flex - searches == pytest.approx((plain - searches) / 2, abs=1)
