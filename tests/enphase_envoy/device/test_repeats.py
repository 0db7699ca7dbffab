"""What the gateway says again, word for word, is not decoded again; what it says otherwise is, and so is what was gone."""

import json

import pytest

from custom_components.energy_core.counters import CONFIRMATIONS
from custom_components.enphase_envoy.envoy.points import Inverter, Meter
from tests.enphase_envoy.capture_gateway import OWN
from tests.enphase_envoy.device.rig import READINGS, Rig, captured

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


async def test_a_value_that_is_gone_is_unknown_although_the_answer_stays_the_same():
    """The same words three times, and in none of them the power of an inverter: then it has none."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(2)
        inverter = rig.envoy.parts(Inverter)[0]
        document = rig.server.document(PATH)
        index = next(number for number, each in enumerate(document) if str(each["serialNumber"]) == inverter.item)
        del document[index]["lastReportWatts"]
        rig.server.overrides[PATH] = document
        for _ in range(2):
            await again(rig)
            assert inverter.power is not None
        await again(rig)
        assert inverter.power is None


async def test_what_was_written_is_looked_at_again():
    """The gateway says the same as before a command: then that is so, whatever the command was to do."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(3)
        inverter = rig.envoy.parts(Inverter)[0]
        before = inverter.power
        inverter.set(Inverter.power, 12345)
        rig.envoy.touched(inverter.name)
        await rig.all_at_once()
        assert inverter.power == before


async def test_a_jump_of_a_counter_is_believed_when_it_stays():
    """The same answer three times is three readings: a meter that was exchanged is not waited for any longer."""
    async with captured(CAPTURE) as rig:
        await rig.all_at_once(3)
        meter = next(each for each in rig.envoy.parts(Meter) if each.delivered)
        document = rig.server.document(READINGS)
        for each in document:
            each["actEnergyDlvd"] = 1_000_000_000.0
        rig.server.overrides[READINGS] = document
        seen = []
        for _ in range(CONFIRMATIONS):
            rig.envoy.expire()
            await rig.poll(every=1.0)
            seen.append(meter.delivered)
        assert seen[0] != 1_000_000_000
        assert seen[-1] == 1_000_000_000
