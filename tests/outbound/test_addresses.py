"""Which addresses and URLs of strangers are called."""

from ipaddress import ip_address, ip_network

import pytest

from hub.outbound.addresses import may_call
from hub.outbound.target import Target, target_of

PUBLIC = ["93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]
REFUSED = {
    "this host": "0.0.0.0",
    "loopback": "127.0.0.1",
    "all of loopback": "127.9.9.9",
    "private, class A": "10.1.2.3",
    "private, class B": "172.16.0.1",
    "private, class C": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "metadata in it": "100.100.100.200",
    "metadata of most clouds": "169.254.169.254",
    "metadata among public addresses": "168.63.129.16",
    "protocol assignments": "192.0.0.192",
    "documentation": "203.0.113.7",
    "benchmarking": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "6 this host": "::",
    "6 loopback": "::1",
    "6 unique local": "fd00::1",
    "6 metadata": "fd00:ec2::254",
    "6 link-local": "fe80::1",
    "6 link-local with a zone": "fe80::1%eth0",
    "6 site-local": "fec0::1",
    "6 multicast": "ff02::1",
    "6 mapped loopback": "::ffff:127.0.0.1",
    "6 mapped public": "::ffff:8.8.8.8",
    "6 compatible": "::127.0.0.1",
    "6 translated": "64:ff9b::7f00:1",
    "6 translated locally": "64:ff9b:1::7f00:1",
    "6to4 of loopback": "2002:7f00:1::1",
    "6 Teredo": "2001:0:7f00:1::1",
    "6 documentation": "2001:db8::1",
    "6 documentation, the newer": "3fff::1",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_may_be_called(address: str) -> None:
    assert may_call(ip_address(address), ())


@pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED.keys())
def test_the_inside_may_not(address: str) -> None:
    assert not may_call(ip_address(address), ())


def test_but_what_the_operator_allows() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert may_call(ip_address("10.1.2.3"), allowed)
    assert may_call(ip_address("fd12::1"), allowed)
    assert not may_call(ip_address("10.2.2.3"), allowed)
    assert not may_call(ip_address("::ffff:10.1.2.3"), allowed)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://Client.Example/jwks?a=b", Target("https", "client.example", 443, "/jwks?a=b")),
        ("https://client.example", Target("https", "client.example", 443, "/")),
        ("https://client.example:8443/", Target("https", "client.example", 8443, "/")),
        ("http://127.0.0.1:9000/x", Target("http", "127.0.0.1", 9000, "/x")),
        ("https://[2606:4700::1]/x", Target("https", "2606:4700::1", 443, "/x")),
        ("https://2130706433/", Target("https", "2130706433", 443, "/")),  # resolved, and then its address is refused
    ],
)
def test_a_url_taken_apart(url: str, target: Target) -> None:
    assert target_of(url) == target


NOT_URLS = {
    "nothing": "",
    "relative": "/jwks",
    "no host": "https:///jwks",
    "file": "file:///etc/passwd",
    "ftp": "ftp://client.example/",
    "credentials": "https://user:secret@client.example/",
    "an empty user": "https://@client.example/",
    "our host as a user": "https://hub.example@client.example/",
    "a fragment": "https://client.example/#x",
    "a backslash": "https://client.example\\@inside/",
    "white space": "https://client.example/ x",
    "a line's end": "https://client.example/\r\nHost: inside",
    "a tab, which parsers drop": "https://client.exa\tmple/",
    "not ASCII": "https://clïent.example/",
    "digits that look like others": "https://127。0。0。1/",
    "a port that is none": "https://client.example:port/",
    "a port beyond": "https://client.example:70000/",
    "half a bracket": "https://[::1/",
    "an escaped host": "https://%31%32%37.0.0.1/",
    "a label that begins with a dash": "https://-client.example/",
    "an empty label": "https://client..example/",
    "too long": "https://client.example/" + "a" * 2000,
}


@pytest.mark.parametrize("url", NOT_URLS.values(), ids=NOT_URLS.keys())
def test_what_is_no_url_of_ours(url: str) -> None:
    assert target_of(url) is None
