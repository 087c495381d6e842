"""File search stores: their documents, what a caller says of them, and what adding files to one means. Pure."""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, cast

from gemini_interactions_mcp.core import InputError, StoreNotFoundError, make_inert, make_printable, quote_name

from .frozen import FrozenModel
from .interactions import UtcDatetime

STORE_COLLECTION: Final = "fileSearchStores/"
"""Prefix of the names of stores."""

STORE_NAME: Final = re.compile(r"(?:fileSearchStores/)?([a-z0-9-]{1,80})")
"""Source: google-genai 3.6.1, types.FileSearchStore.name"""

STORE_TOOL: Final = "file_search:"
"""Prefix of a tool that searches a store."""

DIGEST_KEY: Final = "gemini_mcp_sha256"
"""Key of the metadata that holds the hash of a document's content, by which the same content is never sent twice.

Its characters are those of an identifier: which others a key may have is not documented.
"""

MAX_METADATA: Final = 20
"""Metadata of a document, at most: google-genai 3.6.1, types.Document.custom_metadata"""

MAX_STORE_NAME_CHARACTERS: Final = 512
"""Length of a display name, at most: google-genai 3.6.1, types.FileSearchStore.display_name"""

MAX_KEY_CHARACTERS: Final = 128
"""Length of a metadata key and of a text value, at most: assumed."""
MAX_VALUE_CHARACTERS: Final = 1_024

MetadataValue = str | float | tuple[str, ...]

DocumentState = Literal["active", "pending", "failed"]


class MetadataEntry(FrozenModel):
    """A key of a document's metadata, with its value."""

    key: str
    value: MetadataValue


class FileSearchStore(FrozenModel):
    """A file search store.

    Attributes:
        name: `fileSearchStores/notes-x`.
        display_name: What its maker calls it.
        active: Documents that can be searched.
        pending: Documents that are being indexed.
        failed: Documents that could not be indexed.
        bytes: Size of all documents.
        embedding_model: `models/gemini-embedding-001`; empty where it is not known.
        created_at: When it was made; None where it is not known.
    """

    name: str
    display_name: str = ""
    active: int = 0
    pending: int = 0
    failed: int = 0
    bytes: int = 0
    embedding_model: str = ""
    created_at: UtcDatetime | None = None

    @property
    def documents(self) -> int:
        """Number of all documents."""
        return self.active + self.pending + self.failed

    @property
    def tool(self) -> str:
        """The entry of `tools` that searches it."""
        return f"{STORE_TOOL}{self.name}"


class StoreDocument(FrozenModel):
    """A document of a store.

    Attributes:
        name: `fileSearchStores/notes-x/documents/a-pdf-1`.
        display_name: The name that citations have.
        state: Whether it can be searched.
        bytes: Size of its content.
        mime_type: Its type.
        metadata: What `metadata_filter` compares.
    """

    name: str
    display_name: str = ""
    state: DocumentState = "active"
    bytes: int = 0
    mime_type: str = ""
    metadata: tuple[MetadataEntry, ...] = ()

    @property
    def digest(self) -> str:
        """The hash of its content; empty if another program has added it."""
        return next((str(each.value) for each in self.metadata if each.key == DIGEST_KEY), "")

    @property
    def own_metadata(self) -> tuple[MetadataEntry, ...]:
        """The metadata that its user has given."""
        return tuple(each for each in self.metadata if each.key != DIGEST_KEY)


class IndexingState(FrozenModel):
    """How far the indexing of a document has come.

    Attributes:
        name: Of the operation.
        done: Whether it has ended.
        error: Why it failed.
        document: The name of the document, once it is known.
    """

    name: str
    done: bool = False
    error: str | None = None
    document: str | None = None


class Standing(NamedTuple):
    """What a store has of a file.

    Attributes:
        present: The document with its content; None if it has to be sent.
        namesakes: Other documents of its name, such as earlier versions.
    """

    present: StoreDocument | None
    namesakes: tuple[StoreDocument, ...]


def compare_file(name: str, digest: str, documents: Sequence[StoreDocument], others: Collection[str] = ()) -> Standing:
    """Return what a store has of a file.

    A document that failed has no content that could be searched.

    Args:
        name: The name of the file's document.
        digest: The hash of its content.
        documents: All documents of the store.
        others: Hashes of other files of the user: their documents are no earlier versions of this one.
    """
    same = sorted(
        (each for each in documents if each.digest == digest and each.state != "failed"),
        key=lambda each: (each.state != "active", fold_display_name(each.display_name) != fold_display_name(name)),
    )
    present = same[0] if same else None
    return Standing(
        present,
        tuple(
            each
            for each in documents
            if each is not present and each.digest not in others and each.display_name == name
        ),
    )


def parse_metadata(metadata: Mapping[str, object] | None) -> tuple[MetadataEntry, ...]:
    """Return the metadata that a caller gives to files.

    Raises:
        InputError: There is too much of it, a key occurs twice, or a value is no text, number or list of texts.
    """
    given = dict(metadata or {})
    if len({key.strip() for key in given}) < len(given):
        raise InputError("Two keys of metadata differ in blanks only. Nothing was sent.")
    if len(given) >= MAX_METADATA:
        raise InputError(f"metadata has at most {MAX_METADATA - 1} keys. Nothing was sent.")
    return tuple(parse_metadata_entry(key, value) for key, value in sorted(given.items()))


