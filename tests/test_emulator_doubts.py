"""Doubts about the real API: the emulator with each of them decided the other way, over raw HTTP."""

import json
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest

import emulating
from gemini_interactions_mcp.emulator import CONTRARY, Doubts, Emulator, Fault, make_rate_limit_fault

http = emulating.http
ASK: dict[str, Any] = {"model": emulating.MODEL, "input": "Why?"}
BACKGROUND = ASK | {"background": True}
AGENT: dict[str, Any] = {"agent": "antigravity-preview-09-2026", "environment": "remote", "input": "Write a file"}
LONG = {"input": "Wait [[seconds=3600]]"}
URL = "/v1/interactions"
Json = dict[str, Any]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(research_seconds=0.05, step_seconds=0.001, processing_seconds=0.01)


def contrary(emulator: Emulator, *doubts: str, **others: Any) -> None:
    """Decide some doubts the other way."""
    emulator.doubts = replace(Doubts(), **{name: getattr(CONTRARY, name) for name in doubts}, **others)


async def start(http: httpx2.AsyncClient, **body: Any) -> Json:
    return (await http.post(URL, json=body)).json()


async def stream(http: httpx2.AsyncClient, **body: Any) -> list[Json]:
    """Return the events of a create with a stream."""
    return events((await http.post(URL, json={**body, "stream": True})).text)


def events(text: str) -> list[Json]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def statuses(http: httpx2.AsyncClient, interaction_id: str, times: int) -> list[int]:
    """Return the HTTP statuses of that many reads."""
    return [(await http.get(f"{URL}/{interaction_id}")).status_code for _ in range(times)]


def types(told: list[Json]) -> list[str]:
    return [event["event_type"] for event in told]


async def test_dotted_ids_are_read_continued_and_deleted(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "id_form")
    named = (await start(http, **ASK))["id"]
    assert named.startswith("v1.")
    assert named.endswith("==")
    assert (await http.get(f"{URL}/{named}")).json()["id"] == named
    assert (await http.get(f"{URL}/{named.replace('=', '%3D')}")).json()["id"] == named
    assert (await start(http, **ASK, previous_interaction_id=named))["status"] == "completed"
    assert (await http.delete(f"{URL}/{named}")).status_code == 200


async def test_a_run_is_idle_until_it_begins(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "first_status")
    emulator.faults.append(hold := Fault("create", "hold"))
    begun = await start(http, **BACKGROUND)
    assert begun["status"] == "idle"
    assert (await http.get(f"{URL}/{begun['id']}")).json()["status"] == "in_progress"
    hold.release.set()
    await emulator.interactions[begun["id"]].finished.wait()
    assert (await http.get(f"{URL}/{begun['id']}")).json()["status"] == "completed"


@pytest.mark.parametrize("model", ["gemini-3.5-flash-lite", "gemini-nano-banana-2.1", "gemini-3-pro-image"])
async def test_models_that_refuse_the_background_may_take_it(
    model: str, http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    refused = await start(http, **BACKGROUND | {"model": model})
    assert refused["error"]["message"] == f"Model '{model}' does not support background interactions."
    contrary(emulator, "foreground_models")
    assert (await start(http, **BACKGROUND | {"model": model}))["status"] == "in_progress"


@pytest.mark.slow
async def test_the_background_is_refused_to_every_second_model_and_to_no_agent(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "passing_refusals")
    taken = ["id" in await start(http, **BACKGROUND) for _ in range(4)]
    assert taken == [True, False, True, False]
    assert all(["id" in await start(http, **emulating.RESEARCH) for _ in range(3)])
    assert "id" in await start(http, **ASK)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"model": "gemini-nope"}, "model_not_found"),
        ({"foo": 1}, "parameter_unknown"),
        ({"background": True, "store": False}, "invalid_request"),
        ({"previous_interaction_id": "v1_unknown"}, "not_found"),
    ],
)
async def test_a_stream_may_begin_with_the_refusal(
    more: Json, code: str, http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    plain = await http.post(URL, json={**ASK, **more, "stream": True})
    contrary(emulator, "streamed_refusals")
    told = await http.post(URL, json={**ASK, **more, "stream": True})
    assert told.status_code == 200
    assert events(told.text) == [{"event_type": "error", **plain.json()}]
    assert plain.json()["error"]["code"] == code
    assert (await http.post(URL, json={**ASK, **more})).status_code == plain.status_code >= 400
    assert emulator.creates == []


async def test_the_front_end_refuses_keys_by_status_whatever_was_asked(url: str, emulator: Emulator) -> None:
    contrary(emulator, "streamed_refusals")
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "invalid"}) as stranger:
        assert (await stranger.post(URL, json={**ASK, "stream": True})).status_code == 400


