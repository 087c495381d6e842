"""Answers, models and files of the emulator, through the real google-genai client, or raw HTTP where it cannot go."""

import base64
import io
import json
import math
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest
from google.genai import errors as genai_errors
from google.genai import types
from google.genai._interactions import BadRequestError, NotFoundError
from PIL import Image

import emulating
from emulating import MODEL, RESEARCH, Untyped, ask, drawn, encoded, events_of, finished, kinds, streamed_text, text_of
from gemini_interactions_mcp.emulator import EMULATED_SOURCE_TITLES, Emulator, Fault, compute_dimensions, draw_picture

http = emulating.http
client = emulating.client  # in place of the MCP client of all other tests
IMAGE_MODEL = "gemini-nano-banana-2.1"


async def test_an_answer_says_that_it_is_emulated_and_tells_the_request(client: Untyped, emulator: Emulator) -> None:
    answer = await ask(
        client,
        system_instruction="Be brief",
        tools=[{"type": "code_execution"}, {"type": "mcp_server", "name": "x", "url": "https://x"}],
        generation_config={"thinking_summaries": "auto"},
    )
    for told in ("Emulated answer by gemini-3.8-flash", "Grüße, world", "Be brief", "code_execution, mcp_server"):
        assert told in answer.output_text
    assert kinds(answer.steps) == ["thought", "code_execution_call", "code_execution_result", "model_output"]
    assert answer.steps[0].summary[0].text.startswith("**Reading")
    usage = answer.usage
    parts = usage.total_input_tokens + usage.total_output_tokens + usage.total_thought_tokens
    assert usage.total_tokens == parts + usage.total_tool_use_tokens
    assert usage.input_tokens_by_modality[0].tokens == 4
    assert len(emulator.creates) == 1


@pytest.mark.parametrize("tool", ["google_search", "url_context", "google_maps"])
async def test_citations_point_at_the_bytes_of_their_sentence(client: Untyped, tool: str) -> None:
    answer = await ask(client, "Sum up https://example.com/ü — bitte", tools=[{"type": tool}])
    block = answer.steps[-1].content[0]
    (annotation,) = block.annotations
    cited = block.text.encode()[annotation.start_index : annotation.end_index].decode()
    assert cited.startswith("Emulated finding 1 —")
    assert cited.endswith("“quotes”.")
    assert kinds(answer.steps)[1:3] == [f"{tool}_call", f"{tool}_result"]
    assert annotation.url == ("https://example.com/ü" if tool == "url_context" else annotation.url)


async def test_a_chain_counts_its_turns_and_quotes_the_previous_prompt(client: Untyped, emulator: Emulator) -> None:
    first = await ask(client, "One")
    second = await ask(client, "Two", previous_interaction_id=first.id)
    third = await ask(client, "Three", previous_interaction_id=second.id)
    assert "Earlier turns: 2. The previous prompt was: “Two”" in third.output_text
    assert third.usage.total_input_tokens > second.usage.total_input_tokens > first.usage.total_input_tokens
    await client.interactions.delete(first.id)
    fourth = await ask(client, "Four", previous_interaction_id=second.id)
    assert "Earlier turns: 1." in fourth.output_text
    assert emulator.deletes == [first.id]


async def test_replayed_steps_and_function_results_are_told(client: Untyped) -> None:
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "Earlier"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "Answer"}]},
        {"type": "function_result", "call_id": "c1", "name": "f", "result": [{"type": "text", "text": "42"}]},
        {"type": "user_input", "content": [{"type": "text", "text": "Now"}]},
    ]
    answer = await ask(client, steps)
    assert "The previous prompt was: “Earlier”" in answer.output_text
    assert 'Result of f: [{"text": "42", "type": "text"}]' in answer.output_text
    only = await ask(client, [{"type": "function_result", "call_id": "c1", "result": "plain"}])
    assert "Result of c1: plain" in only.output_text


