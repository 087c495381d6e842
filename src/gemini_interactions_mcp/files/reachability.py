"""Hosts that Google cannot reach: this computer, and names and addresses of private networks. Pure.

No name is resolved: the address behind a public name is not known here.
"""

import ipaddress
import re
from typing import Final

DOT_FORMS: Final = re.compile("[\u3002\uff0e\uff61]")
"""Characters that stand for a dot in a host name: https://www.rfc-editor.org/rfc/rfc3490#section-3.1"""

ADDRESS_NUMBER: Final = re.compile(r"0x[0-9a-f]*|\d+")

NAT64_NETWORK: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""
IPV4_COMPATIBLE_NETWORK: Final = ipaddress.IPv6Network("::/96")
"""https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1"""

LIMITED_NETWORKS: Final = (
    ipaddress.ip_network("192.0.0.0/24"),  # the IETF's own
    ipaddress.ip_network("2001::/23"),  # likewise
    ipaddress.ip_network("2002::/16"),  # 6to4
    ipaddress.ip_network("3fff::/20"),  # documentation
    ipaddress.ip_network("5f00::/16"),  # segment routing
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64 of a private network
    ipaddress.ip_network("fec0::/10"),  # site-local: https://www.rfc-editor.org/rfc/rfc3879
)
"""Networks that are not global, though `ipaddress` says so in some of the supported Pythons.

Sources: https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

PRIVATE_DOMAINS: Final = (
    *("localhost", "test", "invalid"),  # https://www.rfc-editor.org/rfc/rfc6761
    *("local", "intranet", "internal", "private", "corp", "home", "lan"),  # rfc6762, appendix G
    "home.arpa",  # https://www.rfc-editor.org/rfc/rfc8375
    "onion",  # https://www.rfc-editor.org/rfc/rfc7686
    "localdomain",  # added by resolv.conf(5) of many systems
)
"""Domains that public name servers do not resolve."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_reachable(host: str) -> bool:
    """Whether Google may be able to reach the host of a URL.

    Args:
        host: As in the URL, in lower case, without port and brackets.
    """
    name = DOT_FORMS.sub(".", host).rstrip(".")
    address = parse_ip_address(name)
    if address is not None:
        return all(map(is_public, (address, *extract_embedded_ipv4(address))))
    return "." in name and not f".{name}".endswith(tuple(f".{domain}" for domain in PRIVATE_DOMAINS))


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the public internet."""
    limited = any(address in network for network in LIMITED_NETWORKS)
    return address.is_global and not address.is_multicast and not limited


def parse_ip_address(host: str) -> IPAddress | None:
    """Parse an address in any form that programs accept; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return parse_number_address(host)


def parse_number_address(host: str) -> ipaddress.IPv4Address | None:
    """Parse an IPv4 address of one to four numbers, decimal, octal or hexadecimal; None for a name.

    A host that ends with a number but is no address becomes 0.0.0.0: no name ends with a number.
    Source: https://url.spec.whatwg.org/#concept-ipv4-parser
    """
    numbers = host.split(".")
    if not ADDRESS_NUMBER.fullmatch(numbers[-1]):
        return None
    if len(numbers) > 4 or not all(map(ADDRESS_NUMBER.fullmatch, numbers)):
        return ipaddress.IPv4Address(0)
    *heads, last = map(parse_address_part, numbers)
    value = sum(head << 8 * (3 - place) for place, head in enumerate(heads)) + last
    fits = all(head < 2**8 for head in heads) and last < 2 ** (8 * (4 - len(heads)))
    return ipaddress.IPv4Address(value if fits else 0)


def parse_address_part(text: str) -> int:
    """Parse one number of such an address; one that is malformed or too long becomes too large for any part."""
    base = 16 if text.startswith("0x") else 8 if text.startswith("0") else 10
    try:
        return int(text.removeprefix("0x") or "0", base) if len(text) <= 40 else 2**32
    except ValueError:
        return 2**32


def extract_embedded_ipv4(address: IPAddress) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses embedded in an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    embeds = address.ipv4_mapped or address in NAT64_NETWORK or address in IPV4_COMPATIBLE_NETWORK
    return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if embeds else []
