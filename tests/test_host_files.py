"""Configurations of hosts: parsed and edited in place, written whole or not at all."""

import json
import os
import stat
import tomllib
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_interactions_mcp.cli.hosts import writing
from gemini_interactions_mcp.cli.hosts.formats import (
    ConfigFormat,
    ConfigUnreadableError,
    Edit,
    edit_config,
    list_edits,
    parse_config,
)
from gemini_interactions_mcp.cli.hosts.jsonc import append_jsonc, parse_jsonc, remove_jsonc, set_jsonc
from gemini_interactions_mcp.cli.install import ask_to_write

SERVER = {"command": "/a b/run", "args": ["x"], "env": {"K": 'q"ö'}, "timeout": 600}
PATH = ("mcpServers", "gemini")

COMMENTED = """// mine, don't touch {"a"}
{
\t"theme": "dark", /* "mcpServers": {} */
\t"mcpServers": {
\t\t// the other
\t\t"other": { "command": "x", "args": [1, 2,], } // its tail
\t}, // after
}
"""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
objects = st.dictionaries(st.text(), values)


@settings(max_examples=40)
@given(objects, st.sampled_from([None, 0, 1, 2, "\t"]), values)
def test_a_member_is_added_and_removed_and_the_rest_stays(
    document: dict[str, Any], indent: int | None, value: Any
) -> None:
    document.pop("mcpServers", None)
    text = json.dumps(document, indent=indent)
    added = set_jsonc(text, PATH, value)
    assert parse_jsonc(added) == {**document, "mcpServers": {"gemini": value}}
    assert parse_jsonc(set_jsonc(added, PATH, 1)) == {**document, "mcpServers": {"gemini": 1}}
    assert parse_jsonc(remove_jsonc(added, PATH)) == {**document, "mcpServers": {}}


@settings(max_examples=40)
@given(st.lists(values), st.sampled_from([None, 2]))
def test_an_item_is_appended_to_a_list(items: list[Any], indent: int | None) -> None:
    assert parse_jsonc(append_jsonc(json.dumps({"inputs": items}, indent=indent), ("inputs",), {"id": 1})) == {
        "inputs": [*items, {"id": 1}]
    }


def test_comments_and_commas_stay_where_they_are() -> None:
    added = edit_config(ConfigFormat.JSON, COMMENTED, [Edit(PATH, SERVER)])
    lines = added.splitlines()
    assert lines[:5] == COMMENTED.splitlines()[:5]
    assert lines[5] == '\t\t"other": { "command": "x", "args": [1, 2,], }, // its tail'
    assert lines[6] == '\t\t"gemini": {'
    assert lines[-2:] == COMMENTED.splitlines()[-2:]
    assert edit_config(ConfigFormat.JSON, added, [Edit(PATH, removed=True)]) == COMMENTED


@pytest.mark.parametrize("text", ["", "\n", "{}", '{"mcpServers": {}}', "{ /* nothing */ }", "{\n}\n"])
def test_what_says_nothing_gets_the_server(text: str) -> None:
    assert parse_config(ConfigFormat.JSON, edit_config(ConfigFormat.JSON, text, [Edit(PATH, SERVER)])) == {
        "mcpServers": {"gemini": SERVER}
    }


