"""Logs, warnings and errors on stderr contain no secrets, and nothing that opens something to whoever reads them."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from conftest import make_settings
from gemini_interactions_mcp.cli.logs import LogLayout, configure_logging, make_announcer
from gemini_interactions_mcp.cli.main import main
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.core.shortening import shorten_credentials
from gemini_interactions_mcp.server.links import LinkKind, LinkSigner, SignedLink
from gemini_interactions_mcp.transports.telemetry import build_provider
from reading import call
from teaming import named, team

KEY = "AIzaSyQ7xV2mLw9Tz-c4N4ry_Kp3Hd8Rf6Jb1Gs"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Restore the process-wide state after a test."""
    for owner, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    yield
    logging.captureWarnings(capture=False)


def written(monkeypatch: pytest.MonkeyPatch, layout: LogLayout = "text", level: str = "INFO") -> io.StringIO:
    """Set logging up, and return the new stderr."""
    monkeypatch.setattr(logging.root, "handlers", list[logging.Handler]())
    monkeypatch.setattr(sys, "stderr", stderr := io.StringIO())
    configure_logging(level, Redactor([KEY]), layout)
    return stderr


def failure() -> BaseException:
    try:
        raise ValueError(f"no {KEY}")
    except ValueError as exc:
        return exc


def test_a_log_has_no_secret_in_message_arguments_and_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    exc = failure()
    logging.getLogger("some.module").error("Failed with %s", {"key": KEY}, exc_info=exc)
    logging.getLogger("some.module").debug("not shown")
    said = stderr.getvalue()
    assert said.startswith("ERROR some.module: Failed with {'key': '[secret]'}\nTraceback")
    assert said.endswith("ValueError: no [secret]\n")


def test_a_warning_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"input_value={KEY!r}", UserWarning, stacklevel=1)
    said = stderr.getvalue()
    assert "UserWarning: input_value='[secret]'" in said
    assert KEY[:12] not in said


def test_what_cannot_be_formatted_is_not_printed_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    logging.getLogger("some.module").warning("%d", KEY)
    assert stderr.getvalue() == ""


def test_errors_that_nobody_handles_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    exc = failure()
    args: Any = SimpleNamespace(exc_type=ValueError, exc_value=exc, exc_traceback=exc.__traceback__)
    sys.excepthook(ValueError, exc, exc.__traceback__)
    threading.excepthook(args)
    sys.unraisablehook(args)
    said = stderr.getvalue()
    assert said.count("ValueError: no [secret]\n") == 3
    assert said.count("Traceback (most recent call last):\n") == 3


# What opens something -----------------------------------------------------------------------------------


