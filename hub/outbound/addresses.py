"""Which addresses a stranger's URL may lead us to: the public internet, and what the operator allows besides.

Lists, not ``is_global``: what Python calls global changes between its releases, and some public addresses are a
cloud's inside (RFC 6890 and the IANA special-purpose registries).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network

from hub.settings import Network

_V4_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; one cloud's metadata lives here
        "127.0.0.0/8",
        "168.63.129.16/32",  # another cloud's, among public addresses
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_V6_PUBLIC = ip_network("2000::/3")  # so loopback, mapped IPv4, NAT64, unique and link-local, multicast are out
_V6_REFUSED = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4: holds an IPv4 address
        "3fff::/20",
    )
)


def may_call(address: IPv4Address | IPv6Address, allowed: Iterable[Network]) -> bool:
    """Whether ``address`` is public or inside a network of ``allowed``."""
    if any(address in network for network in allowed):
        return True
    if address.version == 4:
        return not any(address in network for network in _V4_REFUSED)
    return address in _V6_PUBLIC and not any(address in network for network in _V6_REFUSED)
