"""A server that speaks S3's protocol, for tests: moto's."""

import logging
import urllib.request
import uuid
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest

SECRET = "store-secret-4f1c9b7e"
"""Must never appear in an answer, an error or a log."""


@dataclass
class Bucket:
    """A bucket of the server."""

    address: str
    name: str

    @property
    def url(self) -> str:
        """The setting that names it."""
        query = {"endpoint": self.address, "region": "us-east-1", "access_key_id": "team", "secret_access_key": SECRET}
        return f"s3://{self.name}/made/by gemini?{urlencode(query)}"

    def list(self) -> list[str]:
        """The keys of its objects."""
        with urllib.request.urlopen(f"{self.address}/{self.name}?list-type=2") as answer:
            tree = ElementTree.fromstring(answer.read())
        return [str(found.text) for found in tree.iter() if found.tag.endswith("Key")]

    def put(self, key: str, content: bytes) -> None:
        """Overwrite an object, as somebody else would."""
        path = quote(key)
        asked = urllib.request.Request(f"{self.address}/{self.name}/{path}", data=content, method="PUT")
        urllib.request.urlopen(asked).close()


class ObjectServer:
    """The server, which can be down for a while."""

    def __init__(self, server: Any) -> None:
        self._server = server
        host, port = server.get_host_and_port()
        self.address = f"http://{host}:{port}"

    def make_bucket(self) -> Bucket:
        """Make a bucket."""
        name = f"bucket-{uuid.uuid4().hex}"
        urllib.request.urlopen(urllib.request.Request(f"{self.address}/{name}", method="PUT")).close()
        return Bucket(self.address, name)


@contextmanager
def serve_objects() -> Generator[ObjectServer]:
    """Serve on a free port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("moto.server", reason="moto is not installed")
        server = package.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server.start()
    try:
        yield ObjectServer(server)
    finally:
        server.stop()
