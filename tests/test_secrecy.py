"""Which files look like secrets."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_interactions_mcp.files import secrets
from gemini_interactions_mcp.files.secrets import detect_secret

BEGIN = b"-----BEGIN "
"""Kept apart, so that this file does not look like a secret."""

SECRET_NAMES = """
id_rsa id_ed25519 ID_RSA id_rsa.bak id_ecdsa_work ssh_host_rsa_key server.p12 Server.PFX release.jks vault.kdbx
login.keychain-db
.netrc _netrc .pgpass .git-credentials .htpasswd shadow .env .env.local production.env PROD.ENV .npmrc .pypirc
credentials
credentials.json aws_credentials.csv client_secret_1234.json service-account.json token.json secrets.yaml kubeconfig
terraform.tfstate prod.tfvars Cookies cookies.sqlite logins.json key4.db wallet.dat
env env.txt ENV.TXT env.local env.production env.bak secret secrets secrets.txt secrets.bak secret.json Secrets.XLSX
password passwords password.txt passwords.csv Passwords.xlsx my-passwords.txt password_2026.txt password1.docx
passwordlist aws_credentials my-credentials.txt api_key apikeys.txt API-Keys.csv wp-config.php
id_rsa. prod.env\u200b \uff49\uff44\uff3f\uff52\uff53\uff41
"""

HARMLESS_NAMES = """
id_rsa.pub notes.txt environment.md env.py keyboard.png secret-garden.pdf secrets.py credentials.py cookies.md
tokenizer.json
passwords.pdf monkey.txt
environment.py environment.yml env.md env.d.ts env.yaml environment.txt password_reset.html passwordField.vue
password-strength.js Password.java passwordless.txt passwords.md secrets.rs secrets.tf secretary.txt secrets.example
secrets.yaml.dist env.example wp-config-sample.php wp-config.php.md apikey.go api_keys.md credentials.example
config.json
"""

SECRET_CONTENTS = [
    BEGIN + b"PRIVATE KEY-----\n",
    BEGIN + b"RSA PRIVATE KEY-----\n",
    BEGIN + b"OPENSSH PRIVATE KEY-----\n",
    BEGIN + b"ENCRYPTED PRIVATE KEY-----\n",
    BEGIN + b"PGP PRIVATE KEY BLOCK-----\n",
    BEGIN + b"CERTIFICATE-----\n" + b"A" * 9000 + BEGIN + b"EC PRIVATE KEY-----\n",
    b"PuTTY-User-Key-File-3: ssh-ed25519\n",
    b"# created\nAGE-SECRET-KEY-1" + b"Q" * 58,
    b'{"type": "service_account", "project_id": "x"}',
    b'{"private_key" : "-----BEGIN PRIVATE KEY-----"}',
    b"[default]\naws_secret_access_key = " + b"a" * 40,
    b"\xfe\xed\xfe\xed\0\0\0\2",
    bytes.fromhex("03d9a29a67fb4bb5"),
    ("\ufeff" + BEGIN.decode() + "PRIVATE KEY-----").encode("utf-16-le"),
]


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_name_of_a_secret_is_known(name: str) -> None:
    assert detect_secret(name, [])


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_a_name_that_only_resembles_one_is_not(name: str) -> None:
    assert detect_secret(name, [b"Hello"]) is None


@pytest.mark.parametrize("content", SECRET_CONTENTS, ids=range(len(SECRET_CONTENTS)))
def test_a_secret_is_known_by_what_is_in_it(content: bytes) -> None:
    assert detect_secret("notes.txt", [content])


@pytest.mark.parametrize(
    "content",
    [
        BEGIN + b"PUBLIC KEY-----",
        BEGIN + b"CERTIFICATE-----",
        b"the private key is kept elsewhere",
        b"aws_secret_access_key =",
    ],
)
def test_what_talks_of_secrets_is_none(content: bytes) -> None:
    assert detect_secret("notes.txt", [content]) is None


FILL = "Q7xV2mLw9TzRc4N4ryKp3Hd8Rf6Jb1GsWn5Ue0"
"""Random letters and digits for made-up tokens."""

GOOGLE = f"AIza{FILL[:35]}"
GITHUB = f"ghp_{FILL[:36]}"
PUBLIC_JWK: dict[str, Any] = {"kty": "EC", "crv": "P-256", "kid": "d", "x": FILL, "y": FILL, "key_ops": ["verify"]}
RSA_JWK: dict[str, Any] = {"kty": "RSA", "n": FILL * 9, "e": "AQAB"}
DOCKER = {"auths": {"ghcr.io": {}, "https://index.docker.io/v1/": {"auth": base64.b64encode(b"me:hush-5f2e").decode()}}}

KUBECONFIG = """apiVersion: v1
clusters:
- cluster: {server: "https://k.example"}
  name: k
