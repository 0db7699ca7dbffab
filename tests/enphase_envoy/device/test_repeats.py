"""What the gateway says again, word for word, is not decoded again; what it says otherwise is, and so is what was gone."""

import json

import pytest

from custom_components.enphase_envoy.envoy.points import Inverter
from tests.enphase_envoy.capture_gateway import OWN
from tests.enphase_envoy.device.rig import Rig, captured

PATH = "/api/v1/production/inverters"
CAPTURE = OWN / "7.6.175_mono"


async def again(rig: Rig) -> None:
    """Read the reports of the inverters once more."""
    rig.envoy.expire(*(each.name for each in rig.envoy.blocks.values() if "inverter" in each.name))
    await rig.poll(every=1.0)


def powers(rig: Rig) -> list[float | None]:
    """Return the power of each inverter."""
    return [each.power for each in rig.envoy.parts(Inverter)]


async def test_the_same_again():
    """Nothing is decoded, and all the same every inverter has answered."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(2)
        inverter = rig.envoy.parts(Inverter)[0]
        before = inverter.power
        inverter.set(Inverter.power, 12345)
        await again(rig)
        assert inverter.power == 12345
        assert inverter.name in rig.reports[-1].updated
        document = rig.server.document(PATH)
        document[0]["lastReportWatts"] = 7
        rig.server.overrides[PATH] = document
        await again(rig)
        assert inverter.power == 7 != before


@pytest.mark.parametrize("fault", ["503", "html", "404", "truncated"])
async def test_back_with_the_same_words(fault: str):
    """An answer that was missing for a while is good again, also when it is the one from before."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(2)
        before = powers(rig)
        rig.server.broken = {PATH: fault}
        await again(rig)
        rig.server.broken = {}
        await rig.all_at_once(2)
        assert powers(rig) == before
        assert not rig.envoy.failing


async def test_an_inverter_goes_and_comes_back():
    """A list without it is counted each time, though it is always the same list."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(2)
        whole = rig.server.document(PATH)
        rig.server.overrides[PATH] = whole[1:]
        for _ in range(3):
            await again(rig)
        assert len(rig.envoy.parts(Inverter)) == len(whole) - 1
        rig.server.overrides[PATH] = json.loads(json.dumps(whole))
        await again(rig)
        assert len(rig.envoy.parts(Inverter)) == len(whole)
        assert None not in powers(rig)
