"""Sandboxes of agents: names of the user's files in them, what they may reach, and how the API lists them."""

import base64
import time
import unicodedata
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import FAST
from gemini_interactions_mcp.api import responses
from gemini_interactions_mcp.api.client import Gemini
from gemini_interactions_mcp.api.sandbox_requests import build_environment
from gemini_interactions_mcp.api.sandbox_service import find_unlisted_folders
from gemini_interactions_mcp.core.errors import InputError
from gemini_interactions_mcp.emulator import Emulator, Fault, make_error_body
from gemini_interactions_mcp.files.sandbox_names import MAX_SEGMENT_BYTES, name_sandbox_files
from gemini_interactions_mcp.files.sandbox_staging import encode_content, measure_json
from gemini_interactions_mcp.models.interactions import Request
from gemini_interactions_mcp.models.sandbox_files import Sandbox, SandboxFile, SandboxInput
from gemini_interactions_mcp.runs import intents
from gemini_interactions_mcp.runs.sandbox_arguments import parse_environment, parse_network, parse_repository
from gemini_interactions_mcp.runs.sandboxes import select_sandbox_files
from gemini_interactions_mcp.settings import Settings

# Names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["a.csv"], ["a.csv"]),
        (["data/2026/a.csv", "data/b.csv"], ["data/2026/a.csv", "data/b.csv"]),
        (["a.csv", "a.csv", "A.csv"], ["a.csv", "a-2.csv", "A-3.csv"]),
        (["notes", "notes/a.txt"], ["notes-2", "notes/a.txt"]),
        (["../../etc/passwd", "/etc/passwd", "./x"], ["_/_/etc/passwd", "etc/passwd", "x"]),
        (["a\\b.txt", "C:\\x", 'q"?*.txt'], ["a_b.txt", "C__x", "q___.txt"]),
        (["..", ".", "...", ""], ["_", "file", "_-2", "file-2"]),
        (["e\u0301.txt", "\u00e9.txt"], ["\u00e9.txt", "\u00e9-2.txt"]),
        (["a\nb\u202e.csv"], ["a_b_.csv"]),
        (["archive.tar.gz", "archive.tar.gz"], ["archive.tar.gz", "archive.tar-2.gz"]),
    ],
)
def test_a_file_has_a_safe_name_of_its_own_in_a_sandbox(names: list[str], paths: list[str]) -> None:
    assert name_sandbox_files(names) == [f"workspace/{path}" for path in paths]


def test_files_do_not_mix_with_a_repository() -> None:
    assert name_sandbox_files(["app/a.py", "b.py", "App"], ["app"]) == [
        "workspace/app-2/a.py",
        "workspace/b.py",
        "workspace/App-2-2",
    ]


BRACKETS = ["workspace/a[1].csv", "workspace/a1.csv"]

segments = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from(
    ["..", ".", "", "a", "A", "a.txt", "CON", "~", "\u202e", "\0", "a\u0301", "\u00e1", "\ufb01", "fi", "x" * 300]
)


@given(st.lists(st.lists(segments, max_size=5).map("/".join), max_size=12))
def test_any_names_become_distinct_paths_below_the_workspace(names: list[str]) -> None:
    paths = name_sandbox_files(names)
    assert len(paths) == len(names)
    folded = [unicodedata.normalize("NFKC", path).casefold() for path in paths]
    assert len(set(folded)) == len(paths)
    for path, key in zip(paths, folded, strict=True):
        first, *parts = path.split("/")
        assert first == "workspace"
        assert parts
        assert not {"", ".", ".."} & set(parts)
        assert path.isprintable()
        assert "\\" not in path
        assert all(len(part.encode()) <= MAX_SEGMENT_BYTES + 8 for part in parts)
        # None is the folder of another.
        assert not any(other.startswith(f"{key}/") for other in folded)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_a_content_travels_unchanged(content: bytes) -> None:

    text, encoding = encode_content(content)
    assert (base64.b64decode(text) if encoding else text.encode()) == content


