"""Commands: on fresh data, whole, read back; what the gateway refuses or forgets is told."""

from copy import deepcopy
from typing import Any

import pytest

from custom_components.energy_core.errors import DeviceAuthError, DeviceProtocolError, DeviceRefusedError, EnergyError
from custom_components.enphase_envoy.envoy.points import Acb, Contact, ContactSettings, Enpower
from custom_components.enphase_envoy.envoy.units import acb_units
from custom_components.enphase_envoy.envoy.writes import set_acb_sleep, wake_acb
from tests.enphase_envoy.capture_gateway import OWN, CaptureGateway
from tests.enphase_envoy.device.rig import Rig, captured, simulated

TARIFF = "/admin/lib/tariff"
RELAY = "/ivp/ensemble/relay"
CONTACTS = "/ivp/ensemble/dry_contacts"
SETTINGS = "/ivp/ss/dry_contact_settings"
BATTERY = {"profile": "8.3", "encharges": 2, "enpower": True, "storage_ct": True}


def contact(rig: Rig, name: str) -> tuple[Contact, ContactSettings]:
    """Return both blocks of a dry contact."""
    (closed,) = [each for each in rig.envoy.parts(Contact) if each.item == name]
    (settings,) = [each for each in rig.envoy.parts(ContactSettings) if each.item == name]
    return closed, settings


def stored(rig: Rig) -> dict[str, Any]:
    """Return the tariff that a simulated gateway has now."""
    return deepcopy(rig.server.site.settings.tariff["tariff"])


def writes(rig: Rig, path: str = "") -> list[Any]:
    """Return the writes to a path, or all."""
    return [each for each in rig.server.writes if path in ("", each.path)]


