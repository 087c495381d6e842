"""Which files look like secrets, by their names and contents. Pure.

A guard against mistakes and injected prompts, not a proof: it knows the usual places and forms of keys and passwords.
Compressed and encrypted content is not inspected.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from gemini_interactions_mcp.core import iter_base64_forms

OVERLAP_BYTES: Final = 32 * 2**10
"""Bytes of a chunk that are searched again with the next one; no form of a secret is longer."""

WIDEST_LETTER_BYTES: Final = 4
"""Bytes of a letter in UTF-32."""

SECRET_NAMES: Final = {
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
"""Kind of secret -> patterns of folded file names; `*.pub` is never a secret."""

SECRET_VALUE_NAMES: Final = {
    "password store": ("password", "password[!a-z]*", "passwordlist*", "*passwords", "*passwords[!a-z]*"),
    "credentials": (
        *("*credentials", "*credentials[!a-z]*", "secret", "secret.*", "secrets", "secrets.*"),
        *("env", "env.txt", "env.json", "env.local", "env.dev*", "env.stag*", "env.prod*", "env.bak", "env.old"),
        *("apikey*", "api_key*", "api-key*", "api key*"),
    ),
}
"""The same unless the extension is in `PROSE_EXTENSIONS`: `credentials.py` is code, `secrets.yaml` holds values."""

PROSE_EXTENSIONS: Final = frozenset(
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


class SecretSign(NamedTuple):
    """What reveals a kind of secret in a text.

    Attributes:
        kind: What the secret is, in words that follow "looks like a secret".
        patterns: All of them must occur, not far from each other. Each takes linear time, whatever the text.
        marks: If any are given, each match contains one of them: they are found much faster than a pattern that does
            not begin with letters.
    """

    kind: str
    patterns: tuple[re.Pattern[bytes], ...]
    marks: tuple[bytes, ...] = ()

    def occurs_in(self, text: bytes) -> bool:
        """Whether a text contains the sign."""
        marked = not self.marks or any(mark in text for mark in self.marks)
        return marked and all(pattern.search(text) for pattern in self.patterns)


def compile_sign(kind: str, *patterns: bytes, marks: tuple[bytes, ...] = ()) -> SecretSign:
    """Compile a sign."""
    return SecretSign(kind, tuple(re.compile(pattern, re.MULTILINE) for pattern in patterns), marks)


def encode_alignments(text: bytes) -> tuple[bytes, ...]:
    """Return what base64 contains if a text is encoded from any of its three alignments."""
    return tuple(dict.fromkeys(form.encode() for form in iter_base64_forms(text)))


# A dash and a space, also as HTML, JSON and URLs escape them.
ESCAPED_DASH: Final = rb"(?:-|&#(?:45|[xX]2[dD]);|&hyphen;|&dash;|\\u002[dD]|%2[dD])"
ESCAPED_SPACE: Final = rb"(?:[ +]|&#(?:32|[xX]20);|&nbsp;|\\u0020|%20)"

PEM_HEADERS: Final = tuple(
    b"-----BEGIN " + algorithm + b"PRIVATE KEY"
    for algorithm in (b"", b"RSA ", b"EC ", b"DSA ", b"OPENSSH ", b"ENCRYPTED ", b"PGP ")
)
PEM_IN_BASE64: Final = tuple(text for header in PEM_HEADERS for text in encode_alignments(header))

RANDOM_TOKEN: Final = (
    rb"(?=[\w.-]{0,200}\d)(?=[\w.-]{0,200}[a-z])(?=[\w.-]{0,200}[A-Z])"
    rb"(?![\w.-]{0,200}(?:(?P<same>[\w.-])(?P=same){3}"
    rb"|(?i:1234567|abcdefg|your|example|placeholder|replace|dummy|sample|insert|api.?key)))"
)
"""What a random token contains, and what only a placeholder contains."""

SECRET_SIGNS: Final = (
    # Code has the header in quotes.
    compile_sign(
        "private key",
        rb"BEGIN%b(?:[A-Z0-9]{1,16}%b){0,3}PRIVATE%bKEY(?:%bBLOCK)?%b{5}(?![\"'`)\]])"
        % (*[ESCAPED_SPACE] * 4, ESCAPED_DASH),
        marks=(b"PRIVATE",),
    ),
    compile_sign("private key", b"|".join(map(re.escape, PEM_IN_BASE64)), marks=encode_alignments(b"-----BEGIN ")),
    compile_sign("private key", rb"PuTTY-User-Key-File-\d"),
    compile_sign("private key", rb"AGE-SECRET-KEY-1[0-9A-Z]{20}"),
    # A public JWK has neither: https://www.rfc-editor.org/rfc/rfc7518#section-6
    compile_sign("private key", rb'"kty"\s*:\s*"(?:RSA|EC|OKP)"', rb'"d"\s*:\s*"[\w-]{20,}"', marks=(b'"kty"',)),
    compile_sign("private key", rb'"kty"\s*:\s*"oct"', rb'"k"\s*:\s*"[\w-]{20,}"', marks=(b'"kty"',)),
    compile_sign("credentials", rb'"private_key"\s*:\s*"-----BEGIN', marks=(b'"private_key"',)),
    compile_sign("credentials", rb'"type"\s*:\s*"service_account"', marks=(b'"service_account"',)),
    compile_sign(
        "credentials",
        rb"(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+=]{30}",
        marks=(b"secret_access_key", b"SECRET_ACCESS_KEY"),
    ),
    # https://docs.docker.com/reference/cli/docker/login/
    compile_sign(
        "credentials",
        rb'"auths"\s*:\s*\{',
        rb'"auth"\s*:\s*"[A-Za-z0-9+/]{8,}={0,2}"|"identitytoken"\s*:\s*"[\w.+/=-]{20}',
        marks=(b'"auths"',),
    ),
    # https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
    compile_sign("credentials", rb"client-key-data[\"']?\s*:\s*[\"']?[A-Za-z0-9+/]{40}"),
    compile_sign(
        "credentials",
        rb"^kind:[ \t]*Config[ \t\r]*$",
        rb"^[ \t-]+(?:token|password|client-secret|id-token|refresh-token):[ \t]*[\"']?[\w.+/=-]{12}",
        marks=(b"\nusers:",),
    ),
    # https://ai.google.dev/gemini-api/docs/api-key
    compile_sign("Google API key", rb"AIza(?<![\w-]AIza)%b[\w-]{35}(?![\w-])" % RANDOM_TOKEN),
    compile_sign("Google API key", rb"AQ\.(?<![\w.-]AQ\.)%b[\w-]{40,200}(?![\w-])" % RANDOM_TOKEN),
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    compile_sign("GitHub token", rb"gh[pousr]_(?<!\wgh[pousr]_)%b[\w.-]{36}" % RANDOM_TOKEN),
    compile_sign("GitHub token", rb"github_pat_(?<!\wgithub_pat_)%b\w{36}" % RANDOM_TOKEN),
)
"""Signs in the content of a file."""

PASSWORD_STORE_MAGIC: Final = re.compile(rb"\x03\xd9\xa2\x9a[\x65-\x67]\xfb\x4b\xb5|\xfe\xed\xfe\xed|\xce\xce\xce\xce")
"""First bytes of password stores: KeePass (keepass.info/help/kb/kdbx_4.html), and Java's JKS and JCEKS."""


