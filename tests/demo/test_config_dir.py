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


def test_folder_holds_configuration_seeds_and_our_components(tmp_path):
    components, folder = tmp_path / "components", tmp_path / "config"
    components.mkdir()
    folder.mkdir()
    write_config(folder, components, 18123)
    assert (folder / "configuration.yaml").read_text() == CONFIGURATION
    assert (folder / "custom_components").resolve() == components
    assert json.loads((folder / ".storage" / "http").read_text())["version"] == 2


def test_no_components_is_said(tmp_path):
    with pytest.raises(DemoError, match="no integrations found"):
        write_config(tmp_path, tmp_path / "absent", 1)