kind: Config
users:
- name: me
  user:
    """


def pem(kind: str = "", dash: str = "-", space: str = " ") -> str:
    """Return the header of a private key."""
    return f"{dash * 5}BEGIN {kind}PRIVATE KEY{dash * 5}".replace(" ", space)


def forms() -> Iterator[tuple[str, str]]:
    """Yield secrets, each with a name."""
    yield "a Google API key", f"key: {GOOGLE}"
    yield "one with a dash", f"key={GOOGLE[:4]}-{GOOGLE[5:]}&x"
    yield "one of the newer form", f'API_KEY="AQ.{FILL}{FILL[:12]}"'
    for kind in ("ghp", "gho", "ghu", "ghr"):
        yield f"a GitHub token, {kind}", f"token {GITHUB.replace('ghp', kind)}"
    yield "a GitHub token of an installation", f"ghs_{FILL[:20]}.{FILL}_{FILL}"
    yield "a fine-grained GitHub token", f"github_pat_{FILL[:22]}_{FILL}{FILL[:20]}"
    yield "a GitHub token in a URL", f"https://me:{GITHUB}@github.com/o/r"
    yield "docker", json.dumps(DOCKER)
    yield "docker in lines", json.dumps(DOCKER, indent=8)
    yield "docker with a token", json.dumps({"auths": {"a": {"identitytoken": FILL}}})
    yield "kubeconfig", f"{KUBECONFIG}client-key-data: {FILL}{FILL}"
    yield "kubeconfig with a token", f"{KUBECONFIG}token: {FILL}"
    yield "kubeconfig with Windows' lines", f"{KUBECONFIG}password: '{FILL}'".replace("\n", "\r\n")
    yield "kubeconfig as JSON", json.dumps({"users": [{"user": {"client-key-data": FILL * 2}}]})
    yield "JWK", json.dumps({**PUBLIC_JWK, "d": FILL})
    yield "JWK the other way round", json.dumps({"d": FILL, **PUBLIC_JWK}, indent=2)
    yield "JWK of RSA, in a set", json.dumps({"keys": [PUBLIC_JWK, {**RSA_JWK, "d": FILL * 9}]})
    yield "JWK, symmetric", json.dumps({"kty": "oct", "alg": "HS256", "k": FILL})
    yield "JWK, symmetric, the other way round", json.dumps({"k": FILL, "kty": "oct"})
    yield "AWS in JSON", json.dumps({"aws_secret_access_key": FILL})
    yield "AWS as a variable", f"export AWS_SECRET_ACCESS_KEY={FILL}"
    for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "):
        for before in range(3):
            yield (
                f"base64 of {kind}PEM after {before}",
                base64.b64encode(f"{'~' * before}{pem(kind)}".encode()).decode(),
            )
    for dash in ("&#45;", "&#x2D;", "&hyphen;", r"\u002d", "%2D"):
        for space in (" ", "&nbsp;", "&#32;", "+", "%20"):
            yield f"PEM with {dash} and {space}", pem("RSA ", dash, space)


HARMLESS = {
    "placeholders of Google's": f"AIza... AIzaSy{'X' * 33} AIza{'x' * 35} AIzaSy-your-api-key-goes-here-1A2b3C4d5E6",
    "a word with AIza in it": f"fooAIza{FILL[:35]}",
    "what is too long for one": f"AIza{FILL[:35]}Z",
    "letters alone": "AIzaabcdEFGHijklMNOPqrstUVWXyzabCDEFghi",
    "placeholders of GitHub's": f"ghp_1234567890abcdefghijABCDEFGHIJ123456 ghp_{'x' * 36} ghp_... ghp_{'aB3' * 9}",
    "AQ in a sentence": f"FAQ. AQ.See_below AQ. {FILL}",
    "code that looks for them": r'KEY = re.compile(r"AIza[0-9A-Za-z_-]{35}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w+")',
    "a public JWK": json.dumps({"keys": [PUBLIC_JWK, RSA_JWK]}),
    "docker without passwords": json.dumps({"auths": {"ghcr.io": {}}, "credsStore": "desktop"}),
    "docker's documentation": '{"auths": {"https://index.docker.io/v1/": {"auth": "c3R...zE2"}}}',
    "kubectl config view": f"{KUBECONFIG}client-key-data: REDACTED\n    token: REDACTED",
    "another kind of Kubernetes": KUBECONFIG.replace("Config", "ConfigMap") + f"token: {FILL}",
    "public keys in base64": base64.b64encode(BEGIN + b"PUBLIC KEY-----\n" + BEGIN + b"CERTIFICATE-----").decode(),
    "code that names the header": f"HEADERS = ('{pem()}', \"{pem('RSA ')}\") # or `{pem('EC ')}`",
    "code that passes AWS keys": "client(aws_secret_access_key=credentials.secret_key_of_the_user_whom_it_is_for())",
    "a placeholder of AWS": "aws_secret_access_key = YOUR_SECRET_ACCESS_KEY_GOES_HERE",
    "code with passwords": "def password_reset(password: str, secret: str) -> None:\n    users: list[User] = []",
    "a heading": "# BEGIN PRIVATE KEY handling\n\nThe private key is kept elsewhere.",
}


@pytest.mark.parametrize("text", [text for _, text in forms()], ids=[name for name, _ in forms()])
def test_a_secret_is_known_in_every_form(text: str) -> None:
    assert detect_secret("notes.txt", [f"Before.\n{text}\nAfter.".encode()])


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_public_or_a_placeholder_is_no_secret(text: str) -> None:
    assert detect_secret("notes.txt", [f"Before.\n{text}\nAfter.".encode()]) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_secret_is_known_in_other_encodings(encoding: str) -> None:
    for text in (pem(), GOOGLE, json.dumps(DOCKER)):
        assert detect_secret("notes.txt", [f"Grüße!\n{text}".encode(encoding)])
        assert detect_secret("notes.txt", [f"{'世界 ' * 400}\n{text}".encode(encoding)])


@pytest.mark.parametrize("at", [1, 20, 99_999])
def test_a_secret_is_known_wherever_chunks_cut_it(at: int) -> None:
    for text in (pem("RSA "), GITHUB, f"{KUBECONFIG}token: {FILL}"):
        content = "x" * (100_000 - at) + f"\n{text}\n" + "y" * 100_000
        for encoded, size in ((content.encode(), 100_000), (content.encode("utf-16"), 99_999)):
            chunks = [encoded[start : start + size] for start in range(0, len(encoded), size)]
            assert detect_secret("notes.txt", chunks)


def test_nothing_is_read_where_the_name_says_enough() -> None:
    assert detect_secret("id_rsa", (pytest.fail("it was read") for _ in "x")) == "private key"


def test_the_modules_of_this_package_look_like_no_secrets() -> None:
    modules = list(Path(secrets.__file__).parent.rglob("*.py"))
    assert modules
    assert [path.name for path in modules if detect_secret(path.name, [path.read_bytes()])] == []
