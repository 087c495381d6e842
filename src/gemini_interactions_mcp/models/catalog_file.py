"""Reads the catalog: the rows of this package, and those of the user's file, again whenever that changes."""

import functools
import re
import stat
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources
from pathlib import Path
from typing import Any, Final

import anyio.to_thread

from gemini_interactions_mcp.core import ConfigurationError, quote_name

from .catalog import Catalog, CatalogFaultError, merge_tables, parse_rows

CATALOG_VARIABLE: Final = "GEMINI_MCP_CATALOG"
MAX_CATALOG_BYTES: Final = 2**18
"""Maximum size of the user's file."""

MAX_EXPONENT: Final = 30
"""Maximum power of ten of a decimal number, and the negative of the minimum."""

CatalogIdentity = tuple[int, ...] | str
"""What changes with a file: time, size and inode, or why they cannot be read."""


@dataclass(frozen=True)
class CatalogReading:
    """The catalog as it was last read.

    Attributes:
        identity: Of the user's file.
        problem: Why the user's file is not used, in a sentence.
    """

    catalog: Catalog
    identity: CatalogIdentity = ""
    problem: str | None = None


class CatalogFile:
    """The catalog with the rows of the user's file, if there is one.

    Args:
        path: The user's file.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._reading: CatalogReading | None = None
        self._told: str | None = None

    @property
    def current(self) -> Catalog:
        """The rows that were read last, or else the built-in ones."""
        return self._reading.catalog if self._reading else load_built_in_catalog()

    @property
    def problem(self) -> str | None:
        """Why the user's file is not used, if it could not be read last."""
        return self._reading.problem if self._reading else None

    async def read(self) -> Catalog:
        """Return the rows as they are now; the built-in ones where the user's file cannot be used."""
        if self._path is not None:
            await anyio.to_thread.run_sync(self._refresh, self._path)
        return self.current

    def take_problem(self) -> str | None:
        """Return the problem if it has not been returned before."""
        problem = self.problem if self.problem != self._told else None
        self._told = self.problem
        return problem

    def _refresh(self, path: Path) -> None:
        """Read the user's file if it has changed. Blocks."""
        identity = identify_file(path)
        if self._reading is None or self._reading.identity != identity:
            self._reading = read_user_catalog(path, identity)


def read_user_catalog(path: Path, identity: CatalogIdentity) -> CatalogReading:
    """Return the rows with those of the user's file, or the built-in ones and what is wrong. Blocks."""
    try:
        return CatalogReading(parse_user_catalog(read_catalog_text(path, identity)), identity)
    except ConfigurationError as exc:
        problem = f"{CATALOG_VARIABLE} ({quote_name(str(path))}): {exc}. The built-in rows are used."
        return CatalogReading(load_built_in_catalog(), identity, problem)


def identify_file(path: Path) -> CatalogIdentity:
    """Return the identity of a file."""
    try:
        found = path.stat()
    except (OSError, ValueError) as exc:
        return f"it cannot be read ({getattr(exc, 'strerror', None) or 'no such path'})"
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode


def read_catalog_text(path: Path, identity: CatalogIdentity) -> str:
    """Return the text of the user's file. Blocks.

    Raises:
        ConfigurationError: It is missing, not a file, too large or not in UTF-8.
    """
    if isinstance(identity, str):
        raise ConfigurationError(identity)
    if not stat.S_ISREG(identity[-1]):
        raise ConfigurationError("it is not a file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CATALOG_BYTES + 1)
    except OSError as exc:
        raise ConfigurationError(f"it cannot be read ({exc.strerror})") from exc
    if len(content) > MAX_CATALOG_BYTES:
        raise ConfigurationError(f"it has more than {MAX_CATALOG_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise ConfigurationError(f"line {line} is not in UTF-8") from exc


def parse_user_catalog(text: str) -> Catalog:
    """Return the built-in rows with those of a text in TOML.

    Raises:
        ConfigurationError: The text is not TOML, or not a catalog; the message names the line.
    """
    try:
        given = parse_toml(text)
    except (ValueError, RecursionError) as exc:
        raise ConfigurationError(f"it is not TOML: {quote_name(str(exc) or 'nested too deeply')}") from exc
    try:
        return Catalog(parse_rows(merge_tables(load_built_in_tables(), given)))
    except CatalogFaultError as exc:
        line = find_table_line(text, exc.row_id)
        raise ConfigurationError(f"{f'line {line}: ' if line else ''}{exc}") from exc


def find_table_line(text: str, row_id: str) -> int | None:
    """Return the number of the first line that names a row."""
    named = re.compile(rf"""\s*\[?\s*["']?{re.escape(row_id)}["']?\s*[\].=]""")
    return next((number for number, line in enumerate(text.splitlines(), 1) if named.match(line)), None)


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text in TOML, with decimal numbers as they are written.

    Raises:
        ValueError: It is not TOML, or has a number that is too long.
    """
    return tomllib.loads(text, parse_float=parse_decimal)


def parse_decimal(text: str) -> Decimal:
    """Return a decimal number.

    Raises:
        ValueError: It is too large, or too close to 0, to be written without an exponent.
    """
    with suppress(InvalidOperation):
        number = Decimal(text)
        if abs(number.adjusted()) <= MAX_EXPONENT:
            return number
    raise ValueError(f"{text} is not a usual number")


@functools.cache
def load_built_in_tables() -> dict[str, Any]:
    """Return the tables of this package. Blocks the first time."""
    return parse_toml(
        resources.files("gemini_interactions_mcp.models").joinpath("catalog.toml").read_text(encoding="utf-8")
    )


@functools.cache
def load_built_in_catalog() -> Catalog:
    """Return the rows of this package. Blocks the first time."""
    return Catalog(parse_rows(load_built_in_tables()))
