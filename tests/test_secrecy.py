"""Which files look like secrets."""

import pytest

from gemini_interactions_mcp.secrecy import kind_of_secret

BEGIN = b"-----BEGIN "
"""Apart from the rest, so that this file is no secret itself."""

SECRET_NAMES = """
id_rsa id_ed25519 ID_RSA id_rsa.bak id_ecdsa_work ssh_host_rsa_key server.p12 Server.PFX release.jks vault.kdbx
login.keychain-db
.netrc _netrc .pgpass .git-credentials .htpasswd shadow .env .env.local production.env PROD.ENV .npmrc .pypirc
credentials
credentials.json aws_credentials.csv client_secret_1234.json service-account.json token.json secrets.yaml kubeconfig
terraform.tfstate prod.tfvars Cookies cookies.sqlite logins.json key4.db wallet.dat
id_rsa. prod.env\u200b \uff49\uff44\uff3f\uff52\uff53\uff41
"""

HARMLESS_NAMES = """
id_rsa.pub notes.txt environment.md env.py keyboard.png secret-garden.pdf secrets.py credentials.py cookies.md
tokenizer.json
passwords.pdf monkey.txt
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
    assert kind_of_secret(name, b"")


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_a_name_that_only_resembles_one_is_not(name: str) -> None:
    assert kind_of_secret(name, b"Hello") is None


@pytest.mark.parametrize("content", SECRET_CONTENTS, ids=range(len(SECRET_CONTENTS)))
def test_a_secret_is_known_by_what_is_in_it(content: bytes) -> None:
    assert kind_of_secret("notes.txt", content)


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
    assert kind_of_secret("notes.txt", content) is None
