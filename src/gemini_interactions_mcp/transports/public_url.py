"""Addresses of the server: where it listens, and how clients reach it."""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gemini_interactions_mcp.core import InputError

LOOPBACK_HOST: Final = "127.0.0.1"
MCP_PATH: Final = "/mcp"


@dataclass(frozen=True)
class PublicUrl:
    """The address under which clients reach the server.

    Attributes:
        origin: As browsers send it: scheme, host and port.
        prefix: Its path, which a proxy may strip or leave; empty at the root of the host.
    """

    origin: str
    prefix: str = ""

    @property
    def mcp(self) -> str:
        """The address of MCP."""
        return f"{self.base}{MCP_PATH}"

    @property
    def base(self) -> str:
        """The address without a slash at its end."""
        return f"{self.origin}{self.prefix}"


def parse_public_url(text: str) -> PublicUrl:
    """Parse an address such as `https://gemini.example.com` or `https://example.com/gemini`.

    Raises:
        InputError: It is none.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise InputError(f"--public-url takes an address such as https://gemini.example.com, not {text!r}.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    place = bracket_host(host) + (f":{port}" if port not in (None, usual) else "")
    # A client is told the address of MCP itself just as often.
    prefix = parts.path.rstrip("/").removesuffix(MCP_PATH)
    return PublicUrl(f"{parts.scheme}://{place}", prefix)


def bracket_host(host: str) -> str:
    """Return a host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True)
class ListeningPlace:
    """Where to listen.

    Attributes:
        family: Of addresses.
        address: An address of this machine.
    """

    family: socket.AddressFamily
    address: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        address = ipaddress.ip_address(self.address.partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return (mapped or address).is_loopback


def resolve_place(host: str) -> ListeningPlace:
    """Return where to listen for a host; of several addresses, IPv4 first.

    Raises:
        InputError: There is no such host.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as exc:  # a name that IDNA does not allow
        reason = exc.strerror if isinstance(exc, OSError) else "no name of a host"
        raise InputError(f"--host: {host} is no address of this machine ({reason}).") from exc
    usable = [each for each in found if each[0] in (socket.AF_INET, socket.AF_INET6)]
    family, _, _, _, place = min(usable, key=lambda each: each[0] != socket.AF_INET)
    return ListeningPlace(family, str(place[0]))