async def test_inline_files_are_named_with_their_facts(client: Untyped) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "data": encoded(), "mime_type": "image/png", "resolution": "low"},
        {"type": "image", "data": "aGk=", "mime_type": "image/heic"},
        {"type": "document", "data": "aGk=", "mime_type": "application/pdf"},
        {"type": "video", "uri": "https://www.youtube.com/watch?v=abc"},
    ]
    answer = await ask(client, parts)
    size = len(base64.b64decode(encoded()))
    assert f"File 1, image: image/png, {size} bytes, 40 x 30 pixels, inline" in answer.output_text
    assert "File 2, image: image/heic, 2 bytes, inline" in answer.output_text
    assert "File 3, document: application/pdf, 2 bytes, inline" in answer.output_text
    assert "File 4, video: no MIME type, https://www.youtube.com" in answer.output_text
    assert {entry.modality for entry in answer.usage.input_tokens_by_modality} == {
        *("text", "image", "document", "video")
    }


async def test_directives_make_long_and_slow_answers(client: Untyped, emulator: Emulator) -> None:
    long = await ask(client, "[[words=3000]]")
    assert 3000 < len(long.output_text.split()) < 3100
    assert long.output_text.count("\n\n") > 30
    slow = await ask(client, "[[seconds=3600]]", background=True)
    assert (await client.interactions.get(slow.id)).status == "in_progress"
    assert (await ask(client, "[[seconds=0.01]]")).status == "completed"
    assert emulator.creates[0]["input"] == "[[words=3000]]"


async def test_the_token_limit_cuts_the_answer_and_its_citations(client: Untyped) -> None:
    config = {"max_output_tokens": 5}
    answer = await ask(client, generation_config=config, tools=[{"type": "google_search"}])
    assert answer.status == "incomplete"
    assert len(answer.output_text.encode()) == 20
    assert answer.steps[-1].content[0].annotations is None
    assert (await ask(client, generation_config={"max_output_tokens": 5000})).status == "completed"


LOOP = {"type": ["null", "object"], "properties": {"a": {"$ref": "#"}}}
TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "next": {"type": ["object", "null"], "properties": {"n": {"$ref": "#/$defs/Node"}}},
            },
            "required": ["name", "children", "parent", "next"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/Node",
}
SCALARS = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 60, "maxLength": 70},
        "day": {"type": "string", "format": "date"},
        "color": {"enum": ["red", "green"]},
        "fixed": {"const": 7},
        "half": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "count": {"type": "integer", "minimum": 3, "multipleOf": 4},
        "few": {"type": "integer", "maximum": -5},
        "yes": {"type": "boolean"},
        "none": {"type": "null"},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        "three": {"type": "array", "items": {"type": "number"}, "minItems": 3},
        "empty": {"type": "array", "maxItems": 0},
        "both": {"allOf": [{"type": "object", "required": ["a"]}, {"properties": {"a": {"type": "string"}}}]},
        "any": True,
        "implied": {"required": ["b"]},
        "listed": {"items": {"type": "integer"}},
    },
    "required": ["text", "day", "color", "extra"],
}


@pytest.mark.parametrize("schema", [SCALARS, TREE, LOOP, {"type": "array", "items": {"oneOf": [{"type": "integer"}]}}])
async def test_a_json_answer_is_a_valid_instance_of_its_schema(client: Untyped, schema: dict[str, Any]) -> None:
    given = {"type": "text", "mime_type": "application/json", "schema": schema}
    answer = await ask(client, "Wie?", response_format=given)
    instance = json.loads(answer.output_text)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator: Untyped = jsonschema.Draft202012Validator(schema, format_checker=checker)
    assert validator.is_valid(instance)
    assert schema is not TREE or instance["name"] == "Emulated: Wie?"


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"required": ["a"], "properties": {"a": {"$ref": "#"}}}])
async def test_a_schema_without_a_finite_instance_is_answered_all_the_same(
    client: Untyped, schema: dict[str, Any]
) -> None:
    given = {"type": "text", "mime_type": "application/json", "schema": schema}
    assert (await ask(client, response_format=given)).status == "completed"


async def test_a_bare_schema_is_the_legacy_way_to_ask_for_json(http: httpx2.AsyncClient) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {}}}
    body: dict[str, Any] = {"model": MODEL, "input": "x", "response_format": schema}
    answer = (await http.post("/v1/interactions", json=body)).json()
    assert json.loads(answer["steps"][-1]["content"][0]["text"]) == {"a": "Emulated: x"}
    del body["response_format"]
    answer = (await http.post("/v1/interactions", json=body | {"response_mime_type": "application/json"})).json()
    assert json.loads(answer["steps"][-1]["content"][0]["text"]) == "Emulated: x"


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "size"), [("16:9", "1K"), ("1:8", "1K"), ("1:1", "2K")])
async def test_an_image_has_the_asked_ratio_and_size(
    client: Untyped, emulator: Emulator, ratio: str, size: str
) -> None:
    emulator.picture_scale = 1
    given = {"type": "image", "aspect_ratio": ratio, "image_size": size}
    answer = await client.interactions.create(model=IMAGE_MODEL, input="A café " * 60, response_format=given)
    image = drawn(answer.output_image.data)
    width, height = (int(part) for part in ratio.split(":"))
    assert (image.format, image.size) == ("JPEG", compute_dimensions(ratio, size))
    assert math.isclose(image.size[0] / image.size[1], width / height, rel_tol=0.01)
    assert answer.output_text == ""


