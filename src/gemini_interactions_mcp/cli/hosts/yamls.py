"""Edits YAML in place: all other characters of the text stay as they are. Pure.

ruamel.yaml finds where values begin and end; a text that it writes anew has its own indentation and quotes.
What cannot be edited this way raises an error, or makes a text that says something else, which the caller compares.
"""

import json
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any, Final, NamedTuple, cast

LISTS_INDENTED: Final = re.compile(r"^( *)[^\s#-][^\n]*:\n\1 +- ", re.MULTILINE)
"""A list that is indented deeper than its name."""
NULL_TAG: Final = "tag:yaml.org,2002:null"


class YamlEditError(ValueError):
    """A text cannot be edited in place."""


class YamlMember(NamedTuple):
    """A member of a mapping: the nodes of its name and of its value."""

    name: Any
    value: Any


def compose_yaml(text: str) -> Any:  # noqa: ANN401 - a node of ruamel.yaml, which has no types
    """Return the node of the one document, None if it says nothing."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to import

    reader: Any = YAML(typ="safe", pure=True)
    node = reader.compose(text)
    return None if node is None or is_null(node) else node


def is_null(node: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a node says nothing."""
    return node.tag == NULL_TAG


def is_empty(node: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a node is nothing or an object without members."""
    return is_null(node) or (is_mapping(node) and not node.value)


def is_mapping(node: Any) -> bool:  # noqa: ANN401 - as above
    """Whether a node is an object."""
    return node.id == "mapping"


def find_member(node: Any, name: str) -> YamlMember | None:  # noqa: ANN401 - as above
    """Return the member of an object.

    Raises:
        YamlEditError: The node is no object.
    """
    if not is_mapping(node):
        raise YamlEditError("it is no object")
    return next((YamlMember(*pair) for pair in node.value if pair[0].value == name), None)


def set_yaml(text: str, path: Sequence[str], value: object) -> str:
    """Return the text with a value at a path of names; objects on the way are made.

    Raises:
        YamlEditError: The text cannot be edited in place.
    """
    node = compose_yaml(text)
    if node is None:
        return end_line(text) + dump_block(nest(path, value), "", text)
    for number, name in enumerate(path):
        member = find_member(node, name)
        if member is None:
            return insert_member(text, node, nest(path[number:], value))
        rest = path[number + 1 :]
        if rest and is_empty(member.value):
            return fill_member(text, node, member, nest(rest, value))
        if not rest:
            return replace_value(text, member, value)
        node = member.value
    return text


def nest(path: Sequence[str], value: object) -> dict[str, object]:
    """Return a value within objects of names."""
    for name in reversed(path):
        value = {name: value}
    return {**value} if isinstance(value, dict) else {}


def insert_member(text: str, parent: Any, members: dict[str, object]) -> str:  # noqa: ANN401 - as above
    """Return the text with members at the end of an object."""
    if not parent.flow_style:
        at = find_block_end(text, parent)
        return end_line(text[:at]) + dump_block(members, " " * parent.start_mark.column, text) + text[at:]
    bracket = parent.end_mark.index - 1
    head = text[:bracket].rstrip()
    comma = "" if not parent.value or head.endswith(",") else ", "
    return f"{head}{comma}{dump_flow(members)[1:-1]}{text[len(head) :]}"


def fill_member(text: str, parent: Any, member: YamlMember, members: dict[str, object]) -> str:  # noqa: ANN401 - as above
    """Return the text with members in an object that has none yet, or is nothing."""
    colon = find_colon(text, member)
    start, end = member.value.start_mark.index, member.value.end_mark.index
    after = colon if start == end else end
    if parent.flow_style:
        return f"{text[:colon]} {dump_flow(members)}{text[after:]}"
    if start != end and text[colon:start].strip():
        raise YamlEditError("something is before the value")
    at = find_next_line(text, after)
    block = dump_block(members, " " * (parent.start_mark.column + 2), text)
    return end_line(text[:colon] + text[after:at]) + block + text[at:]


def replace_value(text: str, member: YamlMember, value: object) -> str:
    """Return the text with another value of a member."""
    colon, node = find_colon(text, member), member.value
    start, end = node.start_mark.index, node.end_mark.index
    if start == end:
        return f"{text[:colon]} {dump_flow(value)}{text[colon:]}"
    if getattr(node, "style", None) in ("|", ">") or text[colon:start].strip():
        raise YamlEditError("the value has a form of its own")
    return f"{text[:colon]} {dump_flow(value)}{text[find_leaf_end(node, end) :]}"


def remove_yaml(text: str, path: Sequence[str]) -> str:
    """Return the text without the member at a path; as it is, if there is none.

    Raises:
        YamlEditError: The text cannot be edited in place.
    """
    node = compose_yaml(text)
    if node is None:
        return text
    outer = member = None
    for name in path:
        outer, node = member, member.value if member else node
        member = find_member(node, name)
        if member is None:
            return text
    if member is None:
        return text
    start = member.name.start_mark.index
    if node.flow_style:
        return remove_flow_member(text, start, member.value.end_mark.index)
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        raise YamlEditError("something is before the name")
    if len(node.value) == 1 and outer:
        colon = find_colon(text, outer)
        return f"{text[:colon]} {{}}{text[colon:line]}{text[find_member_end(text, member) :]}"
    return text[:line] + text[find_member_end(text, member) :]


def remove_flow_member(text: str, start: int, end: int) -> str:
    """Return the text without a member between braces, and without one comma beside it."""
    if found := re.compile(r"\s*,\s*").match(text, end):
        return text[:start] + text[found.end() :]
    head = text[:start].rstrip()
    return head.removesuffix(",") + text[end:]


def find_colon(text: str, member: YamlMember) -> int:
    """Return the offset after the colon of a member."""
    found = re.compile(r"\s*:").match(text, member.name.end_mark.index)
    if found is None:
        raise YamlEditError("the name has a form of its own")
    return found.end()


def find_leaf_end(node: Any, end: int) -> int:  # noqa: ANN401 - as above
    """Return where the last value in a node ends; `end` if it is nothing."""
    while node.id != "scalar" and not node.flow_style and node.value:
        last = node.value[-1]
        name, node = last if is_mapping(node) else (None, last)
        end = name.end_mark.index if name else node.start_mark.index
    return end if node.start_mark.index == node.end_mark.index else node.end_mark.index


def find_block_end(text: str, parent: Any) -> int:  # noqa: ANN401 - as above
    """Return the beginning of the line after the last member of an object, and after comments that belong to it."""
    return find_member_end(text, YamlMember(*parent.value[-1]))


def find_member_end(text: str, member: YamlMember) -> int:
    """Return the beginning of the line after a member, and after comments that are indented deeper than its name."""
    at = find_leaf_end(member.value, member.name.end_mark.index)
    if at and text[at - 1] != "\n":
        at = find_next_line(text, at)
    comment = re.compile(rf" {{{member.name.start_mark.column + 1},}}#[^\n]*(?:\n|\Z)")
    while found := comment.match(text, at):
        at = found.end()
    return at


def find_next_line(text: str, at: int) -> int:
    """Return the beginning of the next line."""
    return text.find("\n", at) + 1 or len(text)


def end_line(text: str) -> str:
    """Return the text with an end of its last line."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def dump_flow(value: object) -> str:
    """Return a value on one line."""
    return json.dumps(value, ensure_ascii=False)


def dump_block(value: object, indent: str, text: str) -> str:
    """Return the lines of a value, indented; lists as the text has them."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - slow to import

    editor: Any = YAML(typ="rt", pure=True)
    editor.width = 1_000_000
    if LISTS_INDENTED.search(text):
        editor.indent(mapping=2, sequence=4, offset=2)
    output = StringIO()
    editor.dump(quote_broken(value), output)
    return "".join(f"{indent}{line}" for line in output.getvalue().splitlines(keepends=True))


def quote_broken(value: object) -> object:
    """Return a value whose texts of several lines are written on one."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - slow to import

    match value:
        case dict():
            return {name: quote_broken(each) for name, each in cast("dict[str, object]", value).items()}
        case list():
            return [quote_broken(each) for each in cast("list[object]", value)]
        case str() if not value.isprintable():
            return DoubleQuotedScalarString(value)
        case _:
            return value
