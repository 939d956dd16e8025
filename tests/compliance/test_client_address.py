import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from compliance.api.client_address import find_client_address, is_within
from compliance.models.generator import check_networks


def find(remote: str, forwarded: str | None = None):
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    found = find_client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))
    return str(found) if found else None


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        ("198.51.100.7", "192.0.2.1", "198.51.100.7"),  # not a proxy of ours: what it says counts for nothing
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, 203.0.113.5, 10.0.0.2", "203.0.113.5"),  # left of ours: made up by the client
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", None),
        ("10.0.0.1", None, None),
        ("", None, None),
        ("::ffff:198.51.100.7", None, "198.51.100.7"),
        ("2001:db8::7", None, "2001:db8::7"),
    ],
)  # fmt: skip
def test_the_client_is_the_first_address_that_no_proxy_of_ours_has(
    settings, remote, forwarded, expected
):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    assert find(remote, forwarded) == expected


def test_an_unknown_address_lies_in_no_network():
    assert not is_within(None, ["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("networks", ["192.0.2.0/24", ["192.0.2.1/24"], ["house"], [7.5]])
def test_what_is_no_list_of_networks_is_refused(networks):
    with pytest.raises(ValidationError):
        check_networks(networks)
    check_networks(["192.0.2.0/24", "2001:db8::7"])
