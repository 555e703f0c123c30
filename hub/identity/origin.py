"""Where a request came from, as the account page later shows it."""

import ipaddress
from dataclasses import dataclass, field

_IP_CHARACTERS = 45  # the longest IPv6 text, with an IPv4 tail
_USER_AGENT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """``ip_address`` is the peer's, as the trusted proxies tell it; ``user_agent`` is whatever the browser claims.

    Both come from outside, so they are made fit to store and to show: printable and clipped to their columns.
    ``device`` is the secret of the browser's device cookie, None if it sent none (hub.identity.devices).
    """

    ip_address: str
    user_agent: str
    device: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ip_address", _printable(self.ip_address)[:_IP_CHARACTERS])
        object.__setattr__(self, "user_agent", _printable(self.user_agent)[:_USER_AGENT_CHARACTERS])

    @property
    def network(self) -> str:
        """What one attacker holds at least: see network_of."""
        return network_of(self.ip_address)


def network_of(ip_address: str) -> str:
    """What whoever calls from this address holds at least, and what is counted wherever strangers are: an IPv4 address,
    or an IPv6 /64, which every subscriber gets whole. An IPv4 address written as IPv6 (RFC 4291 2.5.5.2) is itself.

    What is no address stays as it is.
    """
    try:
        address = ipaddress.ip_address(ip_address)
    except ValueError:
        return ip_address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


UNKNOWN = Origin(ip_address="", user_agent="")
"""Where nobody said."""
