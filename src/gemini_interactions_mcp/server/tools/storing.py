"""The tool for file search stores: make one, add files, list, remove a document, delete a store."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, cast

from mcp_types import CallToolResult, InputRequiredResult
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from gemini_interactions_mcp.core import InputError, format_count, join_paragraphs, quote_name
from gemini_interactions_mcp.models import FileSearchStore, StoreDocument, stores
from gemini_interactions_mcp.server.app_context import AppContext
from gemini_interactions_mcp.server.context import Ctx, open_app
from gemini_interactions_mcp.server.elicitation import elicit_answer
from gemini_interactions_mcp.server.hosts import choose_wait_seconds
from gemini_interactions_mcp.server.results.answers import build_text_result
from gemini_interactions_mcp.server.results.programs import DECLINED, ResultFacts
from gemini_interactions_mcp.server.tasks.extension import can_be_asked
from gemini_interactions_mcp.text import store_table

from .adding import add_files
from .additions import Addition, plan_addition
from .parameters import WaitSeconds
from .paying import ToolResult

MAX_ADDED_FILES: Final = 1_000
"""Files of folders and globs that a call adds, at most."""

StoreAction = Literal["create", "add", "list", "remove", "delete"]


@dataclass(frozen=True)
class StoreOrder:
    """What a call wants of a store: its arguments, by their names."""

    store: str | None
    files: list[str] | None
    metadata: dict[str, Any] | None
    document: str | None
    force: bool
    page: int
    wait_seconds: float | None

    @property
    def named_store(self) -> str:
        """The store, which `check_store_order` has found to be given."""
        return self.store or ""


def join_metadata(given: object) -> object:
    """Return metadata that is given as the API has it, a list of objects with a key and a value, as one object."""
    if not isinstance(given, list):
        return given
    entries = [dict(cast("dict[str, object]", each)) for each in cast("list[object]", given) if isinstance(each, dict)]
    keys = [each.pop("key", None) for each in entries]
    fitting = all(isinstance(key, str) and len(each) == 1 for key, each in zip(keys, entries, strict=True))
    if not fitting or len(entries) < len(cast("list[object]", given)) or len(set(keys)) < len(keys):
        raise PydanticCustomError("metadata", 'should be an object such as {"author": "Ada", "year": 1843}')
    return {key: value for key, each in zip(keys, entries, strict=True) for value in each.values()}


async def manage_store(
    ctx: Ctx,
    action: StoreAction,
    store: Annotated[str | None, Field(description="Name or display name; list: default all")] = None,
    files: Annotated[list[str] | None, Field(description="To add: paths, folders, globs")] = None,
    metadata: Annotated[
        dict[str, Any] | None,
        BeforeValidator(join_metadata),
        Field(description="Of added files, for metadata_filter: key to text or number"),
    ] = None,
    document: Annotated[str | None, Field(description="To remove")] = None,
    force: Annotated[bool, Field(description="Delete with documents; default false")] = False,
    page: Annotated[int, Field(ge=1, description="Of the list; default 1")] = 1,
    wait_seconds: WaitSeconds = None,
) -> CallToolResult | InputRequiredResult:
    """Keep files in a store that Gemini searches, with tools=["file_search:STORE"]. Adding costs per token,
    once (the result tells how much), sends no content twice, and deletes nothing: a changed file is a new document.
    """
    order = StoreOrder(store, files, metadata, document, force, page, wait_seconds)
    check_store_order(action, order)
    return await STORE_ACTIONS[action].carry_out(ctx, await open_app(ctx), order)


async def create_store(ctx: Ctx, app: AppContext, order: StoreOrder) -> ToolResult:
    """Make a store, unless there is one of the name."""
    del ctx
    name = stores.check_display_name(order.named_store)
    made, new = await app.stores.create(name)
    said = "The store is made" if new else "There is a store of this name already, and no second one was made"
    return build_text_result(
        join_paragraphs(
            f"{said}: {store_table.describe_named_store(made)}.",
            f'Add files with manage_store(action="add", store="{made.name}", files=[...]), then ask with '
            f"tools={store_table.quote_tools(made)}.",
        ),
        ResultFacts(status="created" if new else "exists", store=made.name),
    )


async def add_to_store(ctx: Ctx, app: AppContext, order: StoreOrder) -> ToolResult:
    """Add files to a store, and wait until they can be searched."""
    seconds = choose_wait_seconds(ctx, app.settings, order.wait_seconds)
    metadata = stores.parse_metadata(order.metadata)

    async def plan() -> Addition:
        given = await app.files.inspect(order.files or [], most=MAX_ADDED_FILES)
        return await plan_addition(app, await app.stores.find(order.named_store), given, metadata)

    return await add_files(ctx, app, (order.store, tuple(order.files or ()), metadata), plan, seconds)


async def list_stores(ctx: Ctx, app: AppContext, order: StoreOrder) -> ToolResult:
    """List all stores, or the documents of one."""
    del ctx
    if stores.names_nothing(order.store):
        found = await app.stores.read_all()
        return build_text_result(store_table.render_stores(found, order.page), ResultFacts(status="listed"))
    found = await app.stores.find(order.named_store)
    documents = await app.stores.documents(found.name)
    return build_text_result(
        store_table.render_documents(found, documents, order.page), ResultFacts(status="listed", store=found.name)
    )


async def remove_document(ctx: Ctx, app: AppContext, order: StoreOrder) -> ToolResult:
    """Remove a document from a store."""
    found = await app.stores.find(order.named_store)
    document = stores.choose_document(order.document or "", await app.stores.documents(found.name))
    shown = f"{store_table.quote_text(document.display_name)} ({quote_name(stores.get_document_id(document))})"
    if refused := await ask_before_deleting(
        ctx, app, f"Remove the document {shown} from {store_table.describe_named_store(found)}?", document.name
    ):
        return refused
    there = await app.stores.delete_document(document.name)
    if there:
        await app.audit.record("document.delete", document.name)
    await app.indexing.forget(found.name, document)
    app.additions.clear()
    told = ResultFacts(status="removed" if there else "missing", store=found.name)
    return build_text_result(describe_removal(document, found, there=there), told)


def describe_removal(document: StoreDocument, store: FileSearchStore, *, there: bool) -> str:
    """Return the text about a document that was removed."""
    shown = store_table.quote_text(document.display_name)
    said = "is removed" if there else "was not there any more"
    return f"{shown} {said}: {store_table.describe_named_store(store)} no longer finds it.\n"


async def delete_store(ctx: Ctx, app: AppContext, order: StoreOrder) -> ToolResult:
    """Delete a store; one with documents with `force` only, or where the user agrees."""
    found = await app.stores.find(order.named_store)
    named = store_table.describe_named_store(found)
    holds = format_count(found.documents, "document")
    if found.documents and not order.force and not can_be_asked(ctx.client_capabilities):
        raise InputError(
            f"{named} has {holds}, and nothing was deleted. force=true deletes what it has too; adding it again costs "
            "its indexing."
        )
    question = f"Delete the store {named}{f' with {holds}' if found.documents else ''}? This cannot be undone."
    if refused := await ask_before_deleting(ctx, app, question, f"{found.name} {found.documents}"):
        return refused
    there = await app.stores.delete(found.name, force=bool(found.documents))
    if there:
        await app.audit.record("store.delete", found.name)
    app.additions.clear()
    return build_text_result(
        f"{named} {'is deleted' if there else 'was not there any more'}.\n",
        ResultFacts(status="deleted" if there else "missing", store=found.name),
    )


class Deleting(BaseModel):
    """Whether something is deleted."""

    delete: bool = Field(default=True, title="Delete", description="Delete it for good")


KEPT_BY_USER: Final = "The user was asked and did not agree: nothing was deleted.\n"


async def ask_before_deleting(ctx: Ctx, app: AppContext, question: str, subject: str) -> ToolResult | None:
    """Ask the user, where the host can; return what the tool returns where it does not go on.

    Raises:
        InputError: The answer does not fit the form, or the user has agreed to something else.
    """
    if not can_be_asked(ctx.client_capabilities):
        return None
    answer = await elicit_answer(ctx, question, Deleting, f"delete {subject}", app.agreements.redeem)
    if isinstance(answer, InputRequiredResult):
        return answer
    try:
        agreed = answer.action == "accept" and Deleting.model_validate(answer.content or {}).delete
    except ValidationError as exc:
        raise InputError("The answer does not fit the form, which has `delete` (true or false).") from exc
    return None if agreed else build_text_result(KEPT_BY_USER, ResultFacts(status=DECLINED))


class StoreActionTraits(NamedTuple):
    """An action: what it needs, what else it takes, and what carries it out."""

    needs: Sequence[str]
    takes: Sequence[str]
    carry_out: Callable[[Ctx, AppContext, StoreOrder], Awaitable[ToolResult]]


STORE_ACTIONS: Final[Mapping[StoreAction, StoreActionTraits]] = {
    "create": StoreActionTraits(("store",), (), create_store),
    "add": StoreActionTraits(("store", "files"), ("metadata",), add_to_store),
    "list": StoreActionTraits((), ("store",), list_stores),
    "remove": StoreActionTraits(("store", "document"), (), remove_document),
    "delete": StoreActionTraits(("store",), ("force",), delete_store),
}
"""All actions."""


def check_store_order(action: StoreAction, order: StoreOrder) -> None:
    """Check that an action has the arguments that it needs, and no others that would change what it means.

    Raises:
        InputError: It has not.
    """
    traits = STORE_ACTIONS[action]
    blank = [name for name in ("store", "document") if stores.names_nothing(getattr(order, name))]
    if missing := [name for name in traits.needs if not getattr(order, name) or name in blank]:
        raise InputError(f'action="{action}" needs {" and ".join(f"`{name}`" for name in missing)}. Nothing was sent.')
    given = [name for name in ("files", "metadata", "document") if getattr(order, name)]
    if unwanted := [name for name in given if name not in (*traits.needs, *traits.takes)]:
        raise InputError(f'`{unwanted[0]}` is not for action="{action}". Nothing was sent.')
