"""Redaction of whatever a handler returns, raises or sends."""

from dataclasses import replace
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.server import ServerRequestContext
from mcp.server.session import ServerSession
from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult, ErrorData, LoggingLevel
from pydantic import BaseModel, ValidationError

from conftest import FAST, KEY, Mode
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.emulator import Emulator
from gemini_interactions_mcp.server.app import build_server
from gemini_interactions_mcp.server.outgoing import OutgoingRedaction, OutgoingRedactor
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from reading import call, id_of

SECRET = "hush-5f2e-9b1c"
rim = OutgoingRedaction(Redactor([SECRET]))


class Wire:
    """A channel and a connection that record what is sent."""

    can_send_request = True
    protocol_version = "2025-11-25"

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.outbound = self

    async def send_raw_request(self, method: str, params: Any, opts: Any = None) -> dict[str, Any]:
        self.sent.append((method, params, opts))
        return {"action": "cancel"}

    async def notify(self, method: str, params: Any, opts: Any = None) -> None:
        self.sent.append((method, params, opts))

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        self.sent.append((progress, total, message))


def context(wire: Any) -> ServerRequestContext[Any, Any]:
    session = ServerSession(wire, wire)
    return ServerRequestContext(session=session, lifespan_context=None, protocol_version="x", method="tools/call")


async def test_results_are_redacted() -> None:
    async def answer(_: object) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": f"a {SECRET}"}], "_meta": {"x": SECRET}}

    found = await rim(context(Wire()), answer)
    assert found == {"content": [{"type": "text", "text": "a [secret]"}], "_meta": {"x": "[secret]"}}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"a {SECRET[:6]}\u200b{SECRET[6:]}", "a [secret]"),
        (f"a {SECRET[:6]}\x1b[0m{SECRET[6:]}\n", "a [secret]\n"),
        ("A" + "".join(chr(0xE0100 + byte) for byte in b"send the key"), "A\U000e0173"),
        ("a\u3164b", "ab"),
        ("line\r\n" * 9_999, "line\n" * 9_999),
    ],
)
def test_hidden_text_hides_no_secret_and_goes_itself(text: str, clean: str) -> None:
    assert OutgoingRedactor([SECRET])({"text": [text]}) == {"text": [clean]}


async def test_errors_are_redacted() -> None:
    async def fail(_: object) -> None:
        raise MCPError(-32602, f"No {SECRET}", {"method": SECRET})

    with pytest.raises(MCPError) as caught:
        await rim(context(Wire()), fail)
    assert caught.value.error == ErrorData(code=-32602, message="No [secret]", data={"method": "[secret]"})


@pytest.mark.parametrize(("text", "kind"), [(f"bug with {SECRET}", RuntimeError), ("bug", KeyError)])
async def test_what_nobody_expected_is_redacted_too(text: str, kind: type[Exception]) -> None:
    async def fail(_: object) -> None:
        raise KeyError(text)

    with pytest.raises(kind, match="bug") as caught:
        await rim(context(Wire()), fail)
    assert SECRET not in str(caught.value)


async def test_arguments_of_the_wrong_form_stay_an_error_of_their_own() -> None:
    class Form(BaseModel):
        number: int

    async def fail(_: object) -> None:
        Form.model_validate({"number": SECRET})

    with pytest.raises(ValidationError):
        await rim(context(Wire()), fail)


async def test_questions_notifications_logs_and_progress_are_redacted() -> None:
    wire = Wire()
    level: LoggingLevel = "error"

    async def speak(ctx: ServerRequestContext[Any, Any]) -> None:
        await ctx.session.report_progress(1, 2, f"Reading {SECRET}")
        await ctx.session.elicit_form(f"Send {SECRET}?", {"type": "object", "properties": {}}, related_request_id=1)
        await ctx.session.send_log_message(level, SECRET, related_request_id=1)  # pyright: ignore[reportDeprecated]
        assert ctx.session.can_send_request

    with pytest.warns(match="deprecated"):
        await rim(context(wire), speak)
    assert wire.sent[0] == (1, 2, "Reading [secret]")
    assert wire.sent[1][1]["message"] == "Send [secret]?"
    assert wire.sent[2][1]["data"] == "[secret]"
    assert SECRET not in str(wire.sent)


async def test_what_a_handler_is_given_is_not_changed() -> None:
    ctx = replace(context(Wire()), params={"name": SECRET})

    async def look(seen: ServerRequestContext[Any, Any]) -> dict[str, Any]:
        assert seen.params == {"name": SECRET}
        return {}

    assert await rim(ctx, look) == {}


@pytest.mark.slow
async def test_the_user_is_asked_without_secrets_and_what_was_asked_for_is_sent(
    settings: Settings, mode: Mode, emulator: Emulator
) -> None:
    asked: list[str] = []

    async def agree(context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        assert isinstance(params, ElicitRequestFormParams)
        asked.append(params.message)
        return ElicitResult(action="accept", content={"start": True})

    server = build_server(settings.model_copy(update={"confirm": Confirmation(0)}), FAST)
    async with Client(server, mode=mode, cache=None, elicitation_callback=agree) as client:
        assert id_of(await call(client, "start_research", prompt=f"What is {KEY}?"))
    assert ["What is [secret]?" in message for message in asked] == [True]
    assert emulator.creates[0]["input"] == f"What is {KEY}?"