# What is asked for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("none", ()),
        ("Disabled", ()),
        ("", ()),
        ("example.com", ("example.com",)),
        ("python.org, *.Example.com\nhttps://api.example.org/", ("*.example.com", "api.example.org", "python.org")),
        ("*, a.example.com", ("*",)),
        ("b\u00fccher.example.com", ("xn--bcher-kva.example.com",)),
    ],
)
def test_a_network_is_none_or_domains(text: str, domains: tuple[str, ...]) -> None:
    assert parse_network(text) == domains


@pytest.mark.parametrize(
    "text",
    [
        *("localhost", "example", "127.0.0.1", "10.0.0.1", "[::1]", "router.local", "db.internal", "0x7f.1"),
        *("example.com/path", "example.com:8080", "user@example.com", "ftp://example.com", "a..com", "-a.com"),
        *(
            "*.*.com",
            "*com",
            "a.com\0",
            "none, example.com",
            "a" * 64 + ".com",
            ", ".join(f"a{n}.com" for n in range(101)),
        ),
    ],
)
def test_a_network_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="Nothing was sent"):
        parse_network(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://github.com/o/r", "https://github.com/o/r"),
        (" https://GitHub.com/O/r.git/ ", "https://github.com/O/r"),
        ("www.github.com/o/r", "https://github.com/o/r"),
        ("github.com/o/r", "https://github.com/o/r"),
        ("https://gitlab.com/group/sub/r", "https://gitlab.com/group/sub/r"),
        ("https://github.com:443/o/r.js", "https://github.com/o/r.js"),
    ],
)
def test_a_repository_is_a_public_address(text: str, address: str) -> None:
    assert parse_repository(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "http://github.com/o/r",
            "git@github.com:o/r.git",
            "ssh://git@github.com/o/r",
            "file:///tmp/r",
            "o/r",
            "/o/r",
        ),
        *("https://me:hush@github.com/o/r", "https://hush@github.com/o/r", "https://github.com/o/r?token=hush"),
        *("https://localhost/o/r", "https://127.0.0.1/o/r", "https://git.internal/o/r", "https://[::1]/o/r"),
        *("https://2130706433/o/r", "https://github.com:8443/o/r", "https://github.com/o", "https://github.com"),
        *(
            "https://github.com/o/r/tree/main",
            "www.github.com/o/r/tree/main",
            "gitlab.com/g/p/-/tree/main",
            "gitlab.com/g/p/blob/main/a",
            "bitbucket.org/o/r/src/main",
            "bitbucket.org/o/r/x",
            "https://github.com/o/r#x",
            "https://github.com/../r",
            "https://github.com/o/..",
        ),
        *(
            "https://github.com/o/r\n",
            "https://github.com/o /r",
            "https://github.com\\o\\r",
            "https://g\u0456thub.com/o/r",
        ),
        "https://github.com/o/%2e%2e",
    ],
)
def test_a_repository_of_anything_else_is_refused_and_not_repeated(text: str) -> None:
    if text.endswith("\n"):
        assert parse_repository(text) == "https://github.com/o/r"
        return
    with pytest.raises(InputError, match="Nothing was sent") as caught:
        parse_repository(text)
    assert "hush" not in str(caught.value)


def test_a_repository_without_its_host_is_told_how_to_be_written() -> None:
    with pytest.raises(InputError, match=r"write repository as https://github\.com/o/r-1\.x\. Nothing was sent"):
        parse_repository("o/r-1.x")


