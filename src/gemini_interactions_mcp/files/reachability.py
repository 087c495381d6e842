"""Hosts that Google cannot reach: this computer, and what has a name or address in a private network only. Pure.

No name is looked up: what a public name leads to is not known here.
"""

import ipaddress
import re
from typing import Final

DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
"""What stands for a dot in a name: https://www.rfc-editor.org/rfc/rfc3490#section-3.1"""

NUMBER: Final = re.compile(r"0x[0-9a-f]*|\d+")

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""
COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1"""

PRIVATE_DOMAINS: Final = (
    *("localhost", "test", "invalid"),  # https://www.rfc-editor.org/rfc/rfc6761
    *("local", "intranet", "internal", "private", "corp", "home", "lan"),  # rfc6762, appendix G
    "home.arpa",  # https://www.rfc-editor.org/rfc/rfc8375
    "onion",  # https://www.rfc-editor.org/rfc/rfc7686
    "localdomain",  # what resolv.conf(5) of many systems adds
)
"""Domains that the public name servers do not have."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def reachable(host: str) -> bool:
    """Whether a host of a URL may be one that Google reaches.

    Args:
        host: As in the URL, in lower case, without port and brackets.
    """
    name = DOTS.sub(".", host).rstrip(".")
    address = address_of(name)
    if address is not None:
        return all(each.is_global and not each.is_multicast for each in (address, *embedded(address)))
    return "." in name and not f".{name}".endswith(tuple(f".{domain}" for domain in PRIVATE_DOMAINS))


def address_of(host: str) -> Address | None:
    """The address that a host is, in any form that programs take; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return number_address(host)


def number_address(host: str) -> ipaddress.IPv4Address | None:
    """An IPv4 address of one to four numbers, decimal, octal or hexadecimal; None for a name.

    What ends with a number and is no address is 0.0.0.0: no name does.
    Source: https://url.spec.whatwg.org/#concept-ipv4-parser
    """
    numbers = host.split(".")
    if not NUMBER.fullmatch(numbers[-1]):
        return None
    if len(numbers) > 4 or not all(map(NUMBER.fullmatch, numbers)):
        return ipaddress.IPv4Address(0)
    *heads, last = map(part_value, numbers)
    value = sum(head << 8 * (3 - place) for place, head in enumerate(heads)) + last
    fits = all(head < 2**8 for head in heads) and last < 2 ** (8 * (4 - len(heads)))
    return ipaddress.IPv4Address(value if fits else 0)


def part_value(text: str) -> int:
    """A part of such an address; what is no number of its base, or longer than any, is taken for too large."""
    base = 16 if text.startswith("0x") else 8 if text.startswith("0") else 10
    try:
        return int(text.removeprefix("0x") or "0", base) if len(text) <= 40 else 2**32
    except ValueError:
        return 2**32


def embedded(address: Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64 or address in COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]
