"""What follows for the house: powers, registers, and what stands in for what."""

from datetime import timedelta
from typing import Any

import pytest

from tests.enphase_envoy.capture_gateway import OWN
from tests.enphase_envoy.device.rig import READINGS, REPORT, captured, fields, simulated

HOUR = 3600.0


class TestStandIns:
    """When the meters' readings fail, the report of production stands in, if it is of now."""

    async def test_a_report_of_hours_ago_stands_in_for_nothing(self):
        """A site with a production CT only does not need the report; it must not be shown as it was in the morning."""
        async with simulated(consumption_ct=False, pv=4000.0) as rig:
            rig.wanted = {"site"}
            await rig.poll(3, every=5.0)
            assert rig.site.production == 4000
            await rig.live(600.0, every=30.0)
            rig.server.house.pv_w = 300.0
            await rig.live(2 * HOUR, every=60.0)
            assert rig.site.production == 300
            rig.server.fail(READINGS, "503")
            shown = []
            for _ in range(4):
                await rig.poll(every=5.0)
                shown.append(rig.site.production)
            assert set(shown) <= {None, 300}
            assert shown[-1] == 300