@pytest.mark.parametrize(
    ("doubt", "more"),
    [
        ("minimal_thinking", {"generation_config": {"thinking_level": "minimal"}}),
        ("maps_and_search", {"tools": [{"type": "google_search"}, {"type": "google_maps"}]}),
    ],
)
async def test_what_is_taken_or_refused_is_the_other_way_round(
    doubt: str, more: Json, http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    usual = (await http.post(URL, json=ASK | more)).status_code
    contrary(emulator, doubt)
    assert {usual, (await http.post(URL, json=ASK | more)).status_code} == {200, 400}


async def test_an_agent_may_have_to_be_told_its_environment_again(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    first = await start(http, **AGENT)
    follow_up = {**AGENT, "previous_interaction_id": first["id"], "environment": first["environment_id"]}
    unnamed = {key: value for key, value in follow_up.items() if key != "environment"}
    assert "id" in await start(http, **unnamed)
    contrary(emulator, "environment_optional")
    first = await start(http, **AGENT)
    follow_up |= {"previous_interaction_id": first["id"], "environment": first["environment_id"]}
    unnamed |= {"previous_interaction_id": first["id"]}
    assert (await start(http, **unnamed))["error"]["code"] == "invalid_request"
    assert "id" in await start(http, **follow_up)
    assert "id" in await start(http, **ASK, previous_interaction_id=first["id"])


async def test_a_fresh_interaction_is_continued_at_the_third_try(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "late_continues")
    first = await start(http, **ASK)
    tries = [await http.post(URL, json={**ASK, "previous_interaction_id": first["id"]}) for _ in range(4)]
    assert [each.status_code for each in tries] == [404, 404, 200, 200]


async def test_an_interaction_that_is_not_stored_may_have_an_id_that_nobody_can_read(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    assert "id" not in await start(http, **ASK, store=False)
    contrary(emulator, "unstored_ids")
    told = await start(http, **ASK, store=False)
    assert await statuses(http, told["id"], 1) == [404]


async def test_a_bare_foreground_stream_is_named_late_and_has_nothing_to_resume_from(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "bare_foreground")
    emulator.faults.append(hold := Fault("create", "hold"))
    response = await http.send(http.build_request("POST", URL, json={**ASK, "stream": True}), stream=True)
    await hold.reached.wait()
    [interaction] = emulator.interactions.values()
    assert interaction.events == []
    hold.release.set()
    await response.aread()
    told = events(response.text)
    assert types(told)[0] == "interaction.created"
    assert types(told)[-1] == "interaction.completed"
    assert not any("event_id" in event for event in told)
    again = await http.get(f"{URL}/{interaction.id}?stream=true")
    assert again.json()["error"]["message"].startswith("Streaming retrieval of interactions is not supported")
    assert await statuses(http, interaction.id, 1) == [200]


async def test_a_bare_foreground_stream_that_drops_leaves_nothing(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "bare_foreground")
    response = await http.send(http.build_request("POST", URL, json={**ASK, **LONG, "stream": True}), stream=True)
    await anext(response.aiter_lines())
    [interaction] = emulator.interactions.values()
    assert await statuses(http, interaction.id, 1) == [200]
    await response.aclose()
    with anyio.fail_after(10):
        while await statuses(http, interaction.id, 1) != [404]:
            assert emulator.interactions
    assert emulator.interactions == {}
    assert len(emulator.creates) == 1


async def test_a_background_stream_is_as_ever_where_those_of_the_foreground_are_bare(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "bare_foreground")
    told = await stream(http, **BACKGROUND)
    assert all("event_id" in event for event in told)
    again = await http.get(f"{URL}/{told[0]['interaction']['id']}?stream=true")
    assert events(again.text) == told


async def test_a_completed_event_may_lack_the_usage_and_a_stream_the_annotations(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    searching = BACKGROUND | {"tools": [{"type": "google_search"}]}
    usual = await stream(http, **searching)
    assert "usage" in usual[-1]["interaction"]
    assert "text_annotation_delta" in str(usual)
    contrary(emulator, "completed_usage", "streamed_annotations")
    told = await stream(http, **searching)
    assert "usage" not in told[-1]["interaction"]
    assert "annotation" not in str(told)
    read = (await http.get(f"{URL}/{told[0]['interaction']['id']}")).json()
    assert read["usage"]["total_tokens"] > 0
    assert "annotations" in str(read["steps"])


async def test_every_third_stream_ends_with_an_error_that_a_read_or_a_second_hearing_makes_good(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "lost_completions", "refused_reads")
    told = [await stream(http, **BACKGROUND) for _ in range(3)]
    assert [types(each)[-1] for each in told] == ["interaction.completed", "interaction.completed", "error"]
    assert told[2][-1]["error"] == {
        "code": "not_found",
        "message": "Failed to get completed interaction: Result not found.",
    }
    third = told[2][0]["interaction"]["id"]
    assert await statuses(http, third, 1) == [200]
    again = events((await http.get(f"{URL}/{third}?stream=true&last_event_id={told[2][-2]['event_id']}")).text)
    assert types(again) == ["interaction.completed"]


async def test_a_fresh_interaction_is_read_at_the_third_look_and_whole_at_the_fourth(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "late_reads", "bare_reads")
    named = (await start(http, **ASK))["id"]
    assert await statuses(http, named, 2) == [404, 404]
    bare, whole = [(await http.get(f"{URL}/{named}")).json() for _ in range(2)]
    assert (bare["status"], "steps" in bare, "usage" in bare) == ("completed", False, False)
    assert (whole["status"], "steps" in whole, "usage" in whole) == ("completed", True, True)


async def test_what_a_stream_has_told_is_refused_for_good_by_turns(
    http: httpx2.AsyncClient, emulator: Emulator
) -> None:
    contrary(emulator, "refused_reads")
    told = [(await stream(http, **BACKGROUND))[0]["interaction"]["id"] for _ in range(5)]
    assert [await statuses(http, each, 2) for each in told] == [[200] * 2, [400] * 2, [403] * 2, [404] * 2, [200] * 2]


async def test_what_no_stream_has_told_to_its_end_can_be_read(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, refused_reads=(400,))
    emulator.faults += [Fault("stream", "end", after=3), Fault("create", "hold", match="plain")]
    [created, *_] = (await http.post(URL, json={**BACKGROUND, "stream": True})).text.split("\n\n")
    dropped = json.loads(created.partition("data: ")[2])["interaction"]["id"]
    await emulator.interactions[dropped].finished.wait()
    assert await statuses(http, dropped, 1) == [200]
    assert await statuses(http, (await start(http, **ASK))["id"], 1) == [200]
    await http.get(f"{URL}/{dropped}?stream=true")
    assert await statuses(http, dropped, 1) == [400]


async def test_a_read_may_tell_less_of_the_request(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    async def read() -> Json:
        named = (await start(http, **ASK, labels={"a": "b"}))["id"]
        return (await http.get(f"{URL}/{named}?include_input=true")).json()

    usual = await read()
    contrary(emulator, "input_steps", "labels_echoed")
    told = await read()
    assert [usual["steps"][0]["type"], told["steps"][0]["type"]] == ["user_input", "thought"]
    assert (usual["labels"], "labels" in told) == ({"a": "b"}, False)
    assert told["input"] == usual["input"] == "Why?"


async def test_a_deleted_interaction_is_shown_once_more(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "deleted_reads")
    named = (await start(http, **ASK))["id"]
    await http.delete(f"{URL}/{named}")
    assert await statuses(http, named, 2) == [200, 404]
    assert (await http.delete(f"{URL}/{named}")).status_code == 404


async def test_a_cancel_is_answered_before_it_has_worked(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "cancel_seconds")
    named = (await start(http, **BACKGROUND | LONG))["id"]
    assert (await http.post(f"{URL}/{named}/cancel")).json()["status"] == "in_progress"
    with anyio.fail_after(10):
        await emulator.interactions[named].finished.wait()
    assert (await http.get(f"{URL}/{named}")).json()["status"] == "cancelled"
    assert emulator.cancels == [named]


async def test_a_cancel_that_comes_too_late_changes_nothing(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    named = (await start(http, **BACKGROUND))["id"]
    interaction = emulator.interactions[named]
    await interaction.finished.wait()
    told = list(interaction.events)
    interaction.cancel()
    assert (await http.get(f"{URL}/{named}")).json()["status"] == "completed"
    assert interaction.events == told


@pytest.mark.parametrize("told", ["details", "header"])
async def test_a_delay_may_stand_in_the_message_alone(told: Any, http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "retry_delay")
    emulator.faults += [
        make_rate_limit_fault(seconds=19.5, told=told),
        make_rate_limit_fault(told="nowhere"),
        Fault("create", "http"),
    ]
    delayed, other, broken = [await http.post(URL, json=ASK) for _ in range(3)]
    assert delayed.json()["error"]["message"].endswith(" Please retry in 19.5s.")
    assert "details" not in delayed.json()["error"]
    assert "retry-after" not in delayed.headers
    assert "retry in" not in other.text
    assert (delayed.status_code, other.status_code, broken.status_code) == (429, 429, 503)


async def test_a_429_that_is_a_page_stays_one(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    contrary(emulator, "retry_delay")
    page = Fault("create", "http", http_status=429, headers={"Retry-After": "Sat, 28 Nov 2026"}, body="<html>busy")
    emulator.faults.append(page)
    assert (await http.post(URL, json=ASK)).text == "<html>busy"


async def test_lists_of_an_environment_are_written_the_other_way(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    async def listed(path: str) -> list[Json]:
        environment = (await start(http, **AGENT))["environment_id"]
        return (await http.get(f"/v1/environments/{environment}/files/{path}")).json().get("files")

    usual, root, empty = [await listed(path) for path in ("workspace", "", "no-such")]
    assert {entry["type"] for entry in usual} == {"file", "directory"}
    assert {type(entry["size_bytes"]) for entry in usual if "size_bytes" in entry} == {str}
    assert {entry["path"].partition("/")[0] for entry in root} == {"workspace"}
    assert empty == []
    contrary(emulator, "entry_types", "entry_sizes", "root_entries", "empty_folders")
    other, root, empty = [await listed(path) for path in ("workspace", "", "no-such")]
    assert [entry["path"] for entry in other] == [entry["path"] for entry in usual]
    assert {entry["type"] for entry in other} == {"FILE", "DIRECTORY"}
    assert {type(entry["size_bytes"]) for entry in other if "size_bytes" in entry} == {int}
    assert {"config", "src/main.py", "workspace/notes.txt"} <= {entry["path"] for entry in root}
    assert empty is None


async def test_an_environment_is_deleted(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    environment = (await start(http, **AGENT))["environment_id"]
    assert (await http.delete(f"/v1/environments/{environment}")).status_code == 200
    assert (await http.delete(f"/v1/environments/{environment}")).status_code == 404
    assert emulator.environments == {}


async def test_calls_of_a_server_may_be_steps_of_a_general_kind(http: httpx2.AsyncClient, emulator: Emulator) -> None:
    server = {"tools": [{"type": "mcp_server", "name": "docs", "url": "https://docs.example/"}]}
    usual = await start(http, **ASK, **server)
    contrary(emulator, "server_calls")
    other, plain = await start(http, **ASK, **server), await start(http, **ASK)
    assert [step["type"] for step in usual["steps"]] == ["thought", "model_output"]
    assert [step["type"] for step in other["steps"]] == ["thought", "tool_call", "tool_result", "model_output"]
    assert other["steps"][1]["server_name"] == "docs"
    assert [step["type"] for step in plain["steps"]] == ["thought", "model_output"]
