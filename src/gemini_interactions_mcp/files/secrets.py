"""Which files look like secrets: by their names, and by what is in them. Pure.

A guard against mistakes and injected prompts, not a proof: it knows the usual places and forms of keys and passwords.
What is compressed or encrypted is not looked into.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import encoded

OVERLAP: Final = 32 * 2**10
"""So much of a file is searched again with what follows it; no form of a secret is longer."""

WIDEST: Final = 4
"""Bytes of a letter in UTF-32."""

# Names ---------------------------------------------------------------------------------------------------

NAMES: Final = {
    "private key": (
        *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "ssh_host_*_key"),
        *("*.ppk", "*.p12", "*.pfx", "*.p8", "*.pkcs8", "*.jks", "*.jceks", "*.keystore", "*.bks", "*.agekey"),
        *("secring.*", "*.ovpn", "wallet.dat", "*.wallet"),
    ),
    "password store": (
        *("*.kdbx", "*.kdb", "*.psafe3", "*.opvault", "*.agilekeychain", "*.keychain", "*.keychain-db", "*.keyring"),
        *(".netrc", "_netrc", ".authinfo*", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".git-credentials"),
        *("htpasswd", ".htpasswd", "passwd", "shadow", "gshadow", "master.passwd", "ntds.dit"),
    ),
    "credentials": (
        *(".env*", "*.env", "*.env.local", "client_secret*.json", "accesstokens.json", "token.json"),
        *("service-account*.json", "service_account*.json", "rclone.conf", "wp-config.php"),
        *(".npmrc", ".pypirc", ".dockercfg", "kubeconfig", "*.kubeconfig", "*.tfstate", "*.tfstate.backup", "*.tfvars"),
    ),
    "browser's cookies or logins": (
        *("cookies", "cookies-journal", "cookies.sqlite*", "*.binarycookies", "cookies.txt", "login data*"),
        *("web data", "logins.json", "logins-backup.json", "key3.db", "key4.db", "signons.sqlite", "local state"),
    ),
}
"""What a file name like this is, lower case; `*.pub` is never one."""

VALUES: Final = {
    "password store": ("password", "password[!a-z]*", "passwordlist*", "*passwords", "*passwords[!a-z]*"),
    "credentials": (
        *("*credentials", "*credentials[!a-z]*", "secret", "secret.*", "secrets", "secrets.*"),
        *("env", "env.txt", "env.json", "env.local", "env.dev*", "env.stag*", "env.prod*", "env.bak", "env.old"),
        *("apikey*", "api_key*", "api-key*", "api key*"),
    ),
}
"""The same, unless the extension is one of `PROSE`: `credentials.py` is code, `secrets.yaml` has values in it."""

PROSE: Final = frozenset(
    (
        *("py", "pyi", "ipynb", "js", "mjs", "cjs", "jsx", "ts", "tsx", "vue", "svelte", "html", "htm", "css", "scss"),
        *("c", "h", "cc", "cpp", "hpp", "cs", "java", "kt", "kts", "scala", "go", "rs", "rb", "php", "pl", "pm", "lua"),
        *("r", "jl", "swift", "m", "mm", "dart", "ex", "exs", "erl", "hs", "ml", "fs", "vb", "sql", "graphql", "proto"),
        *("sh", "bash", "zsh", "ps1", "bat", "cmd", "tf", "gradle", "groovy"),
        *("md", "markdown", "rst", "adoc", "tex", "pdf", "epub", "po", "example", "sample", "template", "tmpl", "dist"),
        *("png", "jpg", "jpeg", "gif", "webp", "heic", "svg", "ico", "mp3", "wav", "m4a", "ogg", "flac"),
        *("mp4", "mov", "avi", "webm", "mkv"),
    )
)
"""Extensions of code, documents, samples and media."""

# Contents ------------------------------------------------------------------------------------------------


class Sign(NamedTuple):
    """What shows a kind of secret in a text.

    Attributes:
        patterns: All of them are found, not far from each other. Each takes a time that grows with the text and no
            faster, whatever the text.
        marks: One of them is in every match, where any are given: they are found much faster than a pattern that does
            not begin with letters.
    """

    kind: str
    patterns: tuple[re.Pattern[bytes], ...]
    marks: tuple[bytes, ...] = ()

    def shows_in(self, text: bytes) -> bool:
        """Whether there is one."""
        marked = not self.marks or any(mark in text for mark in self.marks)
        return marked and all(pattern.search(text) for pattern in self.patterns)


def sign(kind: str, *patterns: bytes, marks: tuple[bytes, ...] = ()) -> Sign:
    """A sign of patterns as they are written."""
    return Sign(kind, tuple(re.compile(pattern, re.MULTILINE) for pattern in patterns), marks)


def begins(text: bytes) -> tuple[bytes, ...]:
    """How base64 begins in which a text begins, or a byte or two later."""
    return tuple(dict.fromkeys(form.encode() for form in encoded(text)))


# As HTML, JSON and URLs may write a dash and a space.
DASH: Final = rb"(?:-|&#(?:45|[xX]2[dD]);|&hyphen;|&dash;|\\u002[dD]|%2[dD])"
SPACE: Final = rb"(?:[ +]|&#(?:32|[xX]20);|&nbsp;|\\u0020|%20)"

PEM_HEADERS: Final = tuple(
    b"-----BEGIN " + algorithm + b"PRIVATE KEY"
    for algorithm in (b"", b"RSA ", b"EC ", b"DSA ", b"OPENSSH ", b"ENCRYPTED ", b"PGP ")
)
IN_BASE64: Final = tuple(text for header in PEM_HEADERS for text in begins(header))

LIKELY: Final = (
    rb"(?=[\w.-]{0,200}\d)(?=[\w.-]{0,200}[a-z])(?=[\w.-]{0,200}[A-Z])"
    rb"(?![\w.-]{0,200}(?:(?P<same>[\w.-])(?P=same){3}"
    rb"|(?i:1234567|abcdefg|your|example|placeholder|replace|dummy|sample|insert|api.?key)))"
)
"""What a random token has, and what it has not: a placeholder is none."""

SIGNS: Final = (
    # Code names the header in quotes.
    sign(
        "private key",
        rb"BEGIN%b(?:[A-Z0-9]{1,16}%b){0,3}PRIVATE%bKEY(?:%bBLOCK)?%b{5}(?![\"'`)\]])" % (*[SPACE] * 4, DASH),
        marks=(b"PRIVATE",),
    ),
    sign("private key", b"|".join(map(re.escape, IN_BASE64)), marks=begins(b"-----BEGIN ")),
    sign("private key", rb"PuTTY-User-Key-File-\d"),
    sign("private key", rb"AGE-SECRET-KEY-1[0-9A-Z]{20}"),
    # A public JWK has neither: https://www.rfc-editor.org/rfc/rfc7518#section-6
    sign("private key", rb'"kty"\s*:\s*"(?:RSA|EC|OKP)"', rb'"d"\s*:\s*"[\w-]{20,}"', marks=(b'"kty"',)),
    sign("private key", rb'"kty"\s*:\s*"oct"', rb'"k"\s*:\s*"[\w-]{20,}"', marks=(b'"kty"',)),
    sign("credentials", rb'"private_key"\s*:\s*"-----BEGIN', marks=(b'"private_key"',)),
    sign("credentials", rb'"type"\s*:\s*"service_account"', marks=(b'"service_account"',)),
    sign(
        "credentials",
        rb"(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+=]{30}",
        marks=(b"secret_access_key", b"SECRET_ACCESS_KEY"),
    ),
    # https://docs.docker.com/reference/cli/docker/login/
    sign(
        "credentials",
        rb'"auths"\s*:\s*\{',
        rb'"auth"\s*:\s*"[A-Za-z0-9+/]{8,}={0,2}"|"identitytoken"\s*:\s*"[\w.+/=-]{20}',
        marks=(b'"auths"',),
    ),
    # https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
    sign("credentials", rb"client-key-data[\"']?\s*:\s*[\"']?[A-Za-z0-9+/]{40}"),
    sign(
        "credentials",
        rb"^kind:[ \t]*Config[ \t\r]*$",
        rb"^[ \t-]+(?:token|password|client-secret|id-token|refresh-token):[ \t]*[\"']?[\w.+/=-]{12}",
        marks=(b"\nusers:",),
    ),
    # https://ai.google.dev/gemini-api/docs/api-key
    sign("Google API key", rb"AIza(?<![\w-]AIza)%b[\w-]{35}(?![\w-])" % LIKELY),
    sign("Google API key", rb"AQ\.(?<![\w.-]AQ\.)%b[\w-]{40,200}(?![\w-])" % LIKELY),
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    sign("GitHub token", rb"gh[pousr]_(?<!\wgh[pousr]_)%b[\w.-]{36}" % LIKELY),
    sign("GitHub token", rb"github_pat_(?<!\wgithub_pat_)%b\w{36}" % LIKELY),
)
"""What a file with this in it is."""

STORES: Final = re.compile(rb"\x03\xd9\xa2\x9a[\x65-\x67]\xfb\x4b\xb5|\xfe\xed\xfe\xed|\xce\xce\xce\xce")
"""How password stores begin: KeePass (keepass.info/help/kb/kdbx_4.html), and Java's JKS and JCEKS."""


