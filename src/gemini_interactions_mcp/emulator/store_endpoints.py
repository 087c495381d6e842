"""HTTP endpoints of file search stores; uploads into them continue as those of files do."""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .protocol import JsonDict, ensure_object, make_grpc_refusal
from .stores import MAX_PAGE, EmulatedStores

# 10 by default, 20 at most: https://ai.google.dev/api/file-search/file-search-stores
DEFAULT_PAGE = 10
StoreHandler = Callable[[Request], Awaitable[Response]]


class StoreEndpoints:
    """The endpoints of the stores."""

    def __init__(self, stores: EmulatedStores) -> None:
        self.stores = stores

    def make_routes(self, bind: Callable[[StoreHandler], StoreHandler]) -> list[Route]:
        """Return the routes, for every version of the API."""
        root = "/{version}/fileSearchStores"
        store, documents = f"{root}/{{store}}", f"{root}/{{store}}/documents"
        return [
            Route(root, bind(self.create), methods=["POST"]),
            Route(root, bind(self.list_stores), methods=["GET"]),
            Route(store, bind(self.get), methods=["GET"]),
            Route(store, bind(self.delete), methods=["DELETE"]),
            Route(documents, bind(self.list_documents), methods=["GET"]),
            Route(f"{documents}/{{document}}", bind(self.get_document), methods=["GET"]),
            Route(f"{documents}/{{document}}", bind(self.delete_document), methods=["DELETE"]),
            Route(f"{store}/upload/operations/{{operation}}", bind(self.get_operation), methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Make a store; google-genai sends nothing in place of an empty object."""
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            raise make_grpc_refusal(400, "Invalid JSON payload received.") from None
        return JSONResponse(self.stores.create(ensure_object(body)).represent())

    async def list_stores(self, request: Request) -> Response:
        """Return a page of the stores."""
        return make_page(request, "fileSearchStores", [each.represent() for each in self.stores.stores.values()])

    async def get(self, request: Request) -> Response:
        """Return a store."""
        return JSONResponse(self.stores.find(get_resource_name(request)).represent())

    async def delete(self, request: Request) -> Response:
        """Delete a store."""
        self.stores.delete(get_resource_name(request), force=is_forced(request))
        return JSONResponse({})

    async def list_documents(self, request: Request) -> Response:
        """Return a page of the documents of a store."""
        store = get_resource_name(request).removesuffix("/documents")
        return make_page(request, "documents", [each.represent() for each in self.stores.list_documents(store)])

    async def get_document(self, request: Request) -> Response:
        """Return a document."""
        return JSONResponse(self.stores.find_document(get_resource_name(request)).represent())

    async def delete_document(self, request: Request) -> Response:
        """Delete a document."""
        self.stores.delete_document(get_resource_name(request), force=is_forced(request))
        return JSONResponse({})

    async def get_operation(self, request: Request) -> Response:
        """Return an operation."""
        return JSONResponse(self.stores.represent_operation(get_resource_name(request)))


def get_resource_name(request: Request) -> str:
    """Return the name of the resource that a request is for: its path without the version."""
    return request.url.path.split("/", 2)[2]


def is_forced(request: Request) -> bool:
    """Whether a request deletes what contains something."""
    return request.query_params.get("force", "").lower() == "true"


def make_page(request: Request, key: str, every: list[JsonDict]) -> Response:
    """Return a page of a list; an empty one has no key."""
    size = min(int(request.query_params.get("pageSize") or DEFAULT_PAGE), MAX_PAGE)
    start = int(request.query_params.get("pageToken") or 0)
    page = {key: every[start : start + size]} if every[start : start + size] else {}
    return JSONResponse({**page, **({"nextPageToken": str(start + size)} if start + size < len(every) else {})})