class TestTariff:
    """The user's prices stand in it: read at once, changed in one place, sent whole."""

    @pytest.mark.parametrize(
        ("name", "value", "field", "raw"),
        [
            ("mode", "backup", "mode", "backup"),
            ("mode", "savings", "mode", "economy"),
            ("reserve", 35, "reserved_soc", 35),
            ("charge_from_grid", True, "charge_from_grid", True),
        ],
    )
    async def test_trap_5_one_field_changes_and_the_rest_comes_back_as_it_was(self, name, value, field, raw):
        """Read-modify-write: what was not meant is identical, seasons, prices and dates included."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            before = stored(rig)
            rig.server.forget()
            result = await rig.envoy.write(block, block.points[name], value)
            assert (result.applied, result.writes) == (True, 1)
            (write,) = writes(rig, TARIFF)
            expected = deepcopy(before)
            expected["storage_settings"][field] = raw
            assert (write.method, write.body) == ("PUT", {"tariff": expected})
            # Read right before the write, and after it.
            assert [each.method for each in rig.server.requests] == ["GET", "PUT", "GET"]
            assert stored(rig) == expected
            assert block.values[name] == value
            assert rig.server.violations == []

    @pytest.mark.parametrize(("every", "within"), [(5.0, 20.0), (60.0, 60.0)])
    async def test_what_follows_from_a_command_shows_soon(self, every: float, within: float):
        """The batteries tell of their new reserve by themselves, at an endpoint that is not in a hurry."""
        async with simulated(**BATTERY) as rig:
            rig.envoy.pace = every
            await rig.live(600.0, every=every)
            await rig.envoy.write(rig.envoy.settings, rig.envoy.settings.points["reserve"], 35)
            await rig.live(within, every=every)
            assert rig.envoy.storage.reserve == 35

    async def test_what_was_changed_elsewhere_since_the_last_poll_is_kept(self):
        """The app changed the reserve a moment ago: a new mode does not undo that."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            rig.server.site.settings.tariff["tariff"]["storage_settings"]["reserved_soc"] = 77.0
            await rig.envoy.write(rig.envoy.settings, rig.envoy.settings.points["mode"], "backup")
            assert stored(rig)["storage_settings"]["reserved_soc"] == 77.0

    async def test_the_other_name_of_savings_is_kept_where_the_gateway_uses_it(self):
        """``economy`` and ``savings-mode`` are one thing; the gateway's own word stays."""
        async with simulated(**BATTERY, storage_mode="savings-mode") as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            assert block.mode == "savings"
            await rig.envoy.write(block, block.points["reserve"], 44)
            assert stored(rig)["storage_settings"]["mode"] == "savings-mode"

    async def test_savings_that_was_set_elsewhere_meanwhile_keeps_its_name(self):
        """We ask for what it is already, by its other name: nothing changes."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            assert block.mode == "self_consumption"
            rig.server.site.settings.tariff["tariff"]["storage_settings"]["mode"] = "savings-mode"
            assert (await rig.envoy.write(block, block.points["mode"], "savings")).applied
            assert stored(rig)["storage_settings"]["mode"] == "savings-mode"
            assert block.mode == "savings"

    async def test_trap_5_no_other_mode_while_the_cloud_optimises(self):
        """The gateway would take it and drop it: refused before anything is sent."""
        async with simulated(**BATTERY, opt_schedules=True) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            assert block.optimised is True
            with pytest.raises(DeviceRefusedError) as refused:
                await rig.envoy.write(block, block.points["mode"], "backup")
            assert refused.value.key == "optimised"
            assert writes(rig) == []

    async def test_trap_5_optimising_itself_can_be_ended_and_the_rest_be_set(self):
        """Neither the switch of the optimisation nor reserve and charging from the grid are refused."""
        async with simulated(**BATTERY, opt_schedules=True) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            assert (await rig.envoy.write(block, block.points["reserve"], 50)).applied
            # This simulator keeps optimising: the command is sent, and reading back tells that it did nothing.
            result = await rig.envoy.write(block, block.points["optimised"], value=False)
            assert not result.applied
            assert writes(rig, TARIFF)[-1].body["tariff"]["storage_settings"]["opt_schedules"] is False

    async def test_trap_5_a_mode_that_the_gateway_forgets_is_not_applied(self):
        """200 says nothing; the tariff that is read back does."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            old = rig.server.site.settings.write_tariff
            rig.server.site.settings.write_tariff = lambda body: rig.server.site.settings.tariff
            result = await rig.envoy.write(block, block.points["mode"], "backup")
            assert (result.applied, result.writes) == (False, 1)
            rig.server.site.settings.write_tariff = old
            await rig.all_at_once()
            assert block.mode == "self_consumption"

    async def test_a_write_whose_answer_is_lost_was_done_all_the_same(self):
        """The connection breaks after the write: it is read back, not repeated."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            block = rig.envoy.settings
            answer = rig.server.site.settings.write_tariff

            def broken(body: Any) -> Any:
                answer(body)
                rig.server.fail(TARIFF, "reset", times=1)
                return rig.server.site.settings.tariff

            rig.server.site.settings.write_tariff = broken
            rig.server.fail(TARIFF, "html", times=0)
            rig.server.heal()
            result = await rig.envoy.write(block, block.points["mode"], "backup")
            assert result.applied
            assert len(writes(rig, TARIFF)) == 1

    async def test_a_write_into_nothing_is_tried_twice_and_then_told(self):
        """The gateway is busy for good: an error, no success, and not more than two writes."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            rig.server.fail(TARIFF, "503")
            with pytest.raises(EnergyError) as lost:
                await rig.envoy.write(rig.envoy.settings, rig.envoy.settings.points["reserve"], 66)
            assert not isinstance(lost.value, DeviceAuthError)
            assert stored(rig)["storage_settings"]["reserved_soc"] == 20.0
            assert rig.asked(TARIFF) < 12

    async def test_a_tariff_without_storage_settings_is_not_made_up(self):
        """What cannot be read is not written."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            rig.server.site.settings.tariff["tariff"].pop("storage_settings")
            with pytest.raises(DeviceProtocolError):
                await rig.envoy.write(rig.envoy.settings, rig.envoy.settings.points["reserve"], 66)
            assert writes(rig) == []

    async def test_a_site_without_batteries_has_nothing_to_write(self):
        """Trap 17: a group of none counts for nothing."""
        async with simulated(profile="8.3", phantom_encharge=True, enpower=True) as rig:
            await rig.all_at_once(2)
            settings = rig.envoy.settings
            assert settings.mode is not None
            assert not any(rig.envoy.can_write(settings, point) for point in settings.points.values())


class TestRelay:
    """The switch of the grid."""

    async def test_the_grid_is_left_and_rejoined_and_read_back(self):
        """``mains_admin_state`` is what is asked for, and what shows that it was done."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            enpower = rig.envoy.enpower
            assert enpower is not None
            assert enpower.grid_enabled is True
            result = await rig.envoy.write(enpower, Enpower.grid_enabled, value=False)
            assert result.applied
            assert [each.body for each in writes(rig, RELAY)] == [{"mains_admin_state": "open"}]
            await rig.all_at_once()
            assert (enpower.grid_enabled, enpower.grid_connected) == (False, False)
            assert (await rig.envoy.write(enpower, Enpower.grid_enabled, value=True)).applied
            assert writes(rig, RELAY)[-1].body == {"mains_admin_state": "closed"}