def test_line_ends_stay_what_they_are() -> None:
    added = edit_config(ConfigFormat.JSON, COMMENTED.replace("\n", "\r\n"), [Edit(PATH, SERVER)])
    assert added.count("\r\n") == added.count("\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[1, 2", "line 1"),
        ('{\n"a": }', "line 2"),
        ("{\n\n'a': 1}", "line 3"),
        ('{"a" 1}', "line 1"),
        ('{"a": 1 "b": 2}', "line 1"),
        ("{} {}", "line 1"),
        ("nul", "line 1"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line_and_without_its_content(text: str, line: str) -> None:
    with pytest.raises(ConfigUnreadableError, match=line) as refused:
        edit_config(ConfigFormat.JSON, text, [Edit(PATH, SERVER)])
    assert "nul" not in str(refused.value)


@pytest.mark.parametrize("text", ["[]", "1", '{"mcpServers": []}', '{"mcpServers": {"gemini": 1}, "inputs": {}}'])
def test_another_shape_is_refused(text: str) -> None:
    edits = [Edit(PATH, SERVER), Edit(("inputs",), {"id": 1}, appended=True)]
    with pytest.raises(ConfigUnreadableError):
        edit_config(ConfigFormat.JSON, text, edits)


TOMLS = [
    "",
    'model = "x" # mine\n',
    '# top\n[mcp_servers.other] # o\ncommand = "x"\n\n[mcp_servers.other.env]\nA = "b"\n\n[projects]\nt = "y" # t\n',
    'mcp_servers = { other = { command = "x" } }\n',
    'mcp_servers.other.command = "x"\n',
    '[mcp_servers]\n[mcp_servers.other]\nargs = [\n  "a", # first\n]\n',
]


@pytest.mark.parametrize("text", TOMLS)
def test_toml_keeps_its_comments_and_other_servers(text: str) -> None:
    path = ("mcp_servers", "gemini")
    added = edit_config(ConfigFormat.TOML, text, [Edit(path, SERVER)])
    found = tomllib.loads(added)
    assert found["mcp_servers"].pop("gemini") == SERVER
    assert found == {"mcp_servers": {}, **tomllib.loads(text)}
    for line in text.splitlines():
        assert line in added or "{" in line
    removed = edit_config(ConfigFormat.TOML, added, [Edit(path, removed=True)])
    assert tomllib.loads(removed).get("mcp_servers", {}) == tomllib.loads(text).get("mcp_servers", {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        '# top\nMODE: "auto" # q\nextensions:\n  other:\n    enabled: true\n    args:\n    - a\nlast: 1\n',
        "list:\n  - b # c\nextensions: {}\n",
        f"long: {'word ' * 60}end\nextensions:\n  o: {{cmd: x}}\n",
    ],
)
def test_yaml_keeps_its_comments_and_other_servers(text: str) -> None:
    path = ("extensions", "gemini")
    added = edit_config(ConfigFormat.YAML, text, [Edit(path, SERVER)])
    found = yaml.safe_load(added)
    assert found["extensions"].pop("gemini") == SERVER
    assert found == {"extensions": {}, **(yaml.safe_load(text) or {})}
    for line in text.splitlines():
        assert line.rstrip() in added or "{}" in line


YAMLS = [
    "---\n# top\na:   x   # aligned\n...\n",
    "extensions:\n    o:\n        args:\n        - a\n        # of o\nb: [ 1,2,\n   3 ]\n",
    "extensions:\nh: ~\ni: +1\nf: 1e400\nn: .nan\n",
    'b: "\\u00e9"\ns: "over\n  two"\np: plain\n  too\n? k\n: v\n',
    "t: |\n  # no comment\n\nextensions:\n  o: &o {cmd:   x}\n  p:\n    <<: *o\n",
    "a: 1\r\nb: 2\nc: 3\r\n",
]


@pytest.mark.parametrize("text", YAMLS)
def test_yaml_keeps_every_line_as_it_is(text: str) -> None:
    lines = [line for line in text.splitlines(keepends=True) if line != "extensions:\n"]
    path = ("extensions", "gemini")
    added = edit_config(ConfigFormat.YAML, text, [Edit(path, SERVER)])
    changed = edit_config(ConfigFormat.YAML, added, [Edit((*path, "args"), ["y", "z"]), Edit((*path, "env", "A"), "b")])
    removed = edit_config(ConfigFormat.YAML, changed, [Edit(path, removed=True)])
    for edited in (added, changed, removed):
        rest = iter(edited.splitlines(keepends=True))
        assert [line for line in lines if line not in rest] == []


@settings(max_examples=60)
@given(objects, st.sampled_from([None, True, False]), st.sampled_from([2, 4]), values)
def test_yaml_of_any_style_is_edited_or_refused(
    document: dict[str, Any], flow: bool | None, indent: int, value: Any
) -> None:
    document["extensions"] = {"o": document.pop("extensions", None)}
    text = yaml.safe_dump(document, default_flow_style=flow, indent=indent)
    path = ("extensions", "gemini")
    try:
        before = parse_config(ConfigFormat.YAML, text)
        added = edit_config(ConfigFormat.YAML, text, [Edit(path, value)])
    except ConfigUnreadableError:
        return
    assert parse_config(ConfigFormat.YAML, added)["extensions"]["gemini"] == value
    removed = edit_config(ConfigFormat.YAML, added, [Edit(path, removed=True)])
    assert parse_config(ConfigFormat.YAML, removed) == before


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ConfigFormat.JSON, '{\r\n  "a": 1,\n  "b": 2\r\n}\n'),
        (ConfigFormat.TOML, "a = 1\r\n[b]\nc = 2\n"),
    ],
)
def test_mixed_line_ends_stay_mixed(kind: ConfigFormat, text: str) -> None:
    edited = edit_config(kind, text, [Edit(("s", "gemini"), {"command": "x"})])
    assert edited.count("\r\n") == text.count("\r\n")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ConfigFormat.TOML, 'a = 1\nkey = "hush-5f2e\n'),
        (ConfigFormat.YAML, "a: 1\nkey: [hush-5f2e\n"),
        (ConfigFormat.YAML, "a: 1\na: hush-5f2e\n"),
        (ConfigFormat.JSON, '{"key": "hush-5f2e", b}'),
    ],
)
def test_what_cannot_be_parsed_is_refused_without_its_content(kind: ConfigFormat, text: str) -> None:
    with pytest.raises(ConfigUnreadableError, match="line") as refused:
        edit_config(kind, text, [Edit(("x", "gemini"), SERVER)])
    assert "hush" not in str(refused.value)