async def test_pictures_can_be_made_smaller_than_they_are_asked_for(client: Untyped, emulator: Emulator) -> None:
    emulator.picture_scale = 1 / 16
    given = {"type": "image", "aspect_ratio": "4:1", "image_size": "2K"}
    answer = await client.interactions.create(model=IMAGE_MODEL, input="x", response_format=given)
    assert drawn(answer.output_image.data).size == (256, 64)


async def test_editing_shows_the_input_and_then_the_previous_image_behind_the_text(client: Untyped) -> None:
    parts = [{"type": "text", "text": "Edit"}, {"type": "image", "data": encoded(), "mime_type": "image/png"}]
    first = await client.interactions.create(model=IMAGE_MODEL, input=parts)
    second = await client.interactions.create(
        model=IMAGE_MODEL, input="Again", previous_interaction_id=first.id, store=True
    )
    for answer in (first, second):
        red, green, blue = drawn(answer.output_image.data).convert("RGB").tobytes()[:3]
        assert red > 200
        assert max(green, blue) < 60
    assert "Emulated answer by" in text_of(second)
    broken = [{"type": "image", "data": "aGk=", "mime_type": "image/png"}]
    assert (await client.interactions.create(model=IMAGE_MODEL, input=broken)).output_image.data


async def test_an_image_by_uri_can_be_downloaded(client: Untyped, http: httpx2.AsyncClient) -> None:
    given = [{"type": "text"}, {"type": "image", "delivery": "uri", "image_size": "1K"}]
    answer = await client.interactions.create(model=IMAGE_MODEL, input="x", response_format=given)
    assert answer.output_image.data is None
    file = await client.files.get(name="files/" + answer.output_image.uri.rsplit("/", 1)[-1].partition(":")[0])
    assert file.source == types.FileSource.GENERATED
    content = await client.files.download(file=file)
    assert Image.open(io.BytesIO(content)).size == (512, 512)
    assert (await http.get(file.download_uri)).headers["content-type"] == "image/jpeg"


@pytest.mark.slow
async def test_a_stream_tells_the_same_text_as_a_later_get(client: Untyped) -> None:
    events = await events_of(await ask(client, "[[words=900]] ü", stream=True))
    types_seen = [event.event_type for event in events]
    assert types_seen[:2] == ["interaction.created", "interaction.status_update"]
    assert types_seen[-1] == "interaction.completed"
    assert [event.event_id for event in events] == [f"e{place}" for place in range(len(events))]
    completed = events[-1].interaction
    assert (completed.status, completed.steps) == ("completed", None)
    got = await client.interactions.get(completed.id)
    assert streamed_text(events) == got.output_text
    assert completed.usage.total_tokens == got.usage.total_tokens


async def test_get_shows_the_whole_timeline_and_the_input_when_asked(client: Untyped) -> None:
    answer = await ask(client, "Hello", labels={"team": "x"}, tools=[{"type": "url_context"}])
    got = await client.interactions.get(answer.id)
    assert kinds(got.steps) == ["user_input", *kinds(answer.steps)]
    assert (got.input, got.labels) == (None, {"team": "x"})
    assert (await client.interactions.get(answer.id, include_input=True)).input == "Hello"


async def test_an_id_may_have_any_characters(client: Untyped, http: httpx2.AsyncClient, emulator: Emulator) -> None:
    emulator.id_suffix = ".a/b=%é"
    answer = await ask(client)
    assert answer.id.endswith(".a/b=%é")
    path = f"/v1/interactions/{quote(answer.id, safe='')}"
    assert (await http.get(path)).json()["id"] == answer.id
    assert emulator.requests[-1].path == path
    assert (await http.get(f"/v1/interactions/{answer.id.replace('%', '%25')}")).status_code == 404
    assert (await ask(client, previous_interaction_id=answer.id)).status == "completed"
    assert (await http.delete(path)).status_code == 200
    assert emulator.deletes == [answer.id]


