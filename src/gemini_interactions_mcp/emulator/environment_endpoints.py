"""HTTP endpoints of environments: make, read, list, fill and delete them."""

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .doubts import format_environment_entry
from .environments import (
    CREATION_KEYS,
    EmulatedEnvironment,
    SandboxUpload,
    check_environment_fields,
    check_upload_path,
    describe_environment_file,
    is_in_folder,
    make_missing_refusal,
    mount_sources,
    represent_environment,
)
from .protocol import JsonDict, ensure_object, ensure_text, make_grpc_refusal, make_refusal

if TYPE_CHECKING:
    from .state import Emulator

# Entries of a page of an environment's files.
ENVIRONMENT_PAGE_FILES = 100


class EnvironmentEndpoints:
    """The endpoints of environments; whoever binds them records the requests and checks the key."""

    def __init__(self, emulator: "Emulator") -> None:
        self.emulator = emulator

    async def create(self, request: Request) -> Response:
        """Make an environment."""
        try:
            given = ensure_object(json.loads(await request.body() or b"{}"))
        except ValueError:
            raise make_refusal(400, "Invalid JSON payload received.") from None
        check_environment_fields(given, CREATION_KEYS)
        origin = ensure_text(given.get("from_environment")).removeprefix("environments/")
        files = dict(self.emulator.find_environment(origin)) if origin else {}
        made = EmulatedEnvironment(files=files | mount_sources(given), network=given.get("network"))
        self.emulator.add_environment(made)
        return JSONResponse(represent_environment(made))

    async def get(self, request: Request) -> Response:
        """Return an environment."""
        environment_id = decode_path_parameter(request, "environment_id")
        files = self.emulator.find_environment(environment_id)
        network = self.emulator.networks.get(environment_id)
        return JSONResponse(represent_environment(EmulatedEnvironment(environment_id, files, network)))

    async def delete(self, request: Request) -> Response:
        """Delete an environment."""
        environment_id = decode_path_parameter(request, "environment_id")
        self.emulator.find_environment(environment_id)
        del self.emulator.environments[environment_id]
        return JSONResponse({})

    async def list_files(self, request: Request) -> Response:
        """Return a page of a folder of an environment, or download a file of it."""
        files = self.emulator.find_environment(decode_path_parameter(request, "environment_id"))
        path = decode_path_parameter(request, "path").strip("/")
        path = "" if path == "." else path
        if request.query_params.get("alt") == "media":
            if path not in files:
                raise make_missing_refusal()
            return Response(files[path], media_type="application/octet-stream")
        below = list_folder(files, path)
        if not below and self.emulator.doubts.empty_folders == "404":
            raise make_missing_refusal()
        below = [format_environment_entry(self.emulator.doubts, entry) for entry in below]
        start = int(request.query_params.get("page_token", "0"))
        after: JsonDict = (
            {"next_page_token": str(start + ENVIRONMENT_PAGE_FILES)}
            if start + ENVIRONMENT_PAGE_FILES < len(below)
            else {}
        )
        return JSONResponse({"files": below[start : start + ENVIRONMENT_PAGE_FILES], **after})

    async def start_upload(self, request: Request) -> Response:
        """Start the upload of a file into an environment; the URL of the chunks is that of the Files API."""
        files = self.emulator.find_environment(decode_path_parameter(request, "environment_id"))
        path = decode_path_parameter(request, "path").strip("/")
        check_upload_path(path)
        if path in files and request.query_params.get("overwrite") != "true":
            raise make_grpc_refusal(409, f"The file {path} exists.")
        size = request.headers.get("x-goog-upload-header-content-length", "")
        mime_type = request.headers.get("x-goog-upload-header-content-type", "")
        if not size.isdecimal() or not mime_type:
            raise make_grpc_refusal(400, "The upload needs a content length and a MIME type.")
        upload_id = self.emulator.files.add_upload(SandboxUpload(path, mime_type, int(size), "", files=files))
        url = f"{request.base_url}upload/v1/files?upload_id={upload_id}&upload_protocol=resumable"
        return Response(headers={"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"})


def decode_path_parameter(request: Request, parameter: str) -> str:
    """Return a decoded parameter of the path, which is matched undecoded because an id may contain a slash."""
    return unquote(request.path_params[parameter])


def list_folder(files: dict[str, bytes], path: str) -> list[JsonDict]:
    """Return the entries of the files below a folder, and of the folders."""
    found = {name: content for name, content in files.items() if is_in_folder(name, path)}
    folders = sorted({name.rpartition("/")[0] for name in found} - {path, ""})
    return [
        *(describe_environment_file(name, content) for name, content in found.items()),
        *({"type": "directory", "path": folder, "name": folder.rpartition("/")[2]} for folder in folders),
    ]