@settings(max_examples=40)
@given(objects, objects)
def test_edits_lead_from_one_object_to_another(before: dict[str, Any], after: dict[str, Any]) -> None:
    text = json.dumps({"s": before}, indent=2)
    edited = edit_config(ConfigFormat.JSON, text, list(list_edits(("s",), before, after)))
    assert parse_jsonc(edited)["s"] == after


def test_a_link_stays_a_link_and_a_mode_a_mode(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "real.json", tmp_path / "link.json"
    real.write_bytes(b"{}")
    real.chmod(0o640)
    link.symlink_to(real)
    writing.write_config(link, b"{}", b'{"a": 1}')
    assert link.is_symlink()
    assert real.read_bytes() == b'{"a": 1}'
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert [path.name for path in real.parent.iterdir()] == ["real.json"]


def test_a_new_file_is_readable_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.json"
    writing.write_config(path, None, b"{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_has_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"theirs")
    with pytest.raises(writing.ConfigUnwritableError, match="changed meanwhile"):
        writing.write_config(path, b"{}", b"ours")
    assert path.read_bytes() == b"theirs"


def test_a_disk_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"{}")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(writing.ConfigUnwritableError, match="No space left"):
        writing.write_config(path, b"{}", b"ours")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"{}"]


def test_a_file_of_two_names_keeps_both(tmp_path: Path) -> None:
    path, other = tmp_path / "config.json", tmp_path / "dotfiles.json"
    path.write_bytes(b"{} // long before")
    other.hardlink_to(path)
    writing.write_config(path, b"{} // long before", b"{1}")
    assert (path.read_bytes(), other.read_bytes(), path.samefile(other)) == (b"{1}", b"{1}", True)


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"{}")
    path.chmod(0o444)
    with pytest.raises(writing.ConfigUnwritableError, match="read-only"):
        writing.write_config(path, b"{}", b"{1}")
    assert path.read_bytes() == b"{}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_is_no_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "null"
    os.mkfifo(path)
    monkeypatch.setattr(writing, "read_bytes", {path: b""}.get)
    with pytest.raises(writing.ConfigUnwritableError, match="no regular file"):
        writing.write_config(path, b"", b"{1}")
    assert path.is_fifo()


def test_an_interrupted_question_is_a_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> str:
        raise KeyboardInterrupt

    terminal = StringIO()
    monkeypatch.setattr(terminal, "readline", interrupt)
    monkeypatch.setattr("sys.stdin", terminal)
    assert not ask_to_write()
    assert capsys.readouterr().err.endswith("[y/N] \n")
