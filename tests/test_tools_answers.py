"""What accompanies or replaces an answer: code, failed calls, sources that are no pages, limits, endings."""

import json
import re
from pathlib import Path
from typing import Any

import anyio
import pytest
from google import genai
from google.genai import types
from mcp import Client
from mcp_types import CallToolResult, TextResourceContents

from conftest import FAST, KEY, Mode
from emulating import NO_TLS
from faults.harness import rows
from gemini_interactions_mcp.emulator import HOSTILE_URLS, Emulator, Fault
from gemini_interactions_mcp.models import error_codes
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.settings import Settings
from reading import MODERN, call, complaint, ended, fenced, id_of, links_of, newest, saved_in, text_of

PERSON: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ANTIGRAVITY = "antigravity-preview-09-2026"


async def resource(client: Client, address: str) -> str:
    [content] = (await client.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


async def data_of(client: Client, result: CallToolResult) -> dict[str, Any]:
    return json.loads(await resource(client, f"gemini://interactions/{id_of(result)}/data"))


async def again(settings: Settings, mode: Mode, interaction_id: str) -> str:
    """Return what a server started afterwards says of an interaction."""
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        return text_of(await call(client, "read_interaction", interaction_id=interaction_id, wait_seconds=10))


def body_of(text: str) -> str:
    return text.partition("\n---\n")[0]


@pytest.mark.slow
async def test_an_answer_that_is_only_code_shows_it_and_what_it_printed(
    client: Client, settings: Settings, mode: Mode
) -> None:
    result = await call(client, "gemini_ask", prompt="hi [[code=2]]", tools=["code_execution"])
    text = text_of(result)
    assert text.startswith('````python\nprint("""```\n0\n""")\n````\n\nOutput:\n\n````\n```\n0\n````\n\n````python\n')
    assert "Output, which is an error:\n\n````\nTraceback (most recent call last):\n" in text
    assert "\nNote: code failed: ZeroDivisionError: division by '''zero'''\n" in text
    data = await data_of(client, result)
    assert [each["failed"] for each in data["code"]] == [False, True]
    assert data["code"][0]["language"] == "python"
    document = await resource(client, f"gemini://interactions/{id_of(result)}")
    assert "## Code that was run\n\n````python\n" in document
    assert body_of(await again(settings, mode, id_of(result))) == body_of(text)


@pytest.mark.slow
async def test_code_beside_a_text_stays_out_of_the_answer_but_not_of_the_markdown(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="hi", tools=["code_execution"])
    assert "print(2)" not in text_of(result)
    document = await resource(client, f"gemini://interactions/{id_of(result)}")
    assert "## Code that was run\n\n```python\nprint(2)\n```\n\nOutput:\n\n```\n2\n```\n" in document
    assert (await data_of(client, result))["code"] == [
        {"code": "print(2)", "language": "python", "output": "2\n", "failed": False}
    ]


@pytest.mark.slow
@MODERN
async def test_a_saved_report_has_the_code_that_was_run(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Bicycles")
    report = await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    [path] = [path for path in saved_in(report) if path.suffix == ".md"]
    assert "## Code that was run\n\n```python\nprint(8)\n```\n" in path.read_text(encoding="utf-8")


@MODERN
async def test_research_that_only_ran_code_is_saved_as_a_report(client: Client) -> None:
    begun = await call(client, "start_research", prompt="Bicycles [[code=1]]")
    [path] = saved_in(await call(client, "check_research", interaction_id=id_of(begun), wait_seconds=10))
    _, report = path.read_text(encoding="utf-8").split("\n---\n\n", 1)
    assert report.startswith("````python\n")


@pytest.mark.slow
async def test_calls_that_came_to_nothing_are_told_below_the_answer(
    client: Client, settings: Settings, mode: Mode
) -> None:
    result = await call(client, "gemini_ask", prompt="hi [[failures=5]]")
    notes = re.findall(r"^Note: (.*)$", text_of(result), re.MULTILINE)
    assert notes == [
        "not read: https://example.com/unread/0 (paywall)",
        "not read: https://example.com/unread/1 (unsafe)",
        "not read: https://example.com/unread/2 (error)",
        "not read: https://example.com/unread/3 (error)",
        "not read: https://example.com/unread/4 ((odd)(javascript:alert(3)) note: forged)",
        "google_search failed: naïve bicycles",
        "code failed: ZeroDivisionError: division by '''zero'''",
        "docs/lookup failed: No such page",
    ]
    assert (await data_of(client, result))["failures"] == notes
    assert "\nNote: google_search failed: naïve bicycles\n" in await resource(
        client, f"gemini://interactions/{id_of(result)}"
    )
    assert "\nNote: docs/lookup failed: No such page\n" in await again(settings, mode, id_of(result))


@pytest.mark.slow
async def test_many_failures_are_bounded_and_counted(client: Client) -> None:
    text = text_of(await call(client, "gemini_ask", prompt="hi [[failures=500]]"))
    assert text.count("Note: ") == 13
    assert "\nNote: and 491 more\n" in text


@MODERN
async def test_an_answer_that_never_came_tells_what_failed_on_the_way(client: Client) -> None:
    said = await complaint(client, "gemini_ask", prompt="hi [[failures=1]] [[ends=SAFETY]]")
    assert "On the way: not read: https://example.com/unread/0 (paywall); google_search failed" in said


async def test_what_is_no_page_is_no_source_and_no_title_ends_its_link(client: Client) -> None:
    result = await call(client, "gemini_ask", prompt="hi [[cites=links]]")
    sources = text_of(result).partition("Sources:\n")[2].partition("\n\n")[0]
    assert sources == (
        "1. [Handbook)(javascript:alert(1)) \u2039img src=x onerror=alert(1)\u203a '/]"
        "(<https://example.com/wiki/Bicycle_(disambiguation)>)"
    )
    assert "Bad " not in text_of(result)
    assert not any(f"({url}" in text_of(result) for url in HOSTILE_URLS if url != "javascript:alert(1)")
    assert [each["url"] for each in (await data_of(client, result))["citations"]] == [
        "https://example.com/wiki/Bicycle_(disambiguation)"
    ]


@pytest.mark.slow
async def test_files_without_an_address_are_sources_by_name_and_page(
    client: Client, settings: Settings, mode: Mode
) -> None:
    result = await call(client, "gemini_ask", prompt="hi [[cites=files]]")
    sources = "Sources:\n1. a.pdf, page 3\n2. a.pdf, page 5\n3. b.pdf\n4. c)(javascript:alert(1)).pdf\n"
    assert f"[1][2][3][4]\n\n{sources}" in text_of(result)
    assert sources in await again(settings, mode, id_of(result))
    assert sources in await resource(client, f"gemini://interactions/{id_of(result)}")


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["html", "svg", "lie"])
async def test_a_picture_that_is_none_is_told_and_saved_as_bytes(client: Client, sent: str) -> None:
    result = await call(client, "generate_image", prompt=f"A bike [[sends={sent}]]")
    [path] = saved_in(result)
    assert path.suffix == ".bin"
    assert re.search(
        r"^Note: What Gemini sent as a picture cannot be read as one \(Google calls it ",
        text_of(result),
        re.MULTILINE,
    )
    assert "![" not in text_of(result)
    assert len(result.content) == 2
    assert links_of(result)[0].mime_type == "application/octet-stream"
    [content] = (await client.read_resource(links_of(result)[0].uri)).contents
    assert content.mime_type == "application/octet-stream"


@MODERN
async def test_a_picture_that_is_none_does_not_get_the_name_of_one(client: Client, settings: Settings) -> None:
    wanted = settings.output_dir / "bike.png"
    result = await call(client, "generate_image", prompt="A bike [[sends=lie]]", output_path=str(wanted))
    assert saved_in(result) == [wanted.with_suffix(".bin")]
    assert not wanted.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("prose", "The answer does not follow response_schema: it is not JSON."),
        ("other", "The answer does not follow response_schema: $.name: 5 is not of type 'string'."),
    ],
)
async def test_an_answer_that_does_not_follow_its_schema_says_so_and_is_shown(
    client: Client, settings: Settings, mode: Mode, kind: str, said: str
) -> None:
    result = await call(client, "gemini_ask", prompt=f"hi [[json={kind}]]", response_schema=PERSON)
    assert "Here is the person." in text_of(result) if kind == "prose" else fenced(result) == {"name": 5}
    assert f"\nNote: {said}\n" in text_of(result)
    assert f"\nNote: {said}\n" in await again(settings, mode, id_of(result))


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["other", "fence"])
async def test_an_answer_is_in_the_journal_before_it_is_held_against_its_schema(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    from gemini_interactions_mcp.models import json_schema

    seen: list[Any] = []
    departure = json_schema.find_departure

    def slow(text: str, schema: Any) -> str | None:
        seen.extend(rows(tmp_path))
        return departure(text, schema)

    monkeypatch.setattr(json_schema, "find_departure", slow)
    result = await call(client, "gemini_ask", prompt=f"hi [[json={ends}]]", response_schema=PERSON)
    [row] = seen
    assert (row["status"], row["interaction_id"], row["error"]) == ("completed", id_of(result), None)
    assert row["text"]
    assert ("Note: " in text_of(result)) == (ends == "other")


async def test_an_answer_that_follows_its_schema_says_nothing(client: Client) -> None:
    for prompt in ("hi", "hi [[json=fence]]"):
        result = await call(client, "gemini_ask", prompt=prompt, response_schema=PERSON)
        assert "Note: " not in text_of(result)
        assert fenced(result) == {"name": f"Emulated: {prompt}"}


@pytest.mark.slow
async def test_an_answer_that_comes_after_a_restart_is_held_against_its_schema(
    emulator: Emulator, settings: Settings, mode: Mode
) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        await call(client, "gemini_ask", prompt="hi [[json=other]]", response_schema=PERSON, wait_seconds=0)
    held.release.set()
    await ended(newest(emulator))
    assert "$.name: 5 is not of type 'string'." in await again(settings, mode, newest(emulator).id)


@MODERN
async def test_a_schema_is_never_fetched(client: Client, emulator: Emulator, url: str) -> None:
    schema = {"type": "object", "properties": {"name": {"$ref": f"{url}/schema.json"}}}
    result = await call(client, "gemini_ask", prompt="hi [[json=other]]", response_schema=schema)
    assert "Note: The answer was not checked against response_schema: it contains an unresolvable reference" in text_of(
        result
    )
    assert not [request for request in emulator.requests if "schema.json" in request.path]


@pytest.mark.slow
@MODERN
async def test_a_schema_keeps_its_secrets_in_the_journal(client: Client) -> None:
    schema = PERSON | {"description": f"Not {KEY}"}
    result = await call(client, "gemini_ask", prompt="hi", response_schema=schema)
    assert (await data_of(client, result))["terms"]["response_schema"]["description"] == "Not [secret]"


@pytest.mark.usual_wire("a read tells what thinking took")
async def test_a_limit_without_a_text_is_named_with_what_to_raise(client: Client) -> None:
    said = await complaint(client, "gemini_ask", prompt="hi [[ends=incomplete]]", max_output_tokens=50)
    assert said.startswith(
        "The answer is incomplete: it reached max_output_tokens (50), of which thinking took 8 and the answer 0 "
        "tokens. Ask again with a higher max_output_tokens or a lower thinking_level, or for less at once."
    )


@pytest.mark.slow
async def test_a_limit_is_known_after_a_restart_too(emulator: Emulator, settings: Settings, mode: Mode) -> None:
    emulator.faults.append(held := Fault("create", "hold"))
    arguments = {"prompt": "hi [[words=90]]", "max_output_tokens": 7, "wait_seconds": 0}
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as client:
        await call(client, "gemini_ask", **arguments)
    held.release.set()
    await ended(newest(emulator))
    assert "Note: The answer is incomplete: it reached max_output_tokens (7)" in await again(
        settings, mode, newest(emulator).id
    )


@pytest.mark.slow
@pytest.mark.usual_wire("an id from outside has the form that ids have had so far")
@MODERN
async def test_the_limit_of_an_interaction_of_another_program_is_read_from_google(
    client: Client, emulator: Emulator, url: str
) -> None:
    other = stranger(url)
    config = {"type": "antigravity", "max_total_tokens": 50_000}
    made = await other.aio.interactions.create(
        agent=ANTIGRAVITY, input="hi [[ends=incomplete]]", environment="remote", agent_config=config, background=True
    )
    await ended(newest(emulator))
    said = text_of(await call(client, "read_interaction", interaction_id=made.id))
    assert "reached the agent's budget of 50,000 tokens (budget_tokens). start_research with it as" in said
    await other.aio.aclose()


NAMES = [*error_codes.REMEDIES, "IMAGE_SAFETY", "MAX_TOKENS", "FINISH_REASON_SPII"]


LESS = "(Ask again with a lower thinking_level, or|Ask) for less at once"
"""Remedies for a token limit: thinking is named where it used some."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@MODERN
async def test_an_ending_is_told_by_its_name_with_what_to_do(client: Client, name: str) -> None:
    said = await complaint(client, "gemini_ask", prompt=f"hi [[ends={name}]]")
    reason = error_codes.get_finish_reason(name)
    assert (error_codes.BLOCK_REASONS | error_codes.GENERATION_FAILURES | error_codes.FINISH_REASONS)[reason] in said
    assert re.search(LESS if reason == "max_tokens" else re.escape(error_codes.REMEDIES[reason]), said)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MAX_TOKENS", "safety", "IMAGE_RECITATION"])
async def test_an_ending_beside_a_text_is_told_with_it(client: Client, name: str) -> None:
    result = await call(client, "gemini_ask", prompt=f"hi [[finishes={name}]]")
    why = re.escape(
        f"Note: The answer may not be whole ({error_codes.explain_code(error_codes.get_finish_reason(name), '')}). "
    )
    way = (
        f"{LESS}; gemini_continue can ask for the rest"
        if name == "MAX_TOKENS"
        else error_codes.join_remedies([name.lower()])
    )
    assert re.search(f"\n{why}{way}\\.?\n", text_of(result))


@pytest.mark.slow
@MODERN
async def test_an_ending_that_is_none_says_nothing(client: Client) -> None:
    assert "Note: " not in text_of(await call(client, "gemini_ask", prompt="hi [[finishes=STOP]]"))


async def test_a_picture_that_was_not_made_tells_why(client: Client) -> None:
    said = await complaint(client, "generate_image", prompt="A bike [[images=0]] [[finishes=IMAGE_SAFETY]]")
    assert said.startswith(
        "Gemini made no image (image_safety, blocked by Google's filter for an unsafe image), but answered with text. "
        "Rephrase the prompt: describe another picture, without real people or works of others. It said: Emulated"
    )


def stranger(url: str) -> Any:
    """Another program with a key of the same project."""
    options = types.HttpOptions(base_url=url, client_args={"verify": NO_TLS}, async_client_args={"verify": NO_TLS})
    return genai.Client(api_key="another", vertexai=False, http_options=options)


async def test_a_run_that_the_user_has_cancelled_says_so(
    client: Client, emulator: Emulator, settings: Settings, mode: Mode
) -> None:
    emulator.faults.append(Fault("create", "hold"))
    begun = await call(client, "start_research", prompt="Bicycles")
    await call(client, "cancel_research", interaction_id=id_of(begun))
    said = await complaint(client, "read_interaction", interaction_id=id_of(begun))
    assert "It was cancelled through this server (cancel_research)." in said
    once_more = await call(client, "cancel_research", interaction_id=id_of(begun))
    assert text_of(once_more).startswith("Nothing was stopped: The interaction was cancelled; what it had cost")
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as other:
        assert "(cancel_research)" in await complaint(other, "check_research", interaction_id=id_of(begun))


async def test_a_run_that_somebody_else_has_cancelled_says_that(client: Client, emulator: Emulator, url: str) -> None:
    emulator.faults.append(Fault("create", "hold"))
    begun = await call(client, "start_research", prompt="Bicycles")
    other = stranger(url)
    await other.aio.interactions.cancel(id_of(begun))
    await ended(newest(emulator))
    await other.aio.aclose()
    said = await complaint(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    assert "It was not cancelled through this server: another program with a key of the same project did it" in said


@MODERN
async def test_a_run_that_another_server_was_asked_to_stop_was_stopped_by_the_user(
    client: Client, emulator: Emulator, settings: Settings, mode: Mode
) -> None:
    emulator.faults.append(Fault("create", "hold"))
    begun = await call(client, "start_research", prompt="Bicycles")
    async with Client(build_server(settings, FAST), mode=mode, cache=None) as other:
        await call(other, "cancel_research", interaction_id=id_of(begun))
    said = await complaint(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    assert "It was cancelled through this server (cancel_research)." in said


@MODERN
async def test_a_cancel_that_google_refused_is_not_who_stopped_it(
    client: Client, emulator: Emulator, url: str, tmp_path: Path
) -> None:
    emulator.faults += [Fault("create", "hold"), Fault("cancel", "http", http_status=403)]
    begun = await call(client, "start_research", prompt="Bicycles")
    await call(client, "cancel_research", interaction_id=id_of(begun))
    other = stranger(url)
    await other.aio.interactions.cancel(id_of(begun))
    await other.aio.aclose()
    with anyio.fail_after(10):
        await ended(newest(emulator))
    said = await complaint(client, "check_research", interaction_id=id_of(begun), wait_seconds=10)
    assert "It was not cancelled through this server" in said
