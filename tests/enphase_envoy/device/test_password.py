"""The passwords that a gateway with old firmware comes with; the serials are invented."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.enphase_envoy.envoy.password import credentials, installer_password

# Research brief, section 1.3.
VECTORS = {
    "123456789012": "7edE24ed",
    "122000000001": "7bc46h5D",
    "202300000002": "h5fgcBf7",
    "121900000042": "624e8e2h",
}


@pytest.mark.parametrize(("serial", "password"), VECTORS.items())
def test_the_installers_password_follows_from_the_serial(serial, password):
    """As with the gateways themselves."""
    assert installer_password(serial) == password


@given(serial=st.text(max_size=20))
@settings(derandomize=True, deadline=None)
def test_each_serial_has_a_password(serial):
    """Eight printable characters, always the same, without the digits that are replaced."""
    try:
        serial.encode()
    except UnicodeEncodeError:
        return
    password = installer_password(serial)
    assert len(password) == 8
    assert password.isascii()
    assert password.isprintable()
    assert not set(password) & {"0", "1"}
    assert password == installer_password(serial) != installer_password(serial, "other")


def test_what_is_tried_and_in_which_order():
    """What the user typed, as either user; then what the gateway comes with."""
    usual = (("envoy", "000001"), ("installer", "7bc46h5D"))
    assert credentials("122000000001") == usual
    assert credentials("122000000001", "typed") == (("envoy", "typed"), ("installer", "typed"), *usual)


def test_nothing_is_tried_twice():
    """A user may type what it is anyway."""
    tried = credentials("122000000001", "000001")
    assert tried == (("envoy", "000001"), ("installer", "000001"), ("installer", "7bc46h5D"))
