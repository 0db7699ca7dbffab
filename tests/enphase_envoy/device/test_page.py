"""Firmware before 3.9 has nothing but a page for people: from the page to the site, on the wire."""

import pytest

from custom_components.energy_core.errors import DeviceProtocolError
from custom_components.enphase_envoy.envoy.parse import page_production
from tests.enphase_envoy.capture_gateway import OWN
from tests.enphase_envoy.device.rig import captured, fields

PAGE = OWN / "before_json/3.7.28"
LIFETIME = b"<td>Since Installation</td><td>6.01 MWh</td>"


async def test_the_page_is_read_and_there_is_nothing_else() -> None:
    """Units differ from line to line; no inverter and no meter is there."""
    async with captured(PAGE) as rig:
        await rig.poll(2, every=61.0)
        assert fields(rig, "production", "production_today", "production_week", "production_lifetime") == {
            "production": 279,
            "production_today": 1460,
            "production_week": 130_000,
            "production_lifetime": 6_010_000,
        }
        assert rig.asked("/production") == 2
        assert rig.asked("/api/v1/production") == 0


@pytest.mark.parametrize("page", [b"", b"<h1>Page Not Found</h1>", b"<td>Currently</td><td>279 W</td>"])
def test_a_page_without_the_lifetime_is_another_page(page: bytes) -> None:
    """It is refused: a current power alone may stand on any page."""
    with pytest.raises(DeviceProtocolError):
        page_production(page)


def test_what_is_no_number_is_unknown() -> None:
    """One line that makes no sense costs that line alone."""
    found = page_production(b"<td>Currently</td><td>1.2.3 W</td>" + LIFETIME)
    assert found == {("v1", "wattsNow"): None, ("v1", "wattHoursLifetime"): pytest.approx(6_010_000)}
