"""The answers have the keys of real ones: public captures beside this repository tell, where they are at hand."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import pytest

from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from simulators.envoy_auth import Credentials
from simulators.envoy_site import Call

CAPTURES = Path(__file__).resolve().parents[3] / "shared/captures/envoy"
ENSEMBLE = {
    f"ivp_ensemble_{name}": f"/ivp/ensemble/{name}" for name in ("inventory", "power", "secctrl", "dry_contacts", "generator")
}
SETTINGS = {
    f"ivp_ss_{name}": f"/ivp/ss/{name}" for name in ("dry_contact_settings", "gen_config", "gen_schedule", "pel_settings")
}
PLAIN = {
    "production": "/production",
    "api_v1_production": "/api/v1/production",
    "api_v1_production_inverters": "/api/v1/production/inverters",
    "ivp_meters": "/ivp/meters",
    "ivp_meters_readings": "/ivp/meters/readings",
    "ivp_pdm_device_data": "/ivp/pdm/device_data",
    "admin_lib_tariff": "/admin/lib/tariff",
    "home": "/home",
    "production.json": "/production.json",
    "production.json_details_1": "/production.json?details=1",
    "ivp_sc_pvlimit": "/ivp/sc/pvlimit",
}
PATHS = PLAIN | ENSEMBLE | SETTINGS
DETAILED = {"production.json": "/production.json?details=1"}
# Folder, profile, options, and the paths that were captured with lines.
GATEWAYS: list[tuple[str, str, dict[str, Any], dict[str, str]]] = [
    ("4.10.35", "4.10", {"phases": 2}, {}),
    ("5.0.62", "5.0", {}, {}),
    ("7.3.517", "7.3", {"encharges": 3, "enpower": True, "phases": 2}, {}),
    ("7.6.114_without_cts", "7.6.114", {"metered": False}, {}),
    ("7.6.175_with_cts_3phase", "7.6", {"phases": 3}, DETAILED),
    ("7.6.185_with_cts_and_battery_3t", "7.6.185", {"encharges": 1}, {}),
    ("8.2.127_with_generator_running", "8.2.127", {"encharges": 1, "enpower": True, "phases": 2, "generator": True}, {}),
    ("8.2.4345_with_device_data", "8.2.4345", {"phantom_encharge": True, "enpower": True}, {}),
    ("8.2.4382_ACB", "8.2", {"encharges": 1, "acbs": 3}, DETAILED),
    (
        "8.3.1598_collar",
        "8.3.1598",
        {"encharges": 2, "collar": True, "c6_combiner": True, "phases": 2, "extra_empty_reading": True},
        DETAILED,
    ),
    ("8.3.5289_modGone", "8.3", {"consumption_ct": False, "inactive_inverters": 3, "inverters": 15, "qrelay": True}, {}),
]
# What one site happens to have and another has not.
CHANCE = (".schedule.schedule", ".seasons", ".network:", ".ip:", "ESS_R3_To_R4", "peak_rule")
LIMIT_DIFFERS = {("8.2.4382_ACB", "ivp_ss_pel_settings")}


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Give each way to a value, with its kind; numbers of devices do not count as names."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from shape(each, f"{path}.{'#' if name.isdigit() else name}")
    elif isinstance(value, list):
        for each in value:
            yield from shape(each, f"{path}[]")
        if not value:
            yield f"{path}[]"
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        yield f"{path}:{'number' if number else type(value).__name__}"


def known(value: Any) -> set[str]:
    """Give the shape without what is chance."""
    return {each for each in shape(value) if not any(part in each for part in CHANCE)}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no captures beside this repository")
@pytest.mark.parametrize(("folder", "profile", "options", "detailed"), GATEWAYS, ids=[gateway[0] for gateway in GATEWAYS])
def test_keys_are_those_of_the_capture(
    house, folder: str, profile: str, options: dict[str, Any], detailed: dict[str, str]
) -> None:
    house.pv_w, house.load_w = 2000.0, 500.0
    sim, key = EnvoySimulator(house, profile=profile, **options), new_key()
    header = f"Bearer {make_token(key, serial=sim.serial, role='installer', issued=sim.model.epoch)}"
    seen = 0
    for name, path in (PATHS | detailed).items():
        file = CAPTURES / folder / name
        bare, _, query = path.partition("?")
        answer = sim.site.answer(Call(bare, query, Credentials("GET", path, header, {})))
        if not file.exists() or answer.status != 200 or (folder, name) in LIMIT_DIFFERS:
            continue
        try:
            wanted = json.loads(file.read_text())
        except ValueError:
            continue
        seen += 1
        assert known(json.loads(answer.body)) == known(wanted), name
    assert seen >= 3