async def test_an_unstored_interaction_has_no_id_and_cannot_be_retrieved(client: Untyped, emulator: Emulator) -> None:
    answer = await ask(client, store=False)
    assert not answer.id
    events = await events_of(await ask(client, store=False, stream=True))
    assert streamed_text(events).startswith("Emulated")
    assert not events[-1].interaction.id
    assert (emulator.interactions, len(emulator.creates)) == ({}, 2)


async def test_background_answers_at_once_and_runs_on(client: Untyped, emulator: Emulator) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    started = await ask(client, background=True, service_tier="flex")
    assert (started.status, started.steps, started.usage) == ("in_progress", None, None)
    running = await client.interactions.get(started.id)
    assert (running.status, running.steps) == ("in_progress", [])
    with pytest.raises(BadRequestError, match="failed_precondition"):
        await ask(client, previous_interaction_id=started.id)
    hold.release.set()
    done = await finished(client, emulator, started.id)
    assert (done.status, done.service_tier) == ("completed", "flex")


async def test_a_client_that_leaves_a_background_stream_does_not_stop_the_run(
    client: Untyped, emulator: Emulator
) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    stream = await ask(client, background=True, stream=True)
    created = await anext(stream)
    await stream.close()
    hold.release.set()
    assert (await finished(client, emulator, created.interaction.id)).status == "completed"


async def test_a_resumed_stream_tells_exactly_the_rest(client: Untyped) -> None:
    events = await events_of(await ask(client, stream=True))
    interaction_id = events[0].interaction.id
    rest = await client.interactions.get(interaction_id, stream=True, last_event_id="e3")
    assert [event.event_id for event in await events_of(rest)] == [event.event_id for event in events[4:]]
    replay = await client.interactions.get(interaction_id, stream=True)
    assert len(await events_of(replay)) == len(events)
    with pytest.raises(BadRequestError, match="last_event_id"):
        await client.interactions.get(interaction_id, stream=True, last_event_id="e999")


async def test_cancelling_stops_a_background_run_only(client: Untyped, emulator: Emulator) -> None:
    emulator.faults.append(Fault("create", "status", run_status="in_progress"))
    stuck = await ask(client, background=True)
    stream = await client.interactions.get(stuck.id, stream=True)
    assert (await client.interactions.cancel(stuck.id)).status == "cancelled"
    assert (await events_of(stream))[-1].interaction.status == "cancelled"
    assert (await client.interactions.get(stuck.id)).status == "cancelled"
    with pytest.raises(BadRequestError, match="failed_precondition"):
        await client.interactions.cancel(stuck.id)
    assert emulator.cancels == [stuck.id]


async def test_a_deleted_interaction_is_unknown_and_its_run_goes_on(client: Untyped, emulator: Emulator) -> None:
    hold = Fault("create", "hold")
    emulator.faults.append(hold)
    started = await ask(client, background=True)
    record = emulator.interactions[started.id]
    await client.interactions.delete(started.id)
    for call in (client.interactions.get, client.interactions.cancel, client.interactions.delete):
        with pytest.raises(NotFoundError, match="Requested entity was not found"):
            await call(started.id)
    hold.release.set()
    await record.finished.wait()
    assert record.status == "completed"


@pytest.mark.slow
async def test_a_report_has_sections_sources_citations_and_a_chart(client: Untyped, emulator: Emulator) -> None:
    config = {"type": "deep-research", "thinking_summaries": "auto"}
    started = await client.interactions.create(**RESEARCH | {"input": "Ü [[words=200]]"}, agent_config=config)
    events = await events_of(await client.interactions.get(started.id, stream=True))
    deltas = [event.delta.type for event in events if event.event_type == "step.delta"]
    assert deltas.count("thought_summary") == 3
    assert events[-1].interaction.usage is None
    done = await client.interactions.get(started.id)
    assert done.usage.total_tokens > 0
    report = text_of(done)
    assert report.startswith("# Research report: Ü")
    assert report.count("\n## ") >= 5
    assert "| Aspect |" in report
    assert "3. [Café Statistics" in report
    assert [part.type for part in done.steps[-1].content] == ["text", "image", "text"]
    assert drawn(done.output_image.data).format == "PNG"
    block = done.steps[-1].content[0]
    cited = [block.text.encode()[entry.start_index : entry.end_index].decode() for entry in block.annotations]
    assert [sentence.partition(" reports")[0] for sentence in cited] == list(EMULATED_SOURCE_TITLES)
    assert all(sentence.endswith("for the naïve case.") for sentence in cited)
    assert {"google_search_call", "url_context_call", "code_execution_call"} <= set(kinds(done.steps))


