"""The log says why an object store cannot be used: to whoever runs the server, and to nobody else."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest

from gemini_interactions_mcp.core.errors import ConfigurationError
from gemini_interactions_mcp.output import objects
from gemini_interactions_mcp.output.objects import ObjectStore, open_object_store
from storing import SECRET

KEY_ID = "AKIACANARY"
OBJECT = "canary-of-a-name.txt"


class Refusing:
    """A store that answers every request with an error, until it does not."""

    def __init__(self) -> None:
        self.status, self.code, self.more = 403, "AccessDenied", ""
        refusing = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                body = f"<Error><Code>{refusing.code}</Code><Message>{OBJECT}</Message>{refusing.more}</Error>"
                body = (
                    "<DeleteResult><Deleted><Key>x</Key></Deleted></DeleteResult>" if refusing.status == 200 else body
                )
                self.send_response(refusing.status)
                self.send_header("content-length", str(len(body)))
                self.send_header("etag", '"1"')
                self.end_headers()
                self.wfile.write(body.encode())

            do_DELETE = do_POST = do_PUT  # noqa: N815 - named by the library

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the library
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def open(self, **options: str) -> ObjectStore:
        return open_at(self.address, **options)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Generator[Refusing]:
    monkeypatch.setattr(objects, "RETRY_OPTIONS", {"max_retries": 0})
    started = Refusing()
    yield started
    started.server.shutdown()
    started.server.server_close()


def open_at(address: str, **options: str) -> ObjectStore:
    usual = {"endpoint": address, "region": "us-east-1", "access_key_id": KEY_ID, "secret_access_key": SECRET}
    return open_object_store(f"s3://files/made?{urlencode(options or usual)}")


def fail(store: ObjectStore, caplog: pytest.LogCaptureFixture) -> str:
    """What the log says of a failure; the user is told less."""
    with pytest.raises(ConfigurationError, match="Cannot write to the object store of this server") as caught:
        store.add(b"content", [OBJECT])
    assert "127.0.0.1" not in str(caught.value)
    assert "AWS_" not in str(caught.value)
    (record,) = [each for each in caplog.records if each.name == "gemini_interactions_mcp"]
    assert record.levelname == "WARNING"
    assert not [each for each in (SECRET, KEY_ID, OBJECT) if each in record.getMessage()]
    return record.getMessage().removeprefix("The object store cannot be used: ")


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (403, "AccessDenied", "access is denied to these credentials"),
        (403, "InvalidAccessKeyId", "it does not know this access key id"),
        (403, "SignatureDoesNotMatch", "the secret access key is wrong"),
        (403, "RequestTimeTooSkewed", "the clock of this machine"),
        (400, "ExpiredToken", "the credentials have expired"),
        (
            400,
            "AuthorizationHeaderMalformed",
            "the region is wrong: set AWS_REGION, or region in the address (eu-west-1)",
        ),
        (301, "PermanentRedirect", "the region is wrong: set AWS_REGION"),
        (404, "NoSuchBucket", "there is no such bucket"),
        (503, "SlowDown", "it has too much to do"),
        (400, "SomethingNew", "it answers SomethingNew"),
        (418, "", "it answers 418"),
    ],
)
def test_what_a_store_answers_is_in_the_log(
    refusing: Refusing, caplog: pytest.LogCaptureFixture, status: int, code: str, cause: str
) -> None:
    refusing.status, refusing.code = status, code
    refusing.more = "<Region>eu-west-1</Region>" if code == "AuthorizationHeaderMalformed" else ""
    told = fail(refusing.open(), caplog)
    assert told.startswith(cause)
    assert told.endswith(f" ({refusing.address})")


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("http://127.0.0.1:1", "the connection is refused: nothing listens there (http://127.0.0.1:1)"),
        ("http://store.invalid", "the name of its host is unknown (http://store.invalid)"),
        ("https://{host}", "it does not speak TLS: its address begins with http:// (https://{host})"),
    ],
)
def test_a_store_that_is_not_reached_is_in_the_log(
    refusing: Refusing, caplog: pytest.LogCaptureFixture, address: str, cause: str
) -> None:
    host = refusing.address.removeprefix("http://")
    assert fail(open_at(address.format(host=host)), caplog) == cause.format(host=host)


def test_forgotten_credentials_are_in_the_log(
    refusing: Refusing, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    # As the service of a cloud that gives no role to this machine.
    store = refusing.open(endpoint=refusing.address, metadata_endpoint=refusing.address)
    assert fail(store, caplog).startswith("no credentials are found: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")


def test_an_outage_is_told_when_it_begins_and_when_it_ends(
    refusing: Refusing, caplog: pytest.LogCaptureFixture
) -> None:
    store = refusing.open()
    for _ in range(3):
        with pytest.raises(ConfigurationError):
            store.below("anna").add(b"content", [OBJECT])
        with pytest.raises(ConfigurationError) as caught:
            store.check_writable()
        assert caught.value.brief == "Cannot write to the object store of this server."
    refusing.status = 200
    store.check_writable()
    store.check_writable()
    told = [each.getMessage() for each in caplog.records if each.name == "gemini_interactions_mcp"]
    assert told == [
        f"The object store cannot be used: access is denied to these credentials ({refusing.address})",
        "The object store can be used again",
    ]
