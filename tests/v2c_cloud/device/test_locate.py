"""Where a charger is: whose word counts, and that a claim proves nothing."""

from contextlib import asynccontextmanager

import pytest

from custom_components.energy_core.pacing import Pacer
from custom_components.v2c_cloud.v2c import locate
from custom_components.v2c_cloud.v2c.lan import LanWire
from custom_components.v2c_cloud.v2c.locate import PAUSE, Locator
from simulators.trydan import TrydanSimulator

DEVICE = "SIMV2C"


class Places:
    """Names for addresses, as tests have only loopback; remembers who was visited."""

    def __init__(self, home, **known):
        self.home, self.known, self.visited = home, known, []

    def make(self, host):
        self.visited.append(host)
        wire = self.home.lan(self.known.get(host.replace(".", "_"), "127.0.0.1:9"), deadline=0.2)
        wire.host = host
        return wire

    def asked(self):
        """Return who was visited since the last time."""
        found, self.visited = self.visited, []
        return found


@asynccontextmanager
async def another(device_id):
    """Some other charger."""
    async with TrydanSimulator(device_id=device_id) as sim:
        yield sim


@pytest.fixture
async def lost(home):
    """A charger that is silent at its address, and of which the cloud claims nothing yet."""
    await home.ask()
    await home.takeover()
    home.sim.faults.clear()
    home.trydan.face.answers["reported"].pop("wifi_ip", None)
    home.trydan.info.values["ip"] = None
    return home


def locator(home, places, **more):
    """Return a locator on the clock of the charger."""
    return Locator(places.make, clock=home.clock, **more)


async def test_the_first_address(home):
    places = Places(home)
    assert locator(home, places, fixed="10.0.0.1", known="10.0.0.2").first().host == "10.0.0.1"
    assert locator(home, places, known="10.0.0.2").first().host == "10.0.0.2"
    assert locator(home, places, known="10.0.0.2", discover=False).first() is None
    assert locator(home, places).first() is None


async def test_the_order_of_those_who_claim(lost):
    places = Places(lost)
    lost.trydan.face.answers["reported"] |= {"wifi_ip": "192.168.1.2", "ip": "192.168.1.3"}
    lost.trydan.face.pairing_ip = "192.168.1.4"
    lost.trydan.info.values["ip"] = "192.168.1.5"
    assert await locator(lost, places, known="192.168.1.1").find(lost.trydan) is None
    assert places.asked() == [f"192.168.1.{last}" for last in (1, 2, 3, 4, 5)]


async def test_found_where_the_cloud_says(lost):
    places = Places(lost, **{"192_168_1_2": lost.sim.address})
    lost.trydan.face.answers["reported"] |= {"wifi_ip": "192.168.1.2"}
    found = await locator(lost, places).find(lost.trydan)
    assert found.host == "192.168.1.2"
    lost.trydan.use_lan(found)
    await lost.trydan.update()
    assert lost.trydan.lan_works


async def test_who_has_another_id_or_none_is_not_it(lost):
    async with another("OTHER1") as other, another(DEVICE) as nameless:
        nameless.options.missing_keys = {"ID"}
        places = Places(lost, **{"192_168_1_2": other.address, "192_168_1_3": nameless.address})
        lost.trydan.face.answers["reported"] |= {"wifi_ip": "192.168.1.2", "ip": "192.168.1.3"}
        assert await locator(lost, places).find(lost.trydan) is None
        assert places.asked() == ["192.168.1.2", "192.168.1.3"]
        assert not other.writes


async def test_an_address_is_not_tried_again_at_once(lost):
    places = Places(lost)
    lost.trydan.face.pairing_ip = "192.168.1.4"
    finder = locator(lost, places)
    for seconds, visited in ((0, True), (PAUSE - 1, False), (2, True)):
        lost.advance(seconds)
        assert await finder.find(lost.trydan) is None
        assert bool(places.asked()) is visited


@pytest.mark.parametrize(
    "claim",
    [
        "8.8.8.8",
        "127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "evil.example",
        "192.168.1.2:8080",
        "192.168.1.2@evil",
        "10.1",
        42,
        None,
        ["192.168.1.2"],
        {},
    ],
)
async def test_claims_that_nobody_follows(lost, claim):
    places = Places(lost)
    lost.trydan.face.answers["reported"] |= {"wifi_ip": claim, "ip": claim}
    lost.trydan.face.pairing_ip = claim
    lost.trydan.info.values["ip"] = claim
    assert await locator(lost, places).find(lost.trydan) is None
    assert places.asked() == []


async def test_the_user_knows_best(lost):
    places = Places(lost, **{"192_168_1_2": lost.sim.address})
    lost.trydan.face.pairing_ip = "192.168.1.2"
    assert await locator(lost, places, fixed="10.0.0.1").find(lost.trydan) is None
    assert await locator(lost, places, discover=False).find(lost.trydan) is None
    assert places.asked() == []


async def test_nobody_is_looked_for_who_answers(home):
    places = Places(home)
    await home.poll()
    home.trydan.face.pairing_ip = "192.168.1.2"
    assert await locator(home, places).find(home.trydan) is None
    assert places.asked() == []


async def test_the_present_address_is_no_other(lost):
    places = Places(lost)
    lost.trydan.lan.host = "192.168.1.4"
    lost.trydan.face.pairing_ip = "192.168.1.4"
    assert await locator(lost, places).find(lost.trydan) is None
    assert places.asked() == []


async def test_a_charger_without_a_wire_is_looked_for(cloud_home):
    await cloud_home.ask()
    places = Places(cloud_home, **{"192_168_1_4": cloud_home.sim.address})
    cloud_home.trydan.face.pairing_ip = "192.168.1.4"
    assert (await locator(cloud_home, places).find(cloud_home.trydan)).host == "192.168.1.4"


async def test_what_answered_is_remembered(home):
    finder = locator(home, Places(home))
    finder.confirm(home.new_trydan(lan=False))
    assert finder.known is None
    await home.poll()
    finder.confirm(home.trydan)
    assert finder.known == home.sim.address


async def test_a_remembered_address_that_is_none(lost):
    # Was wrong: the wire is made outside of the try: a bad address in the store ends the update, each time.
    finder = Locator(lost.lan, known="not an address", clock=lost.clock)
    assert await finder.find(lost.trydan) is None


def test_a_pause_is_longer_than_a_poll():
    assert locate.PAUSE >= 60


def test_an_address_that_is_none_is_nothing_to_begin_with(session):
    def make(host):
        return LanWire(session, host, pacer=Pacer(0.0))

    assert Locator(make, known="not an address").first() is None
    assert Locator(make, fixed="10.0.0.1:8080").first().host == "10.0.0.1:8080"
