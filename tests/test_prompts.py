"""Prompts: listed with titles, rendered with what the user typed."""

import re

import pytest
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, PromptReference, TextContent

from reading import LEGACY, call, id_of


async def rendered(client: Client, name: str, **arguments: str) -> str:
    """The one message of a prompt."""
    (message,) = (await client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


@pytest.mark.slow
async def test_prompts_are_listed_with_titles_and_arguments(client: Client) -> None:
    prompts = (await client.list_prompts()).prompts
    assert [(prompt.name, prompt.title) for prompt in prompts] == [
        ("deep_research", "Deep research"),
        ("second_opinion", "Second opinion"),
        ("explain_file", "Explain a file"),
        ("edit_image", "Edit an image"),
    ]
    arguments = {prompt.name: [(each.name, each.required) for each in prompt.arguments or []] for prompt in prompts}
    assert arguments == {
        "deep_research": [("question", True)],
        "second_opinion": [("subject", True)],
        "explain_file": [("path", True), ("question", False)],
        "edit_image": [("path", True), ("change", True)],
    }
    assert all(prompt.description for prompt in prompts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("deep_research", {"question": "Why {bicycles}?"}, ["Deep Research: Why {bicycles}?", "plan_first=true"]),
        ("second_opinion", {"subject": "my plan"}, ["on this: my plan", 'thinking_level="high"']),
        ("explain_file", {"path": "/a/b.pdf"}, ['files=["/a/b.pdf"]', "What is this and what matters in it?"]),
        ("explain_file", {"path": "/a/b.pdf", "question": "Who?"}, ['files=["/a/b.pdf"]', "this prompt: Who?"]),
        ("edit_image", {"path": "/a/b.png", "change": "Blue"}, ['images=["/a/b.png"]', "this prompt: Blue"]),
    ],
    ids=["research", "opinion", "file", "file and question", "image"],
)
@LEGACY
async def test_a_prompt_says_what_was_typed(
    client: Client, name: str, arguments: dict[str, str], said: list[str]
) -> None:
    text = await rendered(client, name, **arguments)
    assert all(each in text for each in said)


@LEGACY
async def test_prompts_name_only_tools_and_arguments_that_exist(client: Client) -> None:
    tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
    known = {*tools, *(name for properties in tools.values() for name in properties)}
    for prompt in (await client.list_prompts()).prompts:
        text = await rendered(client, prompt.name, **{each.name: "x" for each in prompt.arguments or []})
        named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text))
        assert named
        assert named <= known


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_prompt", "Unknown prompt: no_such_prompt."),
        ("deep_research", "Missing required arguments: {'question'}."),
    ],
)
async def test_a_prompt_that_cannot_be_rendered_is_an_error_of_the_request(
    client: Client, name: str, said: str
) -> None:
    with pytest.raises(MCPError) as caught:
        await client.get_prompt(name, {})
    assert (caught.value.error.code, caught.value.error.message) == (INVALID_PARAMS, said)


@pytest.mark.slow
async def test_ids_complete_in_prompts_too_and_other_arguments_do_not(client: Client) -> None:
    first = id_of(await call(client, "gemini_ask", prompt="hi"))
    reference = PromptReference(name="edit_image")
    found = await client.complete(reference, {"name": "previous_interaction_id", "value": first[:5]})
    assert found.completion.values == [first]
    found = await client.complete(reference, {"name": "change", "value": first[:5]})
    assert found.completion.values == []