@pytest.mark.parametrize("text", ["https://me:hush@example.com", "me:hush\uff20a.com", "a.com?t=hush", "a.com/#hush"])
def test_no_secret_of_a_network_is_repeated(text: str) -> None:
    with pytest.raises(InputError, match="Nothing was sent") as caught:
        parse_network(text)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, None),
        (" Remote ", "remote"),
        ("'remote'", "remote"),
        ("e-1", "e-1"),
        ("environments/Ab_1", "Ab_1"),
        *(
            (wrong, "")
            for wrong in ("../x", "a/b", "", ".", "..", "a b", "a\nb", "e\u00e9", "environments/", "x" * 300)
        ),
    ],
)
def test_an_environment_is_new_or_has_an_id(text: str | None, name: str | None) -> None:
    if name != "":
        assert parse_environment(text) == name
        return
    with pytest.raises(InputError, match="Nothing was sent"):
        parse_environment(text)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        *((each, ["workspace/notes.txt"]) for each in ("/workspace/notes.txt", "./notes.txt", "workspace//notes.txt")),
        *((each, ["workspace/data/a.csv", "workspace/data/b/c.csv"]) for each in ("data/", "./data/", "data/*")),
        ("a[1].csv", ["workspace/a[1].csv"]),
        ("a[12].csv", ["workspace/a1.csv"]),
        ("/", ["workspace/notes.txt", "workspace/data/a.csv", "workspace/data/b/c.csv", *BRACKETS]),
    ],
)
def test_files_are_chosen_by_any_spelling_of_their_names(pattern: str, paths: list[str]) -> None:
    names = ["workspace/notes.txt", "workspace/data/a.csv", "workspace/data/b/c.csv", *BRACKETS]
    files = [SandboxFile(path=name) for name in names]
    assert [file.path for file in select_sandbox_files(files, pattern)] == paths


def test_a_refusal_names_some_of_the_files_that_are_there() -> None:
    files = [SandboxFile(path=f"workspace/{number}\n.txt") for number in range(12)]
    with pytest.raises(InputError) as caught:
        select_sandbox_files(files, "x.csv")
    said = str(caught.value)
    assert said.startswith("No file in the agent's environment matches 'x.csv'. There are '/workspace/0?.txt', ")
    assert said.endswith("'/workspace/9?.txt' and 2 more.")


def test_what_travels_inside_a_request_is_measured_as_it_is_sent() -> None:
    assert (measure_json('a"\n'), measure_json("\x01"), measure_json("\u00fc")) == (5, 6, 2)


@pytest.mark.slow
def test_folders_without_entries_are_found_in_time() -> None:
    files = [SandboxFile(path=f"workspace/{n}", folder=True) for n in range(2_500)]
    files += [SandboxFile(path=f"workspace/{n}/x") for n in range(2_499)]
    began = time.process_time()
    assert find_unlisted_folders(files) == ["workspace/2499"]
    assert time.process_time() - began < 0.2


# The wire ------------------------------------------------------------------------------------------------

FILE = SandboxInput(path="workspace/a.csv", bytes=3, content="a,b")


@pytest.mark.parametrize(
    ("fields", "environment"),
    [
        ({}, None),
        ({"environment": "remote"}, "remote"),
        ({"environment": "e-1", "sandbox": Sandbox()}, "e-1"),
        ({"environment": "remote", "sandbox": Sandbox(prepared_id="e-2", repository="https://a.b/o/r")}, "e-2"),
        ({"environment": "remote", "sandbox": Sandbox(network=())}, {"type": "remote", "network": "disabled"}),
        (
            {"environment": "e-1", "sandbox": Sandbox(network=("a.com",), files=(FILE,))},
            {
                "type": "remote",
                "environment_id": "e-1",
                "sources": [{"type": "inline", "target": "/workspace/a.csv", "content": "a,b"}],
                "network": {"allowlist": [{"domain": "a.com"}]},
            },
        ),
        (
            {"environment": "remote", "sandbox": Sandbox(repository="https://github.com/o/r")},
            {
                "type": "remote",
                "sources": [{"type": "repository", "source": "https://github.com/o/r", "target": "/workspace/r"}],
            },
        ),
    ],
)
def test_an_environment_on_the_wire(fields: dict[str, Any], environment: object) -> None:
    assert build_environment(Request(kind="research", prompt="x", agent="antigravity", **fields)) == environment


