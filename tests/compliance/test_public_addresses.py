import socket

import pytest

from compliance.services.public_addresses import (
    AddressRefused,
    is_public_address,
    resolve_public_address,
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1",  # noqa: S104 - none is bound
        "169.254.169.254", "192.0.0.8", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::", "fc00::1",
        "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_what_is_not_ordinary_public_unicast_is_refused(address):
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"]
)
def test_public_addresses_pass(address):
    assert is_public_address(address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost", "::1", "127.0.0.1"]
)
def test_no_spelling_of_loopback_gets_through(host):
    with pytest.raises(AddressRefused, match=r"not a public address|no address"):
        resolve_public_address(host, 443, allow_private=False)


def test_one_private_address_condemns_a_name(monkeypatch):
    def resolve(host, port, **kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in ("8.8.8.8", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        resolve_public_address("hooks.example", 443, allow_private=False)


def test_a_name_without_an_address_is_refused():
    with pytest.raises(AddressRefused, match="no address"):
        resolve_public_address("no-such-host.invalid", 443, allow_private=False)
