"""Edits JSON with comments and trailing commas in place: all other characters of the text stay as they are. Pure.

Values are parsed by the standard library; what is here finds where they begin and end. Parsers that keep comments write
the whole text anew, and take seconds for a megabyte, which `~/.claude.json` easily has.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

TRIVIA: Final = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
DECODER: Final = json.JSONDecoder()
USUAL_INDENT: Final = "  "


class JsoncError(ValueError):
    """A text is no JSON with comments; the message has the line."""


@dataclass
class JsonMember:
    """A member of an object.

    Attributes:
        start: Offset of its name.
        value: Its value.
        comma: Offset of the comma after it, None if there is none.
    """

    start: int
    value: "JsonValue"
    comma: int | None = None


@dataclass
class JsonValue:
    """A value and its offsets.

    Attributes:
        members: Those of an object, of which a later one replaces an earlier; None for everything else.
        items: Those of a list.
    """

    start: int
    end: int
    value: Any
    members: dict[str, JsonMember] | None = None
    items: list[JsonMember] | None = None


@dataclass
class JsoncScanner:
    """Finds the values of a text."""

    text: str
    at: int = field(default=0)

    def scan_document(self) -> JsonValue:
        """Return the one value of the text.

        Raises:
            JsoncError: The text is something else.
        """
        self._skip()
        if self.at == len(self.text):
            raise JsoncError("the file is empty")
        try:
            found = self._scan_value()
        except RecursionError:
            raise JsoncError("it is nested too deeply") from None
        self._skip()
        if self.at < len(self.text):
            raise self._make_error("something follows its end")
        return found

    def _skip(self) -> None:
        found = TRIVIA.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _make_error(self, problem: str) -> JsoncError:
        return JsoncError(f"line {self.text.count(chr(10), 0, self.at) + 1}: {problem}")

    def _take(self, character: str) -> bool:
        """Pass over a character and what is before it."""
        self._skip()
        if not self.text.startswith(character, self.at):
            return False
        self.at += 1
        return True

    def _scan_value(self) -> JsonValue:
        self._skip()
        start = self.at
        if self._take("{"):
            members = self._scan_members()
            return JsonValue(start, self.at, {name: each.value.value for name, each in members.items()}, members)
        if self._take("["):
            return self._scan_list(start)
        return JsonValue(start, *self._scan_scalar())

    def _scan_scalar(self) -> tuple[int, Any]:
        try:
            value, self.at = DECODER.raw_decode(self.text, self.at)
        except ValueError:
            raise self._make_error("a value was expected") from None
        return self.at, value

    def _scan_list(self, start: int) -> JsonValue:
        items: list[JsonMember] = []
        while not self._take("]"):
            found = self._scan_value()
            items.append(JsonMember(found.start, found))
            if self._take(","):
                items[-1].comma = self.at - 1
            elif not self._is_next("]"):
                raise self._make_error("a comma or ] was expected")
        return JsonValue(start, self.at, [each.value.value for each in items], items=items)

    def _is_next(self, character: str) -> bool:
        self._skip()
        return self.text.startswith(character, self.at)

    def _scan_members(self) -> dict[str, JsonMember]:
        members: dict[str, JsonMember] = {}
        while not self._take("}"):
            if not self._is_next('"'):
                raise self._make_error("a name in quotes was expected")
            start = self.at
            _, name = self._scan_scalar()
            if not self._take(":"):
                raise self._make_error("a colon was expected")
            member = members[name] = JsonMember(start, self._scan_value())
            if self._take(","):
                member.comma = self.at - 1
            elif not self._is_next("}"):
                raise self._make_error("a comma or } was expected")
        return members


def parse_jsonc(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a text.

    Raises:
        JsoncError: It is no JSON with comments.
    """
    return JsoncScanner(text).scan_document().value


def set_jsonc(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with a value at a path of names; objects on the way are made.

    Raises:
        JsoncError: It is no JSON with comments, or something else than an object is on the way.
    """
    found = JsoncScanner(text).scan_document()
    for number, name in enumerate(path):
        if found.members is None:
            raise JsoncError(f"{'.'.join(path[:number]) or 'the whole'} is no object")
        member = found.members.get(name)
        if member is None:
            for inner in reversed(path[number + 1 :]):
                value = {inner: value}
            return insert_last(text, found, list(found.members.values()), value, f"{json.dumps(name)}: ")
        found = member.value
    indent = find_indent(text, found.start)
    return text[: found.start] + dump_indented(value, indent, find_unit(text)) + text[found.end :]


def append_jsonc(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with a value at the end of the list at a path, which is made.

    Raises:
        JsoncError: It is no JSON with comments, or something else than a list is there.
    """
    found = JsoncScanner(text).scan_document()
    for name in path:
        member = (found.members or {}).get(name)
        if member is None:
            return set_jsonc(text, path, [value])
        found = member.value
    if found.items is None:
        raise JsoncError(f"{'.'.join(path)} is no list")
    return insert_last(text, found, found.items, value)


def insert_last(text: str, parent: JsonValue, there: list[JsonMember], value: object, label: str = "") -> str:
    """Return the text with a member at the end of an object, or an item at the end of a list."""
    outer, unit = find_indent(text, parent.start), find_unit(text)
    first = there[0].start if there else parent.start
    inner = find_indent(text, first) if "\n" in text[parent.start : first] else outer + unit
    bracket = parent.end - 1
    head = text[:bracket].rstrip()
    tail = text[len(head) : bracket] if "\n" in text[len(head) : bracket] else "\n" + outer
    comma = ""
    if there and (last := there[-1]).comma is None:
        head = head[: last.value.end] + "," + head[last.value.end :]
    elif there:
        comma = ","
    return f"{head}\n{inner}{label}{dump_indented(value, inner, unit)}{comma}{tail}{text[bracket:]}"


def remove_jsonc(text: str, path: Sequence[str]) -> str:
    """Return the text without the member at a path; as it is, if there is none.

    Raises:
        JsoncError: It is no JSON with comments.
    """
    found = JsoncScanner(text).scan_document()
    parent, member = found, None
    for name in path:
        parent = member.value if member else parent
        member = (parent.members or {}).get(name)
        if member is None:
            return text
    if member is None:
        return text
    before = [each for each in (parent.members or {}).values() if each.start < member.start]
    head = text[: member.start].rstrip()
    if before and member.comma is None and (comma := before[-1].comma) is not None:
        head = head[:comma] + head[comma + 1 :]
    tail = text[member.value.end if member.comma is None else member.comma + 1 :]
    return head + (tail.lstrip() if head.endswith("{") and tail.lstrip().startswith("}") else tail)


def dump_indented(value: object, indent: str, unit: str) -> str:
    """Return a value as JSON whose further lines are indented; short lists of texts stay on one line."""
    inner = indent + unit
    if isinstance(value, dict) and value:
        named = cast("dict[str, object]", value).items()
        lines = ",".join(f"\n{inner}{json.dumps(name)}: {dump_indented(each, inner, unit)}" for name, each in named)
        return f"{{{lines}\n{indent}}}"
    items = cast("list[object]", value) if isinstance(value, list) else []
    if any(isinstance(each, (dict, list)) for each in items):
        lines = ",".join(f"\n{inner}{dump_indented(each, inner, unit)}" for each in items)
        return f"[{lines}\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def find_indent(text: str, at: int) -> str:
    """Return the white space at the beginning of the line of an offset."""
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def find_unit(text: str) -> str:
    """Return the white space by which the text indents its first member."""
    found = re.search(r"^([ \t]+)\"", text, re.MULTILINE)
    return found[1] if found else USUAL_INDENT
