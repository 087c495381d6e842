"""Why an object store cannot be used, for the log of whoever runs the server. Pure.

obstore has few classes of errors; the rest is in their texts, of which only what is known is repeated: they also have
keys of objects, and whatever a proxy or another server has answered. Source: obstore 0.9, and the codes of
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import re
from collections.abc import Sequence
from typing import Final

NO_CREDENTIALS: Final = (
    "no credentials are found: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set where the server runs, "
    "access_key_id and secret_access_key are not in the address, and this machine has no role"
)
WRONG_REGION: Final = "the region is wrong: set AWS_REGION, or region in the address"
UNKNOWN_KEY: Final = "it does not know this access key id"
EXPIRED_CREDENTIALS: Final = "the credentials have expired, or their session token is wrong"

CODE_CAUSES: Final = {
    "AccessDenied": "access is denied to these credentials",
    "AllAccessDisabled": "access is denied to these credentials",
    "AuthorizationHeaderMalformed": WRONG_REGION,
    "ExpiredToken": EXPIRED_CREDENTIALS,
    "IllegalLocationConstraintException": WRONG_REGION,
    "InvalidAccessKeyId": UNKNOWN_KEY,
    "InvalidToken": EXPIRED_CREDENTIALS,
    "NoSuchBucket": "there is no such bucket",
    "PermanentRedirect": WRONG_REGION,
    "RequestTimeTooSkewed": "the clock of this machine and that of the store differ too much",
    "SignatureDoesNotMatch": "the secret access key is wrong",
    "SlowDown": "it has too much to do",
}
"""What the codes in answers of S3 mean."""

TEXT_CAUSES: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"incorrectly configured region"), WRONG_REGION),
    (re.compile(r"failed to lookup address|dns error"), "the name of its host is unknown"),
    (re.compile(r"ConnectionRefused|Connection refused"), "the connection is refused: nothing listens there"),
    (re.compile(r"certificate|UnknownIssuer"), "its certificate is not trusted"),
    (re.compile(r"InvalidContentType|InvalidMessage"), "it does not speak TLS: its address begins with http://"),
    (re.compile(r"TimedOut|timed out|Timeout"), "it does not answer in time"),
    (re.compile(r"Unreachable"), "there is no way to its network"),
)
"""What is in the texts of errors without such a code, the first that fits."""

ROLE_REQUEST: Final = re.compile(r"[A-Z] https?://(?:169\.254\.\d+\.\d+|metadata\.google|[^/]+/latest/api/token )")
"""Matches the request for a role, to the cloud that a machine would be in, of who has no credentials."""

CODE: Final = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
REGION: Final = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")
STATUS: Final = re.compile(r"status code: (\d{3})\b")
HOST: Final = re.compile(r"Error performing [A-Z]+ (https?://[^/\s?#@]{1,255})")


def describe_store_cause(exc: Exception) -> str:
    """Return why a store cannot be used, and where it was asked."""
    text = str(exc)
    cause = find_store_cause(exc, text)
    if cause == NO_CREDENTIALS:
        return cause
    if cause == WRONG_REGION and (region := REGION.search(text)):
        cause = f"{cause} ({region[1]})"
    host = HOST.search(text)
    return f"{cause} ({host[1]})" if host else cause


def find_store_cause(exc: Exception, text: str) -> str:
    """Return what is known of an error, from its code, its text, its status, or its class."""
    if ROLE_REQUEST.search(text):
        return NO_CREDENTIALS
    code = CODE.search(text)
    if code:
        return CODE_CAUSES.get(code[1], f"it answers {code[1]}")
    found = next((cause for pattern, cause in TEXT_CAUSES if pattern.search(text)), None)
    if found:
        return found
    if status := STATUS.search(text):
        return f"it answers {status[1]}"
    return getattr(exc, "strerror", None) or f"it does not answer as it should ({type(exc).__name__})"