def kind_of_secret(name: str, chunks: Iterable[bytes]) -> str | None:
    """What a file looks like, in words that follow "looks like a"; None for any other file.

    Args:
        name: Of the file itself, links resolved.
        chunks: What of it is searched, in order; nothing is read where the name says enough.
    """
    return next(by_name(plain(name)), None) or next(by_content(chunks), None)


def by_name(name: str) -> Iterator[str]:
    """What a plain name says."""
    if name.endswith(".pub"):
        return
    prose = name.rpartition(".")[2] in PROSE
    for table in (NAMES,) if prose else (NAMES, VALUES):
        for kind, patterns in table.items():
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                yield kind


def by_content(chunks: Iterable[bytes]) -> Iterator[str]:
    """What the content says; in UTF-16 and UTF-32, ASCII has NULs beside each letter."""
    before = b""
    for chunk in chunks:
        if not before:
            yield from ["password store"] if STORES.match(chunk) else []
        text = before + chunk
        narrow = text.replace(b"\0", b"") if b"\0" in text else b""
        yield from (each.kind for form in (text, narrow) for each in SIGNS if each.shows_in(form))
        before = text[-OVERLAP * WIDEST if narrow else -OVERLAP :]


def plain(name: str) -> str:
    """A name as file systems may take it: without case, forms of width, invisible letters and Windows' lost ends."""
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(" .")
