"""A simulated gateway, the cloud of its owner, and Home Assistant talking to both."""

from collections.abc import AsyncGenerator

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.enphase_envoy.envoy import cloud as cloud_module, link
from custom_components.enphase_envoy.envoy.cloud import Hosts
from custom_components.enphase_envoy.envoy.device import Envoy
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.envoy_tls import SelfSigned
from simulators.house import House
from tests.enphase_envoy.ha.house import SERIAL
from tests.enphase_envoy.ha.rig import Hands

# The library that signs remembers the first class of dates that it meets: let it not be that of a stopped clock.
SelfSigned(SERIAL)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere."""
    monkeypatch.setattr(link, "GAP", 0.0)
    monkeypatch.setattr(Envoy, "settle", (0.0, 0.0))


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[EnphaseCloudSimulator]:
    """The cloud with the account of the gateway's owner; the only one that can be reached."""
    async with EnphaseCloudSimulator(serials=(SERIAL,)) as simulated:
        monkeypatch.setattr(cloud_module, "HOSTS", Hosts(enlighten=simulated.base_url, entrez=simulated.base_url))
        yield simulated


@pytest.fixture
async def sim(cloud: EnphaseCloudSimulator) -> AsyncGenerator[EnvoySimulator]:
    """A metered gateway with firmware 8.3 and two inverters, which believes the tokens of that cloud."""
    async with EnvoySimulator(serial=SERIAL, token_key=cloud.key.public_key(), inverters=2) as gateway:
        yield gateway


@pytest.fixture
def hands(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Hands:
    """One clock for everybody, moved by hand; it is noon in June."""
    return Hands(freezer, dt_util.start_of_local_day().replace(2026, 6, 15, 12))


@pytest.fixture
async def timed(hands: Hands, cloud: EnphaseCloudSimulator) -> AsyncGenerator[EnvoySimulator]:
    """The same gateway, in a house that lives by that clock."""
    cloud.options.clock = hands.wall
    house = House(clock=hands, start=dt_util.now(), auto_midnight=True)
    async with EnvoySimulator(house, serial=SERIAL, token_key=cloud.key.public_key(), inverters=2) as gateway:
        yield gateway
