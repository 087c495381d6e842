"""What the URL of a database says."""

import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from gemini_interactions_mcp.core.errors import JournalError
from gemini_interactions_mcp.journal.database_url import parse_url, redact_passwords, split_libpq_parameters
from gemini_interactions_mcp.journal.journal import Journal


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgresql://me@host/db", "postgresql+asyncpg"),
        ("postgres://me@host/db", "postgresql+asyncpg"),
        ("postgresql:///db?host=socket", "postgresql+asyncpg"),
        ("postgresql+psycopg://me@host/db", "postgresql+psycopg"),
        ("sqlite+aiosqlite:///x", "sqlite+aiosqlite"),
        ("sqlite:///x", "sqlite+aiosqlite"),
    ],
)
def test_a_url_that_names_no_driver_gets_an_async_one(text: str, driver: str) -> None:
    url = parse_url(text)
    assert url.drivername == driver
    assert url.render_as_string(hide_password=False).partition(":")[2] == text.partition(":")[2]


@pytest.mark.parametrize("address", ["mysql://me:hunter2@h/db", "mariadb+asyncmy://h/db", "oracle://h/db", "none://h"])
async def test_another_database_is_refused_in_clear_words(address: str) -> None:
    with pytest.raises(JournalError, match=r"on which the journal cannot be kept. Use PostgreSQL .* or SQLite") as told:
        await Journal(address).unfinished()
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize("prefix", ["~", "$HOME", "${HOME}"])
@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
def test_the_path_of_a_file_may_begin_with_the_home_directory(
    driver: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    url = parse_url(f"{driver}:///{prefix}/data/j.sqlite3?timeout=1")
    assert url.database == str(tmp_path / "data" / "j.sqlite3")
    assert url.query == {"timeout": "1"}


@pytest.mark.parametrize(
    "text", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:~/x?uri=true", "sqlite:////a/~", "postgresql://h/~"]
)
def test_what_is_no_path_below_the_home_directory_stays_as_it_is(text: str) -> None:
    assert parse_url(text).database == sa.make_url(text).database


def test_a_file_below_the_home_directory_of_nobody_is_refused() -> None:
    with pytest.raises(JournalError, match=r"GEMINI_MCP_DATABASE_URL names ~nobody-4711/j: there is no such user\."):
        parse_url("sqlite:///~nobody-4711/j")


async def test_a_journal_is_opened_below_the_home_directory_and_nothing_is_made_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cwd := tmp_path / "cwd").mkdir()
    monkeypatch.chdir(cwd)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    journal = Journal("sqlite:///~/deep/j.sqlite3")
    try:
        assert await journal.unfinished() == []
    finally:
        await journal.close()
    assert (tmp_path / "home" / "deep" / "j.sqlite3").is_file()
    assert list(cwd.iterdir()) == []


def test_what_only_a_dsn_says_to_asyncpg_is_said_in_one() -> None:
    root = "/certificates/the root.pem"
    url = parse_url(f"postgresql://me:p@host:5/db?sslmode=verify-full&sslrootcert={root}&target_session_attrs=any")
    left, arguments = split_libpq_parameters(url)
    assert left.render_as_string(hide_password=False) == "postgresql+asyncpg://me:p@host:5/db?target_session_attrs=any"
    assert arguments == {"dsn": "postgresql://?sslmode=verify-full&sslrootcert=%2Fcertificates%2Fthe+root.pem"}


@pytest.mark.parametrize("text", ["postgresql+psycopg://host/db?sslmode=require", "postgresql://host/db?ssl=require"])
def test_what_a_driver_understands_is_left_to_it(text: str) -> None:
    assert split_libpq_parameters(parse_url(text)) == (parse_url(text), {})


PASSWORD = "p@ss/wörd '1%\\"
CODED = "p%40ss%2Fw%C3%B6rd%20%271%25%5C"


@pytest.mark.parametrize(
    "quoted",
    [
        PASSWORD,
        CODED,
        CODED.lower(),
        "p@ss/w%c3%B6rd%20'1%25%5c",
        "%70%40%73%73%2f%77%c3%b6%72%64%20%27%31%25%5c",
        "p%40ss%2Fw%C3%B6rd+%271%25%5C",
        repr(PASSWORD)[1:-1],
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{CODED}@host/db",
        f"postgresql://host/db?user=me&password={CODED}",
        f"postgresql+psycopg://me@host/db?passwd={CODED}",
        f"postgresql://me:short@host/db?sslpassword={CODED}&sslmode=require",
        f"postgresql://me:p@host/db?password={CODED}",
    ],
)
def test_a_password_is_redacted_however_it_is_quoted(address: str, quoted: str) -> None:
    assert redact_passwords(f"no <{quoted}> here", parse_url(address)) == "no <***> here"


@pytest.mark.parametrize(
    ("password", "text", "told"),
    [
        ("p", "OperationalError: no p for 'p'", "OperationalError: no *** for '***'"),
        ("error", "OperationalError: an error at me:error@host", "OperationalError: an *** at me:***@host"),
        ("12", "ORA-12154 of 12 at 127.0.0.1", "ORA-12154 of *** at 127.0.0.1"),
        ("ß", "Größe ß", "Größe ***"),
        ("S3cret-4You", "xS3cret-4Youx", "x***x"),
    ],
)
def test_a_short_password_is_redacted_where_it_stands_by_itself(password: str, text: str, told: str) -> None:
    assert redact_passwords(text, parse_url(f"postgresql://me:{password}@host/db")) == told


async def test_a_missing_driver_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(JournalError, match=r"Install gemini-interactions-mcp\[postgresql\]"):
        await Journal("postgresql://me@host/db").unfinished()
