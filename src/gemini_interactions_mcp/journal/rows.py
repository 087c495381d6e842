"""Records as rows, and rows as records."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from pydantic import BaseModel

from gemini_interactions_mcp.core import Redactor
from gemini_interactions_mcp.models import Record, SavedFile, UploadedFile

from .column_types import clean_document
from .engine import RowValues


class UsageRow(NamedTuple):
    """A row for sums of usage.

    Attributes:
        record: Without its texts.
        running: Whether it goes on.
        place: Its time and label.
    """

    record: Record
    running: bool
    place: tuple[str, str]


class FileListing(NamedTuple):
    """The files of a row at a moment.

    Attributes:
        files: The files.
        written: Their column as it is written, for comparison.
    """

    files: tuple[SavedFile, ...]
    written: str


def encode_fields(fields: Mapping[str, object]) -> RowValues:
    """Return fields of a `Record` as columns.

    Raises:
        TypeError: There is no such field.
    """
    if unknown := fields.keys() - Record.model_fields.keys():
        raise TypeError(f"Record has no field {', '.join(sorted(unknown))}")
    return {name: encode_cell(value) for name, value in fields.items()}


def encode_redacted(fields: Mapping[str, object], redact: Redactor) -> RowValues:
    """Return fields as columns without secrets; paths of files stay, or nobody could find them again."""
    values = encode_fields(fields)
    # Cleaned first: a secret may arrive with a character in two halves, which its column would join.
    redacted = redact(cast("RowValues", clean_document(values)))
    if "files" in values:
        files = zip(cast("list[RowValues]", redacted["files"]), cast("list[RowValues]", values["files"]), strict=True)
        redacted["files"] = [told | {"path": file["path"]} for told, file in files]
    return redacted


def encode_cell(value: object) -> object:
    """Return a value as its column keeps it; the column's type cleans it."""
    match value:
        case datetime():
            return format_moment(value)
        case BaseModel():
            # Without what says nothing: an older server on this journal refuses fields that it does not know.
            return value.model_dump(mode="json", exclude_none=True)
        case list() | tuple():
            return [encode_cell(item) for item in cast("Sequence[object]", value)]
        case _:
            return value


def format_moment(moment: datetime) -> str:
    """Return a moment as text that sorts by time: in UTC, always to the microsecond.

    Raises:
        ValueError: It has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_records(result: sa.CursorResult[Any]) -> list[Record]:
    """Return the records of a result."""
    return [Record.model_validate(dict(found)) for found in result.mappings()]


def read_placed_records(result: sa.CursorResult[Any]) -> list[tuple[Record, str]]:
    """Return the records of a result, each with its place among the others."""
    return [
        (Record.model_validate(dict(found)), f"{found['created_at']} {found['label']}") for found in result.mappings()
    ]


def read_file_listing(result: sa.CursorResult[Any]) -> FileListing | None:
    """Return the files of a row, None where there is no row."""
    found = result.mappings().first()
    return FileListing(tuple(map(SavedFile.model_validate, found["files"])), found["written"]) if found else None


def read_usage_rows(result: sa.CursorResult[Any]) -> list[UsageRow]:
    """Return the rows that `queries.select_usage` selects."""
    return [
        UsageRow(
            Record.model_validate({name: value for name, value in found.items() if name != "running"}),
            bool(found["running"]),
            (found["created_at"], found["label"]),
        )
        for found in result.mappings()
    ]


def read_uploads(result: sa.CursorResult[Any]) -> dict[str, UploadedFile]:
    """Return the uploads of a result by the hashes of their contents."""
    return {
        found["digest"]: UploadedFile.model_validate({name: found[name] for name in UploadedFile.model_fields})
        for found in result.mappings()
    }
