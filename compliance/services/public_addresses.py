"""Which network addresses may be connected to on behalf of somebody else (no server-side request forgery).

`ipaddress.is_global` alone is not the answer: on Python 3.11 it is True for NAT64 and 6to4 addresses that embed a private one,
for multicast, for site-local addresses and for 192.0.0.8. Here an address must be ordinary global unicast.
"""

import ipaddress
import socket

# Ordinary IPv6 unicast as IANA hands it out. Source: RFC 4291, section 2.4, and the IANA registry.
IPV6_UNICAST = ipaddress.IPv6Network("2000::/3")
# Within it, what embeds an IPv4 address that somebody else routes: Teredo and 6to4. Source: RFC 4380, RFC 3056.
IPV6_TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))
# IPv4 that `is_global` lets pass: protocol assignments, and the anycast address of 6to4 relays. Source: RFC 6890, RFC 7526.
IPV4_SPECIAL = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
)


class AddressRefused(Exception):
    """A name has no address, or one that is not public."""


def is_public_address(text: str) -> bool:
    """Tell whether an IP address is ordinary unicast on the public Internet."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # NAT64 (64:ff9b::/96, 64:ff9b:1::/48), IPv4-mapped and site-local addresses all lie outside 2000::/3.
        if address not in IPV6_UNICAST or any(address in tunnel for tunnel in IPV6_TUNNELS):
            return False
    elif any(address in special for special in IPV4_SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve_public_address(host: str, port: int, *, allow_private: bool) -> str:
    """Resolve a name once and return the address to connect to.

    One address that is not public condemns the name: an honest receiver has none.

    Raises
    ------
    AddressRefused : if the name has no address, or one that is not public
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"{host} has no address: {error}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_private:
        for address in addresses:
            if not is_public_address(address):
                raise AddressRefused(f"{host} is {address}, which is not a public address")
    return addresses[0]