@pytest.mark.slow
async def test_a_plan_is_made_refined_and_then_carried_out(client: Untyped, emulator: Emulator) -> None:
    config = {"type": "deep-research", "collaborative_planning": True, "visualization": "off"}
    plan = await client.interactions.create(**RESEARCH, agent_config=config)
    assert "## Research plan" in text_of(await finished(client, emulator, plan.id))
    chained = {**RESEARCH, "input": "Shorter", "previous_interaction_id": plan.id}
    refined = await client.interactions.create(**chained, agent_config=config)
    assert "## Refined research plan" in text_of(await finished(client, emulator, refined.id))
    chained |= {"input": "Go", "previous_interaction_id": refined.id}
    running = await client.interactions.create(**chained, agent_config={**config, "collaborative_planning": False})
    report = await finished(client, emulator, running.id)
    assert "The approved plan was for: “Shorter”" in text_of(report)
    assert report.output_image is None
    assert not any(getattr(step, "summary", None) for step in report.steps)


async def test_a_coding_agent_has_an_environment(client: Untyped) -> None:
    agent = "antigravity-preview-09-2026"
    fresh = await client.interactions.create(agent=agent, input="x", environment="remote")
    assert len(fresh.environment_id) == 36
    assert "code_execution_call" in kinds(fresh.steps)
    again = {"type": "remote", "environment_id": fresh.environment_id}
    same = await client.interactions.create(agent=agent, input="y", environment=again, previous_interaction_id=fresh.id)
    assert same.environment_id == fresh.environment_id
    assert "no agent ran" in same.output_text


async def test_a_budget_of_an_agent_is_echoed_and_ends_its_answer(client: Untyped) -> None:
    agent, budget = "antigravity-preview-09-2026", {"type": "antigravity", "max_total_tokens": 10}
    made = await client.interactions.create(agent=agent, input="x", environment="remote", agent_config=budget)
    read = await client.interactions.get(made.id)
    assert (made.status, read.status) == ("incomplete", "incomplete")
    assert read.agent_config.max_total_tokens == 10
    whole = await client.interactions.create(
        agent=agent, input="x", environment="remote", agent_config=budget | {"max_total_tokens": 10**6}
    )
    assert whole.status == "completed"


@pytest.mark.parametrize(
    "config",
    [
        {"type": "antigravity", "max_total_tokens": 0},
        {"type": "antigravity", "max_total_tokens": -1},
        {"type": "deep-research", "visualization": "off"},
    ],
)
async def test_a_configuration_that_an_agent_does_not_have_is_refused(client: Untyped, config: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="agent_config"):
        await client.interactions.create(agent="antigravity-preview-09-2026", input="x", agent_config=config)


async def test_models_are_listed_and_found(client: Untyped) -> None:
    listed = [model.name async for model in await client.models.list()]
    assert f"models/{MODEL}" in listed
    assert (await client.models.get(model=MODEL)).input_token_limit == 1_048_576
    with pytest.raises(genai_errors.ClientError, match="NOT_FOUND"):
        await client.models.get(model="gemini-3-pro-preview")


class Zeros(io.RawIOBase):
    """A large file that uses no memory."""

    def __init__(self, size: int) -> None:
        self.left = self.size = size

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self.left = self.size - offset if whence == 0 else 0
        return self.size - self.left

    def tell(self) -> int:
        return self.size - self.left

    def read(self, size: int = -1, /) -> bytes:
        part = bytes(min(size, self.left))
        self.left -= len(part)
        return part


