"""Which files look like secrets: by their names, and by how they begin. Pure.

A guard against mistakes and injected prompts, not a proof: it knows the usual places of keys and passwords.
"""

import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

HEAD_BYTES: Final = 64 * 2**10
"""How much of a file is looked at: a key may follow its certificates."""

CONFIGURATION: Final = ("json", "yaml", "yml", "toml", "ini", "csv", "xml", "properties", "cfg", "conf", "db")
"""Extensions of files that hold values; `credentials.py` is code."""

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
        *(".env*", "*.env", "*.env.local", "credentials", "client_secret*.json", "accesstokens.json", "token.json"),
        *(f"{name}.{kind}" for name in ("*credentials", "secrets") for kind in CONFIGURATION),
        *("service-account*.json", "service_account*.json", "rclone.conf"),
        *(".npmrc", ".pypirc", ".dockercfg", "kubeconfig", "*.kubeconfig", "*.tfstate", "*.tfstate.backup", "*.tfvars"),
    ),
    "browser's cookies or logins": (
        *("cookies", "cookies-journal", "cookies.sqlite*", "*.binarycookies", "cookies.txt", "login data*"),
        *("web data", "logins.json", "logins-backup.json", "key3.db", "key4.db", "signons.sqlite", "local state"),
    ),
}
"""What a file name like this is, lower case; `*.pub` is never one."""

CONTENTS: Final = {
    "private key": re.compile(
        rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        rb"|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{20}"
    ),
    "credentials": re.compile(
        rb"\"private_key\"\s*:\s*\"-----BEGIN|\"type\"\s*:\s*\"service_account\"|aws_secret_access_key\s*[=:]\s*\S{30}",
        re.IGNORECASE,
    ),
    "password store": re.compile(rb"\A(?:\x03\xd9\xa2\x9a[\x65-\x67]\xfb\x4b\xb5|\xfe\xed\xfe\xed|\xce\xce\xce\xce)"),
}
"""What a file with this in it is. The last: KeePass (keepass.info/help/kb/kdbx_4.html), and Java's JKS and JCEKS."""


def kind_of_secret(name: str, head: bytes) -> str | None:
    """What a file looks like, in words that follow "looks like a"; None for any other file.

    Args:
        name: Of the file itself, links resolved.
        head: Its first `HEAD_BYTES`.
    """
    return next(by_name(plain(name)), None) or next(by_content(head), None)


def by_name(name: str) -> Iterator[str]:
    """What a plain name says."""
    if name.endswith(".pub"):
        return
    for kind, patterns in NAMES.items():
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield kind


def by_content(head: bytes) -> Iterator[str]:
    """What the beginning says; in UTF-16, ASCII has a NUL beside each letter."""
    text = head.replace(b"\0", b"") if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head
    for kind, pattern in CONTENTS.items():
        if pattern.search(text):
            yield kind


def plain(name: str) -> str:
    """A name as file systems may take it: without case, forms of width, invisible letters and Windows' lost ends."""
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible).casefold().rstrip(" .")
