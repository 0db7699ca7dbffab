"""Two integrations on one device: whether two entries name the same place."""

import pytest

from custom_components.energy_core.ha.neighbours import hostname


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:8080", "192.0.2.7"),
        ("http://Envoy.local", "envoy.local"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("[2001:db8::1", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_place_is_a_name_or_an_address(host: object, name: str | None) -> None:
    """Whatever another integration keeps as its host; what cannot be read is no place, and no error."""
    assert hostname(host) == name
