"""From where a request came, behind proxies too."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def find_client_address(request: HttpRequest) -> Address | None:
    """Return the address of the client, None if it cannot be told.

    `X-Forwarded-For` is believed as far as proxies of ours wrote it: read from its right end, the first address that is not
    one of TRUSTED_PROXIES is the client's. What stands to the left of it anybody may have made up.
    """
    hops = [request.META.get("REMOTE_ADDR", "")]
    if is_within(_parse(hops[0]), settings.TRUSTED_PROXIES):
        hops += reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(","))
    address = None
    for hop in hops:
        address = _parse(hop.strip())
        if not is_within(address, settings.TRUSTED_PROXIES):
            break
    return address


def is_within(address: Address | None, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks; an unknown one lies in none."""
    return address is not None and any(
        address in ipaddress.ip_network(network) for network in networks
    )


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:192.0.2.7 is 192.0.2.7
    return mapped or address