def detect_secret(name: str, chunks: Iterable[bytes]) -> str | None:
    """Return the kind of secret that a file looks like, or None.

    Args:
        name: The name of the file itself, links resolved.
        chunks: The content to search, in order; not read if the name suffices.
    """
    return next(iter_kinds_by_name(fold_file_name(name)), None) or next(iter_kinds_by_content(chunks), None)


def iter_kinds_by_name(name: str) -> Iterator[str]:
    """Yield the kinds of secrets that a folded name stands for."""
    if name.endswith(".pub"):
        return
    prose = name.rpartition(".")[2] in PROSE_EXTENSIONS
    for table in (SECRET_NAMES,) if prose else (SECRET_NAMES, SECRET_VALUE_NAMES):
        for kind, patterns in table.items():
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                yield kind


def iter_kinds_by_content(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the kinds of secrets in a content, also in UTF-16 and UTF-32, where ASCII has NULs beside each letter."""
    before = b""
    for chunk in chunks:
        if not before:
            yield from ["password store"] if PASSWORD_STORE_MAGIC.match(chunk) else []
        text = before + chunk
        narrow = text.replace(b"\0", b"") if b"\0" in text else b""
        yield from (each.kind for form in (text, narrow) for each in SECRET_SIGNS if each.occurs_in(form))
        before = text[-OVERLAP_BYTES * WIDEST_LETTER_BYTES if narrow else -OVERLAP_BYTES :]


def fold_file_name(name: str) -> str:
    """Fold a name as file systems may: case, width, invisible characters, and the ends that Windows strips."""
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(" .")