def test_a_request_without_a_repository_or_network_is_the_same_as_before() -> None:
    plain = Request(kind="research", prompt="x", agent="antigravity", contents_digest="d")
    assert "sandbox" not in plain.model_dump(mode="json")
    filled = plain.model_copy(update={"sandbox": Sandbox(files=(FILE,), prepared_id="e-1")})
    assert intents.compute_fingerprint(filled) == intents.compute_fingerprint(plain)
    other = plain.model_copy(update={"sandbox": Sandbox(network=())})
    assert intents.compute_fingerprint(other) != intents.compute_fingerprint(plain)
    again = other.model_copy(update={"sandbox": Sandbox(network=(), files=(FILE,), prepared_id="e-2")})
    assert intents.compute_fingerprint(again) == intents.compute_fingerprint(other)


# Lists ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def google(settings: Settings) -> AsyncGenerator[Gemini]:
    made = Gemini(settings, FAST)
    yield made
    await made.close()


def listed(*files: dict[str, Any], **more: Any) -> Fault:
    """The API answers a list with these entries."""
    return Fault("file", "http", http_status=200, body={"files": list(files)} | more)


@pytest.mark.parametrize("cases", [("file", "directory"), ("FILE", "DIRECTORY"), ("File", "Directory")])
@pytest.mark.parametrize("root", ["workspace", "/workspace", "./workspace"])
async def test_a_list_is_read_in_any_case_and_from_any_root(
    google: Gemini, emulator: Emulator, cases: tuple[str, str], root: str
) -> None:
    file, folder = cases
    emulator.faults.append(
        listed(
            {"type": folder, "path": f"{root}/data", "name": "data"},
            {"type": file, "path": f"{root}/data/a.csv", "name": "a.csv", "size_bytes": "3"},
            {"type": folder, "path": f"{root}/", "name": "workspace"},
            {"type": file, "path": f"{root}/b.txt", "size_bytes": 4},
        )
    )
    files = await google.environment_files("e-1", "workspace")
    assert [(file.path, file.bytes) for file in files] == [("workspace/data/a.csv", 3), ("workspace/b.txt", 4)]


@pytest.mark.parametrize("root", ["", "."])
def test_what_lies_at_the_root_is_listed_without_the_root_itself(root: str) -> None:
    entries = [
        {"type": "directory", "path": root},
        {"type": "file", "path": "./config"},
        {"type": "file", "path": "/a"},
    ]
    assert [file.path for file in responses.parse_environment_files({"files": entries})] == ["config", "a"]


async def test_folders_are_listed_one_by_one_where_a_list_is_of_one_level(google: Gemini, emulator: Emulator) -> None:
    emulator.faults += [
        listed({"type": "DIRECTORY", "path": "workspace/a"}, {"type": "FILE", "path": "workspace/x.txt"}),
        listed({"type": "DIRECTORY", "path": "workspace/a/b"}, {"type": "DIRECTORY", "path": "workspace/a"}),
        listed({"type": "FILE", "path": "workspace/a/b/y.txt"}),
    ]
    files = await google.environment_files("e-1", "workspace")
    assert [file.path for file in files] == ["workspace/x.txt", "workspace/a/b/y.txt"]
    assert [request.path for request in emulator.requests] == [
        f"/v1/environments/e-1/files/workspace{folder}" for folder in ("", "/a", "/a/b")
    ]


@pytest.mark.parametrize("body", [{}, {"files": []}, {"files": None}, []])
async def test_an_empty_sandbox_has_no_files(google: Gemini, emulator: Emulator, body: Any) -> None:
    emulator.faults.append(Fault("file", "http", http_status=200, body=body))
    assert await google.environment_files("e-1", "workspace") == []


