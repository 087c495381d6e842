"""File search stores of the emulator, through the real google-genai client, or raw HTTP where it cannot go."""

import io
from typing import Any

import anyio
import httpx2
import pytest
from google.genai import errors, types

import emulating
from emulating import Untyped, ask, kinds
from gemini_interactions_mcp.emulator import Emulator, serve_emulator
from gemini_interactions_mcp.emulator.doubts import CONTRARY

http = emulating.http
client = emulating.client

FORCED = types.DeleteFileSearchStoreConfig(force=True)


async def upload(client: Untyped, store: str, name: str = "Äpfel.txt", **config: Any) -> Any:
    """Upload a text; the operation as it is then."""
    return await client.file_search_stores.upload_to_file_search_store(
        file_search_store_name=store,
        file=io.BytesIO(b"Apples are red."),
        config={"display_name": name, "mime_type": "text/plain", **config},
    )


async def indexed(client: Untyped, store: str, name: str = "Äpfel.txt", **config: Any) -> Any:
    operation = await upload(client, store, name, **config)
    while not operation.done:
        await anyio.sleep(0.005)
        operation = await client.operations.get(operation)
    return operation


async def test_a_store_is_made_read_listed_and_deleted(client: Untyped, emulator: Emulator) -> None:
    stores = client.file_search_stores
    made = [await stores.create(config={"display_name": "Obst & Gemüse"}) for _ in range(25)]
    assert made[0].name.startswith("fileSearchStores/obst-gem-se-")
    assert len({each.name for each in made}) == 25
    found = await stores.get(name=made[3].name)
    assert (found.display_name, found.embedding_model) == ("Obst & Gemüse", "models/gemini-embedding-001")
    pager = await stores.list(config={"page_size": 50})
    assert len(pager.page) == 20
    assert [each.name async for each in pager] == [each.name for each in made]
    await stores.delete(name=made[0].name)
    assert made[0].name not in emulator.stores.stores


async def test_an_upload_takes_time_to_be_indexed(client: Untyped, emulator: Emulator) -> None:
    store = (await client.file_search_stores.create()).name
    emulator.stores.hold = True
    metadata = [types.CustomMetadata(key="year", numeric_value=1843)]
    operation = await upload(client, store, custom_metadata=metadata)
    assert not operation.done
    for _ in range(3):
        assert not (await client.operations.get(operation)).done
    found = await client.file_search_stores.get(name=store)
    assert (found.pending_documents_count, found.active_documents_count) == (1, None)
    emulator.stores.release()
    done = await client.operations.get(operation)
    documents = client.file_search_stores.documents
    document = await documents.get(name=done.response.document_name)
    assert (document.state, document.size_bytes, document.mime_type) == (
        types.DocumentState.STATE_ACTIVE,
        15,
        "text/plain",
    )
    assert document.custom_metadata[0].numeric_value == 1843
    assert [each.name async for each in await documents.list(parent=store)] == [document.name]
    with pytest.raises(errors.ClientError, match="FAILED_PRECONDITION"):
        await documents.delete(name=document.name)
    with pytest.raises(errors.ClientError, match="FAILED_PRECONDITION"):
        await client.file_search_stores.delete(name=store)
    await client.file_search_stores.delete(name=store, config=FORCED)
    assert emulator.stores.stores == {}


async def test_an_operation_may_fail(client: Untyped, emulator: Emulator) -> None:
    store = (await client.file_search_stores.create()).name
    emulator.stores.failures["b.txt"] = "Failed to count tokens."
    operation = await indexed(client, store, "b.txt")
    assert operation.error == {"code": 3, "message": "Failed to count tokens."}
    (document,) = [each async for each in await client.file_search_stores.documents.list(parent=store)]
    assert document.state == types.DocumentState.STATE_FAILED
    await client.file_search_stores.documents.delete(name=document.name)
    pictured = await indexed(client, store, "c.png", mime_type="image/png")
    assert "does not support image/png" in pictured.error["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"mime_type": "audio/wav"},
        {"custom_metadata": [{"key": str(number), "string_value": "x"} for number in range(21)]},
        {"custom_metadata": [{"key": "a", "string_value": "x"}] * 2},
    ],
)
async def test_what_a_store_does_not_take_is_refused(client: Untyped, change: dict[str, Any]) -> None:
    store = (await client.file_search_stores.create()).name
    with pytest.raises(errors.ClientError) as caught:
        await upload(client, store, **change)
    assert caught.value.code == 400


