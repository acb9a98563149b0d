"""Which addresses are public."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.web.addresses import is_public

INSIDE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
    "::ffff:0:0/96", "64:ff9b::/96", "2001::/32", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10",
    "fec0::/10", "ff00::/8",
)  # fmt: skip


@pytest.mark.parametrize("network", INSIDE)
def test_no_address_of_an_inner_network_is_public(network):
    @given(st.ip_addresses(network=network))
    def none_of(address: IPv4Address | IPv6Address) -> None:
        assert not is_public(address)

    none_of()


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:2800:220:1::1", "2a00:1450::1"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public((IPv6Address if ":" in address else IPv4Address)(address))
