"""A client that other people wrote reads the gateway: the simulator speaks as real ones do, not as ours hopes."""

from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from typing import Any

import aiohttp
from pyenphase import Envoy
from pyenphase.models.meters import CtType
import pytest

from simulators.house import House
from tests.simulators.conftest import Clock

type Reader = Callable[..., Awaitable[tuple[Envoy, Any]]]


@pytest.fixture
async def read(envoy) -> AsyncIterator[Reader]:
    """Give a function that starts a gateway with options and reads it with pyenphase."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: Any) -> tuple[Envoy, Any]:
            gateway = await envoy(**options)
            connector = aiohttp.TCPConnector(ssl=False)
            session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            client = Envoy(gateway.sim.address, client=session)
            await client.setup()
            await client.authenticate(token=gateway.token() if gateway.sim.options.firmware.tokens else None)
            await client.probe()
            await client.update()
            return client, gateway

        yield start


@pytest.fixture
def sunny(house: House, clock: Clock) -> House:
    """Give the house with sun, a load and a battery that charges."""
    house.pv_w, house.load_w = 2600.0, 600.0
    clock.now += 3600
    return house


@pytest.mark.parametrize("profile", ["3.9", "4.10", "5.0", "7.6", "8.2", "8.3"])
async def test_every_profile_is_read(read, sunny, profile: str) -> None:
    client, gateway = await read(profile=profile, inverters=6)
    data = client.data
    assert client.serial_number == "122000000001"
    assert str(client.firmware) == gateway.sim.options.firmware.software[1:]
    assert data.system_production.watts_now == pytest.approx(2600, abs=1)
    assert data.system_production.watt_hours_today == pytest.approx(2600, abs=1)
    assert data.system_production.watt_hours_lifetime == pytest.approx(sunny.energy.pv.total, abs=1)
    if profile != "5.0":
        assert sum(inverter.last_report_watts for inverter in data.inverters.values()) == pytest.approx(2600, abs=3)
    assert gateway.sim.most_open == 1


@pytest.mark.parametrize("phases", [1, 2, 3])
async def test_meters(read, sunny, phases: int) -> None:
    client, _ = await read(phases=phases, storage_ct=True, encharges=2, enpower=True)
    data = client.data
    assert client.phase_count == phases
    assert data.system_consumption.watts_now == pytest.approx(sunny.pv_w + sunny.grid_w, abs=1)
    net = data.ctmeters[CtType.NET_CONSUMPTION]
    assert net.active_power == pytest.approx(sunny.grid_w, abs=1)
    assert net.energy_delivered == pytest.approx(sunny.energy.grid_import.total, abs=1)
    assert net.energy_received == pytest.approx(sunny.energy.grid_export.total, abs=1)
    assert data.ctmeters[CtType.STORAGE].active_power == pytest.approx(sunny.battery_w, abs=1)
    if phases > 1:
        assert sum(phase.watts_now for phase in data.system_production_phases.values() if phase) == pytest.approx(2600, abs=3)


async def test_batteries(read, sunny) -> None:
    client, _ = await read(encharges=2, enpower=True, generator=True)
    data = client.data
    assert len(data.encharge_inventory) == 2
    assert sum(power.real_power_mw for power in data.encharge_power.values()) == round(sunny.battery_w * 1000)
    assert data.encharge_aggregate.state_of_charge == round(sunny.soc)
    assert data.enpower.mains_oper_state == "closed"
    assert len(data.dry_contact_settings) == 4
    assert data.tariff.storage_settings.mode == "self-consumption"
    assert data.generator is not None


async def test_writes(read, sunny) -> None:
    client, gateway = await read(profile="8.2", encharges=1, enpower=True)
    await client.go_off_grid()
    assert gateway.sim.model.off_grid
    await client.go_on_grid()
    await client.set_reserve_soc(55)
    await client.open_dry_contact("NC1")
    await client.close_dry_contact("NC1")
    await client.update_dry_contact({"id": "NC1", "load_name": "Boiler"})
    await client.update()
    assert client.data.tariff.storage_settings.reserved_soc == 55
    assert client.data.dry_contact_settings["NC1"].load_name == "Boiler"
    assert client.data.dry_contact_status["NC1"].status == "closed"
    # It sends one boolean where the gateway has text.
    assert {violation.kind for violation in gateway.sim.violations} == {"boolean_dry_contact"}


async def test_ac_batteries(read, sunny) -> None:
    client, gateway = await read(acbs=2)
    assert client.acb_count == 2
    assert client.data.acb_power.power == pytest.approx(sunny.battery_w, abs=1)
    serial = gateway.sim.site.inverters.acb_serials[0]
    await client.set_acb_sleep([{"serial_num": serial, "sleep_min_soc": 20, "sleep_max_soc": 40}])
    assert list(gateway.sim.site.inverters.sleeping) == [serial]
    assert gateway.sim.violations == []


async def test_the_collar(read, sunny) -> None:
    client, _ = await read(encharges=1, collar=True, c6_combiner=True)
    assert client.data.collar.admin_state_str == "ENCMN_MDE_ON_GRID"
    assert client.data.c6cc.communicating
