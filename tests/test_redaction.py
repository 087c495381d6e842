"""Secrets and pieces of them are taken out of values; what only resembles one stays."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from gemini_interactions_mcp.core.credentials import find_header_secrets, find_url_secrets
from gemini_interactions_mcp.core.redaction import NO_REDACTION, Redactor
from gemini_interactions_mcp.models.interactions import Citation, Interaction, Media, Usage

KEY = "AIzaSyQ7xV2mLw9Tz-c4N4ry_Kp3Hd8Rf6Jb1Gs"
PASSWORD = 'p"ß/ +%9\\x&ö'
redact = Redactor([KEY, PASSWORD, "abc-1234"])


@pytest.mark.parametrize(
    "secret", [KEY, PASSWORD, json.dumps(PASSWORD)[1:-1], quote(PASSWORD), quote(PASSWORD, safe=""), "abc-1234"]
)
def test_a_secret_is_taken_out_in_every_spelling(secret: str) -> None:
    assert redact(secret) == "[secret]"
    assert redact(f"key={secret}&{secret}, {secret}") == "key=[secret]&[secret], [secret]"


@pytest.mark.parametrize("before", range(7))
def test_a_secret_is_taken_out_of_base64_wherever_it_begins_there(before: int) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for secret in (KEY, PASSWORD):
            encoded = encode(b"~" * before + secret.encode() + b"~~").decode()
            assert "[secret]" in redact(encoded)
            assert len(redact(encoded)) <= 8 + 2 * (before + 3)


@pytest.mark.parametrize("length", [12, 13, 20, len(KEY) - 1])
def test_a_piece_is_taken_out_where_the_rest_is_missing(length: int) -> None:
    for at in range(len(KEY) - length + 1):
        assert redact(f"…{KEY[at : at + length]}…") == "…[secret]…"


def test_a_shorter_piece_may_be_a_part_of_any_word() -> None:
    for at in range(len(KEY) - 10):
        assert redact(KEY[at : at + 11]) == KEY[at : at + 11]
    assert redact("abc-123") == "abc-123"


def test_secrets_side_by_side_and_within_each_other_leave_nothing() -> None:
    assert redact(KEY + KEY + KEY[5:25] + KEY[3:30]) == "[secret]" * 4
    both = Redactor(["0123456789abcdef", "89abcdef0123"])
    assert both("<0123456789abcdef0123>") == "<[secret]>"
    assert Redactor(["aaaaaaaaaaaaaaa1"])("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1") == "[secret]"


@pytest.mark.parametrize("word", ["", "short-1", "postgres", "correcthorse", "12345678", "20261128"])
def test_what_may_be_a_word_or_a_number_is_no_secret(word: str) -> None:
    assert Redactor([word])(f"Tell me of {word}.") == f"Tell me of {word}."


def test_long_letters_are_a_secret() -> None:
    assert Redactor(["correcthorsebatterystaple"])("a correcthorsebatterystaple b") == "a [secret] b"


def test_values_are_redacted_to_their_depth_and_keep_their_types() -> None:
    value: dict[str, Any] = {KEY: [f"a {KEY}", 3, None, True, {"b": (KEY, 1.5)}], "data": f"short {KEY}"}
    expected = {"[secret]": ["a [secret]", 3, None, True, {"b": ("[secret]", 1.5)}], "data": "short [secret]"}
    assert redact(value) == expected
    assert value["data"] == f"short {KEY}"


def test_models_are_redacted_to_their_depth() -> None:
    given = Interaction(status="completed", text=KEY, citations=(Citation(url=f"https://a.example/{KEY}"),))
    assert redact(given).citations == (Citation(url="https://a.example/[secret]"),)
    assert redact(given).text == "[secret]"
    usage = Usage(total_tokens=3)
    assert redact(usage) == usage


def test_the_bytes_of_media_are_left_alone_but_for_text() -> None:
    noise = bytes(range(256)) * 8
    content = base64.b64encode(noise + KEY.encode()).decode()
    assert redact(Media(kind="image", mime_type="image/png", data=content)).data == content
    assert redact({"blob": content, "mimeType": "image/png"})["blob"] == content
    text = base64.b64encode(b"x" * 1000 + KEY.encode()).decode()
    for block in ({"data": text, "mime_type": "text/csv"}, {"blob": text, "mimeType": "application/json"}):
        assert base64.b64decode(next(iter(redact(block).values()))) == b"x" * 1000 + b"[secret]"
    broken = {"data": "!" * 2000, "mime_type": "text/csv"}
    assert redact(broken) == broken


def test_the_content_of_a_file_is_redacted_if_it_is_text() -> None:
    assert redact.content(f"\ufeffa\r\n{KEY}\r\n".encode()) == "\ufeffa\r\n[secret]\r\n".encode()
    assert redact.content(b"\xff" + KEY.encode()) == b"\xff" + KEY.encode()


def test_without_secrets_nothing_changes() -> None:
    assert NO_REDACTION({"a": [KEY]}) == {"a": [KEY]}


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("X-Key", " hush-5f2e ", ["hush-5f2e"]),
        ("Authorization", "Bearer hush-5f2e", ["hush-5f2e"]),
        ("authorization", "Token hush-5f2e", ["hush-5f2e"]),
        ("Authorization", f"Basic {base64.b64encode(b'me:a:b').decode()}", ["bWU6YTpi", "me:a:b", "me", "a:b"]),
        ("Authorization", "Basic no base64!", ["no base64!"]),
        ("Cookie", "a=hush-5f2e; b=2", ["a=hush-5f2e; b=2"]),
        ("Accept", "application/json", []),
        ("content-type", "application/json", []),
    ],
)
def test_what_is_secret_in_a_header(name: str, value: str, secrets: list[str]) -> None:
    assert list(find_header_secrets(name, value)) == secrets


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://a.example/mcp?page=2", set[str]()),
        ("https://a.example/mcp?api_key=x1&page=2&accessToken=x2", {"x1", "x2"}),
        ("postgresql+asyncpg://me:p%40ss@host/db?sslpassword=x3", {"p%40ss", "p@ss", "x3"}),
        ("postgresql+asyncpg://me:p@s:s@host/db", {"p@s:s"}),
        ("postgresql+asyncpg://me@host/db", set[str]()),
        ("sqlite+aiosqlite:///a.sqlite3", set[str]()),
        ("https://[broken/", set[str]()),
        (f"https://a.example/api/{KEY}/mcp", {KEY}),
        (f"https://a.example/s/{'0a1b2c3d-' * 4}ff/mcp", {f"{'0a1b2c3d-' * 4}ff"}),
        ("https://a.example/my-long-service-name-v2/mcp-of-the-department-2026", set[str]()),
        (f"sqlite+aiosqlite:////home/{KEY}/journal.sqlite3", set[str]()),
    ],
)
def test_what_is_secret_in_an_address(url: str, secrets: set[str]) -> None:
    assert set(find_url_secrets(url)) - {""} == secrets
