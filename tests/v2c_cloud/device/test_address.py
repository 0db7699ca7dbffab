"""Addresses: a user may type much, a cloud or an answer may claim little."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceRefusedError
from custom_components.v2c_cloud.v2c.address import INTERNAL, PRIVATE, believable, netloc, split, valid_host

FUZZ = settings(max_examples=400, deadline=None)
LONG = ".".join(["a" * 63] * 3 + ["b" * 61])


class TestTyped:
    """What a user types."""

    @pytest.mark.parametrize(
        ("typed", "host"),
        [
            ("192.168.1.40", "192.168.1.40"), (" 192.168.1.40\n", "192.168.1.40"), ("192.168.1.40:80", "192.168.1.40"),
            ("192.168.1.40:8080", "192.168.1.40:8080"), ("http://192.168.1.40/", "192.168.1.40"), ("192.168.1.40/", "192.168.1.40"),
            ("HTTP://192.168.1.40:81", "192.168.1.40:81"), ("127.0.0.1:5001", "127.0.0.1:5001"), ("8.8.8.8", "8.8.8.8"),
            ("trydan", "trydan"), ("Trydan.LOCAL", "trydan.local"), ("trydan.local.", "trydan.local"), ("my_box-2.lan:1", "my_box-2.lan:1"),
            ("3com.lan", "3com.lan"), (LONG, LONG), ("fd00::1", "[fd00::1]"), ("[fd00::1]", "[fd00::1]"), ("[FD00:0::0001]:65535", "[fd00::1]:65535"),
            ("http://[fd00::1]:80/", "[fd00::1]"), ("localhost:00080", "localhost"),
        ],
    )  # fmt: skip
    def test_hosts_and_addresses_are_taken(self, typed, host):
        """In one spelling, with the port only where it is not the usual one; a second look changes nothing."""
        assert valid_host(typed) == host
        assert valid_host(host) == host
        assert netloc(*split(host)) == host

    @pytest.mark.parametrize(
        "typed",
        [
            "", " ", "/", "http://", "http:///", "https://192.168.1.40", "ftp://box", "//box", "box/path", "http://box/RealTimeData",
            "box?x", "box#x", "me@box", "me:pw@box", "http://me:pw@box/", "my box", "box\tbox", "box\x00", "box%20", "[box]", "[192.168.1.40]",
            "[fd00::1", "fd00::1]", "[fd00::1]x", "[fd00::1]:", "[]", "[]:80", "[fe80::1%eth0]", "fe80::1%eth0", "fd00::1::2", "box:", "box:0",
            "box:65536", "box:99999", "box:123456", "box:-1", "box:8o", "box:80:80", "box:\u0661", ":80", ".", "..", "box..lan", ".box", "-box", "box-",
            "b\u00f6x", "\uff11.2.3.4", "1.2.3", "1.2.3.4.5", "256.1.1.1", "192.168.001.010", "0x7f.1", "0x7f000001", "2130706433", "017700000001",
            "box.0x", "a" * 64, f"{LONG}bc", "a." * 40_000,
        ],
    )  # fmt: skip
    def test_anything_else_is_refused(self, typed):
        """Schemes, paths, credentials, blanks, zones, ports that are none, and spellings only resolvers understand."""
        with pytest.raises(DeviceRefusedError) as caught:
            valid_host(typed)
        assert caught.value.key == "invalid_host"
        assert not caught.value.placeholders

    @pytest.mark.parametrize(
        ("host", "parts"),
        [
            ("box", ("box", 80)), ("box:8080", ("box", 8080)), ("10.0.0.1:81", ("10.0.0.1", 81)), ("10.0.0.1", ("10.0.0.1", 80)),
            ("fd00::1", ("fd00::1", 80)), ("[fd00::1]:81", ("fd00::1", 81)),
        ],
    )  # fmt: skip
    def test_a_host_comes_in_two_parts(self, host, parts):
        """Without brackets, always with a port."""
        assert split(host) == parts

    @given(st.text(max_size=40) | st.from_regex(r"(http://)?[a-z0-9.:\[\]%/@-]{1,30}", fullmatch=True))
    @FUZZ
    def test_whatever_is_typed_is_an_address_or_refused(self, typed):
        """What is taken has no sign in it that means something else in a URL."""
        try:
            host = valid_host(typed)
        except DeviceRefusedError:
            return
        assert not set(host) & set("/?#@% \\")
        assert valid_host(host) == host


class TestClaimed:
    """What a cloud or an answer claims."""

    @pytest.mark.parametrize(
        "claim",
        [
            "10.0.0.1",
            "10.255.255.254",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.0.1",
            "192.168.255.254",
            "fc00::1",
            "fd12:3456::9",
        ],
    )
    def test_private_addresses_are_believed(self, claim):
        """The nets that people have at home."""
        assert believable(claim) == claim

    def test_an_address_has_one_spelling(self):
        """Two spellings of one address are one candidate."""
        assert believable("FD00:0:0::0001") == "fd00::1"

    @pytest.mark.parametrize(
        "claim",
        [
            "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "0.1.2.3", "169.254.1.1", "fe80::1", "fec0::1", "224.0.0.1", "ff02::1",
            "239.1.1.1", "240.0.0.1", "255.255.255.255", "100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.51.100.1",
            "203.0.113.1", "198.18.0.1", "192.88.99.1", "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "192.167.1.1", "192.169.1.1",
            "11.0.0.1", "9.255.255.255", "2001:db8::1", "2001:4860::8888", "2002:c0a8:101::1", "2001:0:c0a8:101::1", "64:ff9b::c0a8:101",
            "64:ff9b:1::c0a8:101", "::ffff:192.168.1.1", "::ffff:c0a8:101", "::192.168.1.1", "::ffff:127.0.0.1", "100::1", "3fff::1",
        ],
    )  # fmt: skip
    def test_all_other_nets_are_refused(self, claim):
        """Public, special, embedded, this machine itself: a claim must not lead our requests there."""
        assert believable(claim) is None

    @pytest.mark.parametrize(
        "claim",
        [
            "", " ", "192.168.1.5 ", " 192.168.1.5", "192.168.1.5\n", "192.168.1.5:80", "[fd00::1]", "[fd00::1]:80", "192.168.1.5/24",
            "192.168.01.5", "192.168.1.05", "0300.0250.1.5", "0xc0.0xa8.1.5", "0xc0a80105", "3232235781", "192.168.5", "192.168.261",
            "\uff11\uff19\uff12.168.1.5", "192.168.1.\u0665", "192\u3002168\u30021\u30025", "fd00::1%eth0", "fd00::1%25eth0", "trydan.local", "localhost",
            "box", "http://192.168.1.5", "user@192.168.1.5", "192.168.1.5#", "+192.168.1.5", "-1.0.0.1", "1" * 5000,
            None, True, 3232235781, 10.5, b"192.168.1.5", b"\xc0\xa8\x01\x05", ["192.168.1.5"], {"ip": "192.168.1.5"}, IPv4Address("192.168.1.5"),
        ],
    )  # fmt: skip
    def test_what_is_no_plain_address_is_refused(self, claim):
        """Names, ports, zones, odd spellings and everything that is no text."""
        assert believable(claim) is None

    @given(st.integers(0, 2**32 - 1).map(IPv4Address) | st.integers(0, 2**128 - 1).map(IPv6Address))
    @FUZZ
    def test_no_special_address_is_ever_believed(self, address):
        """Python's own opinion of each address agrees."""
        host = believable(str(address))
        private = any(address in net for net in PRIVATE if net.version == address.version) and address not in INTERNAL
        assert host == (str(address) if private else None)
        if private:
            assert address.is_private
            assert (
                not address.is_loopback
                | address.is_link_local
                | address.is_multicast
                | address.is_reserved
                | address.is_unspecified
            )

    @given(st.text(max_size=30) | st.from_regex(r"[0-9a-fx.:%\[\]]{1,25}", fullmatch=True))
    @FUZZ
    def test_whatever_is_claimed_is_an_address_or_nothing(self, claim):
        """Never an exception, never a name."""
        host = believable(claim)
        assert host is None or ip_address(host).is_private