class TestContacts:
    """Dry contacts: a partial object can crash the gateway."""

    async def test_a_contact_is_closed_and_read_back(self):
        """One object under the key of the list."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            closed, _ = contact(rig, "NO1")
            assert closed.closed is False
            result = await rig.envoy.write(closed, Contact.closed, value=True)
            assert result.applied
            assert [each.body for each in writes(rig, CONTACTS)] == [{"dry_contacts": {"id": "NO1", "status": "closed"}}]
            await rig.all_at_once()
            assert [contact(rig, name)[0].closed for name in ("NC1", "NC2", "NO1", "NO2")] == [False, False, True, False]

    @pytest.mark.parametrize(
        ("name", "value", "field", "raw"),
        [
            ("mode", "battery", "mode", "soc"),
            ("grid_action", "not_powered", "grid_action", "shed"),
            ("microgrid_action", "schedule", "micro_grid_action", "schedule"),
            ("generator_action", "powered", "gen_action", "apply"),
            ("soc_low", 12, "soc_low", 12),
            ("soc_high", 91, "soc_high", 91),
        ],
    )
    async def test_the_settings_of_a_contact_are_sent_whole(self, name, value, field, raw):
        """Every field that the gateway showed, with one of them changed; texts stay texts."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            _, settings = contact(rig, "NC2")
            before = deepcopy(rig.server.site.settings.contact_settings)
            result = await rig.envoy.write(settings, settings.points[name], value)
            assert (result.applied, result.writes) == (True, 1)
            (write,) = writes(rig, SETTINGS)
            assert write.body == {"dry_contacts": before["NC2"] | {field: raw}}
            assert rig.server.violations == []
            assert rig.server.site.settings.contact_settings == before | {"NC2": before["NC2"] | {field: raw}}

    @pytest.mark.parametrize(("name", "value"), [("soc_low", 70), ("soc_low", 95), ("soc_high", 30), ("soc_high", 5)])
    async def test_levels_may_not_cross(self, name, value):
        """The load would go on and off at once: refused, nothing is sent."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            _, settings = contact(rig, "NC1")
            assert (settings.soc_low, settings.soc_high) == (30, 70)
            with pytest.raises(DeviceRefusedError) as refused:
                await rig.envoy.write(settings, settings.points[name], value)
            assert refused.value.key == "levels_crossed"
            assert writes(rig) == []

    async def test_a_contact_that_is_gone_is_not_written(self):
        """Better an error than an object of our own making."""
        async with simulated(**BATTERY) as rig:
            await rig.poll(3)
            _, settings = contact(rig, "NO2")
            rig.server.site.settings.contact_settings.pop("NO2")
            with pytest.raises(DeviceProtocolError):
                await rig.envoy.write(settings, ContactSettings.soc_low, 10)
            assert writes(rig) == []


class TestAcb:
    """AC batteries are put to sleep and woken by their serial numbers."""

    async def test_all_of_them_sleep_and_wake(self):
        """The command names each; the inventory shows what became of it."""
        async with captured(OWN / "8.3.5169_acb_device_data") as rig:
            await rig.all_at_once(2)
            server: CaptureGateway = rig.server
            serials = acb_units(rig.envoy)
            assert serials
            await set_acb_sleep(rig.local.link, serials, 20, 30)
            (write,) = server.asked("/admin/lib/acb_config", "PUT")
            assert write.body == {
                "acb_sleep": [{"serial_num": each, "sleep_min_soc": 20, "sleep_max_soc": 30} for each in serials]
            }
            await rig.all_at_once()
            assert {(each.sleep_enabled, each.sleep_soc_target) for each in rig.envoy.parts(Acb)} == {(True, "20-30")}
            await wake_acb(rig.local.link, serials)
            await rig.all_at_once()
            assert {each.sleep_enabled for each in rig.envoy.parts(Acb)} == {False}
