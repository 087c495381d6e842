"""The journal, on a real SQLite and a real PostgreSQL."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from gemini_interactions_mcp.core.errors import DailyLimitError, InputError, JournalError
from gemini_interactions_mcp.core.offloading import LARGE_TEXT_CHARACTERS
from gemini_interactions_mcp.core.redaction import Redactor
from gemini_interactions_mcp.journal import schema
from gemini_interactions_mcp.journal.journal import Journal
from gemini_interactions_mcp.journal.limits import ResearchLimit
from gemini_interactions_mcp.models.interactions import Citation, Record, SavedFile, Terms, Usage
from gemini_interactions_mcp.models.uploads import UploadedFile
from gemini_interactions_mcp.runs.intents import measure_age
from journaling import NOON, execute, full_record, insert_all, labels, record, share


async def test_every_field_comes_back_as_it_was_written(journal: Journal) -> None:
    written = full_record()
    assert {name for name, value in written if not value} == {"principal"}, "this test is about every field"
    await journal.insert(written)
    found = await journal.find("v1_abc")
    assert found == written
    assert found
    assert found.updated_at.utcoffset() == timedelta(0)


async def test_a_row_without_optional_fields_comes_back_with_none(journal: Journal, journal_url: str) -> None:
    await journal.insert(record("bare"))
    (found,), _ = await journal.page()
    assert found == record("bare")
    kept = await execute(journal_url, "SELECT interaction_id, usage, finished_at FROM interactions")
    assert kept == [(None, None, None)]


async def test_a_row_keeps_no_part_that_says_nothing(journal: Journal, journal_url: str) -> None:
    """Servers of version 3 on the same journal refuse a citation with a page."""
    schema_ = {"const": None, "items": [None, {"default": None}]}
    cited = (Citation(url="https://a.test"), Citation(title="Paper", page=3, start=0, end=0), Citation())
    written = record("one", citations=cited, usage=Usage(), terms=Terms(response_schema=schema_))
    await journal.insert(written)
    assert (await journal.page())[0] == [written]
    [(citations, terms)] = await execute(journal_url, "SELECT citations, terms FROM interactions")
    assert [each.keys() for each in decoded(citations)] == [
        {"url", "title", "resolved"},
        {"url", "title", "resolved", "page", "start", "end"},
        {"url", "title", "resolved"},
    ]
    assert decoded(terms) == {"response_schema": schema_}


def decoded(kept: object) -> Any:
    """A document as SQLite or PostgreSQL give it."""
    return json.loads(kept) if isinstance(kept, str) else kept


def test_the_table_has_a_column_for_every_field_of_a_record() -> None:
    assert [column.name for column in schema.RECORD_COLUMNS] == list(Record.model_fields)


@pytest.mark.slow
async def test_an_update_changes_what_it_names_and_when_it_happened(journal: Journal) -> None:
    await journal.insert(record("one", prompt="kept"))
    await journal.insert(record("two"))
    changes = full_record().model_dump(include={"text", "status", "interaction_id"})
    usage, files = Usage(total_tokens=7), full_record().files
    await journal.update("one", **changes, usage=usage, files=files, finished_at=NOON)
    found = await journal.find("v1_abc")
    assert found
    assert (found.prompt, found.text, found.usage, found.files) == ("kept", changes["text"], usage, files)
    assert found.finished_at == NOON
    assert NOON < found.updated_at <= datetime.now(UTC)
    assert found.settled_at == found.updated_at
    assert (await journal.page())[0][0] == record("two")


async def test_an_update_without_such_a_row_changes_nothing(journal: Journal) -> None:
    await journal.update("nobody", status="completed")
    assert await journal.page() == ([], None)


async def test_an_update_of_a_field_that_no_record_has_is_a_bug(journal: Journal) -> None:
    with pytest.raises(TypeError, match="no field colour"):
        await journal.update("one", colour="red")


async def test_a_moment_without_a_time_zone_is_a_bug(journal: Journal) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await journal.update("one", finished_at=datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("before \ud83d after", "before \ufffd after"),
        ("\udcff", "\ufffd"),
        ("before \x00 after", "before \ufffd after"),
        ("\x00" * 3, "\ufffd" * 3),
        ("\ude00\ud83d\x00", "\ufffd" * 3),
        # Halves that came one after the other.
        ("\ud83d\ude00", "😀"),
        ("\ufeff😀\x01", "\ufeff😀\x01"),
    ],
    ids=ascii,
)
async def test_what_is_not_a_character_does_not_lose_an_answer(journal: Journal, came: str, kept: str) -> None:
    await journal.insert(record("one", interaction_id="v1_a", prompt=came, tools=(came,)))
    await journal.update("one", text=came, error=came)
    found = await journal.find("v1_a")
    assert found
    assert (found.prompt, found.text, found.error, found.tools) == (kept, kept, kept, (kept,))
    assert await labels(journal, query=came) == {"one"}


async def test_documents_are_cleaned_in_all_their_texts_but_the_paths_of_files(journal: Journal) -> None:
    file = SavedFile(name="\0.png", path="/home/me/\udcff.png", mime_type="image/png", bytes=1)
    terms = Terms(response_schema={"\0": ["\ud83d", {"const": "\0"}, 1.5, True]})
    written = record(
        "one", citations=(Citation(title="a\0"), Citation(title="\ud83d\ude00")), terms=terms, files=(file,)
    )
    await journal.insert(written)
    found = await journal.find("one")
    assert found is not None
    assert [each.title for each in found.citations] == ["a\ufffd", "😀"]
    assert found.terms == Terms(response_schema={"\ufffd": ["\ufffd", {"const": "\ufffd"}, 1.5, True]})
    assert [(each.name, each.path) for each in found.files] == [("\ufffd.png", file.path)]


@pytest.mark.slow
async def test_what_is_not_a_character_is_cleaned_in_long_texts_too(journal: Journal) -> None:
    long = "\0\ud83d" + "ø" * LARGE_TEXT_CHARACTERS
    await journal.insert(record("one", prompt=long))
    await journal.update("one", text=long)
    found = await journal.find("one")
    assert found is not None
    assert found.prompt == found.text == "\ufffd" * 2 + "ø" * LARGE_TEXT_CHARACTERS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v1_\x00", "\ud83d", "\x00"], ids=ascii)
async def test_what_is_not_a_character_finds_nothing_where_nothing_has_it(journal: Journal, name: str) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    assert await journal.find(name) is None
    assert await journal.ids(name) == []
    assert await journal.followers(name) == []
    assert await journal.page(query=name) == ([], None)
    assert await journal.page(kind=name) == ([], None)
    assert await journal.page(status=name) == ([], None)
    cursor = base64.urlsafe_b64encode(b"2026-01-01T00:00:00+00:00 \x00").decode()
    assert await journal.page(cursor=cursor) == ([], None)


@pytest.mark.parametrize("again", [{"label": "one"}, {"interaction_id": "v1_a"}], ids=lambda again: next(iter(again)))
async def test_a_label_or_an_id_is_taken_once(journal: Journal, again: dict[str, str]) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    fields = {"label": "two", "interaction_id": "v1_b"} | again
    with pytest.raises(JournalError, match="already has a row"):
        await journal.insert(record(**fields))


async def test_an_unknown_id_is_not_found(journal: Journal) -> None:
    assert await journal.find("v1_a") is None


@pytest.mark.slow
async def test_two_journals_on_one_database_see_each_others_rows(journal: Journal, journal_url: str) -> None:
    other = Journal(journal_url)
    await journal.insert(record("one", interaction_id="v1_a"))
    await other.update("one", status="completed")
    found = await journal.find("v1_a")
    assert found
    assert found.status == "completed"
    assert await other.delete("one")
    assert await journal.find("v1_a") is None
    await other.close()


@pytest.mark.slow
async def test_what_was_written_is_there_after_a_restart(journal_url: str) -> None:
    first, second = Journal(journal_url), Journal(journal_url)
    await first.insert(full_record())
    await first.close()
    assert await second.find("v1_abc") == full_record()
    await second.close()


PATHS = [
    "/home/me/pictures/a 100%_sure.png",
    "/home/me/pictures/Ölfässer-2.png",
    "/bilder/日本語",
    r"C:\Users\me\a\"b\".png",
    "/home/me/\udcff-of-another-encoding.png",
]


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=ascii)
async def test_the_path_of_a_saved_file_is_held(journal: Journal, path: str) -> None:
    files = [SavedFile(name="a", path=each, mime_type="image/png", bytes=1) for each in ("/another.png", path)]
    await journal.insert(record("one"))
    assert not await journal.holds(path)
    await journal.update("one", files=files)
    assert await journal.holds(path)
    for other in (path[:-1], path + "1", path.upper(), "/elsewhere/" + path, ""):
        assert not await journal.holds(other), other
    await journal.delete("one")
    assert not await journal.holds(path)


@pytest.mark.slow
async def test_what_goes_on_from_an_interaction_is_found_oldest_first(journal: Journal) -> None:
    for number, previous in enumerate(("v1_a", "v1_b", "v1_a")):
        moment = NOON + timedelta(seconds=number)
        await journal.insert(record(str(number), previous_interaction_id=previous, created_at=moment))
    assert [each.label for each in await journal.followers("v1_a")] == ["0", "2"]
    assert await journal.followers("v1_none") == []


@pytest.mark.slow
async def test_pages_show_every_row_once_newest_first(journal: Journal) -> None:
    rows = [record(f"{n:02}", created_at=NOON + timedelta(seconds=n // 10)) for n in range(45)]
    await insert_all(journal, rows)
    seen: list[Record] = []
    sizes: list[int] = []
    cursor: str | None = None
    while not sizes or cursor:
        found, cursor = await journal.page(cursor=cursor)
        seen += found
        sizes.append(len(found))
    assert sizes == [20, 20, 5]
    assert seen == rows[::-1]


ODD_TIMES = [
    "9999-12-31T23:59:59.999999-12:00",
    "9999-12-31T23:59:59+00:00",
    "2026-03-01T12:00:00Z",
    "2026-03-01T12:00:00.5+05:30",
    "0001-01-01T00:00:00.000000+00:00",
    "0001-01-01T00:00:00+14:00",
]
"""As another version, or somebody else, may have written them, latest first."""


@pytest.mark.slow
async def test_rows_of_odd_times_are_listed_once_each(journal: Journal, journal_url: str) -> None:
    for number, text in enumerate(ODD_TIMES):
        await journal.insert(record(f"{number}"))
        await execute(journal_url, f"UPDATE interactions SET created_at = '{text}' WHERE label = '{number}'")
    seen: list[Record] = []
    cursor: str | None = None
    for _ in ODD_TIMES:
        found, cursor = await journal.page(limit=1, cursor=cursor)
        seen += found
    assert cursor is None
    assert sorted(each.label for each in seen) == [each.label for each in seen] == list("012345")
    assert all(measure_age(each) >= 0 for each in seen)


@pytest.mark.slow
@pytest.mark.parametrize("time", [*ODD_TIMES, "2026-03-01\x0012:00:00+00:00"])
@pytest.mark.parametrize("label", ["", "a b", "\0", "x" * 100_000])
async def test_a_cursor_of_any_time_is_a_place(journal: Journal, time: str, label: str) -> None:
    await journal.insert(record("1", created_at=NOON))
    cursor = base64.urlsafe_b64encode(f"{time} {label}".encode()).decode()
    found, following = await journal.page(cursor=cursor)
    assert len(found) == (time.replace("\0", "\ufffd") > "2026-03-01T12")
    assert following is None


@pytest.mark.parametrize("query", ["x" * 60_000, "ü" * 1_001, "%" * 10**6])
async def test_a_query_that_is_too_long_is_an_input_error(journal: Journal, query: str) -> None:
    with pytest.raises(InputError, match=rf"has {len(query):,} characters; at most 1,000"):
        await journal.page(query=query)


@pytest.mark.parametrize("query", ["x" * 1_000, "%_/\\" * 250, "\U0001f600" * 1_000])
async def test_a_query_of_the_greatest_length_is_searched_for(journal: Journal, query: str) -> None:
    await journal.insert(record("1", prompt=f"a {query}b"))
    await journal.insert(record("2", prompt=query[1:]))
    assert await labels(journal, query) == {"1"}


async def test_a_row_written_between_two_pages_moves_nothing(journal: Journal) -> None:
    await insert_all(journal, [record(f"{n}") for n in range(4)])
    first, cursor = await journal.page(limit=2)
    await journal.insert(record("new", created_at=NOON + timedelta(seconds=1)))
    second, end = await journal.page(limit=2, cursor=cursor)
    assert [each.label for each in first + second] == ["3", "2", "1", "0"]
    assert end is None


@pytest.mark.parametrize("cursor", ["?", "aGVsbG8", "MjAyNi0wMy0wMSBh", "ø", "////", "a", "A" * 10**6])
async def test_a_cursor_that_is_not_ours_is_an_input_error(journal: Journal, cursor: str) -> None:
    with pytest.raises(InputError, match="Unknown cursor"):
        await journal.page(cursor=cursor)


@pytest.mark.parametrize("strange", ["?", "/", "+", " "])
async def test_a_cursor_with_other_characters_is_none(journal: Journal, strange: str) -> None:
    await insert_all(journal, [record(f"{n}") for n in range(4)])
    _, cursor = await journal.page(limit=2)
    assert cursor
    for changed in (f"{strange}{cursor}", f"{cursor[:9]}{strange}{cursor[9:]}", f"{cursor}{strange}"):
        with pytest.raises(InputError, match="Unknown cursor"):
            await journal.page(cursor=changed)


@pytest.mark.slow
async def test_a_query_finds_text_anywhere_in_any_case(journal: Journal) -> None:
    await journal.insert(record("prompt", prompt="Who drew the ÖLFÄSSER?"))
    await journal.insert(record("answer", text="They are ölfässer."))
    await journal.insert(record("id", interaction_id="v1_ChdPU0"))
    assert await labels(journal, query="Ölfässer") == {"prompt", "answer"}
    assert await labels(journal, query="chdp") == {"id"}
    assert await labels(journal, query="nowhere") == set()


async def test_the_wildcards_of_like_stand_for_themselves(journal: Journal) -> None:
    for label, prompt in {"percent": "100% sure", "score": "snake_case", "slash": "a/b", "none": "100 snakes"}.items():
        await journal.insert(record(label, prompt=prompt))
    assert await labels(journal, query="%") == {"percent"}
    assert await labels(journal, query="_") == {"score"}
    assert await labels(journal, query="/") == {"slash"}


async def test_kind_and_status_narrow_a_page(journal: Journal) -> None:
    await journal.insert(record("one", kind="image", status="completed"))
    await journal.insert(record("two", kind="image", status="failed"))
    await journal.insert(record("three", status="failed"))
    assert await labels(journal, kind="image") == {"one", "two"}
    assert await labels(journal, status="failed") == {"two", "three"}
    assert await labels(journal, kind="image", status="failed") == {"two"}


async def test_unfinished_rows_have_an_id_and_may_still_change(journal: Journal) -> None:
    statuses = ["in_progress", "completed", "unknown", "requires_action", "brand_new_status", "failed"]
    for number, status in enumerate(statuses):
        moment = NOON - timedelta(seconds=number)
        await journal.insert(record(status, status=status, interaction_id=f"v1_{number}", created_at=moment))
    await journal.insert(record("no id", status="in_progress"))
    assert [each.label for each in await journal.unfinished()] == ["brand_new_status", "unknown", "in_progress"]


async def test_ids_complete_what_they_begin_with_newest_first(journal: Journal) -> None:
    ids = ["v1_ab", "v1_abc", "v1_AB", "v1-ab", "v1_%"]
    for number, interaction_id in enumerate(ids):
        moment = NOON + timedelta(seconds=number)
        await journal.insert(record(f"label {number}", interaction_id=interaction_id, created_at=moment))
    await journal.insert(record("no id"))
    await journal.insert(record("v1_unstored", interaction_id="v1_unstored", stored=False))
    assert await journal.ids("v1_ab") == ["v1_abc", "v1_ab"]
    assert await journal.ids("v1_%") == ["v1_%"]
    assert await journal.ids("") == ids[::-1]
    assert await journal.ids("v1", limit=2) == ["v1_%", "v1-ab"]


async def test_delete_says_whether_there_was_a_row(journal: Journal) -> None:
    await journal.insert(record("one", interaction_id="v1_a"))
    assert await journal.delete("one") is True
    assert await journal.delete("one") is False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": "in_progress"}, True),
        ({"status": "unknown"}, True),
        ({"status": "completed", "finished_at": NOON}, True),
        ({"status": "a_new_status"}, True),
        ({"created_at": NOON - timedelta(minutes=11)}, False),
        ({"status": "failed"}, False),
        ({"status": "cancelled", "interaction_id": "v1_a", "finished_at": NOON}, False),
        # It cannot be found at Google, and may still appear.
        ({"status": "failed", "interaction_id": "v1_a"}, True),
    ],
)
async def test_a_row_is_written_once_while_a_twin_counts(
    journal: Journal, fields: dict[str, Any], counts: bool
) -> None:
    since = NOON - timedelta(minutes=10)
    await journal.insert(record("first", fingerprint="f", **fields))
    found = await journal.insert_once(record("second", fingerprint="f"), since)
    assert (found is not None and found.label == "first") is counts
    assert len((await journal.page())[0]) == (1 if counts else 2)
    assert await journal.insert_once(record("other", fingerprint="g"), since) is None


@pytest.mark.slow
@pytest.mark.parametrize("other", [{"fingerprint": "g"}, {"approves": True}, {"principal": "anna"}], ids=str)
async def test_a_twin_has_the_same_fingerprint_purpose_and_principal(
    journal: Journal, journal_url: str, other: dict[str, Any]
) -> None:
    since = NOON - timedelta(minutes=10)
    await journal.insert(record("first", fingerprint="f"))
    journal = share(journal, other.get("principal", ""))
    assert await journal.insert_once(record("other", **{"fingerprint": "f"} | other), since) is None
    again = record("again", **{"fingerprint": "f"} | other)
    for found in (await journal.insert_once(again, since), await journal.twin(again, since)):
        assert found is not None
        assert found.label == "other"
    assert [each.label for each in await journal.undelivered(again, since)] == ["other"]
    kept = await execute(journal_url, "SELECT fingerprint, principal FROM interactions WHERE label = 'other'")
    assert kept == [(again.fingerprint, again.principal)]


@pytest.mark.slow
async def test_two_journals_that_write_the_same_at_once_write_one_row(journal_url: str) -> None:
    journals = [Journal(journal_url) for _ in range(6)]
    found: list[Record | None] = []

    async def write(number: int, journal: Journal) -> None:
        wanted = record(f"{number}", fingerprint="f")
        found.append(await journal.insert_once(wanted, NOON - timedelta(minutes=10)))

    async with anyio.create_task_group() as group:
        for number, journal in enumerate(journals):
            group.start_soon(write, number, journal)
    assert found.count(None) == 1
    assert len({each.label for each in found if each}) == 1
    for journal in journals:
        await journal.close()


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"status": "unknown"}, True),
        ({"status": "in_progress", "interaction_id": "v1_a", "plan": True}, True),
        ({"status": "failed", "interaction_id": "v1_a"}, True),
        ({"status": "cancelled", "interaction_id": "v1_a"}, True),
        # Google has certainly not taken these.
        ({"status": "failed"}, False),
        ({"status": "cancelled"}, False),
        ({"origin": "foreign", "interaction_id": "v1_a"}, False),
        ({"kind": "ask"}, False),
        ({"created_at": NOON - timedelta(seconds=1)}, False),
    ],
)
async def test_a_limit_counts_what_google_may_have_taken(
    journal: Journal, fields: dict[str, Any], counts: bool
) -> None:
    await journal.insert(record(**{"label": "1", "kind": "research"} | fields))
    assert await journal.research_sent(NOON) == counts
    wanted = record("2", kind="research", fingerprint="f")
    if counts:
        with pytest.raises(DailyLimitError, match="limit of 1 research run a day"):
            await journal.insert_once(wanted, NOON, research=[ResearchLimit(1, NOON)])
        assert await journal.find("2") is None
    else:
        assert await journal.insert_once(wanted, NOON, research=[ResearchLimit(1, NOON)]) is None


@pytest.mark.slow
async def test_a_twin_is_returned_also_when_the_limit_is_reached(journal: Journal) -> None:
    await journal.insert(record("first", kind="research", fingerprint="f"))
    second = record("second", kind="research", fingerprint="f")
    found = await journal.insert_once(second, NOON - timedelta(minutes=10), research=[ResearchLimit(1, NOON)])
    assert found is not None
    assert found.label == "first"
    with pytest.raises(DailyLimitError):
        await journal.insert_once(second, None, research=[ResearchLimit(1, NOON)])


@pytest.mark.slow
async def test_of_several_servers_one_takes_the_last_place_of_a_limit(journal_url: str) -> None:
    journals = [Journal(journal_url) for _ in range(6)]
    taken: list[int] = []
    refused: list[int] = []

    async def write(number: int, journal: Journal) -> None:
        wanted = record(f"{number}-1", kind="research")
        try:
            assert await journal.insert_once(wanted, None, research=[ResearchLimit(2, NOON)]) is None
            taken.append(number)
        except DailyLimitError:
            refused.append(number)

    async with anyio.create_task_group() as group:
        for number, journal in enumerate(journals):
            group.start_soon(write, number, journal)
    assert (len(taken), len(refused)) == (2, 4)
    assert await journals[0].research_sent(NOON) == 2
    for journal in journals:
        await journal.close()


async def test_an_upload_is_claimed_by_one_server_until_it_expires_or_is_dropped(tmp_path: Path) -> None:
    one, two = (Journal(tmp_path / "journal.sqlite3") for _ in range(2))
    lasting = UploadedFile(name="", uri="", expires_at=datetime.now(UTC) + timedelta(hours=1))
    expired = lasting.model_copy(update={"expires_at": datetime.now(UTC) - timedelta(hours=1)})
    key = ("a", 1, "text/csv", "0")
    claims = list[bool]()

    async def claim(journal: Journal) -> None:
        claims.append(await journal.claim_upload(*key, lasting))

    async with anyio.create_task_group() as tasks:
        for journal in (one, two, one, two):
            tasks.start_soon(claim, journal)
    assert sorted(claims) == [False] * 3 + [True]
    await one.keep_upload(*key, lasting.model_copy(update={"name": "op"}))
    await two.drop_upload("a", "0", "another")
    assert (await two.uploads("a", 1, "text/csv"))["0"].name == "op"
    await two.drop_upload("a", "0")
    assert await one.uploads("a", 1, "text/csv") == {}
    await two.keep_upload(*key, expired)
    assert await one.claim_upload(*key, lasting)
    await one.close()
    await two.close()


@pytest.mark.slow
async def test_secrets_are_written_nowhere(tmp_path: Path) -> None:
    secret = "hush-5f2e-9b1c"
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path, Redactor([secret]))
    await journal.insert(record("one", prompt=f"a {secret}"))
    await journal.insert_once(record("two", prompt=secret, fingerprint="f"), datetime.now(UTC))
    await journal.update("one", text=secret, error=secret, citations=(Citation(url=secret, title=secret),))
    file = UploadedFile(name=secret, uri=f"https://a.example/{secret}", expires_at=datetime.now(UTC))
    await journal.keep_upload("a", 1, "text/csv", "0", file)
    (found, _) = await journal.page()
    await journal.close()
    assert secret.encode() not in b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    assert [(each.prompt, each.text) for each in found] == [("[secret]", ""), ("a [secret]", "[secret]")]


async def test_a_file_is_found_again_though_a_secret_is_in_its_path(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3", Redactor(["anna-2026"]))
    file = SavedFile(name="anna-2026.png", path="/home/anna-2026/a.png", mime_type="image/png", bytes=1)
    await journal.insert(record("one", files=(file, file)))
    found = await journal.find("one")
    await journal.close()
    assert found is not None
    assert [(each.name, each.path) for each in found.files] == [("[secret].png", file.path)] * 2


async def test_a_secret_whose_emoji_came_as_two_halves_is_redacted(tmp_path: Path) -> None:
    secret, halves = "pa\U0001f600ssw0rd1", "pa\ud83d\ude00ssw0rd1"
    journal = Journal(f"sqlite+aiosqlite:///{(tmp_path / 'journal.sqlite3').as_posix()}", Redactor([secret]))
    cited = (Citation(url="https://a.example", title=f"of {halves}"),)
    await journal.insert(record("one", prompt=halves, text=f"It is {halves}.", citations=cited))
    await journal.update("one", error=f"no {halves}")
    kept = await journal.find("one")
    await journal.close()
    assert kept is not None
    assert "ssw0rd1" not in kept.model_dump_json()
