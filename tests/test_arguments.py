"""Arguments: what the schemas say, and one clear sentence for everything that is wrong."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client

from gemini_interactions_mcp.arguments import slim
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.settings import Settings
from reading import LEGACY, call, complaint, png, text_of

TOOLS = (
    "gemini_ask, gemini_continue, analyze_file, generate_image, start_research, check_research, cancel_research, "
    "list_interactions, read_interaction, delete_interaction"
)
NO_ID = "That is not an interaction id: an id has only letters, digits, '-' and '_'."
BY_ID = ("check_research", "cancel_research", "read_interaction", "delete_interaction")

UNSENT: list[tuple[str, dict[str, Any], str]] = [
    ("gemini_ask", {}, "`prompt` is required."),
    ("gemini_ask", {"prompt": ""}, "`prompt` is empty: say what Gemini should do."),
    ("gemini_continue", {"previous_interaction_id": "v1_x", "prompt": " \n"}, "`prompt` is empty"),
    ("analyze_file", {"files": ["https://a.example/b"], "prompt": "\t"}, "`prompt` is empty"),
    ("generate_image", {"prompt": " "}, "`prompt` is empty"),
    ("start_research", {"prompt": " "}, "`prompt` is empty"),
    (
        "gemini_ask",
        {"prompt": "hi", "temperature": 1},
        "Unknown argument `temperature`. Valid arguments: prompt, model,",
    ),
    ("gemini_ask", {"prompt": "hi", "b": 1, "a": 1}, "Unknown argument `a`, `b`."),
    ("list_interactions", {"page": 2}, "Unknown argument `page`. Valid arguments: query, kind, status, limit, cursor."),
    ("gemini_ask", {"prompt": 42}, "`prompt`: input should be a valid string."),
    ("gemini_ask", {"prompt": "hi", "store": "perhaps"}, "`store`: input should be a valid boolean"),
    ("gemini_ask", {"prompt": "hi", "tools": ["bing"]}, "`tools`: input should be 'google_search', 'url_context',"),
    ("gemini_ask", {"prompt": "hi", "tools": "google_search"}, "`tools`: input should be a valid list."),
    ("gemini_ask", {"prompt": "hi", "thinking_level": "extreme"}, "`thinking_level`: input should be 'minimal',"),
    ("gemini_ask", {"prompt": "hi", "max_output_tokens": 0}, "`max_output_tokens`: input should be greater than or"),
    (
        "gemini_ask",
        {"prompt": "hi", "response_schema": "yes"},
        "`response_schema`: input should be a valid dictionary.",
    ),
    ("gemini_ask", {"prompt": "hi", "wait_seconds": -1}, "`wait_seconds`: input should be greater than or equal to 0."),
    ("gemini_ask", {"prompt": "hi", "wait_seconds": 601}, "`wait_seconds`: input should be less than or equal to 600."),
    ("gemini_ask", {"prompt": "hi", "wait_seconds": "soon"}, "`wait_seconds`: input should be a valid number"),
    (
        "generate_image",
        {"prompt": "hi", "image_size": "8K"},
        "`image_size`: input should be '1K', '2K' or '4K'.",
    ),
    ("start_research", {"prompt": "hi", "plan_first": 3}, "`plan_first`: input should be a valid boolean"),
    ("read_interaction", {"interaction_id": "v1_x", "page": 0}, "`page`: input should be greater than or equal to 1."),
    ("check_research", {"interaction_id": "v1_x", "page": -1}, "`page`: input should be greater than or equal to 1."),
    (
        "check_research",
        {"interaction_id": "v1_x", "wait_seconds": -0.1},
        "`wait_seconds`: input should be greater than",
    ),
    ("list_interactions", {"limit": 0}, "`limit`: input should be greater than or equal to 1."),
    ("list_interactions", {"limit": 101}, "`limit`: input should be less than or equal to 100."),
    ("list_interactions", {"kind": "song"}, "`kind`: input should be 'ask', 'analyze', 'image' or 'research'."),
    (
        "list_interactions",
        {"cursor": "nonsense"},
        "Unknown cursor 'nonsense'. Pass the next_cursor of the previous page",
    ),
    ("gemini_continue", {"previous_interaction_id": "../files/abc", "prompt": "hi"}, NO_ID),
    ("generate_image", {"previous_interaction_id": "a/b", "prompt": "hi"}, NO_ID),
    ("start_research", {"previous_interaction_id": "a b", "prompt": "hi"}, NO_ID),
    ("gemini_continue", {"previous_interaction_id": "", "prompt": "hi"}, NO_ID),
    ("read_interaction", {"interaction_id": "x" * 257}, NO_ID),
    *((tool, {"interaction_id": "../files/abc"}, NO_ID) for tool in BY_ID),
    *((tool, {"interaction_id": "v1_x?key=1"}, NO_ID) for tool in BY_ID),
    ("analyze_file", {"files": [], "prompt": "hi"}, "Name at least one file: a local path,"),
    ("analyze_file", {"files": ["{files}/gone.png"], "prompt": "hi"}, "{files}/gone.png does not exist."),
    ("analyze_file", {"files": ["{files}/*.doc"], "prompt": "hi"}, "*.doc has no file in it, or matches none."),
    ("analyze_file", {"files": ["/etc/hostname"], "prompt": "hi"}, "/etc/hostname is outside the allowed directories"),
    ("analyze_file", {"files": ["{files}/../secret.txt"], "prompt": "hi"}, "is outside the allowed directories"),
    ("analyze_file", {"files": ["{files}/none.txt"], "prompt": "hi"}, "{files}/none.txt is empty."),
    (
        "analyze_file",
        {"files": ["{files}/odd.bin"], "prompt": "hi"},
        "{files}/odd.bin is of an unknown type, which Gemini",
    ),
    (
        "analyze_file",
        {"files": ["{files}/.env"], "prompt": "hi"},
        "lies in, a dot-file or dot-folder: these stay private.",
    ),
    ("analyze_file", {"files": ["ftp://a.example/b"], "prompt": "hi"}, "ftp://a.example/b cannot be given to Gemini"),
    ("analyze_file", {"files": ["{files}/dot.png", "{files}/gone.png"], "prompt": "hi"}, "gone.png does not exist."),
    ("generate_image", {"images": ["{files}/none.txt"], "prompt": "hi"}, "{files}/none.txt is empty."),
    ("start_research", {"files": ["{files}/gone.png"], "prompt": "hi"}, "{files}/gone.png does not exist."),
    ("make_coffee", {"prompt": "hi"}, f"Unknown tool: make_coffee. The tools are: {TOOLS}."),
]
"""Tool, arguments and the sentence that they get, without any request having been sent."""


def filled(value: Any, files: Path) -> Any:
    """The arguments with the allowed directory in place."""
    return json.loads(json.dumps(value).replace("{files}", files.as_posix()))


@pytest.fixture
def files(settings: Settings) -> Path:
    """An allowed directory with files that are of no use, and one that is."""
    folder = settings.allowed_dirs[0]
    png(folder)
    (folder / "none.txt").touch()
    (folder / "odd.bin").write_bytes(bytes(range(256)))
    (folder / ".env").write_text("KEY=1", encoding="utf-8")
    (folder.parent / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


# Every row in one server for each era: a server of its own for each row would take ten seconds.
async def test_bad_input_gets_one_clear_sentence_and_nothing_is_sent(
    client: Client, emulator: Emulator, files: Path, subtests: pytest.Subtests
) -> None:
    for tool, arguments, said in UNSENT:
        with subtests.test(tool=tool, arguments=arguments):
            text = await complaint(client, tool, **filled(arguments, files))
            assert filled(said, files) in text
            assert text.endswith(".")
            assert emulator.requests == []
    assert text_of(await call(client, "list_interactions")) == "No interactions found.\n"


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("gemini_ask", {"prompt": "hi", "model": "gpt-5"}, "Google has no model or agent gpt-5, or not any more."),
        ("gemini_ask", {"prompt": "hi", "response_schema": {"type": "banana"}}, "Invalid JSON schema"),
        ("generate_image", {"prompt": "hi", "model": "gemini-3.8-flash"}, "Image output is not supported for"),
        ("read_interaction", {"interaction_id": "v1_gone"}, "Google keeps no interaction v1_gone"),
        (
            "gemini_continue",
            {"previous_interaction_id": "v1_gone", "prompt": "hi"},
            "no interaction v1_gone to continue",
        ),
        ("analyze_file", {"files": ["files/gone"], "prompt": "hi"}, "Google keeps no files/gone"),
    ],
    ids=["model", "schema", "image", "read", "continue", "file"],
)
@LEGACY
async def test_what_only_google_can_know_is_told_in_a_sentence_and_costs_nothing(
    client: Client, emulator: Emulator, tool: str, arguments: dict[str, Any], said: str
) -> None:
    assert said in await complaint(client, tool, **arguments)
    assert emulator.creates == []


@LEGACY
async def test_several_wrong_arguments_are_all_told(client: Client) -> None:
    text = await complaint(client, "gemini_ask", prompt=1, wait_seconds=-1)
    assert (
        text == "`prompt`: input should be a valid string. `wait_seconds`: input should be greater than or equal to 0."
    )


@LEGACY
async def test_a_rejected_value_is_not_repeated(client: Client) -> None:
    assert "hunter2" not in await complaint(client, "gemini_ask", prompt={"password": "hunter2"})


async def test_arguments_that_hosts_add_are_dropped(client: Client, emulator: Emulator) -> None:
    await call(client, "gemini_ask", prompt="hi", wait_for_previous=True, _meta={"a": 1}, __id=3)
    assert emulator.creates[-1]["input"] == "hi"
    assert not any("wait_for_previous" in json.dumps(body) or "_meta" in json.dumps(body) for body in emulator.creates)


@LEGACY
async def test_null_counts_as_not_given(client: Client, emulator: Emulator) -> None:
    nothing = {"model": None, "tools": None, "response_schema": None, "wait_seconds": None, "max_output_tokens": None}
    await call(client, "gemini_ask", prompt="hi", **nothing)
    assert set(emulator.creates[-1]) == {"model", "input", "background", "stream", "store"}


# The schemas ---------------------------------------------------------------------------------------------


def parts_of(schema: object) -> Iterator[dict[str, Any]]:
    """A schema and every schema inside it."""
    if isinstance(schema, dict):
        yield (found := cast("dict[str, Any]", schema))
        for key, value in found.items():
            inner = cast("dict[str, Any]", value).values() if key in ("properties", "$defs") else [value]
            for each in inner:
                yield from parts_of(each)
    elif isinstance(schema, list):
        for each in cast("list[object]", schema):
            yield from parts_of(each)


async def test_schemas_say_nothing_that_means_nothing(client: Client) -> None:
    for tool in (await client.list_tools()).tools:
        for part in parts_of(tool.input_schema):
            assert not part.keys() & {"title", "anyOf", "oneOf", "additionalProperties"} or part == {
                "type": "object",
                "additionalProperties": True,
                "description": part.get("description"),
            }
            assert ("default", None) not in part.items()
        assert tool.input_schema["type"] == "object"
        assert (tool.output_schema is not None) == (tool.name == "list_interactions")


@LEGACY
async def test_only_arguments_without_a_default_are_required(client: Client) -> None:
    required = {tool.name: tool.input_schema.get("required", []) for tool in (await client.list_tools()).tools}
    assert required == {
        "gemini_ask": ["prompt"],
        "gemini_continue": ["previous_interaction_id", "prompt"],
        "analyze_file": ["files", "prompt"],
        "generate_image": ["prompt"],
        "start_research": ["prompt"],
        **{tool: ["interaction_id"] for tool in BY_ID},
        "list_interactions": [],
    }


@LEGACY
async def test_ranges_and_choices_are_in_the_schemas(client: Client) -> None:
    tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
    ask = tools["gemini_ask"]
    assert (ask["wait_seconds"]["minimum"], ask["wait_seconds"]["maximum"]) == (0, 600)
    assert ask["thinking_level"]["enum"] == ["minimal", "low", "medium", "high"]
    assert ask["tools"]["items"]["enum"] == ["google_search", "url_context", "code_execution", "google_maps"]
    assert ask["store"]["default"] is True
    assert tools["list_interactions"]["limit"] | {"description": ""} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 20,
        "description": "",
    }


@pytest.mark.parametrize(
    ("schema", "slimmed"),
    [
        ({"title": "T", "type": "object"}, {"type": "object"}),
        ({"properties": {"title": {"type": "string", "title": "T"}}}, {"properties": {"title": {"type": "string"}}}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, {"type": "string"}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        ),
        (
            {"$defs": {"A": {"title": "A", "const": 1}}, "default": math.pi},
            {"$defs": {"A": {"const": 1}}, "default": math.pi},
        ),
    ],
    ids=["title", "property called title", "optional", "union", "optional union", "definitions"],
)
def test_slimming_leaves_the_meaning(schema: dict[str, Any], slimmed: dict[str, Any]) -> None:
    assert slim(schema) == slimmed
