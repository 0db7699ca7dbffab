"""Nobody gets a secret by pretending to be an older gateway."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import SERIAL, account_data, known, loaded


async def test_a_gateway_with_a_token_does_not_go_back_to_http(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Was wrong: an HTTP impostor with old firmware got the password of the account, in a digest."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0") as impostor:
        entry = known(hass, account_data(sim, cloud) | {"host": impostor.address})
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert [each.path for each in impostor.requests if each.path != "/info"] == []


async def test_the_password_of_an_account_is_not_tried_on_a_gateway(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """An entry without a token yet, at an old gateway: what it comes with opens it."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0") as old:
        entry = known(hass, account_data(sim, cloud) | {"host": old.address, "token": ""})
        await hass.config_entries.async_setup(entry.entry_id)
        coordinator = (await loaded(hass, entry)).runtime_data
        assert coordinator.keeper is None
        assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        assert cloud.calls == 0 or not cloud.calls