@pytest.mark.slow
async def test_a_large_file_is_uploaded_in_parts_and_found_by_its_uri(client: Untyped, emulator: Emulator) -> None:
    size = 17 * 2**20
    config = {"mime_type": "application/pdf", "display_name": "Größe"}
    file = await client.files.upload(file=Zeros(size), config=config)
    assert (file.size_bytes, file.state, file.display_name) == (size, types.FileState.ACTIVE, "Größe")
    offsets = [request.headers.get("x-goog-upload-offset") for request in emulator.requests]
    assert offsets == [None, "0", "8388608", "16777216"]
    assert emulator.files.files[file.name].content is None
    for uri in (file.uri, file.name):
        answer = await ask(client, [{"type": "document", "uri": uri}])
        assert f"document: application/pdf, {size} bytes, {file.name}" in answer.output_text


async def test_a_video_is_processed_before_it_is_active(client: Untyped, emulator: Emulator) -> None:
    emulator.files.processing_seconds = math.inf
    file = await client.files.upload(file=io.BytesIO(b"film"), config={"mime_type": "video/mp4"})
    assert file.state == types.FileState.PROCESSING
    with pytest.raises(BadRequestError, match="not in an ACTIVE state"):
        await ask(client, [{"type": "video", "uri": file.uri}])
    emulator.files.files[file.name].ready_at = 0
    assert (await client.files.get(name=file.name)).state == types.FileState.ACTIVE


async def test_files_are_listed_in_pages_and_deleted(client: Untyped, http: httpx2.AsyncClient) -> None:
    uploaded = [await client.files.upload(file=io.BytesIO(b"x"), config={"mime_type": "text/csv"}) for _ in "123"]
    listed = [file.name async for file in await client.files.list(config={"page_size": 2})]
    assert listed == [file.name for file in uploaded]
    await client.files.delete(name=listed[0])
    with pytest.raises(genai_errors.ClientError, match="may not exist"):
        await client.files.get(name=listed[0])
    assert "Only generated files" in (await http.get(f"/v1/{listed[1]}:download?alt=media")).text


async def start(http: httpx2.AsyncClient, size: int, **file: str) -> httpx2.Response:
    headers = {"X-Goog-Upload-Command": "start", "X-Goog-Upload-Header-Content-Length": str(size)}
    return await http.post("/upload/v1/files", headers=headers, json={"file": file})


async def put(http: httpx2.AsyncClient, target: str, command: str, offset: int, content: bytes) -> httpx2.Response:
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
    return await http.post(target, headers=headers, content=content)


async def test_an_interrupted_upload_is_queried_and_continued(http: httpx2.AsyncClient) -> None:
    target = (await start(http, 6, mime_type="text/csv", name="files/mine")).headers["x-goog-upload-url"]
    assert (await put(http, target, "upload", 0, b"abc")).headers["x-goog-upload-status"] == "active"
    assert "3 bytes were received" in (await put(http, target, "upload", 0, b"abc")).text
    assert (await put(http, target, "query", 0, b"")).headers["x-goog-upload-size-received"] == "3"
    assert "Received 3 bytes, expected 6" in (await put(http, target, "finalize", 3, b"")).text
    assert (await put(http, target, "dance", 3, b"")).status_code == 400
    done = await put(http, target, "upload, finalize", 3, b"def")
    assert (done.headers["x-goog-upload-status"], done.json()["file"]["name"]) == ("final", "files/mine")
    assert (await put(http, target, "query", 0, b"")).headers["x-goog-upload-status"] == "final"
    assert (await put(http, target, "upload", 6, b"g")).status_code == 404
    assert (await start(http, 1, mime_type="text/csv", name="files/mine")).status_code == 409


@pytest.mark.parametrize(
    ("size", "file", "told"),
    [
        (1, {}, "a MIME type"),
        (2**40, {"mime_type": "text/csv"}, "exceeds the limit"),
        (1, {"mime_type": "text/csv", "name": "UPPER"}, "malformed"),
    ],
)
async def test_an_upload_that_cannot_be_kept_is_refused(
    http: httpx2.AsyncClient, size: int, file: dict[str, str], told: str
) -> None:
    response = await start(http, size, **file)
    assert (response.status_code, told in response.text) == (400, True)


def test_no_line_in_a_drawn_image_is_cut_off_at_the_edge() -> None:
    jpeg = draw_picture("A bicycle", "Emulated answer by gemini-nano-banana-2.1 (no model ran).", (512, 512), None)
    with Image.open(io.BytesIO(jpeg)) as image:
        edge = image.convert("L").crop((508, 0, 512, 512))
    assert max(edge.tobytes()) < 100
