"""Parts of files: clips and pages."""

from typing import Any

import pytest

from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.files.clipping import Excerpt, is_paged


@pytest.mark.parametrize(
    ("clip", "offsets"),
    [
        ("1:30-2:45", {"start_offset": "90s", "end_offset": "165s"}),
        ("90-165.5", {"start_offset": "90s", "end_offset": "165.5s"}),
        (" 1:02:03 - 1:02:04.25 ", {"start_offset": "3723s", "end_offset": "3724.25s"}),
        ("90-", {"start_offset": "90s"}),
        ("-0:10", {"end_offset": "10s"}),
        ("0-10", {"start_offset": "0s", "end_offset": "10s"}),
        ("359999.5-", {"start_offset": "359999.5s"}),
    ],
)
def test_a_clip_is_written_as_people_do(clip: str, offsets: dict[str, str]) -> None:
    assert Excerpt.of(clip, None).clip == {"type": "static", **offsets}


@pytest.mark.parametrize(
    ("pages", "options"),
    [
        ("3-7", {"start_page": 3, "end_page": 7}),
        ("3", {"start_page": 3, "end_page": 3}),
        ("3-", {"start_page": 3}),
        ("-7", {"end_page": 7}),
        (" 3 - 3 ", {"start_page": 3, "end_page": 3}),
    ],
)
def test_pages_are_written_as_people_do(pages: str, options: dict[str, int]) -> None:
    assert Excerpt.of(None, pages).pages == {"type": "static", "page_options": options}


@pytest.mark.parametrize("clip", ["-", "90", "a-b", "1:2:3:4-", "10-5", "5-5", "-0", "1..2-3", "9" * 9 + "-", "1-2-3"])
def test_a_clip_that_is_none_is_an_error(clip: str) -> None:
    with pytest.raises(InputError, match="`clip`"):
        Excerpt.of(clip, None)


@pytest.mark.parametrize("pages", ["-", "a", "7-3", "0", "0-3", "-0", "3 7", "1,2", "3--4", "1-2-3"])
def test_pages_that_are_none_are_an_error(pages: str) -> None:
    with pytest.raises(InputError, match="`pages`"):
        Excerpt.of(None, pages)


@pytest.mark.parametrize(
    ("block", "has_pages"),
    [
        ({"type": "document", "mime_type": "application/pdf"}, True),
        ({"type": "document"}, True),
        ({"type": "document", "mime_type": "application/vnd.ms-powerpoint"}, True),
        ({"type": "document", "mime_type": "text/csv"}, False),
        ({"type": "document", "mime_type": "application/vnd.ms-excel"}, False),
        ({"type": "document", "mime_type": "application/vnd.oasis.opendocument.spreadsheet"}, False),
        ({"type": "document", "mime_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, False),
        ({"type": "image", "mime_type": "image/png"}, False),
    ],
)
def test_only_some_documents_have_pages(block: dict[str, Any], has_pages: bool) -> None:
    assert is_paged(block) == has_pages
