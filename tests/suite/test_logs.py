"""What the log tells: at info set-up, loss and return; at debug every request in one form; never a secret."""

from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager, suppress
import logging
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.energy_core.ha.coordinator import discreet
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.suite.home import CHARGER, HOST, SERIAL, Home, devices
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.ha import house as v2c_house
from tests.virtual_time import VirtualTime

OURS = "custom_components"
ACCOUNT = ("owner@example.org", "sunny day")
# The one form: origin, what is asked, what came, how much, how fast; or why nothing came.
LINE = re.compile(r"(lan|cloud|modbus) (.+?) (?:(\w+) (\d+) B in (\d+\.\d{3}) s|failed after (\d+\.\d{3}) s: (.+))")
EVERY_LINE = re.compile(r"(lan|cloud|modbus) ")


class Log(logging.Handler):
    """What our loggers have said, from before anything is set up."""

    def __init__(self) -> None:
        """Keep everything."""
        super().__init__(logging.DEBUG)
        self.said: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.said.append(record)

    def records(self, level: int = logging.DEBUG) -> list[logging.LogRecord]:
        """Return what was said at this level or above."""
        return [each for each in self.said if each.levelno >= level]

    def lines(self, level: int = logging.DEBUG, only: str = "") -> list[str]:
        """Return the same as texts, of one integration if wanted."""
        return [f"{each.levelname} {each.getMessage()}" for each in self.records(level) if only in each.name]

    def requests(self) -> list[re.Match[str]]:
        """Return the requests; each line that begins like one must be one."""
        told = [each.getMessage() for each in self.records()]
        found = [(text, LINE.fullmatch(text)) for text in told if EVERY_LINE.match(text)]
        assert [text for text, match in found if match is None] == []
        return [match for _, match in found if match is not None]

    def asked(self, origin: str) -> set[str]:
        """Return what was asked and answered there."""
        return {each[2] for each in self.requests() if each[1] == origin and each[3] is not None}

    def text(self) -> str:
        """Return everything that was said, with the traces of errors."""
        formatter = logging.Formatter()
        return "\n".join(formatter.format(each) for each in self.records())

    def hides(self, secrets: Collection[str]) -> None:
        """Check that none of the secrets was said."""
        said = self.text().lower()
        assert [each for each in secrets if each.lower() in said] == []

    @contextmanager
    def since(self) -> Iterator[None]:
        """Look at what is said from here on."""
        self.said.clear()
        yield


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is said, with debug switched on as a user does."""
    ours, kept = logging.getLogger(OURS), Log()
    before = ours.level
    ours.addHandler(kept)
    ours.setLevel(logging.DEBUG)
    yield kept
    ours.setLevel(before)
    ours.removeHandler(kept)


@pytest.fixture
async def home(hass: HomeAssistant, log: Log, virtual_time: VirtualTime) -> AsyncGenerator[Home]:
    """All three devices on the local network."""
    async with devices(1, hour=10, soc=35) as there:
        found = Home(hass, there)
        await found.move_in()
        yield found
        await found.move_out()


async def use(home: Home, domain: str, service: str, ending: str, **data: Any) -> None:
    await home.hass.services.async_call(domain, service, {"entity_id": home.entity(ending), **data}, blocking=True)


async def test_each_request_is_one_line(home: Home, log: Log) -> None:
    """Where it went, what it asked, status, size and time; of three devices, over three ways."""
    await home.live(120)
    assert any(asked.startswith("read ") and asked.endswith("(fc03)") for asked in log.asked("modbus"))
    assert {"GET /RealTimeData", "GET /info", "GET /ivp/meters/readings"} <= log.asked("lan")
    assert {"POST /login/login.json", "POST /tokens"} <= log.asked("cloud")
    answered = [each for each in log.requests() if each[3] is not None]
    assert all(int(each[4]) > 0 for each in answered)
    modbus = next(each for each in answered if each[1] == "modbus")
    assert int(modbus[4]) == 2 * int(modbus[2].split()[1])
    assert modbus[3] == "ok"
    assert all(each[3] == "200" for each in answered if each[1] != "modbus")


async def test_what_fails_says_why(home: Home, log: Log) -> None:
    """In the same form, with the kind of the failure."""
    there = home.devices
    await there.titan.stop()
    await there.trydan.stop()
    await there.envoy.stop()
    with log.since():
        await home.live(90)
        failed = [each for each in log.requests() if each[7] is not None]
    assert {each[1] for each in failed} == {"lan", "modbus"}
    assert any("ClientConnectorError" in each[7] for each in failed if each[1] == "lan")


def whole_story(home: Home) -> tuple[str, ...]:
    """Return what must not be said of the three devices."""
    token = home.entries["envoy"].data["token"]
    serials = home.entries["titan"].data["serials"].values()
    house = home.devices
    return (*ACCOUNT, token, SERIAL, CHARGER, "TITAN-0001", *serials, HOST, house.trydan.options.ssid, house.trydan.options.mac)


async def test_no_secret_through_set_up_polls_commands_and_errors(home: Home, log: Log) -> None:
    """What a bug report holds tells nothing of its owner."""
    await home.live(60)
    await home.hass.services.async_call("titan_izypower", "charge", {"power": 500}, blocking=True)
    await home.hass.services.async_call("v2c_cloud", "set_charge_intensity", {"amps": 9}, blocking=True)
    await use(home, "button", "press", f"{SERIAL}_renew_token")
    await use(home, "button", "press", f"{SERIAL}_rescan")
    there = home.devices
    for each in (there.titan, there.trydan, there.envoy):
        await each.stop()
    for domain, action, data in (("titan_izypower", "stop", {}), ("v2c_cloud", "set_charge_intensity", {"amps": 7})):
        with pytest.raises(HomeAssistantError):
            await home.hass.services.async_call(domain, action, data, blocking=True)
    with suppress(HomeAssistantError):
        await use(home, "button", "press", f"{SERIAL}_rescan")
    await home.live(120)
    for each in (there.titan, there.trydan, there.envoy):
        await each.start()
    await home.live(400)
    assert len(log.requests()) > 50
    log.hides(whole_story(home))


async def test_at_info_there_is_set_up_loss_and_return(home: Home, log: Log) -> None:
    """One line each, of each device, and nothing while it works."""
    said = {domain: log.lines(logging.INFO, domain) for domain in ("titan", "v2c", "enphase")}
    assert [len(each) for each in said.values()] == [1, 1, 1], said
    assert re.fullmatch(r"INFO Titan .+ is set up: Titan .+, firmware \S+, over modbus", said["titan"][0])
    assert re.fullmatch(r"INFO Trydan …V2C is set up: Trydan, firmware 2\.5\.0, over lan", said["v2c"][0])
    assert re.fullmatch(r"INFO Envoy …001 is set up: Envoy.*, firmware \S+, over https", said["enphase"][0])
    with log.since():
        await home.live(300)
        assert log.lines(logging.INFO) == []
    there = home.devices
    for each in (there.titan, there.trydan, there.envoy):
        await each.stop()
    with log.since():
        await home.live(300)
        lost = {domain: log.lines(logging.INFO, domain) for domain in said}
    for each in (there.titan, there.trydan, there.envoy):
        await each.start()
    with log.since():
        await home.live(900)
        back = {domain: log.lines(logging.INFO, domain) for domain in said}
    assert [len(each) for each in (*lost.values(), *back.values())] == [1] * 6, (lost, back)
    assert all(each[0].startswith("WARNING ") for each in lost.values())
    assert all(each[0].startswith("INFO ") for each in back.values())


async def test_a_titan_over_http(hass: HomeAssistant, log: Log, virtual_time: VirtualTime) -> None:
    """Its password, and what travels in the query, are not shown."""
    async with TitanSimulator(House(packs=1), packs=1, digest_password="CANARY-PASSWORD") as sim:
        flow = await titan_house.begin(hass)
        for given in (titan_house.form(sim, "opendata"), {"password": "CANARY-PASSWORD"}):
            result = await hass.config_entries.flow.async_configure(flow, given)
        entry: Any = result["result"]
        await titan_house.settle(hass)
        await titan_house.act(hass, "charge", power=500)
        sim.faults.http = "status:500"
        await titan_house.poll(hass, entry)
        sim.faults.clear()
        await titan_house.poll(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
    assert {"POST /rpc/Indevolt.GetData", "POST /rpc/Indevolt.SetData"} <= log.asked("lan")
    assert any(each[7] == "status 500" for each in log.requests())
    log.hides(("CANARY", HOST, titan_house.SERIAL, "config=", *entry.data["serials"].values()))


async def test_an_account_of_v2c(hass: HomeAssistant, log: Log, virtual_time: VirtualTime) -> None:
    """The key, the charger's id in each query, networks, cards and passwords are not shown."""
    house = House()
    async with (
        TrydanSimulator(house, device_id="CANARYID", firmware="2.5.0") as sim,
        V2CCloudSimulator([sim], accounts={"CANARY-KEY": ["CANARYID"]}) as cloud,
    ):
        sim.options.ssid = "CANARY-WIFI"
        given = {"api_key": "CANARY-KEY", "base_url": cloud.base_url, "manual_ips": {"CANARYID": sim.address}}
        entry = await v2c_house.start(hass, {**given, "cached_pairings": [{"deviceId": "CANARYID", "tag": ""}]})
        await v2c_house.act(hass, "add_rfid_card", code="CA0A09", tag="CANARY-CARD")
        await v2c_house.act(hass, "set_wifi_credentials", ssid="CANARY-SSID", password="CANARY-PASSWORD")
        await virtual_time.run(400)
        for outage in (401, 429, 500, "html"):
            cloud.outage = outage
            with suppress(HomeAssistantError):
                await v2c_house.act(hass, "get_connected_status")
        cloud.outage = None
        await v2c_house.poll(hass, entry)
        set_up = [each for each in log.lines(logging.INFO) if " is set up: " in each]
        await hass.config_entries.async_unload(entry.entry_id)
    assert {"GET /device/reported", "POST /device/wifi"} <= log.asked("cloud")
    assert any(each[1] == "cloud" and each[7] for each in log.requests())
    assert sorted(set_up) == [
        "INFO Trydan …YID is set up: Trydan, firmware 2.5.0, over lan",
        "INFO V2C Cloud is set up: an account, 1 paired",
    ]
    log.hides(("CANARY", "ca0a09", HOST, sim.options.mac))


def test_a_serial_number_leaves_its_end() -> None:
    """So that two units can be told apart."""
    assert discreet("Envoy 122000000001", "122000000001") == "Envoy …001"
    assert discreet("Trydan simv2c", "SIMV2C") == "Trydan …V2C"
    assert discreet("Garage", "122000000001") == "Garage"
    assert discreet("Garage", "") == "Garage"