async def test_a_sandbox_without_a_workspace_is_empty_and_one_that_is_gone_is_told(
    google: Gemini, emulator: Emulator
) -> None:
    emulator.environments["e-1"] = {}
    emulator.faults.append(Fault("file", "http", http_status=404, body=make_error_body("not_found", "No.")))
    assert await google.environment_files("e-1", "workspace") == []
    with pytest.raises(InputError, match="no longer keeps the sandbox: it is deleted 7 days after its last use"):
        await google.environment_files("e-2", "workspace")


async def test_a_list_that_leads_in_circles_ends(google: Gemini, emulator: Emulator) -> None:
    emulator.faults.append(
        Fault(
            "file",
            "http",
            times=1_000,
            http_status=200,
            body={"files": [{"type": "directory", "path": f"workspace/{number}"} for number in range(200)]},
        )
    )
    assert await google.environment_files("e-1", "workspace") == []
    assert len(emulator.requests) <= 50


# The emulator's own refusals -----------------------------------------------------------------------------

AGENT: dict[str, Any] = {"agent": "antigravity-preview-09-2026", "input": "Look"}


@pytest.mark.parametrize(
    ("environment", "status", "said"),
    [
        ({"sources": [{"type": "inline", "target": "/workspace/a", "content": "x" * 76_801}]}, 400, "76800 bytes"),
        ({"sources": [{"type": "inline", "target": "/workspace/../a", "content": "x"}]}, 400, "'target'"),
        ({"sources": [{"type": "inline", "target": "", "content": "x"}]}, 400, "'target'"),
        ({"sources": [{"type": "inline", "target": "/a", "content": "?", "encoding": "base64"}]}, 400, "Base64"),
        ({"sources": [{"type": "zip", "target": "/a"}]}, 400, "Supported values: 'gcs', 'inline'"),
        ({"sources": [{"type": "repository", "target": "/a", "source": "git@x:y"}]}, 400, "https URL"),
        ({"sources": ["x"]}, 400, "'sources'"),
        ({"network": "open"}, 400, "'network'"),
        ({"network": {"allowlist": [{"domain": "no domain"}]}}, 400, "'network'"),
        ({"color": "red"}, 400, "Unknown parameter 'color' at 'environment'"),
        ({"environment_id": "e-9"}, 404, "Requested entity was not found."),
    ],
)
async def test_the_emulator_refuses_what_no_sandbox_can_have(
    url: str, emulator: Emulator, environment: dict[str, Any], status: int, said: str
) -> None:
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "k"}) as http:
        body = AGENT | {"environment": {"type": "remote", **environment}}
        answer = await http.post("/v1/interactions", json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]
    assert emulator.creates == []


async def test_the_emulator_copies_and_fills_sandboxes(url: str, emulator: Emulator) -> None:
    async with httpx2.AsyncClient(base_url=url, headers={"x-goog-api-key": "k"}) as http:
        source = {"type": "inline", "target": "/workspace/a", "content": "YQ==", "encoding": "base64"}
        made = (await http.post("/v1/environments", json={"sources": [source], "network": "disabled"})).json()
        assert made["network"] == "disabled"
        copied = (await http.post("/v1/environments", json={"from_environment": made["id"]})).json()
        assert emulator.environments[copied["id"]] == {"workspace/a": b"a"}
        place = f"/upload/v1beta/environments/{made['id']}/files/workspace/a"
        headers = {"x-goog-upload-header-content-length": "1", "x-goog-upload-header-content-type": "text/plain"}
        assert (await http.put(place, headers=headers)).status_code == 409
        assert (await http.put(f"{place}?overwrite=true", headers=headers)).status_code == 200
        assert (await http.put(place.replace("workspace/a", "%2e%2e/a"), headers=headers)).status_code in (400, 404)
        assert (await http.put(place.replace(made["id"], "e-9"), headers=headers)).status_code == 404
        assert (await http.get("/v1/environments/e-9")).status_code == 404
        assert (await http.get(f"/v1/environments/{made['id']}")).json()["file_count"] == "1"
