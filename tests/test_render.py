"""What a host's model reads: pages, outlines, footers, lists, documents."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gemini_interactions_mcp.core import phrases
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.models.interactions import Citation, Record, SavedFile, Usage
from gemini_interactions_mcp.models.listing import RecordPage
from gemini_interactions_mcp.server.results import rows, waiting
from gemini_interactions_mcp.text import citations, cutting, pages, rendering, resource_addresses
from gemini_interactions_mcp.text.markdown import parse_layout

NOW = datetime(2026, 11, 23, 10, 0, 0, 5, tzinfo=UTC)
PICTURE = SavedFile(name="a b/é.png", path="/out/a.png", mime_type="image/png", bytes=12345, width=640, height=480)
REPORT = SavedFile(name="r.md", path="/out/r.md", mime_type="text/markdown", bytes=9)


def record(text: str = "", **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "label": "l",
        "interaction_id": "v1_a",
        "kind": "ask",
        "status": "completed",
        "model": "gemini-3.8-flash",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Record.model_validate(fields | {"text": text} | changes)


def pages_of(shown: Record, room: int = 10_000) -> list[str]:
    return [each.text for each in pages.cut_answer(shown, "", room, room // 4)]


def words(text: str) -> list[str]:
    return text.split()


# Pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\n\n".join(f"Paragraph {number} — {'wörd ' * 120}" for number in range(60)),
        "\n".join("line " * 30 for _ in range(400)),
        "word " * 9000,
        "x" * 25_001,
        "😀" * 10_001,
        "a\n\n" + "b" * 20_000,
        "\n\n" * 9000 + "end",
        "    indented\n" * 3000,
        " " * 30_000 + "end",
    ],
    ids=["paragraphs", "lines", "words", "one word", "emoji", "late", "breaks", "indented", "blank"],
)
def test_pages_are_never_longer_than_10000_bytes_and_lose_nothing(text: str) -> None:
    parts = pages_of(record(text))
    assert all(0 < len(part.encode()) <= 10_000 for part in parts)
    assert "".join(words("".join(parts))) == "".join(words(text))
    assert len(parts) > 1


def test_a_page_ends_with_a_paragraph_where_one_ends_late_enough() -> None:
    paragraphs = [f"{number} {'word ' * 150}end." for number in range(40)]
    parts = pages_of(record("\n\n".join(paragraphs)))
    assert "\n\n".join(parts).split("\n\n") == paragraphs
    assert all(part.endswith("end.") for part in parts)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a" * 6000 + "\n\n" + "b" * 3000 + "\n" + "c" * 3000, "a" * 6000),
        ("a" * 6000 + "\n" + "b " * 3000, "a" * 6000),
        ("a" * 9000 + " " + "b" * 3000, "a" * 9000),
        ("a\n\n" + "b" * 12_000, "a\n\n" + "b" * 9_895),
    ],
)
def test_a_page_is_cut_at_the_best_place_that_does_not_leave_it_almost_empty(text: str, first: str) -> None:
    assert next(cutting.cut_pages([text], 10_000)).text == first


def test_code_keeps_its_indentation_across_a_cut() -> None:
    text = "\n".join("        return value_of_something_long" for _ in range(600))
    assert all(part.text.startswith("        return") for part in cutting.cut_pages([text], 10_000))


def test_a_text_that_just_fits_is_one_page() -> None:
    assert pages_of(record("x" * 9_900)) == ["x" * 9_900]
    assert [len(page) for page in pages_of(record("x" * 9_901))] == [9_900, 1]
    assert pages_of(record()) == []
    assert rendering.render_answer(record()).startswith("---\n")


def test_the_sources_are_on_the_last_page() -> None:
    parts = pages_of(record("x" * 9_990, citations=(Citation(url="https://a", title="A"),)))
    assert len(parts) == 2
    assert parts[1].endswith("Sources:\n1. [A](https://a)")


@pytest.mark.parametrize("page", [0, -1, 3])
def test_a_page_that_does_not_exist_is_refused_with_their_number(page: int) -> None:
    with pytest.raises(InputError, match=f"no page {page}: this interaction has 2 pages"):
        rendering.render_answer(record("x" * 15_000), page)
    with pytest.raises(InputError, match="this interaction has 1 page\\."):
        rendering.render_answer(record("x"), page)


def test_the_first_page_of_several_begins_with_the_outline_and_each_names_the_next() -> None:
    sections = "\n\n".join(f"{'#' * level} Part {level}\n\n{'word ' * 1500}" for level in (1, 2, 3))
    report = record(sections, kind="research", agent="deep-research-preview-04-2026")
    first, second, third = (rendering.render_answer(report, page) for page in (1, 2, 3))
    assert first.startswith(
        "interaction_id: v1_a\n\n"
        f"Outline of {len(sections):,} characters in 3 pages:\n- Part 1 (page 1)\n  - Part 2 (page "
    )
    assert re.search(r"\n    - Part 3 \(page \d\)\n\n# Part 1", first)
    assert 'Page 1 of 3. Next: read_interaction(interaction_id="v1_a", page=2)' in first
    assert "Outline" not in second
    assert "page=3)" in second
    assert "Page 3 of 3, the last." in third
    assert "To follow up" in third
    assert "To follow up" not in first + second


@pytest.mark.parametrize("page", [1, 2, 3])
def test_every_page_of_an_answer_ends_with_a_newline(page: int) -> None:
    assert rendering.render_answer(record("x" * 25_000), page).endswith("\n")


# JSON ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["42", '"x"', "[1,2]", '{"a":1}', "null", "true", " {} \n", "1e999", "-0.5"])
def test_an_answer_is_never_bare_json(text: str) -> None:
    shown = rendering.render_answer(record(text))
    with pytest.raises(json.JSONDecodeError):
        json.loads(shown)
    assert shown.startswith("```json\n")
    fenced = shown.removeprefix("```json\n").partition("\n```")[0]
    assert json.loads(fenced) == json.loads(text)


def test_a_json_answer_is_fenced_as_it_is() -> None:
    """Spreading it out would turn 1.10 into 1.1, and 1e400 into what is no JSON."""
    assert pages_of(record('{"name":"Zoë","list":[1.10,1e400]}')) == [
        '```json\n{"name":"Zoë","list":[1.10,1e400]}\n```'
    ]


def test_a_json_answer_in_one_long_line_is_spread_out_with_its_letters_as_they_are() -> None:
    """opencode drops very long lines without a word."""
    (page,) = pages_of(record(json.dumps({"names": ["Zoë"] * 500}, ensure_ascii=False)))
    assert max(map(len, page.splitlines())) < 100
    assert page.count('    "Zoë"') == 500


@pytest.mark.parametrize("text", ["{not json", "[1, 2", "[" * 100_000, "Fine.", ""])
def test_what_only_looks_like_json_is_text(text: str) -> None:
    assert pages.format_json_answer(text) is None
    assert "".join(pages_of(record(text))) == text


@pytest.mark.parametrize("escape", ["\\ud83d", "\\uD83D", "\\udc00x"])
def test_half_a_surrogate_pair_in_a_json_answer_can_still_be_sent(escape: str) -> None:
    for padding in ("", "x" * 3_000):
        shown = rendering.render_answer(record(f'{{"a": "{escape}", "b": "é{padding}"}}'))
        assert escape.lower() in shown.encode().decode().lower()


def test_long_json_is_cut_into_fenced_pages_within_the_limit() -> None:
    value = {f"key {number}": "välue " * 20 for number in range(300)}
    parts = pages_of(record(json.dumps(value), citations=(Citation(url="https://a"),)))
    assert all(len(part) <= 10_000 for part in parts)
    *fenced, last = parts
    end, _, sources = last.partition("\n\n")
    fenced.append(end)
    assert all(part.startswith("```json\n") and part.endswith("\n```") for part in fenced)
    inner = "\n".join(part.removeprefix("```json\n").removesuffix("\n```") for part in fenced)
    assert json.loads(inner) == value
    assert sources == "Sources:\n1. <https://a>"


def test_many_sources_of_a_json_answer_are_cut_into_pages_too() -> None:
    many = tuple(Citation(url=f"https://example.com/{number:0200}") for number in range(100))
    parts = pages_of(record("[1]", citations=many))
    assert all(len(part) <= 10_000 for part in parts)
    assert len(re.findall(r"<https://", "".join(parts))) == 100


# Around the answer ---------------------------------------------------------------------------------------


def test_each_source_is_listed_once_under_the_first_title_that_it_had() -> None:
    cited = [
        Citation(url="https://a", start=0, end=1),
        Citation(url="https://b", title="B"),
        Citation(url="https://a", title="late"),
        Citation(url="https://b", title="B"),
    ]
    assert citations.render_sources("", cited) == "Sources:\n1. [late](https://a)\n2. [B](https://b)"
    assert citations.render_sources("", []) == ""


def test_the_footer_has_id_model_status_tokens_and_what_to_call_next() -> None:
    used = Usage(total_input_tokens=1200, total_output_tokens=34, total_thought_tokens=0, total_cached_tokens=5)
    shown = rendering.render_answer(record("Yes.", usage=used, files=(PICTURE, REPORT), error="It is cut."))
    assert shown == (
        "Yes.\n\nNote: It is cut.\n\n"
        "Saved: /out/a.png (image/png, 640x480 px, 12,345 bytes)\n\nSaved: /out/r.md (text/markdown, 9 bytes)\n\n"
        "---\ninteraction_id: v1_a | gemini-3.8-flash | completed | 1,200 in, 34 out, 5 cached tokens\n"
        "To follow up: gemini_continue with it as previous_interaction_id.\n"
    )


@pytest.mark.parametrize("usage", [None, Usage()])
def test_tokens_that_nobody_counted_are_left_out(usage: Usage | None) -> None:
    assert rendering.render_identity(record(usage=usage)) == "interaction_id: v1_a | gemini-3.8-flash | completed"


def test_an_interaction_that_has_no_id_yet_is_known_by_its_label() -> None:
    nameless = record(interaction_id=None, model=None, status="unknown")
    assert rendering.render_identity(nameless) == f"interaction_id: {nameless.label} | unknown"
    assert "To follow up" not in rendering.render_answer(nameless)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "image"}, "To follow up: generate_image with it"),
        ({"kind": "research", "agent": "a"}, "To follow up: gemini_continue with it"),
        (
            {"kind": "research", "agent": "a", "plan": True},
            "This is a plan. It is not approved yet. start_research with it",
        ),
    ],
)
def test_what_goes_on_from_here_depends_on_the_kind(changes: dict[str, Any], said: str) -> None:
    assert said in rendering.render_answer(record("x", **changes))


def test_an_answer_that_is_stored_nowhere_cannot_be_followed_up() -> None:
    shown = rendering.render_answer(record("x"), stored=False)
    assert "store=false" in shown
    assert "To follow up" not in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (3900, "1 h 5 min"),
        (48 * 3600 - 1, "47 h 59 min"),
        (48 * 3600, "2 days"),
        (30.9 * 86400, "30 days"),
        (90_000, "25 h 0 min"),
    ],
)
def test_durations_are_said_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert phrases.format_duration(seconds) == said


def test_what_is_pending_shows_the_end_of_the_partial_text_and_the_call_that_fetches_the_rest() -> None:
    running = record(status="in_progress", kind="research", agent="deep-research-preview-04-2026", model=None)
    shown = waiting.render_pending(running, age=130, activity="Searching: rivers", text="x" * 5000 + "END")
    assert shown.startswith("Still in_progress after 2 min: Searching: rivers.\n\nPartial answer so far:\n\nxxx")
    assert "END\n\n---\ninteraction_id: v1_a | deep-research-preview-04-2026 | in_progress\n" in shown
    assert 'Next: check_research(interaction_id="v1_a", wait_seconds=45) waits for it.' in shown
    assert len(shown) < 4_500


@pytest.mark.parametrize("status", ["idle", "paused"])
def test_a_status_that_is_not_known_goes_on(status: str) -> None:
    assert waiting.render_pending(record(status=status), age=5, activity=None, text="").startswith(
        f"Still {status} after 5 s."
    )


def test_what_is_pending_without_news_says_only_what_is_known() -> None:
    shown = waiting.render_pending(record(status="queued"), age=5, activity=None, text="")
    assert shown.startswith("Still queued after 5 s.\n\n---\n")
    assert 'read_interaction(interaction_id="v1_a"' in shown
    assert "Do not ask the same again." in shown


def test_what_is_pending_without_an_id_is_fetched_by_its_label() -> None:
    nameless = record(status="unknown", interaction_id=None)
    shown = waiting.render_pending(nameless, age=5, activity=None, text="")
    assert shown.startswith("Sent, and not answered yet after 5 s.")
    assert f'read_interaction(interaction_id="{nameless.label}", wait_seconds=45)' in shown


# Lists and documents -------------------------------------------------------------------------------------


def test_the_list_says_the_same_as_its_rows() -> None:
    row = rows.build_summary(record(prompt='Say "hi"\n' + "é" * 100, files=(PICTURE,)))
    assert row.prompt == 'Say "hi" ' + "é" * 70 + "…"
    page = RecordPage(
        interactions=[row, rows.build_summary(record(interaction_id=None, model=None))], next_cursor='c"1'
    )
    first, second, _, more = rows.render_list(page).splitlines()
    assert first == (
        "- v1_a | ask | completed | gemini-3.8-flash | 2026-11-23T10:00:00+00:00 | "
        f"{json.dumps(row.prompt, ensure_ascii=False)} | 1 file"
    )
    assert second.startswith(f"- {record().label} | ask | completed | 2026-11-23")
    assert more == 'More: list_interactions(cursor="c\\"1")'


def test_a_list_of_nothing_is_a_sentence() -> None:
    assert rows.render_list(RecordPage(interactions=[])) == "No interactions found.\n"


def test_the_last_page_of_a_list_names_no_next_one() -> None:
    assert "More:" not in rows.render_list(
        RecordPage(interactions=[rows.build_summary(record(files=(PICTURE, REPORT)))])
    )
    assert "| 2 files\n" in rows.render_list(
        RecordPage(interactions=[rows.build_summary(record(files=(PICTURE, REPORT)))])
    )


def test_a_document_has_everything_that_there_is() -> None:
    shown = rendering.render_document(
        record(
            "Yes.",
            prompt="Why?",
            previous_interaction_id="v1_p",
            error="Cut.",
            citations=(Citation(url="https://a"),),
            files=(PICTURE,),
        )
    )
    assert shown == (
        "# Why?\n\n- interaction_id: v1_a | gemini-3.8-flash | completed\n- kind: ask\n"
        "- created: 2026-11-23T10:00:00+00:00\n- previous_interaction_id: v1_p\n\n## Prompt\n\nWhy?\n\n"
        "## Answer\n\nYes.\n\nNote: Cut.\n\nSources:\n1. <https://a>\n\n"
        "Saved: /out/a.png (image/png, 640x480 px, 12,345 bytes)\n"
    )


def test_a_document_leaves_out_what_there_is_not() -> None:
    shown = rendering.render_document(record(created_at=NOW + timedelta(days=1)))
    assert shown.startswith("# v1_a\n\n- interaction_id")
    assert shown.endswith("- created: 2026-11-24T10:00:00+00:00\n")


def test_resources_have_addresses_that_any_file_name_fits_into() -> None:
    assert resource_addresses.make_resource_uri(record()) == "gemini://interactions/v1_a"
    assert (
        resource_addresses.make_resource_uri(record(), PICTURE) == "gemini://interactions/v1_a/files/a%20b%2F%C3%A9.png"
    )


def files(number: int) -> tuple[SavedFile, ...]:
    return tuple(
        SavedFile(name=f"{each}.jpg", path=f"/out/{each}.jpg", mime_type="image/jpeg", bytes=1)
        for each in range(number)
    )


def test_of_very_many_files_the_first_are_listed_and_where_all_are() -> None:
    shown = rendering.render_answer(record("Here.", files=files(32)), notes=[rendering.note_unshown_pictures(1)])
    assert shown.count("Saved: ") == 30
    assert "And 2 more files; gemini://interactions/v1_" in shown
    assert "\n\n1 more picture is saved but not shown here.\n\n---\n" in shown
    assert rendering.render_document(record("Here.", files=files(32))).count("Saved: ") == 32
    assert "more" not in rendering.render_answer(record("Here.", files=files(30)))


def test_an_outline_is_of_bounded_length() -> None:
    text = "\n\n".join(f"## {number} {'long ' * 100}\n\nText." for number in range(200))
    _, outline, rest = rendering.render_answer(record(text)).split("\n\n", 2)
    shown = len(outline.splitlines()) - 2
    assert 20 < shown <= 60
    assert outline.endswith(f"- and {200 - shown} headings more")
    assert len(outline) <= 2_500
    assert max(map(len, outline.splitlines())) < 110
    assert rest.startswith("## 0 long")


def test_a_failure_tells_why_and_what_was_said_instead() -> None:
    assert rendering.explain_failure(record("", error="Nothing came.")) == "Nothing came."
    told = rendering.explain_failure(record("I would\nrather not. " * 100, error="No image."))
    assert told.startswith("No image. It said: I would rather not. I would")
    assert len(told) < 1_100


@pytest.mark.parametrize("number", [0, 2, 999999999999999999999])
def test_a_place_that_no_file_has_is_only_mentioned(number: int) -> None:
    shown = record(f"See ![image](media:{number}).", files=(PICTURE.model_copy(update={"place": 1}), REPORT))
    assert rendering.render_answer(shown).startswith("See (image).\n")


@pytest.mark.parametrize(("path", "said"), [("/a/b.png", "/a/b.png"), ("/my out (2)/b.png", "</my out (2)/b.png>")])
def test_a_picture_is_linked_by_any_path(path: str, said: str) -> None:
    file = PICTURE.model_copy(update={"place": 1, "path": path})
    assert f"![image 1]({said})" in rendering.render_answer(record("![image 1](media:1) and text", files=(file,)))


# What is paid for ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ({}, {}, "It still runs at Google and has been paid for."),
        (
            {},
            {"background": False},
            "if the server ends before, the answer may be lost. It may be charged all the same.",
        ),
        ({"interaction_id": None, "status": "unknown"}, {}, "whether it is charged is not known yet"),
        (
            {"interaction_id": "l", "label": "l", "stored": False},
            {"background": False},
            "whether it is charged is not known yet",
        ),
        (
            {"interaction_id": None, "status": "unknown"},
            {"waiting": "Google refused it for now; trying again in 12 s; nothing is charged yet"},
            "trying again in 12 s; nothing is charged yet. Do not",
        ),
    ],
    ids=["background", "foreground", "unnamed", "unstored", "refused"],
)
def test_what_is_pending_claims_no_payment_that_is_not_certain(
    changes: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    text = waiting.render_pending(record(**{"status": "in_progress"} | changes), age=5, activity=None, text="", **more)
    assert said in text
    assert ("has been paid for" in text) is (not changes and not more)
    assert ("Not taken by Google yet after 5 s" in text) is ("waiting" in more)


@pytest.mark.parametrize("opened", ["```sh\nls", "~~~~\nx\n~~~", "1. a\n\n    ```py\n    b\n", "```\na\n```\n\n```\n"])
def test_a_fence_that_an_answer_leaves_open_ends_before_what_follows_in_its_file(opened: str) -> None:
    sources = (Citation(url="https://a.example"),)
    report = rendering.render_report(record(f"# R\n\nNote: x\n\n{opened}", citations=sources))
    assert "\nNote: x\n" in report
    layout = parse_layout(report)
    assert layout.codes
    assert layout.fence_at(report.index("Sources:")) is None
