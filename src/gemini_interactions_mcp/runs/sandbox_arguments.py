"""Reads what `start_research` is told about an agent's sandbox: its id, a repository, what it may reach. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from gemini_interactions_mcp.core import InputError, quote_name, strip_quotes
from gemini_interactions_mcp.files import is_reachable
from gemini_interactions_mcp.models import NEW_ENVIRONMENT, Sandbox

NO_NETWORK_WORDS: Final = frozenset({"none", "disabled", "disable", "off", "no", "false", ""})
"""What callers write for a sandbox without network."""

DOMAIN_PATTERN: Final = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
"""A domain, or `*.` and a domain. Source: google-genai 3.6.1, types/interactions/allowlistentry.py"""

ANY_DOMAIN: Final = "*"

MAX_DOMAINS: Final = 100

REPOSITORY_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]{1,100}){2,10}")
"""Path of a repository: its owner, its name, and groups between them where a host has such."""

ENVIRONMENT_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:~-]{0,255}")
"""What can be the id of an environment."""

FAMILIAR_HOSTS: Final = frozenset({"github.com", "gitlab.com", "bitbucket.org"})
"""Hosts of repositories that answer at `www.`, too."""

FLAT_HOSTS: Final = frozenset({"github.com", "bitbucket.org"})
"""Hosts on which a repository has an owner and a name, and no groups."""

PAGE_NAMES: Final = frozenset({"tree", "blob", "src"})
"""What follows the name of a repository in the address of a branch, folder or file."""

SHORT_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_-]{1,100}/[A-Za-z0-9._-]{1,100}")
"""A repository without its host."""

REPOSITORY_FORM: Final = "write repository as https://github.com/owner/name"


class SandboxTerms(NamedTuple):
    """What a caller says about the sandbox of an agent.

    Attributes:
        environment: `remote`, or the id of an environment.
        repository: Address of a repository.
        network: Domains between commas, or a word for none.
        has_files: Whether files go into it.
    """

    environment: str | None = None
    repository: str | None = None
    network: str | None = None
    has_files: bool = False

    def name_wishes(self) -> dict[str, str | None]:
        """Return the arguments by their names, without the files."""
        return {"environment": self.environment, "repository": self.repository, "network": self.network}


NO_SANDBOX: Final = SandboxTerms()


def build_sandbox(terms: SandboxTerms) -> Sandbox | None:
    """Return what a sandbox is to have beside files; None where nothing is asked for.

    Raises:
        InputError: It is no public Git repository, or no domain.
    """
    if terms.repository is None and terms.network is None:
        return None
    return Sandbox(
        repository=None if terms.repository is None else parse_repository(terms.repository),
        network=None if terms.network is None else parse_network(terms.network),
    )


def parse_environment(text: str | None) -> str | None:
    """Return the id of an environment, or the word for a new one.

    Raises:
        InputError: It cannot be an id.
    """
    if text is None:
        return None
    name = strip_quotes(text).removeprefix("environments/")
    if name.casefold() == NEW_ENVIRONMENT:
        return NEW_ENVIRONMENT
    if ENVIRONMENT_ID.fullmatch(name):
        return name
    raise InputError(
        f"{quote_name(text)!r} cannot be the id of a sandbox: environment is {NEW_ENVIRONMENT}, or the environment_id "
        "of an earlier task. Nothing was sent."
    )


def parse_network(text: str) -> tuple[str, ...]:
    """Return the domains that a sandbox may reach, in one order; none where a word says so, or there is no word.

    Raises:
        InputError: One of them is no domain, or there are too many.
    """
    if "@" in unicodedata.normalize("NFKC", text):
        raise InputError(
            "network takes the names of domains, and no user names or passwords: a sandbox is not told them. Nothing "
            "was sent."
        )
    given = [strip_quotes(word).casefold() for word in re.split(r"[,\s]+", text)]
    domains = sorted({parse_domain(word) for word in given if word not in NO_NETWORK_WORDS})
    if len(domains) > MAX_DOMAINS:
        raise InputError(f"network takes at most {MAX_DOMAINS} domains. Nothing was sent.")
    if domains and any(word in NO_NETWORK_WORDS for word in given if word):
        raise InputError("network is either none or a list of domains. Nothing was sent.")
    return (ANY_DOMAIN,) if ANY_DOMAIN in domains else tuple(domains)


def parse_domain(word: str) -> str:
    """Return a domain in ASCII; the address of a whole host stands for its domain.

    Raises:
        InputError: It is no public domain.
    """
    if word == ANY_DOMAIN:
        return word
    bare = re.sub(r"^https?://", "", word).removesuffix("/").rstrip(".")
    wildcard, name = ("*.", bare[2:]) if bare.startswith("*.") else ("", bare)
    try:
        domain = wildcard + name.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if len(domain) > 253 or not DOMAIN_PATTERN.fullmatch(domain) or not is_reachable(domain.removeprefix("*.")):
        # Behind these characters may be a secret.
        shown = re.split(r"[?#=&;]", word)[0]
        raise InputError(
            f"{quote_name(shown)!r} is no public domain: network takes names such as example.com or *.example.com, or "
            "none. Nothing was sent."
        )
    return domain


def parse_repository(text: str) -> str:
    """Return the address of a public Git repository.

    Raises:
        InputError: It is none: the message says what is wrong, without repeating a password.
    """
    if SHORT_REPOSITORY.fullmatch(text.strip()):
        raise InputError(
            f"That address has no host: write repository as https://github.com/{text.strip()}. Nothing was sent."
        )
    url = split_repository(text.strip())
    if url is None or url.scheme != "https" or not url.hostname:
        raise InputError(f"That is no https address of a Git repository: {REPOSITORY_FORM}. Nothing was sent.")
    if url.username is not None or url.password is not None or "@" in url.netloc:
        raise InputError(
            "A repository's address goes to Google, and must not hold a user name, password or token; private "
            "repositories cannot be used. Nothing was sent."
        )
    host = url.hostname.casefold()
    host = bare if (bare := host.removeprefix("www.")) in FAMILIAR_HOSTS else host
    if not DOMAIN_PATTERN.fullmatch(host) or not is_reachable(host) or url.port not in (None, 443):
        raise InputError("Google cannot reach that repository: it is not on a public host. Nothing was sent.")
    path = url.path.rstrip("/").removesuffix(".git")
    names = path.split("/")[1:]
    deeper = leads_into_repository(host, names)
    if url.query or url.fragment or deeper or not REPOSITORY_PATH.fullmatch(path) or not all(map(is_name, names)):
        raise InputError(
            f"That address is not one of a whole repository; a branch or folder cannot be chosen: {REPOSITORY_FORM}. "
            "Nothing was sent."
        )
    return f"https://{host}{path}"


def leads_into_repository(host: str, names: Sequence[str]) -> bool:
    """Whether a path is that of a branch, folder or file of a repository, as far as hosts have a form for these."""
    if host in FLAT_HOSTS:
        return len(names) != 2
    return "-" in names or (len(names) > 2 and names[2] in PAGE_NAMES)


def is_name(part: str) -> bool:
    """Whether a part of a path is a name, and does not lead elsewhere."""
    return bool(part.strip("."))


def split_repository(text: str) -> SplitResult | None:
    """Parse an address, of which the scheme may be missing; None if it is malformed."""
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        _ = url.port
    except ValueError:
        return None
    return url