def signed(kind: LinkKind = "file", name: str = "report.md", principal: str = "anna") -> str:
    """The end of an address that opens a file."""
    return LinkSigner(b"key").sign(kind, SignedLink(principal, ("v1_x", name)), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
@pytest.mark.parametrize("layout", ["text", "json"])
async def test_what_a_server_logs_opens_nothing(
    layout: LogLayout, level: str, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(tmp_path, url, auth="token")
    token = await named(settings, "anna")
    stderr = written(monkeypatch, layout, level)
    # The emulator, which serves in this process too, has changed that.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "propagate", True)
    async with team(settings) as served, served.client(token) as client:
        offered = await call(client, "upload_file", name="a.txt")
        assert offered.meta
        upload = str(offered.meta["upload_url"]).rpartition("/")[2]
        assert (await served.web.put(f"/uploads/{upload}", content=b"hello")).status_code == 201
        await served.web.get(f"/files/{signed()}")
        await served.web.get(f"/files/%57{signed()[1:]}?download=canary-word")
        await served.send(token="gim_" + "x" * 43)
        await served.web.get(f"/mcp?access_token={token}")
    said = stderr.getvalue()
    assert "/uploads/[token]" in said
    assert said.count("/files/[token]") >= 2
    assert "/mcp?[query]" in said

    for opening in (upload, upload.partition(".")[2], signed()[-43:], token, "canary-word"):
        assert opening not in said


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        (f'"GET /files/{signed()} HTTP/1.1" 200', '"GET /files/[token] HTTP/1.1" 200'),
        (f"https://t.example/gemini/uploads/{signed('upload')}.", "https://t.example/gemini/uploads/[token]."),
        (f"path='/files/{signed(principal='')}'", "path='/files/[token]'"),
        (f"/files/{signed().replace('.', '%2E')}", "/files/[token]"),
        (f"{{'token': '{signed()}'}}", "{'token': '[token]'}"),
        ("Authorization: Bearer gim_abcdefghijklmnopqrst", "Authorization: Bearer [token]"),
        ("(b'authorization', b'Bearer a.b-c~d+e/f==')", "(b'authorization', b'Bearer [token]')"),
        ("of gim_abcdefghijklmnopqrst", "of [token]"),
        ("of eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "of [token]"),
        ("GET https://h.example/a/b?X-Amz-Signature=ab&c=d \"x\"", "GET https://h.example/a/b?[query] \"x\""),
        ('1.2.3.4 - "POST /mcp?key=1 HTTP/1.1" 401', '1.2.3.4 - "POST /mcp?[query] HTTP/1.1" 401'),
        ("/mcp?key=1", "/mcp?[query]"),
        *((text, text) for text in (
            "gemini://interactions/v1_x/files/report-of-the-year-2026.md",
            "https://generativelanguage.googleapis.com/v1beta/files/abc-123",
            "/home/anna/files/notes.txt is no file. Is it elsewhere?",
            "Why? Because https://example.com/a says so?",
            "Bearer of news",
        )),
    ],
)  # fmt: skip
def test_only_what_opens_something_is_shortened(text: str, shortened: str) -> None:
    assert shorten_credentials(text) == shortened


def test_an_error_with_an_address_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch)
    exc = ValueError(f"no /files/{signed()}")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=exc)
    sys.excepthook(ValueError, exc, None)
    assert stderr.getvalue().count("ValueError: no /files/[token]\n") == 2


def test_a_span_has_no_address_that_opens_something() -> None:
    exported = InMemorySpanExporter()
    provider: TracerProvider = build_provider(exported)
    path = f"/files/{signed()}"
    told = {"url.path": path, "http.target": f"{path}?a=canary-word", "url.query": "a=canary-word", "size": 7}
    headers = {"http.request.header.authorization": ["Bearer gim_abcdefghijklmnopqrst"]}
    provider.get_tracer("test").start_span(f"GET {path}", attributes={**told, **headers}).end()
    provider.force_flush()
    (span,) = exported.get_finished_spans()
    assert span.name == "GET /files/[token]"
    assert dict(span.attributes or {}) == {
        "url.path": "/files/[token]",
        "http.target": "/files/[token]?[query]",
        "url.query": "",
        "size": 7,
        "http.request.header.authorization": ("Bearer [token]",),
    }
    provider.shutdown()


# JSON ---------------------------------------------------------------------------------------------------


def test_with_json_every_line_is_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = written(monkeypatch, "json")
    make_announcer("json")("Serving MCP on http://127.0.0.1:1/mcp\nAuthorization: Bearer gim_abcdefghijklmnopqrst\n")
    logging.getLogger("some.module").error("Failed\nbadly", exc_info=failure())
    sys.excepthook(ValueError, exc := failure(), exc.__traceback__)
    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    assert [line["message"] for line in lines] == [
        "Serving MCP on http://127.0.0.1:1/mcp",
        # Nobody else learns it, and it ends with the server.
        "Authorization: Bearer gim_abcdefghijklmnopqrst",
        "Failed\nbadly",
        "ValueError: no [secret]",
    ]
    assert [line["level"] for line in lines] == ["INFO", "INFO", "ERROR", "CRITICAL"]
    assert KEY not in stderr.getvalue()


def test_why_it_does_not_serve_is_an_object_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GEMINI_MCP_LOG_FORMAT", "json")
    assert main(["serve", "--http", "--host", "0.0.0.0"]) == 2
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert line["level"] == "ERROR"
    assert "listens on loopback only" in line["message"]
