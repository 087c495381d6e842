"""Credentials that libraries read from the environment, and those in addresses, are seen nowhere."""

import base64
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from conftest import make_settings
from gemini_interactions_mcp.cli.logs import JsonFormatter
from gemini_interactions_mcp.core.credentials import find_database_secrets, find_header_list_secrets, find_url_secrets
from gemini_interactions_mcp.core.log import logger
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.emulator import Emulator, Fault
from gemini_interactions_mcp.settings.environment import find_store_secrets, find_telemetry_secrets
from teaming import named, team

LOGIN = base64.b64encode(b"robot:canary-basic-7f3a").decode()

ENVIRONMENT = {
    "OTEL_EXPORTER_OTLP_HEADERS": f"x-api-key=canary-otlp-91c2,Authorization=Basic%20{LOGIN}",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=Bearer%20canary-traces-4d07",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://robot:canary-endpoint-2b66@collector.example/v1/traces",
    "AWS_ACCESS_KEY_ID": "CANARYKEYID0123456789",
    "AWS_SECRET_ACCESS_KEY": "canary/aws+secret-58e1",
    "AWS_SESSION_TOKEN": "canary-session-0b9d",
    "AWS_SSE_CUSTOMER_KEY_BASE64": "Y2FuYXJ5LXNzZS1rZXktNzdh",
    "aws_endpoint_url": "http://robot:canary-store-e5f4@127.0.0.1:9",
    "HTTPS_PROXY": "http://robot:canary-proxy-a811@127.0.0.1:9",
    "all_proxy": "socks5://robot:canary-socks-3c30@127.0.0.1:9",
}
METRICS = "canary-metrics-66d2"
CANARIES = (
    *("canary-otlp-91c2", "canary-basic-7f3a", LOGIN, "canary-traces-4d07", "canary-endpoint-2b66"),
    *("CANARYKEYID0123456789", "canary/aws+secret-58e1", "canary-session-0b9d", "Y2FuYXJ5LXNzZS1rZXktNzdh"),
    *("canary-store-e5f4", "canary-proxy-a811", "canary-socks-3c30", METRICS),
)
ECHO = " ".join(CANARIES)


def sung(text: str | bytes) -> list[str]:
    found = text if isinstance(text, bytes) else text.encode()
    return [each for each in CANARIES if each.encode() in found]


def test_every_canary_is_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    output = SecretStr("s3://bucket/a?secret_access_key=in-the-query-1&endpoint=http://me:in-the-query-2@host")
    settings = make_settings(tmp_path, "http://127.0.0.1:1", output_url=output, metrics_token=SecretStr(METRICS))
    assert {*CANARIES, "in-the-query-1", "in-the-query-2"} <= set(settings.secrets)
    assert sung(Redactor(settings.secrets)(ECHO)) == []


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("postgresql://me:hush/5f#2e?7@host/db", {"hush/5f#2e?7"}),
        ("postgresql://me:p%40ss@host/db?sslpassword=x3", {"p%40ss", "p@ss", "x3"}),
        ("postgresql://me@host/db", set[str]()),
        ("postgresql+asyncpg://host:5432/db", set[str]()),
        ("sqlite:////home/a:b@c/journal.sqlite3", set[str]()),
    ],
)
def test_what_is_secret_in_the_address_of_a_database(url: str, secrets: set[str]) -> None:
    assert set(find_database_secrets(url)) - {""} == secrets


def test_what_is_secret_in_variables_of_libraries() -> None:
    assert set(find_header_list_secrets("a=b%20c, content-type=x, broken")) - {""} == {"b%20c", "b c"}
    assert set(find_url_secrets("s3://b?x=https://me:inner-7@h")) - {""} == {"inner-7"}
    harmless = {"AWS_REGION": "eu-1", "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/token", "OTEL_EXPORTER_OTLP_TIMEOUT": "3"}
    assert [*filter(None, find_store_secrets(harmless)), *filter(None, find_telemetry_secrets(harmless))] == []


async def test_no_canary_is_seen(
    tmp_path: Path, url: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    output = SecretStr(f"file://{tmp_path / 'store'}")
    settings = make_settings(tmp_path, url, auth="token", output_url=output, metrics_token=SecretStr(METRICS))
    caplog.set_level(logging.DEBUG)
    body = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": ECHO}}
    emulator.faults += [
        Fault("create", "http", http_status=400, body=body, match="refused"),
        Fault("create", "status", body=[{"code": "x", "message": ECHO}], match="failed"),
    ]
    async with team(settings) as served:
        token = await named(settings, "anna")

        async def call(tool: str, **arguments: Any) -> str:
            return (await served.send("tools/call", token, name=tool, arguments=arguments)).text

        said = [
            await call("gemini_ask", prompt=f"{ECHO} refused"),
            await call("gemini_ask", prompt=f"{ECHO} failed"),
            await call("gemini_ask", prompt=ECHO),
            await call("generate_image", prompt=ECHO),
            await call("upload_file", name=f"{LOGIN}.png"),
            await call("analyze_file", prompt=ECHO, files=[ECHO]),
            await call("list_interactions"),
            (await served.ask_ready()).text,
            (await served.web.get("/metrics")).text,
            (await served.web.get("/metrics", headers={"authorization": f"Bearer {METRICS}"})).text,
        ]
        logger.warning("A library said %s", ECHO)
    assert [sung(each) for each in said] == [[]] * len(said)
    layout = JsonFormatter(Redactor(settings.secrets))
    assert sung("\n".join(map(layout.format, caplog.records))) == []
    assert list_singing(tmp_path) == []


def list_singing(folder: Path) -> list[Path]:
    """Files with a canary in them or in their names."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return [each for each in files if sung(each.read_bytes() + each.name.encode())]
