"""Settings: every variable, what counts as unset, and the error for a wrong value."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from gemini_interactions_mcp import settings as module
from gemini_interactions_mcp.core.errors import ConfigurationError, FileRefusedError
from gemini_interactions_mcp.core.principals import OWNER
from gemini_interactions_mcp.files.boundary import Boundary
from gemini_interactions_mcp.output.places import open_place
from gemini_interactions_mcp.settings import Settings
from gemini_interactions_mcp.settings.confirmation import Confirmation
from gemini_interactions_mcp.settings.toolsets import TOOLSETS

SECRET = "AIza-not-a-real-key"
WRONG_CONFIRMATIONS = ["maybe", "above:much", "above:-1", "above:1,5", "above:0.0000001", "0,7", "$2"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (home := tmp_path.resolve() / "home").mkdir()
    return home


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    (cwd := tmp_path.resolve() / "project").mkdir()
    return cwd


def read(home: Path, cwd: Path, **environ: str) -> Settings:
    return Settings.from_environ({"HOME": str(home), **environ}, cwd).require_valid()


def test_without_any_variable_everything_has_a_default(home: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_DOCUMENTS_DIR", raising=False)
    settings = read(home, cwd)
    assert settings.api_key is None
    assert settings.key_variable is None
    assert settings.base_url is None
    assert settings.model == "gemini-3.8-flash"
    assert settings.image_model == "gemini-nano-banana-2.1"
    assert settings.research_agent == "deep-research-preview-04-2026"
    assert settings.wait_seconds == 45
    assert settings.inline_bytes == 8 * 1024 * 1024
    assert settings.keep_days == 55
    assert settings.previews
    assert settings.confirm == Confirmation(None)
    assert settings.runs_per_day is None
    assert settings.log_level == "WARNING"
    assert settings.output_dir.name == "gemini-interactions-mcp"
    assert settings.allowed_dirs == (cwd, settings.output_dir)
    assert isinstance(settings.database_url, Path)
    assert settings.database_url.name == "journal.sqlite3"
    assert settings.database_url.is_relative_to(home)


def test_every_variable_sets_its_own_setting(home: Path, cwd: Path, tmp_path: Path) -> None:
    settings = read(
        home,
        cwd,
        GEMINI_API_KEY=SECRET,
        GOOGLE_GEMINI_BASE_URL="http://127.0.0.1:8765",
        GEMINI_MCP_CATALOG="~/catalog.toml",
        GEMINI_MCP_MODEL="gemini-x",
        GEMINI_MCP_IMAGE_MODEL="gemini-x-image",
        GEMINI_MCP_RESEARCH_AGENT="deep-research-x",
        GEMINI_MCP_WAIT_SECONDS="2.5",
        GEMINI_MCP_INLINE_BYTES="1024",
        GEMINI_MCP_KEEP_DAYS="7",
        GEMINI_MCP_PREVIEWS="false",
        GEMINI_MCP_STRUCTURED="true",
        GEMINI_MCP_GREETING="false",
        GEMINI_MCP_CONFIRM="above:0.5",
        GEMINI_MCP_RUNS_PER_DAY="3",
        GEMINI_MCP_DOLLARS_PER_DAY="$2.50",
        GEMINI_MCP_DOLLARS_PER_MONTH="1,000",
        GEMINI_MCP_ALLOW_SECRETS="true",
        GEMINI_MCP_TOOLSETS="History, ask",
        GEMINI_MCP_LOG_LEVEL="DEBUG",
        GEMINI_MCP_OUTPUT_DIR=str(tmp_path / "out"),
        GEMINI_MCP_MAPPED_DIRS=f"docs={tmp_path / 'docs'}",
        GEMINI_MCP_ALLOWED_DIRS=str(tmp_path / "in"),
        GEMINI_MCP_DATABASE_URL="postgresql+asyncpg://db/journal",
        GEMINI_MCP_AUTH="oauth",
        GEMINI_MCP_OAUTH_ISSUER="https://id.example/realms/x",
        GEMINI_MCP_OAUTH_AUDIENCE="api://gemini",
        GEMINI_MCP_ALLOWED_ORIGINS="https://app.example/, http://localhost:3000",
        GEMINI_MCP_PRINCIPAL_DOLLARS_PER_DAY="5",
        GEMINI_MCP_CALLS_PER_MINUTE="60",
        GEMINI_MCP_METRICS_TOKEN="0123456789abcdef",
        GEMINI_MCP_LOG_FORMAT="json",
        GEMINI_MCP_OUTPUT_URL="s3://bucket/folder",
        GEMINI_MCP_PUBLIC_URL="https://gemini.example",
        GEMINI_MCP_UPLOAD_BYTES="4096",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318",
    )
    root = tmp_path.resolve()
    assert settings.api_key is not None
    assert settings.model_dump(exclude={"api_key"}) == {
        "key_variable": "GEMINI_API_KEY",
        "base_url": "http://127.0.0.1:8765",
        "auth": "oauth",
        "oauth_issuer": "https://id.example/realms/x",
        "oauth_audience": "api://gemini",
        "allowed_origins": ("https://app.example", "http://localhost:3000"),
        "principal_dollars_per_day": Decimal(5),
        "calls_per_minute": 60,
        "metrics_token": SecretStr("0123456789abcdef"),
        "log_format": "json",
        "output_url": SecretStr("s3://bucket/folder"),
        "public_url": "https://gemini.example",
        "upload_bytes": 4096,
        "otlp_endpoint": "http://127.0.0.1:4318",
        "model": "gemini-x",
        "image_model": "gemini-x-image",
        "research_agent": "deep-research-x",
        "wait_seconds": 2.5,
        "inline_bytes": 1024,
        "keep_days": 7,
        "servers": (),
        "bundled": False,
        "mapped_dirs": (("docs", tmp_path / "docs"),),
        "remote": False,
        "catalog_path": home / "catalog.toml",
        "previews": False,
        "structured": True,
        "greeting": False,
        "confirm": {"above": 500_000},
        "runs_per_day": 3,
        "dollars_per_day": Decimal("2.50"),
        "dollars_per_month": Decimal(1000),
        "allow_secrets": True,
        "toolsets": ("ask", "history"),
        "log_level": "DEBUG",
        "findings": (),
        "output_dir": root / "out",
        "allowed_dirs": (root / "in", root / "out"),
        "database_url": "postgresql+asyncpg://db/journal",
    }
    assert settings.api_key.get_secret_value() == SECRET


def test_the_own_environment_and_directory_are_read_by_default(cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cwd)
    monkeypatch.setenv("GEMINI_MCP_MODEL", "gemini-from-the-process")
    settings = Settings.from_environ()
    assert settings.model == "gemini-from-the-process"
    assert settings.allowed_dirs[0] == cwd


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "${}", "${user_config.model}", " ${GEMINI_MCP_MODEL} ", "${env:X}", "${input:gemini_key}"),
    ],
)
def test_an_empty_value_and_a_placeholder_left_by_a_host_count_as_unset(text: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_MODEL=text, GEMINI_API_KEY=text, GEMINI_MCP_ALLOWED_DIRS=text)
    assert settings.model == "gemini-3.8-flash"
    assert settings.api_key is None
    assert settings.allowed_dirs[0] == (settings.output_dir if "user_config" in text else cwd)


REFERENCES = ["$GEMINI_API_KEY", '"$A_1"', "%KEY%", "{env:GEMINI_API_KEY}", "{file:~/.key}"]


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_that_a_host_has_not_replaced_is_no_key(text: str, home: Path, cwd: Path) -> None:
    assert read(home, cwd, GEMINI_API_KEY=text).api_key is None
    assert read(home, cwd, GEMINI_API_KEY=text, GOOGLE_API_KEY=SECRET).key_variable == "GOOGLE_API_KEY"


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_in_place_of_a_limit_or_a_directory_opens_nothing(text: str, home: Path, cwd: Path) -> None:
    """Whoever wrote it meant to limit what is paid and read, so that no default may stand for it."""
    for setting in ("ALLOWED_DIRS", "OUTPUT_DIR", "DOLLARS_PER_DAY", "CONFIRM"):
        name = f"GEMINI_MCP_{setting}"
        settings = Settings.from_environ({"HOME": str(home), name: text}, cwd)
        (finding,) = settings.findings
        assert finding.startswith(f"{name} is a reference")
        assert text not in finding
        assert (cwd in settings.allowed_dirs) == (name != "GEMINI_MCP_ALLOWED_DIRS")


@pytest.mark.parametrize("key", ["$home", "AIza$KEY", "$KEY!", "100%", "{env}", "$5"])
def test_a_value_that_only_resembles_a_placeholder_is_kept(key: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_API_KEY=key)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == key


@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", " `{}`\n", '" {} "', "“{}”", "„{}“", "«{}»", "<{}>", '"{}'])
def test_quotes_around_a_value_do_not_count(quoted: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_MODEL=quoted.format("gemini-x"), GEMINI_API_KEY=quoted.format(SECRET))
    assert settings.model == "gemini-x"
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


@pytest.mark.parametrize("key", [f'"{SECRET}', f"“{SECRET}”", f"'{SECRET}' "])
def test_no_key_has_quotes_on_either_side(key: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GOOGLE_API_KEY=key)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


def test_space_around_a_value_does_not_count(home: Path, cwd: Path) -> None:
    assert read(home, cwd, GEMINI_MCP_MODEL=" gemini-x\n").model == "gemini-x"


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"GEMINI_API_KEY": SECRET, "GOOGLE_API_KEY": "other"}, "GEMINI_API_KEY"),
        ({"GOOGLE_API_KEY": SECRET, "GEMINI_API_KEY": "${user_config.api_key}"}, "GOOGLE_API_KEY"),
        ({"GOOGLE_API_KEY": SECRET}, "GOOGLE_API_KEY"),
    ],
)
def test_gemini_api_key_goes_before_google_api_key(
    environ: dict[str, str], variable: str, home: Path, cwd: Path
) -> None:
    settings = read(home, cwd, **environ)
    assert settings.key_variable == variable
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == SECRET


def test_the_key_is_in_no_representation_of_the_settings(home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_API_KEY=SECRET)
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in text


@pytest.mark.parametrize("prefix", ["~", "$HOME", "${HOME}"])
def test_a_path_may_begin_with_the_home_directory_in_three_ways(prefix: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_OUTPUT_DIR=f"{prefix}/pictures", GEMINI_MCP_ALLOWED_DIRS=prefix)
    assert settings.output_dir == home / "pictures"
    assert settings.allowed_dirs == (home, home / "pictures")


def test_home_in_the_middle_of_a_name_is_only_a_name(home: Path, cwd: Path, tmp_path: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_OUTPUT_DIR=str(tmp_path / "$HOMEWORK" / "~"))
    assert settings.output_dir == tmp_path.resolve() / "$HOMEWORK" / "~"


def test_several_directories_are_allowed_as_in_path(home: Path, cwd: Path, tmp_path: Path) -> None:
    listed = os.pathsep.join([str(tmp_path / "a"), " ~/b ", str(tmp_path / "a")])
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=listed, GEMINI_MCP_OUTPUT_DIR="~/out")
    assert settings.allowed_dirs == (tmp_path.resolve() / "a", home / "b", home / "out")


@pytest.mark.parametrize("listed", ["{0}{1}", "{1}{0}", "{1}{0}{1}{1}"])
def test_an_empty_part_of_the_list_allows_nothing(listed: str, home: Path, cwd: Path, tmp_path: Path) -> None:
    listed = listed.format(tmp_path / "a", os.pathsep)
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=listed, GEMINI_MCP_OUTPUT_DIR="~/out")
    assert settings.allowed_dirs == (tmp_path.resolve() / "a", home / "out")


@pytest.mark.parametrize(
    "listed",
    [
        "{0};{1}",
        "{0}, {1}",
        "{0}\n{1}\n",
        "\"{0}\";'{1}'",
        '"{0}","{1}"',
        '["{0}", "{1}"]',
        ' ["{0}","{1}","{0}"] ',
        "'{0},{1}'",
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="JSON doubles the backslashes of Windows")
def test_several_directories_are_understood_however_they_are_written(
    listed: str, home: Path, cwd: Path, tmp_path: Path
) -> None:
    root = tmp_path.resolve()
    text = listed.format(root / "a", root / "b")
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=text, GEMINI_MCP_OUTPUT_DIR="~/out")
    assert settings.allowed_dirs == (root / "a", root / "b", home / "out")


@pytest.mark.parametrize("name", ["Berlin, Paris", "a;b", "it's"])
def test_a_separator_in_the_name_of_a_folder_separates_nothing(name: str, home: Path, cwd: Path) -> None:
    (home / name).mkdir()
    for text in (f"~/{name}", f'"{home / name}"', f"{os.pathsep}~/{name}{os.pathsep}"):
        settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=text, GEMINI_MCP_OUTPUT_DIR="~/out")
        assert settings.allowed_dirs == (home / name, home / "out")


def test_a_home_that_nobody_has_ends_nothing(home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=f"~nobody-4711/docs{os.pathsep}~", GEMINI_MCP_OUTPUT_DIR="~/out")
    assert [path.name for path in settings.allowed_dirs] == ["docs", "home", "out"]
    assert not settings.allowed_dirs[0].exists()


def test_a_home_that_nobody_has_is_no_place_to_write_to(home: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cwd / "~nobody-4711" / "out").mkdir(parents=True)
    monkeypatch.chdir(cwd)
    settings = read(home, cwd, GEMINI_MCP_OUTPUT_DIR="~nobody-4711/out")
    said = (
        r"^Cannot write to ~nobody-4711.out: there is no such user\. Set GEMINI_MCP_OUTPUT_DIR to another directory\."
    )
    with pytest.raises(ConfigurationError, match=said):
        open_place(settings, OWNER).check_writable()
    with pytest.raises(FileRefusedError, match="outside the allowed directories"):
        Boundary.of(settings).approve_output("a.png")


@pytest.mark.parametrize("text", ['["/tmp/r3"', "[/tmp/r3]", '["/tmp/r3", 3]', "['/tmp/r3']", "[" * 100_000])
def test_what_begins_like_a_list_in_json_and_is_none_is_told(text: str, home: Path, cwd: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^GEMINI_MCP_ALLOWED_DIRS begins with \[ and is not JSON") as refusal:
        read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=text)
    assert "r3" not in str(refusal.value)


def test_a_folder_whose_name_begins_like_a_list_is_a_folder(home: Path, cwd: Path) -> None:
    (home / "[photos").mkdir()
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=f'["{(home / "[photos").as_posix()}", ""]')
    assert settings.allowed_dirs == (home / "[photos", settings.output_dir)


def test_an_allowed_folder_may_begin_with_a_bracket(home: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cwd / "[photos").mkdir()
    monkeypatch.chdir(cwd)
    assert read(home, cwd, GEMINI_MCP_ALLOWED_DIRS="[photos").allowed_dirs[0] == cwd / "[photos"


@pytest.mark.parametrize("level", ["debug", "Debug", " 'DEBUG' ", "dEBUG"])
@pytest.mark.parametrize("truth", ["true", "TRUE", "True", "Yes", "ON", "1"])
def test_case_does_not_count_where_there_is_a_choice(level: str, truth: str, home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_LOG_LEVEL=level, GEMINI_MCP_CONFIRM=truth, GEMINI_MCP_ALLOW_SECRETS=truth)
    assert (settings.log_level, settings.confirm, settings.allow_secrets) == ("DEBUG", Confirmation(0), True)


@pytest.mark.parametrize(
    ("text", "above"),
    [
        *((text, 0) for text in ("always", "ALWAYS", " 'true' ", "Yes", "on", "1", "above:0", "above: $0.00")),
        *((text, None) for text in ("never", "Never", "false", "NO", "off", "0", "", "${user_config.confirm}")),
        *((text, 500_000) for text in ("above:0.50", "above: 0.5", "above:$0.50", "ABOVE : $0.5", "above:.5 USD")),
        ("above:1,000", 1_000_000_000),
        ("above:0.000001", 1),
    ],
)
def test_the_user_is_asked_always_never_or_above_an_amount(text: str, above: int | None, home: Path, cwd: Path) -> None:
    assert read(home, cwd, GEMINI_MCP_CONFIRM=text).confirm == Confirmation(above)


@pytest.mark.parametrize(
    ("above", "micros", "asked"),
    [
        (None, 10**9, False),
        (None, None, False),
        (0, 0, True),
        (0, None, True),
        (500_000, 500_000, False),
        (500_000, 500_001, True),
        (500_000, None, True),
    ],
)
def test_what_may_cost_more_than_the_amount_is_asked_about_and_so_is_an_unknown_price(
    above: int | None, micros: int | None, asked: bool
) -> None:
    assert Confirmation(above).covers(micros) is asked


def test_variables_that_look_like_settings_and_are_none_are_known() -> None:
    known = dict.fromkeys(module.SETTING_VARIABLES, "x")
    assert module.find_unknown_variables(known | {"GEMINI_MCP_MODLE": "x", "gemini_mcp_x": "x", "GEMINI_X": "x"}) == [
        "GEMINI_MCP_MODLE",
        "gemini_mcp_x",
    ]


@pytest.mark.skipif(os.name == "nt", reason="making a symbolic link needs a privilege on Windows")
def test_links_that_form_a_loop_end_nothing(home: Path, cwd: Path) -> None:
    (home / "loop").symlink_to(home / "loop")
    listed = f"{home / 'loop'}{os.pathsep}{home / ('x' * 300)}"
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=listed, GEMINI_MCP_OUTPUT_DIR="~/out")
    assert settings.allowed_dirs == (home / "loop", home / ("x" * 300), home / "out")


def test_in_the_bundle_the_working_directory_is_not_allowed(home: Path, cwd: Path) -> None:
    for text in ("", "${user_config.allowed_directory}"):
        environ = {"HOME": str(home), "GEMINI_MCP_ALLOWED_DIRS": text, "GEMINI_MCP_OUTPUT_DIR": "~/out"}
        settings = Settings.from_environ(environ, cwd, bundled=True)
        assert (settings.bundled, settings.allowed_dirs) == (True, (home / "out",))
    settings = Settings.from_environ(environ | {"GEMINI_MCP_ALLOWED_DIRS": "~/docs"}, cwd, bundled=True)
    assert (settings.bundled, settings.allowed_dirs) == (True, (home / "docs", home / "out"))
    assert read(home, cwd, GEMINI_MCP_ALLOWED_DIRS="${user_config.allowed_directory}").bundled


@pytest.mark.parametrize("address", ["http://me:{}@proxy:1", "me:{}@proxy:1", "socks5h://me:{}@proxy:1"])
def test_the_passwords_of_proxies_are_secrets(
    address: str, home: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", address.format("hush-5f2e71"))
    assert "hush-5f2e71" in read(home, cwd).secrets


def test_a_working_directory_that_is_the_root_or_home_is_not_allowed_by_default(home: Path) -> None:
    for cwd in (Path(home.anchor), home):
        assert read(home, cwd, GEMINI_MCP_OUTPUT_DIR="~/out").allowed_dirs == (home / "out",)


def test_it_is_allowed_when_it_is_asked_for(home: Path) -> None:
    settings = read(home, home, GEMINI_MCP_OUTPUT_DIR="~/out", GEMINI_MCP_ALLOWED_DIRS="~")
    assert settings.allowed_dirs == (home, home / "out")


@pytest.mark.skipif(os.name == "nt", reason="making a symbolic link needs a privilege on Windows")
def test_directories_are_resolved(home: Path, cwd: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(cwd, target_is_directory=True)
    settings = read(home, cwd, GEMINI_MCP_ALLOWED_DIRS=str(tmp_path / "link"), GEMINI_MCP_OUTPUT_DIR="~/x/../out")
    assert settings.allowed_dirs == (cwd, home / "out")
    assert settings.output_dir == home / "out"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GEMINI_MCP_WAIT_SECONDS", "soon"),
        ("GEMINI_MCP_INLINE_BYTES", "8 MiB"),
        ("GEMINI_MCP_ALLOW_SECRETS", "perhaps"),
        ("GEMINI_MCP_LOG_LEVEL", "LOUD"),
        ("GEMINI_MCP_WAIT_SECONDS", "-1"),
        ("GEMINI_MCP_WAIT_SECONDS", "nan"),
        ("GEMINI_MCP_INLINE_BYTES", "-1"),
        ("GEMINI_MCP_KEEP_DAYS", "-7"),
        ("GEMINI_MCP_PREVIEWS", "perhaps"),
        *(("GEMINI_MCP_CONFIRM", text) for text in WRONG_CONFIRMATIONS),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable_alone(
    variable: str, value: str, home: Path, cwd: Path
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(home, cwd, **{variable: value})
    assert str(refusal.value).startswith((f"{variable}: ", f"{variable} should be "))
    assert value not in str(refusal.value)
    assert "pydantic" not in str(refusal.value)


def test_defaults_stand_in_for_wrong_values_and_the_rest_is_kept(home: Path, cwd: Path) -> None:
    wrong = {
        "GEMINI_MCP_WAIT_SECONDS": "abc",
        "GEMINI_MCP_PREVIEWS": "maybe",
        "GEMINI_MCP_SERVERS": "[" * 100_000,
        "GEMINI_MCP_RUNS_PER_DAY": "0",
    }
    settings = Settings.from_environ({"HOME": str(home), "GEMINI_MCP_CONFIRM": "yes", **wrong}, cwd)
    assert (settings.wait_seconds, settings.wait_is_set, settings.previews) == (45, False, True)
    assert (settings.servers, settings.runs_per_day, settings.confirm) == ((), None, Confirmation(0))
    assert [next(name for name in wrong if name in finding) for finding in settings.findings] == [
        "GEMINI_MCP_SERVERS",
        "GEMINI_MCP_WAIT_SECONDS",
        "GEMINI_MCP_PREVIEWS",
        "GEMINI_MCP_RUNS_PER_DAY",
    ]
    assert "GEMINI_MCP_PREVIEWS should be true or false." in settings.findings


def test_models_and_agents_are_taken_however_they_are_spelled(home: Path, cwd: Path) -> None:
    settings = read(
        home,
        cwd,
        GEMINI_MCP_MODEL="models/Gemini-X",
        GEMINI_MCP_IMAGE_MODEL=" GEMINI-X-image",
        GEMINI_MCP_RESEARCH_AGENT="agents/deep-research-x",
    )
    assert (settings.model, settings.image_model) == ("gemini-x", "gemini-x-image")
    assert settings.research_agent == "deep-research-x"


@pytest.mark.parametrize(
    ("text", "toolsets"),
    [("all", TOOLSETS), ("ALL", TOOLSETS), (",", TOOLSETS), ("audio  ask", ("ask", "audio")), ("ask,ask", ("ask",))],
)
def test_toolsets_are_listed_in_order_and_once(home: Path, cwd: Path, text: str, toolsets: tuple[str, ...]) -> None:
    assert read(home, cwd, GEMINI_MCP_TOOLSETS=text).toolsets == toolsets


def test_an_unknown_toolset_is_named_with_those_that_there_are(home: Path, cwd: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no toolset films; the toolsets are ask, files, images,"):
        read(home, cwd, GEMINI_MCP_TOOLSETS="ask, films")


def test_a_key_in_the_wrong_variable_is_not_repeated(home: Path, cwd: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(home, cwd, GEMINI_MCP_WAIT_SECONDS=SECRET, GEMINI_MCP_LOG_LEVEL=SECRET)
    assert SECRET not in str(refusal.value)
    assert str(refusal.value).count("GEMINI_MCP_") == 2


def test_a_wrong_log_level_is_told_the_right_ones(home: Path, cwd: Path) -> None:
    with pytest.raises(ConfigurationError, match="LOG_LEVEL should be DEBUG, INFO, WARNING, ERROR or CRITICAL"):
        read(home, cwd, GEMINI_MCP_LOG_LEVEL="LOUD")


def test_the_debug_switch_of_the_sdk_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_DEBUG", "1")
    module.silence_sdk()
    module.silence_sdk()
    assert "GOOGLE_GENAI_DEBUG" not in os.environ


SERVERS = """{
  "docs": {"url": "https://docs.example/mcp", "headers": {"Authorization": "Bearer ${DOCS_TOKEN}", "X": "plain"}},
  "open": {"url": "http://127.0.0.1:9/mcp"}
}"""


def test_remote_servers_come_with_their_headers_filled_and_hidden(home: Path, cwd: Path) -> None:
    settings = read(home, cwd, GEMINI_MCP_SERVERS=SERVERS, DOCS_TOKEN=SECRET)
    docs, open_ = settings.servers
    assert (docs.name, docs.url) == ("docs", "https://docs.example/mcp")
    assert {name: value.get_secret_value() for name, value in docs.headers.items()} == {
        "Authorization": f"Bearer {SECRET}",
        "X": "plain",
    }
    assert (open_.name, open_.url, open_.headers) == ("open", "http://127.0.0.1:9/mcp", {})
    assert SECRET not in repr(settings) + str(settings) + repr(docs) + settings.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [
        "docs",
        "[]",
        "3",
        '{"docs": "https://docs.example"}',
        '{"docs": {}}',
        '{"docs": {"url": "ftp://docs.example"}}',
        '{"docs": {"url": 3}}',
        '{"do cs": {"url": "https://docs.example"}}',
        '{"docs": {"url": "https://docs.example", "headers": ["topsecret"]}}',
        '{"docs": {"url": "https://docs.example", "headers": {"X": 3}}}',
    ],
)
def test_remote_servers_in_another_form_are_refused_without_their_values(home: Path, cwd: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="GEMINI_MCP_SERVERS is not JSON like") as caught:
        read(home, cwd, GEMINI_MCP_SERVERS=text)
    assert "topsecret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_variable_that_a_header_names_and_nobody_has_set_is_named(home: Path, cwd: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^GEMINI_MCP_SERVERS names \$\{DOCS_TOKEN\}, which is not set\.$"
    ) as caught:
        read(home, cwd, GEMINI_MCP_SERVERS=SERVERS)
    assert caught.value.__cause__ is None


def test_all_secrets_are_known_and_in_no_representation(home: Path, cwd: Path) -> None:
    settings = read(
        home,
        cwd,
        GEMINI_API_KEY=SECRET,
        GEMINI_MCP_SERVERS=SERVERS.replace("/mcp", "/mcp?token=in-the-url"),
        DOCS_TOKEN="the-token",
        GEMINI_MCP_DATABASE_URL="postgresql+asyncpg://me:pass%20word@host/journal",
        GOOGLE_GEMINI_BASE_URL="https://user:of-the-proxy@proxy.example",
    )
    found = {"in-the-url", "the-token", "plain", "pass%20word", "pass word", "of-the-proxy", SECRET}
    assert set(settings.secrets) - {""} == found
    for text in (repr(settings), str(settings)):
        assert not any(secret in text for secret in found - {"plain", "of-the-proxy"})


@pytest.mark.parametrize("text", ["abc", "-1", "1,5", "five", "nan", "inf", "1e3", "2,00.0", "5 EUR", "1" * 13, "$"])
def test_a_limit_that_is_no_amount_of_dollars_is_said_and_nothing_is_allowed(home: Path, cwd: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^GEMINI_MCP_DOLLARS_PER_DAY should be an amount of US dollars"):
        read(home, cwd, GEMINI_MCP_DOLLARS_PER_DAY=text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5", "5"), ("$5", "5"), (" 0.5 ", "0.5"), (".5", "0.5"), ("1,234.5 usd", "1234.5"), ("0", "0"), ("7$", "7")],
)
def test_an_amount_of_dollars_is_taken_as_people_write_it(home: Path, cwd: Path, text: str, amount: str) -> None:
    assert read(home, cwd, GEMINI_MCP_DOLLARS_PER_MONTH=text).dollars_per_month == Decimal(amount)
