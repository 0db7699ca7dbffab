"""The throw-away configuration folder."""

import base64
import json

import bcrypt
import pytest
import yaml

from demo.config_dir import CONFIGURATION, PASSWORD, USER, storage_seeds, write_config
from demo.console import DemoError


def test_configuration_brings_nothing_that_talks_to_the_network():
    parsed = yaml.safe_load(CONFIGURATION)
    assert not {"default_config", "zeroconf", "ssdp", "dhcp", "cloud", "http"} & set(parsed)
    assert parsed["homeassistant"]["time_zone"] == "Europe/Paris"


def test_seeds_stand_for_a_finished_onboarding_on_loopback():
    seeds = storage_seeds(18123)
    http = seeds["http"]["data"]
    assert http["stable"]["server_port"] == 18123
    assert http["stable"]["server_host"] == ["127.0.0.1"]
    assert http["pending"] is None
    assert set(seeds["onboarding"]["data"]["done"]) == {"user", "core_config", "analytics", "integration"}
    assert all(seed["key"] == name for name, seed in seeds.items())


def test_the_seeded_user_can_log_in():
    user = storage_seeds(1)["auth_provider.homeassistant"]["data"]["users"][0]
    assert user["username"] == USER
    assert bcrypt.checkpw(PASSWORD.encode(), base64.b64decode(user["password"]))


def test_folder_holds_configuration_seeds_and_all_components(tmp_path):
    ours, demo, folder = tmp_path / "components", tmp_path / "demo", tmp_path / "config"
    for source in (ours / "titan", ours / "__pycache__", demo / "demo_cloud", folder):
        source.mkdir(parents=True)
    (ours / "__init__.py").touch()
    write_config(folder, (ours, demo), 18123, "http://127.0.0.1:18124")
    parsed = yaml.safe_load((folder / "configuration.yaml").read_text())
    assert parsed.keys() == {*yaml.safe_load(CONFIGURATION), "demo_cloud"}
    assert parsed["demo_cloud"] == {"enphase": "http://127.0.0.1:18124"}
    linked = {one.name: one.resolve() for one in (folder / "custom_components").iterdir()}
    assert linked == {"__init__.py": ours / "__init__.py", "titan": ours / "titan", "demo_cloud": demo / "demo_cloud"}
    assert json.loads((folder / ".storage" / "http").read_text())["version"] == 2


def test_no_components_is_said(tmp_path):
    with pytest.raises(DemoError, match="no integrations found"):
        write_config(tmp_path, [tmp_path / "absent"], 1, "http://127.0.0.1:2")
