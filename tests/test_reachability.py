"""Which hosts Google may reach."""

import pytest

from filing import rows
from gemini_interactions_mcp.files.reachability import is_reachable

OUT_OF_REACH = {
    "this computer": ["localhost", "localhost.", "app.localhost", "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::"],
    "in other forms": [
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "017700000001", "0x7f.0.0.0x1", "0"),
        *("127.0.0.1.", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "0300.0250.1", "10.1"),
    ],
    "private": ["10.0.0.1", "172.16.5.4", "192.168.1.1", "fc00::1", "fd12:3456::1", "100.64.0.1"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%eth0", "2852039166"],
    "reserved": ["240.0.0.1", "255.255.255.255", "224.0.0.1", "ff02::1", "192.0.2.1", "2001:db8::1", "0.1.2.3"],
    "an IPv4 address inside": [
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::10.0.0.1"),
        *("2002:7f00:1::", "2002:c0a8:101::1"),
    ],
    "of a special purpose": [
        *("192.0.0.8", "::ffff:192.0.0.8", "64:ff9b:1::808:808", "2002:808:808::1", "2001::1", "2001:20::1"),
        *("3fff::1", "5f00::1", "fec0::1"),
    ],
    "no address at all": ["1.2.3.256", "0x1ffffffff", "08.0.0.1", "9" * 50, "1.2.3.4.5", "a.1", ""],
    "one label": ["intranet", "nas", "com", "wiki."],
    "names of private networks": [
        *("nas.local", "db.internal", "router.home.arpa", "home.arpa", "printer.lan", "git.corp", "x.intranet"),
        *("metadata.google.internal", "a.b.localdomain", "x.test", "x.invalid", "x.onion", "nas.local."),
    ],
}
IN_REACH = [
    *("example.com", "www.example.com.", "8.8.8.8", "134744072", "2001:4860:4860::8888", "::ffff:8.8.8.8", "0x8.8.8.8"),
    *("localhost.example.com", "local.com", "xn--bcher-kva.example", "notlocal.co", "10.example.com"),
    *("64:ff9b::8.8.8.8", "1.1", "0xdead.com", "home.example.org"),
]


@pytest.mark.parametrize(("host", "kind"), rows(OUT_OF_REACH))
def test_google_does_not_reach_what_is_private(host: str, kind: str) -> None:
    assert not is_reachable(host), kind


@pytest.mark.parametrize("host", IN_REACH)
def test_google_may_reach_the_rest(host: str) -> None:
    assert is_reachable(host)
