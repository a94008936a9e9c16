"""Who sends: the address of a connection, or, behind a proxy that is trusted, the one that its header names."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_IPV6_NETWORK = 64  # bits: one customer has all the addresses below them


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list with commas, such as "10.0.0.0/8, ::1"; raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address belongs to one of these networks; a text that is not an address does not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


def find_sender(peer: str, forwarded: str, *, trusted: Sequence[Network]) -> str:
    """Return the address that a request counts for; `forwarded` is its X-Forwarded-For.

    Anybody can send that header, so it is read from its end, as far as those who wrote it are trusted.
    """
    sender = peer
    for part in reversed(forwarded.split(",")):
        if not is_within(sender, trusted):
            break
        try:
            sender = str(ip_address(part.strip()))
        except ValueError:
            break
    return group(sender)


def group(address: str) -> str:
    """Return what is counted as one sender: an IPv4 address, or a network of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), _IPV6_NETWORK), strict=False))
