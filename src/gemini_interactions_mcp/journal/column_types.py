"""Column types that clean text: what a database would refuse becomes U+FFFD.

PostgreSQL refuses U+0000 (https://www.postgresql.org/docs/current/datatype-character.html). Half a surrogate pair,
which JSON can carry, has no UTF-8. The types clean every parameter, of writes and of conditions alike.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from gemini_interactions_mcp.core import replace_unstorable


class Characters(sa.types.TypeDecorator[str]):
    """Short text."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> Any:  # noqa: ANN401 - SQLAlchemy's
        """Return the parameter as the driver takes it."""
        del dialect
        return replace_unstorable(value) if isinstance(value, str) else value


class LongCharacters(Characters):
    """Text of any length."""

    impl = sa.Text
    cache_ok = True


class Utf8Characters(LongCharacters):
    """Text of any length in SQLite; long texts arrive as clean UTF-8, encoded outside the event loop."""

    cache_ok = True

    def bind_expression(self, bindparam: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        """Return the parameter as text, also where it is bytes."""
        return sa.cast(bindparam, sa.Text)


class Document(sa.types.TypeDecorator[Any]):
    """JSON; None is NULL."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> object:
        """Return the parameter with all of its texts cleaned."""
        del dialect
        return clean_document(value)


class FileList(Document):
    """JSON of saved files, whose paths stay as they are: a cleaned path would name another file."""

    cache_ok = True

    def process_bind_param(self, value: object, dialect: sa.Dialect) -> object:
        """Return the parameter with all of its texts cleaned but the paths."""
        del dialect
        files = cast("Sequence[Mapping[str, object]]", value or ())
        return [{**cast("dict[str, object]", clean_document(file)), "path": file["path"]} for file in files]


def clean_document(value: object) -> object:
    """Return a JSON value with all of its texts cleaned."""
    match value:
        case str():
            return replace_unstorable(value)
        case Mapping():
            fields = cast("Mapping[str, object]", value)
            return {replace_unstorable(name): clean_document(item) for name, item in fields.items()}
        case list() | tuple():
            return [clean_document(item) for item in cast("Sequence[object]", value)]
        case _:
            return value