def parse_metadata_entry(key: str, value: object) -> MetadataEntry:
    """Return one key and value.

    Raises:
        InputError: They cannot be metadata.
    """
    named = key.strip()
    if not named or len(named) > MAX_KEY_CHARACTERS or named.casefold() == DIGEST_KEY:
        raise InputError(
            f"{quote_name(key)!r} cannot be a key of metadata: it is empty, too long or this server's own "
            f"({DIGEST_KEY}). Nothing was sent."
        )
    if isinstance(value, bool):
        return MetadataEntry(key=named, value=str(value).lower())
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 2**53:
        return MetadataEntry(key=named, value=float(value))
    texts = cast("list[object]", value) if isinstance(value, list) else [value]
    if not texts or not all(isinstance(each, str) and len(each) <= MAX_VALUE_CHARACTERS for each in texts):
        raise InputError(
            f"The metadata {quote_name(named)} is no number, text of at most {MAX_VALUE_CHARACTERS:,} characters or "
            "list of texts. Nothing was sent."
        )
    told = tuple(map(str, texts))
    return MetadataEntry(key=named, value=told if isinstance(value, list) else told[0])


def check_display_name(text: str) -> str:
    """Return the display name of a store to make.

    Raises:
        InputError: It is empty, too long, or the name that Google gives.
    """
    name = make_printable(strip_store_tool(text))
    if names_nothing(name) or name.startswith(STORE_COLLECTION) or len(name) > MAX_STORE_NAME_CHARACTERS:
        raise InputError(
            f"`store` is the display name of the new store, of at most {MAX_STORE_NAME_CHARACTERS} characters; Google "
            f"makes a name such as {STORE_COLLECTION}notes-1a2b of it."
        )
    return name


def strip_store_tool(text: str) -> str:
    """Return what names a store, without the prefix of the tool that searches it."""
    return text.strip().removeprefix(STORE_TOOL).strip()


def names_nothing(text: str | None) -> bool:
    """Whether nothing is left of a name without the prefix of the tool and blanks."""
    return not fold_display_name(strip_store_tool(text or ""))


def spell_store_name(text: str) -> str | None:
    """Return the name of a store in the API's form; None for a text that is no such name."""
    found = STORE_NAME.fullmatch(strip_store_tool(text))
    return f"{STORE_COLLECTION}{found[1]}" if found else None


def make_document_name(path: str) -> str:
    """Return the name of a document: a path, printable, of which a long one keeps its end."""
    return make_printable(path)[-MAX_STORE_NAME_CHARACTERS:]


def fold_display_name(name: str) -> str:
    """Return a name in a form in which names that look alike are equal."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def find_stores(text: str, stores: Sequence[FileSearchStore]) -> list[FileSearchStore]:
    """Return the store of this name, or else all whose display name it is, regardless of case."""
    name = spell_store_name(text)
    named = [each for each in stores if each.name == name]
    shown = fold_display_name(strip_store_tool(text)).casefold()
    # Stores of other programs may have no display name; no text means one of these.
    return named or [each for each in stores if shown and fold_display_name(each.display_name).casefold() == shown]


def choose_store(text: str, stores: Sequence[FileSearchStore]) -> FileSearchStore:
    """Return the store that a caller means.

    Raises:
        StoreNotFoundError: There is none of this name.
        InputError: There are several.
    """
    found = find_stores(text, stores)
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(quote_name(each.name) for each in found[:5])
        raise InputError(f"Several stores have the display name {make_inert(text)}: {names}. Give the name of one.")
    near = suggest_names(text, [name for each in stores for name in (each.display_name, each.name) if name])
    raise StoreNotFoundError(
        f"There is no file search store {make_inert(text)} for this key.{near} "
        'manage_store(action="list") lists all; action="create" makes one.'
    )


def choose_document(text: str, documents: Sequence[StoreDocument]) -> StoreDocument:
    """Return the document that a caller means: by its name, the end of it, or its display name.

    Raises:
        StoreNotFoundError: There is none of this name.
        InputError: There are several.
    """
    wanted = text.strip()
    named = [each for each in documents if wanted in (each.name, each.name.rpartition("/")[2], get_document_id(each))]
    shown = fold_display_name(wanted)
    found = named or [
        each for each in documents if shown and shown == fold_display_name(make_printable(each.display_name))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(quote_name(get_document_id(each)) for each in found[:5])
        raise InputError(f"Several documents have the name {make_inert(text)}: {names}. Give one of these.")
    near = suggest_names(text, [each.display_name or each.name for each in documents])
    raise StoreNotFoundError(f"The store has no document {make_inert(text)}.{near} Nothing was removed.")


def get_document_id(document: StoreDocument) -> str:
    """Return the name of a document within its store: `documents/a-pdf-1`."""
    return "/".join(document.name.split("/")[-2:])


def suggest_names(text: str, names: Iterable[str]) -> str:
    """Return a sentence with the names that are similar to a text; empty if there are none."""
    import difflib  # noqa: PLC0415 - of use only for a wrong name

    folded = {name.casefold(): name for name in names}
    near = [folded[each] for each in difflib.get_close_matches(text.strip().casefold(), folded, n=3, cutoff=0.5)]
    return f" Similar names: {', '.join(map(make_inert, near))}." if near else ""


def describe_metadata(entries: Iterable[MetadataEntry]) -> str:
    """Return metadata as a filter would name it: `author="Ada", year=1840`."""
    return ", ".join(f"{make_printable(each.key)}={describe_value(each.value)}" for each in entries)


def describe_value(value: MetadataValue) -> str:
    """Return a value as a filter would name it."""
    if isinstance(value, str):
        return f'"{make_printable(value)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(describe_value, value))}]"
    return f"{value:.15g}"