async def test_more_that_is_refused(client: Untyped, http: httpx2.AsyncClient, emulator: Emulator) -> None:
    with pytest.raises(errors.ClientError, match="display_name must be"):
        await client.file_search_stores.create(config={"display_name": "x" * 513})
    with pytest.raises(errors.ClientError, match="is not found"):
        await client.file_search_stores.create(config={"embedding_model": "models/none"})
    store = (await client.file_search_stores.create()).name
    place = f"/upload/v1beta/{store}:uploadToFileSearchStore"
    start = {"X-Goog-Upload-Command": "start", "X-Goog-Upload-Header-Content-Length": str(101 * 2**20)}
    told = {"mimeType": "text/plain", "customMetadata": [{"key": "a"}]}
    assert "exceeds the limit" in (await http.post(place, headers=start, json=told)).text
    start["X-Goog-Upload-Header-Content-Length"] = "3"
    assert "invalid argument" in (await http.post(place, headers=start, json=told)).text
    assert "needs a content length" in (await http.post(place, headers=start, json={})).text
    begun = await http.post(place, headers=start, json={"mimeType": "text/plain"})
    finish = {"X-Goog-Upload-Command": "finalize"}
    assert "expected 3" in (await http.post(begun.headers["x-goog-upload-url"], headers=finish)).text
    unknown = f"{place}?upload_id=none"
    assert (await http.post(unknown, headers=finish)).status_code == 404


@pytest.mark.parametrize("late", [False, True])
async def test_what_does_not_exist_is_refused_in_either_way(late: bool, emulator: Emulator) -> None:
    emulator = Emulator(doubts=CONTRARY) if late else Emulator()
    name = "fileSearchStores/none"
    async with (
        serve_emulator(emulator) as url,
        httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "k"}) as http,
    ):
        await http.post("/v1beta/fileSearchStores", json={"displayName": "a"})
        (store,) = emulator.stores.stores
        for path in (name, f"{name}/documents", f"{store}/documents/a", f"{store}/upload/operations/b"):
            answer = await http.get(f"/v1beta/{path}")
            assert answer.status_code == (404 if late else 403)
            assert ("may not exist" in answer.text) is not late
        asked = {
            "model": "gemini-4-argon",
            "input": "x",
            "tools": [{"type": "file_search", "file_search_store_names": [name]}],
        }
        assert (await http.post("/v1/interactions", json=asked)).status_code == (404 if late else 403)
    assert emulator.creates == []


async def test_an_answer_cites_documents_that_fit_the_filter(client: Untyped, emulator: Emulator) -> None:
    store = (await client.file_search_stores.create()).name
    for number in range(8):
        given = [
            {"key": "number", "numericValue": number},
            {"key": "word", "stringValue": "odd" if number % 2 else "even"},
            {"key": "tags", "stringListValue": {"values": ["x", str(number)]}},
        ]
        emulator.stores.add(store, f"{number}.pdf", "application/pdf", 3, given)

    async def cited(text: str | None, **more: Any) -> list[str]:
        chosen = {"metadata_filter": text} if text else {}
        tool = {"type": "file_search", "file_search_store_names": [store], **chosen, **more}
        answer = await ask(client, tools=[tool])
        assert kinds(answer.steps)[1:3] == ["file_search_call", "file_search_result"]
        notes: list[Any] = answer.steps[-1].content[0].annotations or []
        assert all((note.page_number, note.document_uri) == (1, None) for note in notes)
        return [note.file_name for note in notes]

    assert await cited(None) == [f"{number}.pdf" for number in range(5)]
    assert await cited(None, top_k=2) == ["0.pdf", "1.pdf"]
    assert await cited('word="odd" AND number > 3') == ["5.pdf", "7.pdf"]
    assert await cited("number >= 6") == ["6.pdf", "7.pdf"]
    assert await cited("number < 1") == ["0.pdf"]
    assert await cited('word != "odd" AND number <= 2') == ["0.pdf", "2.pdf"]
    assert await cited('tags = "4"') == ["4.pdf"]
    assert await cited('tags != "x"') == []
    assert await cited('number = "4"') == []
    assert await cited("word > 3") == []
    with pytest.raises(Exception, match="Invalid metadata filter"):
        await cited("author is Ada")
